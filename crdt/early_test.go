package crdt

import (
	"bytes"
	"testing"

	"github.com/upprop/upprop/crdt/record"
)

// openEntries is what a node tells another first.
func openEntries(t testing.TB, from, to *member) (raws [][]byte) {
	t.Helper()
	if err := from.OpenEvidence(func(id record.EventID) bool { return !to.Holds(id) }, func(raw []byte) error {
		raws = append(raws, bytes.Clone(raw))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return raws
}

// Who is inside is known before the history is, and nothing is held by that.
func TestOpenVisitsAreShownBeforeTheirTurn(t *testing.T) {
	c := newTestCampus(t)
	east, west := c.node("east"), c.node("west")
	var last record.EventID
	for i := range 500 {
		last = east.arrive(t, someone(i))
		if i%100 != 50 {
			east.leave(t, someone(i))
		}
	}
	// One of them has left by the west gate, where nobody knew of the visit.
	west.leave(t, someone(250))
	raws := openEntries(t, east, west)
	if len(raws) != 5 {
		t.Fatalf("%d entries about 5 open visits", len(raws))
	}
	_, before := west.Position()
	end := west.End()
	changed := west.Changed()
	west.Early(raws)
	select {
	case <-changed:
	default:
		t.Fatal("nobody is told")
	}
	if open := west.Open(); len(open) != 4 {
		t.Fatalf("%d open visits: %+v", len(open), open)
	}
	if p, err := west.Presence(someone(50)); err != nil || p.State != record.Present {
		t.Fatal(p, err)
	}
	if err := west.Rejudge(); err != nil || len(west.Open()) != 4 {
		t.Fatal("judged anew:", err, len(west.Open()))
	}
	_, pos := east.Position()
	_, after := west.Position()
	if west.Holds(last) || west.Covers(east.cfg.Node, pos) || !bytes.Equal(before, after) || west.End() != end {
		t.Fatal("what is shown early counts as held")
	}
	west.Early(raws)
	west.Early([][]byte{{1}, append(bytes.Clone(raws[0]), 0)}) // no entry; one that is altered
	if west.early.count != 5 {
		t.Fatalf("%d events are remembered", west.early.count)
	}
	west.crash(t)
	if len(west.Open()) != 0 || west.early.count != 0 {
		t.Fatal("what was shown early outlives a restart")
	}
	west.Early(raws)
	pull(t, west, east)
	pull(t, east, west)
	same(t, east, west)
	if west.early.count != 0 || len(west.early.by) != 0 {
		t.Fatalf("%d events are remembered when all are held", west.early.count)
	}
	if open := west.Open(); len(open) != 4 {
		t.Fatalf("%d open visits: %+v", len(open), open)
	}
}

// Also what a node has from runs, without a proof of its own, is told.
func TestOpenVisitsAreToldByWhoHasThemFromRuns(t *testing.T) {
	c := newTestCampus(t)
	east, between, west := c.node("east"), c.node("between"), c.node("west")
	var last record.EventID
	for i := range 200 {
		last = east.arrive(t, someone(i))
		if i%50 != 20 {
			east.leave(t, someone(i))
		}
	}
	put(t, between, runsOf(t, east, last.Doc, last.Actor, 0)...)
	west.Early(openEntries(t, between, west))
	if open := west.Open(); len(open) != 4 || west.early.count != 4 {
		t.Fatalf("%d open visits by %d events", len(open), west.early.count)
	}
	if west.Holds(record.EventID{Doc: last.Doc, Actor: last.Actor, Seq: 1}) {
		t.Fatal("what is shown early counts as held")
	}
}
