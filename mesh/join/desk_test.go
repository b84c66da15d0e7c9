package join

import (
	"errors"
	"testing"
	"time"

	"github.com/upprop/upprop/mesh/identity"
)

func TestDeskRefusesNonsense(t *testing.T) {
	c := newCampus(t, newWire(t))
	for name, o := range map[string]Options{
		"no role":       {},
		"bad role":      {Role: "king"},
		"long":          {Role: identity.RoleDesk, TTL: MaxTTL + 1},
		"past":          {Role: identity.RoleDesk, TTL: -time.Hour},
		"named for two": {Role: identity.RoleDesk, Uses: 2, Name: "x"},
		"address":       {Role: identity.RoleDesk, Addrs: []string{"reception.example:80"}},
		"zone":          {Role: identity.RoleDesk, Zone: "\x00"},
	} {
		if _, err := c.desk.Create(o); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if _, err := c.desk.Create(Options{Role: identity.RoleDesk, Name: "Gate"}); !errors.Is(err, ErrNameTaken) {
		t.Fatalf("got %v", err)
	}
	plain, err := OpenDesk(DeskConfig{Key: c.relay, Roster: c.rostR, Store: &MemTokens{}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := plain.Create(Options{Role: identity.RoleDesk}); !errors.Is(err, identity.ErrNotIssuer) {
		t.Fatalf("got %v", err)
	}
}

// brokenStore fails to write from some call on.
type brokenStore struct {
	*MemTokens
	err error
}

func (b *brokenStore) PutToken(id identity.TokenID, s []byte) error {
	if b.err != nil {
		return b.err
	}
	return b.MemTokens.PutToken(id, s)
}

func TestNothingIsGrantedBeforeItIsDurable(t *testing.T) {
	c := newCampus(t, newWire(t))
	store := &brokenStore{MemTokens: c.store}
	c.desk.cfg.Store = store
	tok := c.token(Options{})
	key := newKey(t)
	store.err = errors.New("disk is full")
	if _, err := c.join(key, tok, Wishes{}); !errors.Is(err, ErrIssuerTrouble) || c.rosterI.Admitted(key.Public()) {
		t.Fatalf("got %v", err)
	}
	store.err = nil
	if _, err := c.join(key, tok, Wishes{}); err != nil {
		t.Fatal(err)
	}
}

// A crash between the desk's store and the roster is made good at the start.
func TestDeskCompletesARedemption(t *testing.T) {
	c := newCampus(t, newWire(t))
	old := c.rosterI.Records()
	key := newKey(t)
	if _, err := c.join(key, c.token(Options{}), Wishes{}); err != nil {
		t.Fatal(err)
	}
	back := c.newRoster()
	c.merge(back, old...)
	if _, err := OpenDesk(DeskConfig{Key: c.issuer, Roster: back, Store: c.store, Now: c.clock.now}); err != nil || !back.Admitted(key.Public()) {
		t.Fatalf("not completed: %v", err)
	}
}

// An issuer restored from an older copy learns from the roster what it spent.
func TestRestoredDeskDoesNotSpendTwice(t *testing.T) {
	c := newCampus(t, newWire(t))
	tok := c.token(Options{})
	copied, _ := c.store.LoadTokens()
	if _, err := c.join(newKey(t), tok, Wishes{Name: "first"}); err != nil {
		t.Fatal(err)
	}
	if err := c.store.PutToken(tok.ID, copied[0]); err != nil {
		t.Fatal(err)
	}
	c.desk.tokens = c.openDesk().tokens
	if _, err := c.join(newKey(t), tok, Wishes{}); !errors.Is(err, ErrSpent) {
		t.Fatalf("got %v", err)
	}
}

func TestDeadTokensAreForgotten(t *testing.T) {
	c := newCampus(t, newWire(t))
	c.token(Options{})
	c.clock.pass(DefaultTTL + afterlife)
	c.token(Options{})
	if left, _ := c.store.LoadTokens(); len(left) != 1 || len(c.desk.tokens) != 1 {
		t.Fatalf("%d tokens left", len(left))
	}
	c.clock.pass(DefaultTTL + afterlife)
	if err := c.desk.Sweep(); err != nil {
		t.Fatal(err)
	}
	if left, _ := c.store.LoadTokens(); len(left) != 0 {
		t.Fatalf("%d tokens left", len(left))
	}
}

func TestDamagedStoreIsNoticed(t *testing.T) {
	c := newCampus(t, newWire(t))
	_ = c.store.PutToken(identity.TokenID{1}, []byte{0xa0})
	if _, err := OpenDesk(DeskConfig{Key: c.issuer, Roster: c.rosterI, Store: c.store}); err == nil {
		t.Fatal("taken")
	}
}
