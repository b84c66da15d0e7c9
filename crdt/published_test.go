package crdt

import (
	"testing"

	"github.com/upprop/upprop/crdt/record"
)

func publish(day record.Day, epoch int64, key string) Draft {
	return Draft{Acts: []record.Act{{Kind: record.ActKey, Audience: record.CardAudience, Until: day, Epoch: epoch, Key: []byte(key)}}}
}

func (m *member) published(t testing.TB) (out []PublishedKey) {
	t.Helper()
	out, err := m.PublishedKeys()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A key is known until its date is dropped, though the acts that published it
// go before: a part of the campus without a desk goes on sealing.
func TestAPublishedKeyOutlivesTheDayItWasPublishedOn(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.node("a"), c.node("b")
	first, until := c.today(), c.today()+90
	a.do(t, publish(until, 0, "later"), publish(first+5, 0, "sooner"))
	pull(t, b, a)
	before := b.SettingsVersion()
	a.do(t, publish(until, 7, "later yet"))
	pull(t, b, a)
	if b.SettingsVersion() == before {
		t.Error("a key came, and nobody is told to look")
	}
	if got := b.published(t); len(got) != 3 || string(got[0].Bytes) != "sooner" || got[2].Epoch != 7 || got[2].Filed != first {
		t.Fatalf("%+v", got)
	}
	c.advance(40 * dayLong)
	b.dropBefore(t, c.today()-30)
	b.crash(t)
	if got := b.published(t); len(got) != 2 || got[0].Until != until {
		t.Fatalf("after its day was dropped: %+v", got)
	}
	// Whoever publishes it anew makes it newer, and it stays one.
	b.do(t, publish(until, 0, "later"))
	if got := b.published(t); len(got) != 2 || got[0].Filed != c.today() {
		t.Fatalf("published anew: %+v", got)
	}
	c.advance(100 * dayLong)
	b.dropBefore(t, c.today()-30)
	if got := b.published(t); len(got) != 0 {
		t.Fatalf("after its date was dropped: %+v", got)
	}
}

// Keys and erasures count from those alone who may edit the settings; the
// others of a writer who may not wait behind them, and no other writer does.
func TestActsNeedARight(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.node("a"), c.node("b")
	desk, appointed := c.node("desk"), false
	b.cfg.MayEdit = func(n record.NodeID) bool { return n == desk.cfg.Node || appointed && n == a.cfg.Node }
	b.crash(t)
	for name, d := range map[string]Draft{
		"key":   publish(c.today()+9, 0, "mine"),
		"shred": {Acts: []record.Act{{Kind: record.ActShred, Visits: []record.VisitID{someone(1)}, Erasure: record.ErasureID{1}}}},
	} {
		a.do(t, d)
		pull(t, b, a)
		if len(b.published(t)) != 0 || b.Shredded(someone(1)) {
			t.Errorf("a %s of an entrance counts", name)
		}
	}
	desk.do(t, publish(c.today()+9, 0, "the desk's"))
	pull(t, b, desk)
	if got := b.published(t); len(got) != 1 || string(got[0].Bytes) != "the desk's" {
		t.Errorf("%+v", got)
	}
	appointed = true
	pull(t, b, a)
	if len(b.published(t)) != 2 || !b.Shredded(someone(1)) {
		t.Error("what came before the appointment was heard of is lost")
	}
}

// What was published after the last sequence that a revocation lets count is
// not sealed to.
func TestKeysOfARevokedNode(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.node("a"), c.node("b")
	var last uint64
	revoked := false
	b.cfg.Standing = func(id record.EventID) record.Standing {
		if revoked && id.Actor.Node() == a.cfg.Node && id.Seq > last {
			return record.Late
		}
		return record.Counted
	}
	b.crash(t)
	a.do(t, publish(c.today()+9, 0, "before"))
	last = 1
	a.do(t, publish(c.today()+9, 0, "after"))
	pull(t, b, a)
	revoked = true
	before := b.SettingsVersion()
	if err := b.Rejudge(); err != nil {
		t.Fatal(err)
	}
	if got := b.published(t); len(got) != 1 || string(got[0].Bytes) != "before" || b.SettingsVersion() == before {
		t.Errorf("%+v", got)
	}
}

// What a node seals after its revocation fills an empty place and outranks
// nothing; an encapsulation once known is replaced by nobody.
func TestLateSealingsOutrankNothing(t *testing.T) {
	c := newTestCampus(t)
	a, b, thief := c.keeper("a"), c.keeper("b"), c.node("thief")
	b.cfg.Standing = func(id record.EventID) record.Standing {
		if id.Actor.Node() == thief.cfg.Node {
			return record.Late
		}
		return record.Counted
	}
	b.crash(t)
	until := c.today() + 30
	a.do(t, sealing(someone(1), 1, until), Draft{Sealed: []record.SealedEntry{{Kind: record.ContextPut, Context: []byte("context"), Box: []byte("right")}}})
	pull(t, b.member, a.member)
	thief.do(t, sealing(someone(1), 9, until), sealing(someone(2), 1, until),
		Draft{Sealed: []record.SealedEntry{{Kind: record.ContextPut, Context: []byte("context"), Box: []byte("wrong")}}})
	pull(t, b.member, thief)
	opens(t, b.member, someone(1), 1)
	opens(t, b.member, someone(2), 1)
	if got, ok := b.Context([]byte("context")); !ok || string(got) != "right" {
		t.Errorf("an encapsulation was replaced: %q", got)
	}
}

// Keys that did not count while their day was held do not begin to when it is
// dropped.
func TestLateKeysAreForgottenWithTheirDay(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.node("a"), c.node("b")
	b.cfg.Standing = func(id record.EventID) record.Standing {
		if id.Actor.Node() == a.cfg.Node {
			return record.Late
		}
		return record.Counted
	}
	b.crash(t)
	a.do(t, publish(c.today()+90, 5, "the thief's"))
	pull(t, b, a)
	c.advance(40 * dayLong)
	b.dropBefore(t, c.today()-30)
	if got := b.published(t); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}
