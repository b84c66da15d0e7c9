package crdt

import (
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

func (m *member) tells(t *testing.T, h record.Help, over ...record.EventID) record.EventID {
	t.Helper()
	return m.write(t, record.Event{Kind: record.RefugeTold, Point: "Stair B", Help: h, Starts: []record.EvacID{{1}}, Over: over})
}

// Two halves that tell different things keep both when they meet.
func TestCallsOfTwoHalvesMeet(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.node("a"), c.node("b")
	a.alarm(t, 1, false)
	pull(t, b, a)
	first := a.tells(t, record.HelpTold)
	pull(t, b, a)
	b.tells(t, record.HelpComing, first)
	c.advance(time.Second)
	a.tells(t, record.HelpStay, first)
	pull(t, a, b)
	pull(t, b, a)
	b.crash(t)
	for _, m := range []*member{a, b} {
		e, _ := m.Evacuations().Running("")
		got := m.Calls().In(e)
		if len(got) != 1 || len(got[0].Calls) != 3 || got[0].Stands.Help != record.HelpStay || len(got[0].Beside) != 1 {
			t.Errorf("%s: %+v", m.name, got)
		}
	}
}

// An earlier release kept calls without knowing that they are of an evacuation.
func TestCallsThatAnEarlierReleaseKept(t *testing.T) {
	c := newTestCampus(t)
	a := c.node("a")
	a.alarm(t, 1, false)
	a.arrive(t, someone(1))
	id := a.tells(t, record.HelpComing)
	var b store.Batch
	b.Delete(evacKey(id))
	b.Delete(keyEvacForm)
	if err := a.store.Apply(&b); err != nil {
		t.Fatal(err)
	}
	a.crash(t)
	if got := a.Calls(); len(got) != 1 || got[0].ID != id || got[0].Help != record.HelpComing {
		t.Fatalf("%+v", got)
	}
	if n := a.rows(t, keyEvac); n != 2 {
		t.Errorf("%d rows", n)
	}
	e, err := codec.DecodeEvent(codec.EncodeEvent(record.Event{Kind: record.RefugeHeard, At: 1, Count: 3, Help: record.HelpStay}))
	if err != nil || e.Count != 3 || e.Help != record.HelpStay {
		t.Error(e, err)
	}
}
