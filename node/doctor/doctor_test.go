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
		Disk:      Disk{Fsyncs: 100, FsyncP99: time.Millisecond, Free: 1 << 40, Floor: 64 << 20},
		KeysUntil: now.Add(90 * 24 * time.Hour), Listen: []string{"10.0.0.5:7460"}, WebUntil: now.Add(1000 * time.Hour), Points: 1,
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

func source(s Source) func(*Facts) {
	s.Name = "Panel"
	return func(f *Facts) { f.Triggers.Sources = []Source{s} }
}

func fedBy(s FeedSource) func(*Facts) {
	s.Name, s.Quiet = "Access", time.Hour
	return func(f *Facts) { f.Feeds.Sources = []FeedSource{s} }
}

// A feed that is heard, or was set up just now, and a broker that is out of
// reach for a moment, are no trouble.
func TestFeedsThatAreWell(t *testing.T) {
	f := well()
	f.Feeds.Last = map[string]time.Time{"signature": now.Add(-25 * time.Hour), "in": now}
	for _, s := range []FeedSource{
		{Heard: now.Add(-59 * time.Minute)},
		{MadeAt: now.Add(-59 * time.Minute), Broker: true, Fault: "network", Disconnected: now.Add(-time.Minute)},
		{Heard: now, Broker: true, Connected: true, Disconnected: now.Add(-time.Hour)},
	} {
		fedBy(s)(&f)
		if got := Examine(f); len(got) > 0 {
			t.Errorf("%+v: %+v", s, got)
		}
	}
}

// A drill within the year, a new campus, and who wants no reminder.
func TestDrillsThatAreNotDue(t *testing.T) {
	year := 365 * 24 * time.Hour
	for _, x := range []Facts{
		{LastDrill: now.Add(-year), DrillEvery: 365},
		{Founded: now.Add(-year), DrillEvery: 365},
		{LastDrill: now.Add(-9 * year)},
		{LastDrill: now.Add(-time.Hour), Founded: now.Add(-2 * year), DrillEvery: 365},
	} {
		f := well()
		f.LastDrill, f.Founded, f.DrillEvery = x.LastDrill, x.Founded, x.DrillEvery
		if got := Examine(f); len(got) > 0 {
			t.Errorf("%+v", got)
		}
	}
}

// What is old, and a panel that was set up just now, is no trouble.
func TestTriggersThatAreWell(t *testing.T) {
	f := well()
	f.Triggers = Triggers{
		LastRefused: map[string]time.Time{"signature": now.Add(-25 * time.Hour)},
		Sources:     []Source{{Name: "New", MadeAt: now.Add(-time.Hour)}, {Name: "Panel", Tested: now.Add(-300 * 24 * time.Hour)}},
	}
	if got := Examine(f); len(got) > 0 {
		t.Errorf("%+v", got)
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
		{"lacks-own", Fault, "Reception", func(f *Facts) { f.LostTo = now.Add(-hour) }},
		{"lost", Fault, "Reception", func(f *Facts) { f.LostFrom, f.LostTo, f.Gone = now.Add(-2*hour), now.Add(-hour), true }},
		{"keys-missing", Fault, "Reception", func(f *Facts) { f.Ready = false }},
		{"crashed", Warning, "Reception", func(f *Facts) { f.Crashed = now.Add(-hour) }},
		{"disk-failed", Fault, "Reception", func(f *Facts) { f.Failed = "the disk failed" }},
		{"disk-full", Fault, "Reception", func(f *Facts) { f.Disk.Free = 63 << 20 }},
		{"disk-nearly-full", Warning, "Reception", func(f *Facts) { f.Disk.Free = 300 << 20 }},
		{"disk-slow", Warning, "Reception", func(f *Facts) { f.Disk.FsyncP99 = hour }},
		{"certificate-ends", Warning, "Reception", func(f *Facts) { f.WebUntil = now.Add(hour) }},
		{"certificate-ended", Fault, "Reception", func(f *Facts) { f.WebUntil = now.Add(-hour) }},
		{"no-points", Notice, "Reception", func(f *Facts) { f.Points = 0 }},
		{"triggers-damaged", Fault, "Reception", func(f *Facts) { f.Triggers.Damaged = true }},
		{"trigger-signature", Warning, "Reception", func(f *Facts) { f.Triggers.LastRefused = map[string]time.Time{"signature": now.Add(-hour)} }},
		{"trigger-refused", Fault, "Reception", func(f *Facts) { f.Triggers.LastRefused = map[string]time.Time{"other_site": now.Add(-hour)} }},
		{"trigger-site", Warning, "Reception", func(f *Facts) { f.Triggers.LastRefused = map[string]time.Time{"widened": now.Add(-hour)} }},
		{"trigger-clock", Warning, "Reception", source(Source{Tested: now, ClockOff: true, Timed: true, Off: -hour})},
		{"trigger-clock", Warning, "Reception", source(Source{Tested: now, ClockOff: true})},
		{"trigger-id", Fault, "Reception", source(Source{Tested: now, Reused: now.Add(-hour)})},
		{"drill-cut", Notice, "Alfa", func(f *Facts) {
			f.Members[1].CutUntil, f.Members[1].Connected, f.Members[1].LastHeard = now.Add(time.Minute), false, now.Add(-hour)
		}},
		{"drill-due", Notice, "", func(f *Facts) { f.LastDrill, f.DrillEvery = now.Add(-366*24*hour), 365 }},
		{"drill-due", Notice, "", func(f *Facts) { f.Founded, f.DrillEvery = now.Add(-31*24*hour), 30 }},
		{"printer-damaged", Warning, "Reception", func(f *Facts) { f.Printer.Damaged = true }},
		{"printer-failed", Fault, "Reception", func(f *Facts) { f.Printer.Failed, f.Printer.Why = now, "it cannot be reached" }},
		{"badge-printer-damaged", Warning, "Reception", func(f *Facts) { f.Labels.Damaged = true }},
		{"badge-printer-failed", Warning, "Reception", func(f *Facts) { f.Labels.Failed, f.Labels.Why = now, "it is out of labels" }},
		{"feeds-damaged", Fault, "Reception", func(f *Facts) { f.Feeds.Damaged = true }},
		{"feed-signature", Warning, "Reception", func(f *Facts) { f.Feeds.Last = map[string]time.Time{"signature": now.Add(-hour)} }},
		{"feed-refused", Warning, "Reception", func(f *Facts) { f.Feeds.Last = map[string]time.Time{"old": now.Add(-hour)} }},
		{"feed-silent", Warning, "Reception", fedBy(FeedSource{MadeAt: now.Add(-2 * hour)})},
		{"feed-silent", Warning, "Reception", fedBy(FeedSource{Heard: now.Add(-2 * hour)})},
		{"feed-clock", Warning, "Reception", fedBy(FeedSource{Heard: now, ClockOff: true, Off: hour})},
		{"feed-broker", Fault, "Reception", fedBy(FeedSource{Heard: now, Broker: true, Fault: "login", Disconnected: now.Add(-3 * time.Minute)})},
		{"trigger-untested", Notice, "Reception", source(Source{MadeAt: now.Add(-25 * hour)})},
		{"trigger-untested", Notice, "Reception", source(Source{Tested: now.Add(-9000 * hour)})},
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
		{"peer-behind", Warning, "Bravo", func(f *Facts) { f.Members[2].Lacks, f.Members[2].LacksSince = 1, now.Add(-hour) }},
		{"stale", Warning, "Bravo", func(f *Facts) { f.Members[2].AsOf = now.Add(-hour) }},
		{"few-keepers", Notice, "", func(f *Facts) { f.Members[2].Role = "entrance" }},
		{"one-issuer", Notice, "", func(f *Facts) { f.Issuers = 1 }},
		{"keys-wait", Warning, "Reception", func(f *Facts) { f.Expiry = Expiry{3, now.Add(-72 * hour), "contradicted"} }},
		{"keys-wait", Warning, "Reception", func(f *Facts) { f.Expiry = Expiry{3, now.Add(-72 * hour), "jumped"} }},
		{"keys-wait", Notice, "Reception", func(f *Facts) { f.Expiry = Expiry{3, now.Add(-72 * hour), "running"} }},
		{"cases-due", Warning, "Reception", func(f *Facts) { f.Cases = Cases{1, 0, now.Add(72 * hour)} }},
		{"cases-overdue", Fault, "Reception", func(f *Facts) { f.Cases = Cases{2, 1, now.Add(-hour)} }},
		{"kept-lost", Fault, "Reception", func(f *Facts) { f.Kept = Kept{Lost: 2, LostAt: now.Add(-29 * 24 * hour)} }},
		{"hold-ends", Warning, "Reception", func(f *Facts) { f.Kept = Kept{Holds: 1, Ends: now.Add(29 * 24 * hour)} }},
		{"hold-old", Notice, "Reception", func(f *Facts) { f.Kept = Kept{Holds: 1, Old: 1, Ends: now.Add(90 * 24 * hour)} }},
		{"hold-empty", Warning, "Reception", func(f *Facts) { f.Kept = Kept{Holds: 1, Empty: 1, Ends: now.Add(90 * 24 * hour)} }},
		{"vault-missing", Fault, "Reception", func(f *Facts) { f.Vault = Vault{Missing: now} }},
		{"vault-missing", Fault, "Reception", func(f *Facts) { f.Vault = Vault{Missing: now, Lacking: 180, Standing: 1} }},
		{"vault-missing", Warning, "Reception", func(f *Facts) { f.Vault = Vault{Missing: now, Lacking: 180} }},
		{"keys-end", Warning, "Reception", func(f *Facts) { f.KeysUntil = now.Add(59 * 24 * hour) }},
		{"keys-end", Fault, "Reception", func(f *Facts) { f.KeysUntil = now.Add(29 * 24 * hour) }},
		{"vault-untidy", Fault, "Reception", func(f *Facts) { f.Vault.Untidy = "input/output error" }},
		{"no-pin", Fault, "Reception", func(f *Facts) { f.Bare = true }},
		{"watch-blind", Warning, "Reception", func(f *Facts) { f.WatchBlind = true }},
		{"no-pin", Fault, "Reception", func(f *Facts) { f.Bare, f.InClear = true, 90 }},
		{"erasures-unknown", Warning, "Reception", func(f *Facts) { f.Unknown = now.Add(-hour) }},
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

// Who catches up, or lacks something since just now, is no trouble.
func TestAPeerThatCatchesUp(t *testing.T) {
	f := well()
	f.Members[0].Lacks = 4711
	f.Members[1].Lacks, f.Members[1].LacksSince = 4711, now.Add(-30*time.Second)
	if got := Examine(f); len(got) > 0 {
		t.Errorf("%+v", got)
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
