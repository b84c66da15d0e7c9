package node

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/audit"
	"github.com/upprop/upprop/node/visits"
)

// What operators and wardens do is on record at every node, by ids alone.
func TestWhatIsDoneIsOnRecord(t *testing.T) {
	desk := first(t)
	alfa := desk.joined("Alfa", identity.RoleWarden)
	ctx := context.Background()
	if err := alfa.PIN().Set([]byte("4711")); err != nil {
		t.Fatal(err)
	}
	if _, err := desk.Visits().CheckIn(ctx, visits.Arrival{Name: "Astrid Marker"}); err != nil {
		t.Fatal(err)
	}
	if _, err := alfa.Alarm().Start(ctx, true, ""); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the warden reads the name", func() bool {
		rows, err := alfa.Visits().List(true)
		return err == nil && len(rows) == 1 && rows[0].Card != nil
	})
	if _, err := alfa.Alarm().End(ctx, "all are out"); err != nil {
		t.Fatal(err)
	}
	onRecord := func(want ...string) {
		t.Helper()
		eventually(t, "on record at the desk: "+strings.Join(want, ", "), func() bool {
			lines, err := desk.AuditLines()
			if err != nil {
				t.Fatal(err)
			}
			return !slices.ContainsFunc(want, func(what string) bool {
				return !slices.ContainsFunc(lines, func(l audit.Line) bool { return l.What == what })
			})
		})
	}
	onRecord("token.create", "drill.start", "card.open", "evacuation.end")
	if err := desk.GrantIssuer("Alfa"); err != nil {
		t.Fatal(err)
	}
	if err := desk.ExportRoot(t.TempDir()+"/root", "correct horse battery staple"); err != nil {
		t.Fatal(err)
	}
	if err := desk.Revoke("Alfa"); err != nil {
		t.Fatal(err)
	}
	onRecord("issuer.grant", "root.export", "node.revoke")
	if report, err := desk.VerifyAudit(); err != nil || !report.OK {
		t.Errorf("%+v %v", report, err)
	}
}
