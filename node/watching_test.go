package node

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/visits"
	"github.com/upprop/upprop/node/watch"
)

// ready waits until a node can take people in.
func (r *running) ready() {
	r.t.Helper()
	eventually(r.t, "the node can seal what a visitor tells", func() bool { return r.CanSeal() })
}

// TestWatchListAtAGate: an entrance meets whoever is on the list, also while it
// is cut off, and the desk hears of it then; the visitor is on the muster list
// all the same, and the entrance keeps nothing that says whom it looks for.
func TestWatchListAtAGate(t *testing.T) {
	desk := first(t)
	gate := desk.joined("East gate", identity.RoleEntrance)
	e, err := desk.Watch().Add(t.Context(), "operator a", watch.Entry{
		Names: []record.Private{"Gunnar Marker"}, Phone: "0701234567", Reason: "threats at the Markerhall", Wait: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	p := watch.Person{Name: "MARKER, Gunnar"}
	eventually(t, "the gate holds the list", func() bool { return len(gate.Watch().Match(p)) == 1 })
	if gate.Watch().Blind() || len(gate.Watch().List()) != 0 {
		t.Error("the gate opens an entry, or says that it holds none")
	}
	if err := desk.Close(); err != nil {
		t.Fatal(err)
	}
	in := func(a visits.Arrival) visits.Receipt {
		t.Helper()
		got, err := gate.Visits().CheckIn(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	met, other := in(visits.Arrival{Name: "Gunnar Marker"}), in(visits.Arrival{Name: "Bo Marker"})
	if !met.Wait || other.Wait {
		t.Error("who is asked to wait:", met.Wait, other.Wait)
	}
	if s, err := gate.Replica().Presence(met.Visit); err != nil || !s.Open() {
		t.Error("who is asked to wait is not inside", err)
	}
	_, err = gate.Watch().Tell()
	if err == nil || gate.Alerts().Alerts() != nil {
		t.Error("a gate tells the list")
	}
	again := run(t, string(desk.folder))
	eventually(t, "the desk is told of whom the gate has met", func() bool {
		a, ok := again.Alerts().Alert(met.Visit)
		return ok && a.Wait && a.Open && !a.Strong() && a.Answer == nil && a.Found[0].Entry.ID == e.ID
	})
	if _, ok := again.Alerts().Alert(other.Visit); ok {
		t.Error("a namesake's brother is met")
	}
	if err := again.Alerts().Answer("operator b", met.Visit, watch.TurnedAway); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the answer is on record", func() bool {
		a, _ := again.Alerts().Alert(met.Visit)
		return a.Answer != nil && a.Answer.Outcome == watch.TurnedAway && a.Answer.By == "operator b"
	})
	// Erased is erased: nothing tells any more whom the visit was taken for.
	if _, err := again.Erase(t.Context(), met.Visit); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the alert is gone with the visit", func() bool { return len(again.Alerts().Alerts()) == 0 })
	if err := gate.Close(); err != nil {
		t.Fatal(err)
	}
	if err := filepath.WalkDir(string(gate.folder), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		for _, s := range []string{"Marker", "marker", "gunnar", "unar", "46701234567", "0701234567", "threats"} {
			if bytes.Contains(b, []byte(s)) {
				t.Errorf("%s holds %q", strings.TrimPrefix(path, string(gate.folder)), s)
			}
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// TestWhoIsInsideIsMetByANewEntry: an entry that is made later meets who is
// inside, and who is expected; who came to the desk itself is met at once.
func TestWhoIsInsideIsMetByANewEntry(t *testing.T) {
	desk := first(t)
	desk.ready()
	inside, err := desk.Visits().CheckIn(t.Context(), visits.Arrival{Name: "Gunnar Marker"})
	if err != nil || inside.Wait {
		t.Fatal(err)
	}
	left, err := desk.Visits().CheckIn(t.Context(), visits.Arrival{Name: "Gunnar Marker"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := desk.Visits().CheckOut(t.Context(), left.Badge.String(), "desk"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the entry is made later", func() bool {
		p, err := desk.replica.Presence(left.Visit)
		return err == nil && time.Since(p.Since.Time()) > 2*time.Millisecond
	})
	if _, err := desk.Watch().Add(t.Context(), "", watch.Entry{Names: []record.Private{"Gunnar Marker"}, Reason: "x"}); err != nil {
		t.Fatal(err)
	}
	alerted := func(v record.VisitID) bool { _, ok := desk.Alerts().Alert(v); return ok }
	eventually(t, "who is inside is met", func() bool { return alerted(inside.Visit) })
	if alerted(left.Visit) {
		t.Error("old visits are searched")
	}
	now, err := desk.Visits().CheckIn(t.Context(), visits.Arrival{Name: "Bo Ek", Company: "x", Phone: "070"})
	if err != nil {
		t.Fatal(err)
	}
	near, err := desk.Visits().CheckIn(t.Context(), visits.Arrival{Name: "Gunnar Morker"})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "a name with a letter wrong is met", func() bool { return alerted(near.Visit) })
	if alerted(now.Visit) {
		t.Error("somebody else is met")
	}
}
