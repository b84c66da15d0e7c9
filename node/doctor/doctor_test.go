package doctor

import (
	"slices"
	"strings"
	"testing"
	"time"
)

var now = time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)

// well is a campus in which nothing is wrong.
func well() Facts {
	f := Facts{
		Now: now, Name: "Reception", Role: "desk", Site: "North", Started: now.Add(-time.Hour), Ready: true, Issuers: 2, Book: 3,
		Disk:   Disk{Fsyncs: 100, FsyncP99: time.Millisecond, Free: 1 << 40, Floor: 64 << 20},
		Listen: []string{"10.0.0.5:7460"}, WebUntil: now.Add(1000 * time.Hour),
	}
	for _, x := range []Member{{Name: "Desk 2", Role: "desk"}, {Name: "Alfa", Role: "warden"}, {Name: "Bravo", Role: "warden"}} {
		x.ID, x.Site, x.Connected, x.Measured = x.Name, "North", true, true
		x.LastHeard, x.AsOf = now.Add(-time.Second), now.Add(-2*time.Second)
		f.Members = append(f.Members, x)
	}
	return f
}

func TestNothingIsWrong(t *testing.T) {
	if got := Examine(well()); len(got) > 0 {
		t.Errorf("%+v", got)
	}
	if r := NewReport("x", true, nil); !r.Healthy || r.Findings == nil {
		t.Errorf("%+v", r)
	}
}

func TestFindings(t *testing.T) {
	hour := time.Hour
	for _, c := range []struct {
		code     string
		severity Severity
		node     string
		do       func(f *Facts)
	}{
		{"node-revoked", Fault, "Reception", func(f *Facts) { f.Barred = true }},
		{"cloned", Fault, "Reception", func(f *Facts) { f.Cloned = true }},
		{"cloned", Fault, "Alfa", func(f *Facts) { f.Members[1].Cloned = true }},
		{"keys-missing", Fault, "Reception", func(f *Facts) { f.Ready = false }},
		{"crashed", Warning, "Reception", func(f *Facts) { f.Crashed = now.Add(-hour) }},
		{"disk-failed", Fault, "Reception", func(f *Facts) { f.Failed = "the disk failed" }},
		{"disk-full", Fault, "Reception", func(f *Facts) { f.Disk.Free = 63 << 20 }},
		{"disk-nearly-full", Warning, "Reception", func(f *Facts) { f.Disk.Free = 300 << 20 }},
		{"disk-slow", Warning, "Reception", func(f *Facts) { f.Disk.FsyncP99 = hour }},
		{"certificate-ends", Warning, "Reception", func(f *Facts) { f.WebUntil = now.Add(hour) }},
		{"certificate-ended", Fault, "Reception", func(f *Facts) { f.WebUntil = now.Add(-hour) }},
		{"loopback-only", Warning, "Reception", func(f *Facts) {
			f.Listen = []string{"127.0.0.1:7460"}
			for i := range f.Members {
				f.Members[i].Connected = false
			}
		}},
		{"address-book-empty", Fault, "Reception", func(f *Facts) {
			f.Book = 0
			for i := range f.Members {
				f.Members[i].Connected = false
			}
		}},
		{"single-node", Notice, "Reception", func(f *Facts) { f.Members = nil }},
		{"clock-jumped", Warning, "Reception", func(f *Facts) { f.Jumped = -24 * hour }},
		{"peer-clock-off", Warning, "Alfa", func(f *Facts) { f.Members[1].Offset = hour }},
		{"own-clock-off", Fault, "Reception", func(f *Facts) {
			for i := range f.Members {
				f.Members[i].Offset = hour
			}
		}},
		{"quarantined", Fault, "Alfa", func(f *Facts) { f.Poison = []Poison{{"Alfa", "day/1"}} }},
		{"refused", Fault, "Bravo", func(f *Facts) { f.Members[2].Refused = map[string]uint64{"change: shape": 3} }},
		{"lost", Fault, "Bravo", func(f *Facts) { f.Members[2].LostTo = now.Add(-hour) }},
		{"queue-nearly-full", Notice, "Bravo", func(f *Facts) { f.Members[2].Waiting, f.Members[2].Limit = 3<<20, 4<<20 }},
		{"never-heard", Warning, "Bravo", func(f *Facts) { f.Members[2].LastHeard = time.Time{} }},
		{"absent", Warning, "Bravo", func(f *Facts) { f.Members[2].LastHeard = now.Add(-48 * hour) }},
		{"behind", Notice, "Bravo", func(f *Facts) { f.Members[2].Behind = 4711 }},
		{"stale", Warning, "Bravo", func(f *Facts) { f.Members[2].AsOf = now.Add(-hour) }},
		{"few-keepers", Notice, "", func(f *Facts) { f.Members[2].Role = "entrance" }},
		{"one-issuer", Notice, "", func(f *Facts) { f.Issuers = 1 }},
		{"roster-nearly-full", Warning, "", func(f *Facts) { f.Records = 45_000 }},
	} {
		f := well()
		c.do(&f)
		got := Examine(f)
		at := slices.IndexFunc(got, func(x Finding) bool { return x.Code == c.code })
		if at < 0 || got[at].Severity != c.severity || got[at].Node != c.node {
			t.Errorf("%s: %+v", c.code, got)
			continue
		}
		for _, s := range []string{got[at].What, got[at].Means, got[at].Do} {
			if !strings.HasSuffix(strings.TrimRight(s, "`"), ".") && c.code != "x" || strings.Contains(s, "\n") || s == "" {
				t.Errorf("%s: not a sentence: %q", c.code, s)
			}
		}
		if r := NewReport(f.Name, true, got); r.Healthy != (c.severity == Notice) {
			t.Errorf("%s: healthy %v", c.code, r.Healthy)
		}
	}
}

// One peer's clock is never called ours, and ours is said once instead of
// against every peer.
func TestWhoseClockIsWrong(t *testing.T) {
	f := well()
	f.Members = f.Members[:2]
	f.Members[0].Offset = time.Hour
	for _, x := range Examine(f) {
		if x.Code == "own-clock-off" {
			t.Error("one of two peers is off, and we are blamed")
		}
	}
	f.Members[1].Offset = time.Hour
	for _, x := range Examine(f) {
		if x.Code == "peer-clock-off" {
			t.Error("all peers agree, and are blamed")
		}
	}
}

// The worst comes first, and a revoked node is no trouble any more.
func TestOrder(t *testing.T) {
	f := well()
	f.Issuers, f.Failed = 1, "the disk failed"
	f.Members[0].LastHeard = now.Add(-time.Hour)
	got := NewReport("", true, Examine(f)).Findings
	if got[0].Severity != Fault || got[len(got)-1].Severity != Notice {
		t.Errorf("%+v", got)
	}
	f = well()
	f.Members[1].LastHeard, f.Members[1].Revoked, f.Members[1].Offset = time.Time{}, true, time.Hour
	for _, x := range Examine(f) {
		if x.Node == "Alfa" {
			t.Errorf("a revoked node: %+v", x)
		}
	}
}
