package crdt

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/upprop/upprop/crdt/envelope"
	"github.com/upprop/upprop/crdt/record"
)

// by are those of entries that a node has written.
func by(t testing.TB, author record.NodeID, raws [][]byte) [][]byte {
	t.Helper()
	return slices.DeleteFunc(raws, func(raw []byte) bool {
		e, err := envelope.Decode(raw)
		if err != nil {
			t.Fatal(err)
		}
		return e.ID.Actor.Node() != author
	})
}

// knowsRevoked says of a keeper that it knows of a node's revocation, before which that node
// wrote nothing.
func (k *keeper) knowsRevoked(t testing.TB, thief *keeper) {
	t.Helper()
	k.cfg.Standing = func(id record.EventID) record.Standing {
		if id.Actor.Node() == thief.cfg.Node {
			return record.Late
		}
		return record.Counted
	}
	k.crash(t)
}

// stolenDesk is a campus in which a desk, after it was revoked, has sealed a
// visit of the gate's anew and shredded it. The gate had not heard of the
// revocation and has destroyed the keys; held had, and has the gate's, and bare
// had, and has nothing.
func stolenDesk(t *testing.T) (c *campusOf, gate, thief, held, bare *keeper, v record.VisitID) {
	c = newTestCampus(t)
	gate, thief, held, bare = c.keeper("gate"), c.keeper("thief"), c.keeper("held"), c.keeper("bare")
	held.knowsRevoked(t, thief)
	bare.knowsRevoked(t, thief)
	v, until := someone(1), c.today()+30
	v.Own(gate.cfg.Node)
	gate.do(t, sealing(v, 1, until))
	pull(t, held.member, gate.member)
	pull(t, thief.member, gate.member)
	thief.do(t, sealing(v, 2, until))
	pull(t, gate.member, thief.member)
	thief.do(t, shredding(1, v))
	pull(t, gate.member, thief.member)
	gate.settled(t)
	erased(t, gate.member, v)
	gate.do(t, sealing(someone(2), 1, until))
	return c, gate, thief, held, bare, v
}

// Nobody waits for a key that a revoked node has had destroyed where its
// revocation was not known yet: neither for the one that it sealed, where
// another stands, nor for the one that it shredded, which is asked for on.
func TestNobodyWaitsForWhatARevokedNodeShredded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, gate, thief, held, bare, v := stolenDesk(t)
		defer func() { _, _, _, _ = gate.Close(), thief.Close(), held.Close(), bare.Close() }()
		for _, k := range []*keeper{held, bare} {
			for range 2 { // the shred may come after what it is about
				pull(t, k.member, gate.member)
			}
			if n := len(missing(t, gate.member, k.member)); n != 0 {
				t.Errorf("%s waits for ever for %d entries", k.name, n)
			}
			opens(t, k.member, someone(2), 1)
			if k.Shredded(v) {
				t.Errorf("%s lets a late shred count", k.name)
			}
		}
		opens(t, held.member, v, 1)
		if _, err := bare.Sealed(card(v)); !errors.Is(err, ErrExpired) && !errors.Is(err, ErrUnknownVisit) {
			t.Fatal("it is read without its key:", err)
		}
		if n := bare.ask(t, held.member); n != 1 {
			t.Fatalf("%d entries are asked for, want the gate's", n)
		}
		opens(t, bare.member, v, 1)
		for doc, sum := range held.Digests() {
			if sealedDoc(doc) && bare.Digests()[doc] != sum {
				t.Errorf("they differ in %s", doc)
			}
		}
		c.advance(40 * dayLong)
		for _, k := range []*keeper{held, bare} {
			k.dropBefore(t, c.today()-30)
			if n := rows(t, k.member, keyLost); n != 0 {
				t.Errorf("%s keeps %d rows for ever", k.name, n)
			}
		}
	})
}

// What a revoked node sealed, and nobody has the key of, takes no place of what
// comes later with its key.
func TestALateSealingWithoutItsKeyTakesNoPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, gate, thief, held, bare, v := stolenDesk(t)
		defer func() { _, _, _, _ = gate.Close(), thief.Close(), held.Close(), bare.Close() }()
		for range 2 {
			bare.put(t, by(t, thief.cfg.Node, missing(t, gate.member, bare.member))...)
		}
		if n := len(by(t, thief.cfg.Node, missing(t, gate.member, bare.member))); n != 0 {
			t.Errorf("%d entries of the revoked node are waited for", n)
		}
		pull(t, bare.member, held.member)
		opens(t, bare.member, v, 1)
	})
}

// What was sealed after a revocation outranks nothing, so nobody who has
// another sealing waits for its key.
func TestNobodyWaitsForTheKeyOfALateSealing(t *testing.T) {
	c := newTestCampus(t)
	gate, thief, held := c.keeper("gate"), c.keeper("thief"), c.keeper("held")
	held.knowsRevoked(t, thief)
	v, until := someone(1), c.today()+30
	gate.do(t, sealing(v, 1, until))
	pull(t, held.member, gate.member)
	pull(t, thief.member, gate.member)
	thief.do(t, sealing(v, 2, until), sealing(someone(2), 1, until))
	if gaps := held.put(t, stripped(t, missing(t, thief.member, held.member))...); len(gaps) != 1 || gaps[0].Have != 1 {
		t.Fatalf("%+v: want one after the first, of a visit that nobody else has sealed", gaps)
	}
	opens(t, held.member, v, 1)
	pull(t, held.member, thief.member)
	opens(t, held.member, someone(2), 1)
}

// Nobody waits for a key that a revoked node's own later sealing has outranked where
// its revocation was not known yet: it is gone, and the later one is taken.
func TestNobodyWaitsForWhatARevokedNodeSealedAnew(t *testing.T) {
	c := newTestCampus(t)
	gate, thief, bare := c.keeper("gate"), c.keeper("thief"), c.keeper("bare")
	bare.knowsRevoked(t, thief)
	v, until := someone(1), c.today()+30
	thief.do(t, sealing(v, 1, until))
	pull(t, gate.member, thief.member)
	thief.do(t, sealing(v, 2, until), sealing(someone(2), 1, until))
	pull(t, gate.member, thief.member)
	for range 2 { // what outranks a key lies behind the entry that lacks it
		pull(t, bare.member, gate.member)
	}
	if n := len(missing(t, gate.member, bare.member)); n != 0 {
		t.Errorf("it waits for ever for %d entries", n)
	}
	opens(t, bare.member, v, 2)
	opens(t, bare.member, someone(2), 1)
}

// Nor for one that another sealed, and a revoked node outranked: its own fills the
// place.
func TestNobodyWaitsForWhatARevokedNodeOutranked(t *testing.T) {
	c := newTestCampus(t)
	gate, thief, bare := c.keeper("gate"), c.keeper("thief"), c.keeper("bare")
	bare.knowsRevoked(t, thief)
	v, until := someone(1), c.today()+30
	v.Own(gate.cfg.Node)
	gate.do(t, sealing(v, 1, until))
	pull(t, thief.member, gate.member)
	thief.do(t, sealing(v, 2, until))
	pull(t, gate.member, thief.member)
	gate.do(t, sealing(someone(2), 1, until))
	for range 2 {
		pull(t, bare.member, gate.member)
	}
	if n := len(missing(t, gate.member, bare.member)); n != 0 {
		t.Errorf("it waits for ever for %d entries", n)
	}
	opens(t, bare.member, someone(2), 1)
	opens(t, bare.member, v, 2) // there is no other
}
