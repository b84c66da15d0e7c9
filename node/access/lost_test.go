package access

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/seal"
	"github.com/upprop/upprop/mesh/identity"
)

// lost are the audiences whose keys a node takes for lost.
func (m *member) lost() (out []record.Audience) {
	var keys []Key
	for _, k := range m.c.pair {
		keys = append(keys, Key{PublicKey: k.Public()})
	}
	for _, id := range m.Lost(keys) {
		for a, k := range m.c.keys {
			if k == id {
				out = append(out, a)
			}
		}
	}
	return out
}

// lockedRing is a vault whose PIN has not been given.
type lockedRing struct{ rings }

func (k lockedRing) Export([]seal.KeyID, []record.Audience) ([]byte, error) { return nil, ErrLocked }

// A key is lost when all who could have it say that they have not; not when
// one of them is away, or holds it and cannot read it.
func TestAKeyIsLostWhenNobodyCanGiveIt(t *testing.T) {
	inCampus(t, func(c *campus) {
		desk := c.host("Desk", identity.RoleDesk)
		warden, locked := c.host("Warden", identity.RoleWarden), c.host("Locked", identity.RoleWarden)
		away, gate := c.host("Away", identity.RoleDesk), c.host("Gate", identity.RoleEntrance)
		desk.enrol(false)
		off := map[identity.NodeID]bool{}
		desk.cfg.WrittenOff = func(id identity.NodeID) bool { return off[id] }
		desk.dial(warden.enrol(false))
		desk.dial(gate.enrol(false))
		desk.run(10 * time.Second)
		same(t, "another desk and a handheld are away", desk.lost())

		off[away.key.ID()] = true
		desk.run(10 * time.Second)
		same(t, "one is written off, one is away", desk.lost(), dossier)

		locked.enrol(true)
		locked.cfg.Keys = lockedRing{locked.keys}
		desk.dial(locked)
		desk.run(10 * time.Second)
		same(t, "one holds it and is locked", desk.lost(), dossier)

		locked.cfg.Keys = rings{Vault: seal.NewVault(), campus: c.keys}
		desk.run(10 * time.Second)
		same(t, "nobody holds it", desk.lost(), card, dossier)
		time.Sleep(2 * denials)
		same(t, "nobody has said so lately", desk.lost(), dossier)

		locked.cfg.Keys = locked.keys
		desk.run(10 * time.Second)
		same(t, "one gives it", desk.lost())
	})
}

// A desk replaces keys that are lost, and says that they are.
func TestMakerReplacesLostKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		today := record.Day(21000)
		s := &shop{kept: map[seal.KeyID]bool{}, today: func() record.Day { return today }}
		self := identity.NodeID{1}
		var lost []seal.KeyID
		book := NewBook(s)
		m := NewMaker(MakerConfig{
			Store: s, Publisher: s, Book: book, Self: self,
			Members: func() []identity.Member { return []identity.Member{{ID: self, Role: identity.RoleDesk}} },
			Today:   func() (record.Day, bool) { return today, true },
			Lost: func(keys []Key) (out []seal.KeyID) {
				for _, k := range keys {
					if slices.Contains(lost, k.ID) {
						out = append(out, k.ID)
					}
				}
				return out
			},
		})
		make := func(want int) {
			t.Helper()
			before := s.count()
			if err := m.Make(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := s.count() - before; got != want {
				t.Errorf("%d keys were made, want %d", got, want)
			}
		}
		choose := func() seal.KeyID {
			t.Helper()
			keys, err := book.Keys()
			if err != nil {
				t.Fatal(err)
			}
			k, ok := Choose(keys, card, today+30, today, 0)
			if !ok || k.Date != seal.DateOf(today+30) {
				t.Fatal(k, ok)
			}
			return k.ID
		}
		make(2 * Ahead)
		for range 3 { // by the lowest id one would stand by chance
			lost = append(lost, choose())
			make(1)
			if slices.Contains(lost, choose()) {
				t.Fatal("a key that nobody holds is sealed to")
			}
			make(0)
		}
		keys, err := book.Keys()
		if err != nil {
			t.Fatal(err)
		}
		if gone := Gone(keys); len(gone) != len(lost) {
			t.Errorf("%d are gone", len(gone))
		}
	})
}
