package alarm

import (
	"errors"
	"strings"
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

func newAlarm(t *testing.T) (*Service, *log) {
	w := newHouse(t).warden("Alfa")
	return w.Service, w.log
}

func TestStartsThatChangeNothingAreNotWritten(t *testing.T) {
	for _, c := range []struct {
		name   string
		starts []record.Start // only Drill and Site matter
		events int
		kind   string // of the last one's site
	}{
		{"one", []record.Start{{}}, 1, "real"},
		{"pressed twice", []record.Start{{}, {}}, 1, "real"},
		{"a drill during an alarm", []record.Start{{}, {Drill: true}}, 1, "real"},
		{"an alarm during a drill", []record.Start{{Drill: true}, {}}, 2, "real"},
		{"a site during all", []record.Start{{}, {Site: "North"}}, 1, "real"},
		{"all during a site", []record.Start{{Site: "North"}, {}}, 2, "real"},
		{"another site", []record.Start{{Site: "North"}, {Site: "South", Drill: true}}, 2, "drill"},
		{"a drill of the same site", []record.Start{{Site: "North", Drill: true}, {Site: "North", Drill: true}}, 1, "drill"},
	} {
		s, l := newAlarm(t)
		var last record.Evacuation
		for _, start := range c.starts {
			var err error
			if last, err = s.Start(t.Context(), start.Drill, start.Site); err != nil {
				t.Fatal(c.name, err)
			}
		}
		if len(l.events) != c.events || last.Kind() != c.kind {
			t.Errorf("%s: %d events, %s", c.name, len(l.events), last.Kind())
		}
		if _, err := s.End(t.Context(), " all out "); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if _, on := s.Running(""); on || l.events[len(l.events)-1].Reason != "all out" {
			t.Errorf("%s: it runs on", c.name)
		}
		if _, err := s.End(t.Context(), "again"); !errors.Is(err, ErrNone) {
			t.Errorf("%s: ended twice: %v", c.name, err)
		}
	}
}

func TestProblems(t *testing.T) {
	s, l := newAlarm(t)
	key := func(what string, err error, want string) {
		t.Helper()
		var p *Problem
		if !errors.As(err, &p) || p.Key != want || !strings.Contains(p.Error(), ":") {
			t.Errorf("%s: %v, want %s in words", what, err, want)
		}
	}
	_, err := s.Start(t.Context(), false, "Nroth")
	key("a misspelt site", err, "evacuation.no_site")
	_, err = s.Start(t.Context(), false, "a/b")
	key("no name of a site", err, "evacuation.no_site")
	for reason, want := range map[string]string{"": "evacuation.reason_empty", " \t": "evacuation.reason_empty", strings.Repeat("å", 201): "evacuation.reason_long", "a\x00b": "text.control", "\xff": "text.control"} {
		_, err := s.End(t.Context(), reason)
		key("the reason", err, want)
	}
	for cause, want := range map[error]string{store.ErrFull: "disk.full", store.ErrBroken: "store.broken"} {
		l.refuse = cause
		_, err := s.Start(t.Context(), false, "")
		key("the disk", err, want)
	}
	l.refuse = nil
	barred := errors.New("revoked")
	s.cfg.Barred = func() error { return barred }
	if _, err := s.Start(t.Context(), false, ""); !errors.Is(err, barred) {
		t.Error("a revoked node starts an evacuation")
	}
	if _, err := s.End(t.Context(), "x"); !errors.Is(err, barred) {
		t.Error("a revoked node ends one")
	}
	if len(l.events) != 0 {
		t.Error("something was written")
	}
}

// A real alarm during a drill is answered with the alarm.
func TestARealStartDuringADrill(t *testing.T) {
	w := newHouse(t).warden("Alfa")
	drill, alarm := w.starts(true, ""), w.starts(false, "")
	if alarm.ID == drill.ID || alarm.Drill || len(alarm.Starts) != 2 || alarm.At <= drill.At {
		t.Errorf("%+v after %+v", alarm, drill)
	}
	if again := w.starts(true, "North"); again.ID != alarm.ID {
		t.Errorf("a drill during it: %+v", again)
	}
}
