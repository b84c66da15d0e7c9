package access

import (
	"math"
	"testing"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/seal"
	"github.com/upprop/upprop/mesh/identity"
)

// A desk that publishes keys of an epoch which no revocation has brought has
// them chosen by nobody while there are others, and does not keep them from
// being replaced once it is revoked.
func TestKeysOfAnEpochThatHasNotCome(t *testing.T) {
	today := record.Day(21000)
	s := &shop{kept: map[seal.KeyID]bool{}, today: func() record.Day { return today }}
	self, bad := identity.NodeID{1}, identity.NodeID{2}
	members := []identity.Member{{ID: self, Role: identity.RoleDesk}, {ID: bad, Role: identity.RoleDesk}}
	book := NewBook(s)
	m := NewMaker(MakerConfig{
		Store: s, Publisher: s, Book: book, Self: self,
		Members: func() []identity.Member { return members },
		Today:   func() (record.Day, bool) { return today, true },
	})
	hostile := map[seal.KeyID]bool{}
	for d := today + 1; d <= today+Ahead; d++ {
		for _, a := range audiences {
			k, err := seal.GenerateKey(a, seal.DateOf(d))
			if err != nil {
				t.Fatal(err)
			}
			hostile[k.Public().ID] = true
			s.out = append(s.out, crdt.PublishedKey{Audience: a, Until: d, Epoch: math.MaxInt64, Bytes: k.Public().Bytes, Filed: today})
		}
	}
	s.version++
	chosen := func() seal.KeyID {
		t.Helper()
		keys, err := book.Keys()
		if err != nil {
			t.Fatal(err)
		}
		k, ok := Choose(keys, card, today+30, today, Epoch(members, card))
		if !ok || k.Date != seal.DateOf(today+30) {
			t.Fatal("somebody would be turned away:", k, ok)
		}
		return k.ID
	}
	if !hostile[chosen()] {
		t.Fatal("another than the only key is chosen")
	}
	make := func(want int) {
		t.Helper()
		before := s.count()
		if err := m.Make(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := s.count() - before; got != want {
			t.Errorf("%d keys were made, want %d", got, want)
		}
		if hostile[chosen()] {
			t.Error("a key of an epoch that has not come is chosen")
		}
	}
	make(2 * Ahead)
	members[1].Revoked = &identity.Revocation{At: 1_900_000_000_000}
	make(2 * Ahead)
	make(0)
}
