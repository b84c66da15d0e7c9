package crdt

import (
	"bytes"
	"context"
	"testing"

	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/envelope"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
)

// runsOf is what a node sends of another's entries, as runs.
func runsOf(t testing.TB, m *member, doc record.DocID, actor record.ActorID, after uint64) (raws [][]byte) {
	t.Helper()
	if err := m.Runs(doc, actor, after, func(_ uint64, raw []byte) error {
		raws = append(raws, bytes.Clone(raw))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return raws
}

func put(t testing.TB, m *member, raws ...[]byte) []Gap {
	t.Helper()
	gaps, err := m.Put(context.Background(), raws)
	if err != nil {
		t.Fatal(err)
	}
	return gaps
}

// What came in runs is handed on to a third and a fourth node, from wherever
// those are, over restarts, at a signature for many entries.
func TestRunsAreHandedOn(t *testing.T) {
	c := newTestCampus(t)
	author, second, third := c.node("author"), c.node("second"), c.node("third")
	var last record.EventID
	for i := range 300 {
		last = author.arrive(t, someone(i))
	}
	runs := runsOf(t, author, last.Doc, last.Actor, 0)
	if want := (300 + runLength - 1) / runLength; len(runs) != want {
		t.Fatalf("%d runs, want %d", len(runs), want)
	}
	put(t, second, runs...)
	second.crash(t)
	same(t, author, second)
	// The third has a few alone already, which end in the middle of a run.
	var few [][]byte
	if err := author.Read(last.Doc, last.Actor, 0, func(seq uint64, raw []byte) error {
		if seq <= 37 {
			few = append(few, bytes.Clone(raw))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	put(t, third, few...)
	put(t, third, runsOf(t, second, last.Doc, last.Actor, 37)...)
	third.crash(t)
	same(t, author, third)
	for name, read := range map[string]func(record.DocID, record.ActorID, uint64, func(uint64, []byte) error) error{"read": third.Read, "runs": third.Runs} {
		fourth := c.node("fourth by " + name)
		if err := read(last.Doc, last.Actor, 0, func(_ uint64, raw []byte) error {
			put(t, fourth, raw)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		same(t, author, fourth)
		if n := len(fourth.Refused()); n > 0 {
			t.Fatalf("refused by %s: %v", name, fourth.Refused())
		}
	}
}

// Whatever a relay does to a run, nothing of it is taken that its author did
// not write, the author is not blamed, and the true run is taken afterwards.
func TestARelayCannotSpoilARun(t *testing.T) {
	c := newTestCampus(t)
	author := c.node("author")
	var last record.EventID
	for i := range 6 {
		last = author.arrive(t, someone(i))
	}
	honest := runsOf(t, author, last.Doc, last.Actor, 0)
	if len(honest) != 1 {
		t.Fatalf("%d runs", len(honest))
	}
	victim := c.node("victim")
	for i := range honest[0] {
		for _, bit := range []byte{1, 0x80} {
			bad := bytes.Clone(honest[0])
			bad[i] ^= bit
			put(t, victim, bad)
			if n := len(victim.Open()); n != 0 {
				t.Fatalf("byte %d altered: %d visits taken", i, n)
			}
		}
	}
	es, err := envelope.DecodeRun(honest[0])
	if err != nil {
		t.Fatal(err)
	}
	swapped := append([]*envelope.Envelope(nil), es...)
	swapped[1], swapped[2] = swapped[2], swapped[1]
	put(t, victim, envelope.EncodeRun(swapped))
	// A change of the right form and place that somebody else has made up.
	for i, e := range es[:5] {
		day, err := shape.DecodeDay(e.Payload)
		if err != nil {
			t.Fatal(err)
		}
		day.Event = codec.EncodeEvent(record.Event{Kind: record.Arrived, Visit: someone(666), At: 1})
		forged := append([]*envelope.Envelope(nil), es...)
		payload, _, err := shape.EncodeDay(day)
		if err != nil {
			t.Fatal(err)
		}
		forged[i] = &envelope.Envelope{ID: e.ID, Payload: payload}
		put(t, victim, envelope.EncodeRun(forged))
		if n := len(victim.Open()); n != 0 {
			t.Fatalf("entry %d made up: %d visits taken", i, n)
		}
	}
	for _, e := range es[:5] {
		put(t, victim, e.Encode()) // bare, alone
	}
	if author := victim.Refused()[author.cfg.Node]; len(author) != 0 {
		t.Fatalf("the author is blamed: %v", author)
	}
	if len(victim.Refused()[record.NodeID{}]) == 0 {
		t.Fatal("nothing was counted")
	}
	put(t, victim, honest...)
	same(t, author, victim)
	third := c.node("third")
	put(t, third, runsOf(t, victim, last.Doc, last.Actor, 0)...)
	same(t, author, third)
}
