package join

import (
	"context"
	"crypto/ed25519"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
)

func newKey(t testing.TB) *identity.Key {
	t.Helper()
	k, err := identity.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// clock is a clock that tests move.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *clock { return &clock{t: time.UnixMilli(1_790_000_000_000)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// campus is an issuer and one more member, each with its own roster.
type campus struct {
	t              testing.TB
	wire           *wire
	clock          *clock
	root           *identity.Root
	issuer, relay  *identity.Key
	rosterI, rostR *identity.Roster
	store          *MemTokens
	desk           *Desk
	netI, netR     *end
	joined         []identity.NodeID
}

func newCampus(t *testing.T, w *wire) *campus {
	t.Helper()
	c := &campus{t: t, wire: w, clock: newClock(), issuer: newKey(t), relay: newKey(t), store: &MemTokens{}}
	root, first, err := identity.Found("Campus", identity.First{Pub: c.issuer.Public(), Name: "reception", Role: identity.RoleDesk, Site: "north"}, c.clock.now(), nil)
	if err != nil {
		t.Fatal(err)
	}
	c.root = root
	c.rosterI, c.rostR = c.newRoster(), c.newRoster()
	c.merge(c.rosterI, first)
	gate, err := identity.SignCert(c.issuer, identity.Cert{
		Campus: root.Campus(), Pub: c.relay.Public(), Name: "gate", Role: identity.RoleEntrance, Serial: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	c.merge(c.rosterI, gate)
	c.desk = c.openDesk()
	c.netI = w.join(c.issuer, c.admit(c.rosterI))
	c.netR = w.join(c.relay, c.admit(c.rostR))
	log := slog.New(slog.DiscardHandler)
	Serve(c.netI, ServeConfig{
		Self: c.issuer.Public(), Roster: c.rosterI, Desk: c.desk, Log: log,
		Joined: func(n identity.NodeID, _ []string) { c.joined = append(c.joined, n) },
	})
	Serve(c.netR, ServeConfig{Self: c.relay.Public(), Roster: c.rostR, Log: log})
	c.gossip()
	return c
}

func (c *campus) newRoster() *identity.Roster {
	c.t.Helper()
	r, err := identity.NewRoster(c.root.Public(), &identity.MemKeeper{})
	if err != nil {
		c.t.Fatal(err)
	}
	return r
}

func (c *campus) openDesk() *Desk {
	c.t.Helper()
	d, err := OpenDesk(DeskConfig{Key: c.issuer, Roster: c.rosterI, Store: c.store, Now: c.clock.now})
	if err != nil {
		c.t.Fatal(err)
	}
	return d
}

func (c *campus) merge(r *identity.Roster, raws ...[]byte) {
	c.t.Helper()
	if _, err := r.Merge(raws); err != nil {
		c.t.Fatal(err)
	}
}

// gossip brings the issuer's records to the relay.
func (c *campus) gossip() { c.merge(c.rostR, c.rosterI.Records()...) }

func (c *campus) admit(r *identity.Roster) stream.Admit {
	return func(pub ed25519.PublicKey) stream.Standing {
		switch {
		case r.Admitted(pub):
			return stream.Member
		case r.OpenTokens(c.clock.now()):
			return stream.Guest
		}
		return stream.Refused
	}
}

// token makes a token through its text, as people do.
func (c *campus) token(o Options) Token {
	c.t.Helper()
	if o.Role == "" {
		o.Role = identity.RoleEntrance
	}
	o.Addrs = []string{"127.0.0.1:7000"}
	o.Relays = []Peer{{Pub: c.relay.Public(), Addrs: []string{"127.0.0.1:7001"}}}
	tok, err := c.desk.Create(o)
	if err != nil {
		c.t.Fatal(err)
	}
	c.gossip()
	back, err := ParseToken(tok.Text())
	if err != nil {
		c.t.Fatal(err)
	}
	return back
}

// newcomer is the network of a node that knows nothing but its token.
func (c *campus) newcomer(key *identity.Key, tok Token) *end {
	return c.wire.join(key, func(pub ed25519.PublicKey) stream.Standing {
		if slices.ContainsFunc(tok.Peers, func(p Peer) bool { return pub.Equal(p.Pub) }) {
			return stream.Member
		}
		return stream.Refused
	})
}

func (c *campus) join(key *identity.Key, tok Token, w Wishes) (Result, error) {
	return Join(context.Background(), c.newcomer(key, tok), key, tok, w)
}
