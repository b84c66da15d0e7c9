package app

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/visits"
)

// TestMetricsByConvention holds names to Prometheus's conventions, and labels
// to what is no personal data.
func TestMetricsByConvention(t *testing.T) {
	a := running(t, Config{Node: node.Config{Dir: first(t, identity.RoleDesk), Release: "test"}})
	if _, err := a.Node().Visits().CheckIn(t.Context(), visits.Arrival{Name: "Astrid Marker", Company: "Markerbolaget", Email: "marker@example.se"}); err != nil {
		t.Fatal(err)
	}
	reg := prometheus.NewRegistry()
	if err := reg.Register(gauges{a}); err != nil {
		t.Fatal(err)
	}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	if problems, err := promlint.NewWithMetricFamilies(families).Lint(); err != nil || len(problems) > 0 {
		t.Error(problems, err)
	}
	labels := []string{"peer", "node", "entrance", "reason", "release", "role"}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if !slices.Contains(labels, l.GetName()) {
					t.Errorf("%s has an unknown label %s: is it personal data?", f.GetName(), l.GetName())
				}
			}
		}
	}
	_, body := get(t, a.URL()+"metrics")
	for _, want := range []string{
		"upprop_visits_present 1", "upprop_fsync_seconds_bucket{le=\"0.001\"}", "upprop_quarantined_changes 0",
		"upprop_build_info{", "upprop_disk_free_bytes", "go_goroutines", "process_open_fds",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s", want)
		}
	}
	if regexp.MustCompile(`(?i)marker|astrid`).MatchString(body) {
		t.Error("personal data in the metrics")
	}
}
