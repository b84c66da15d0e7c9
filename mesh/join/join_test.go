package join

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
)

func TestJoinAtTheIssuer(t *testing.T) {
	c := newCampus(t, newWire(t))
	key := newKey(t)
	tok := c.token(Options{Name: "east", Entrance: "East gate", Zone: "ground"})
	res, err := c.join(key, tok, Wishes{Name: "ignored"})
	if err != nil {
		t.Fatal(err)
	}
	if res.Cert.Name != "east" || res.Cert.Site != "north" || res.Cert.Zone != "ground" || res.Issuer != c.issuer.ID() || res.Via.ID() != c.issuer.ID() {
		t.Fatalf("%+v", res.Cert)
	}
	mine, err := identity.NewRoster(res.RootKey, &identity.MemKeeper{})
	if err != nil {
		t.Fatal(err)
	}
	c.merge(mine, res.Records...)
	if mine.Digest() != c.rosterI.Digest() || !c.rosterI.Admitted(key.Public()) {
		t.Fatal("the rosters differ")
	}
	if st, ok := c.rosterI.Token(c.issuer.ID(), tok.ID); !ok || len(st.Spent) != 1 || st.Spent[0].Node != key.ID() {
		t.Fatalf("%+v", st)
	}
	if len(c.joined) != 1 || c.joined[0] != key.ID() {
		t.Fatal("nobody was told")
	}
}

func TestJoinThroughAnyMember(t *testing.T) {
	c := newCampus(t, newWire(t))
	key := newKey(t)
	tok := c.token(Options{})
	tok.Peers[0].Pub = c.issuer.Public()
	joiner := &nearOnly{end: c.newcomer(key, tok), only: c.relay.ID()}
	res, err := Join(context.Background(), joiner, key, tok, Wishes{Name: "west"})
	if err != nil {
		t.Fatal(err)
	}
	if res.Via.ID() != c.relay.ID() || res.Issuer != c.issuer.ID() || res.Cert.Name != "west" {
		t.Fatalf("%+v", res)
	}
	if !c.rostR.Admitted(key.Public()) {
		t.Fatal("the relay does not know whom it let in")
	}
}

// nearOnly reaches one node and no other.
type nearOnly struct {
	*end
	only identity.NodeID
}

func (n *nearOnly) Dial(ctx context.Context, pub ed25519.PublicKey, addrs []string) error {
	if identity.IDOf(pub) != n.only {
		return stream.ErrUnreachable
	}
	return n.end.Dial(ctx, pub, addrs)
}

func TestRefusals(t *testing.T) {
	for name, tc := range map[string]struct {
		opts  Options
		setup func(c *campus, tok *Token, key *identity.Key)
		wish  string
		want  error
		says  string
	}{
		"spent": {want: ErrSpent, says: "first", setup: func(c *campus, tok *Token, _ *identity.Key) {
			if _, err := c.join(newKey(c.t), *tok, Wishes{Name: "first"}); err != nil {
				c.t.Fatal(err)
			}
		}},
		"expired":      {want: ErrExpired, setup: func(c *campus, _ *Token, _ *identity.Key) { c.clock.pass(time.Hour) }},
		"long expired": {want: ErrNotExpected, setup: func(c *campus, _ *Token, _ *identity.Key) { c.clock.pass(26 * time.Hour) }},
		"unknown":      {want: ErrUnknownToken, setup: func(_ *campus, tok *Token, _ *identity.Key) { tok.ID[0] ^= 1 }},
		"voided": {want: ErrUnknownToken, setup: func(c *campus, _ *Token, _ *identity.Key) {
			if n, err := c.desk.VoidAll(); n != 1 || err != nil {
				c.t.Fatal(n, err)
			}
		}},
		"wrong secret": {want: ErrWrongSecret, setup: func(_ *campus, tok *Token, _ *identity.Key) { tok.Secret[31] ^= 1 }},
		"wrong role":   {want: ErrWrongRole, setup: func(_ *campus, tok *Token, _ *identity.Key) { tok.Role = identity.RoleDesk }},
		"name taken":   {want: ErrNameTaken, wish: "GATE"},
		"bad name":     {want: ErrBadName, wish: "--all"},
		"revoked": {want: ErrRevokedNode, setup: func(c *campus, _ *Token, key *identity.Key) {
			raw, err := identity.SignCert(c.issuer, identity.Cert{Campus: c.root.Campus(), Pub: key.Public(), Name: "old", Role: identity.RoleDesk, Serial: 1})
			if err != nil {
				c.t.Fatal(err)
			}
			c.merge(c.rosterI, raw)
			if _, err := c.rosterI.Revoke(c.issuer, key.ID(), identity.Ending{}, c.clock.now()); err != nil {
				c.t.Fatal(err)
			}
		}},
		"appointed": {want: ErrAppointed, setup: func(c *campus, _ *Token, key *identity.Key) {
			raw, err := identity.SignCert(c.root, identity.Cert{Campus: c.root.Campus(), Pub: key.Public(), Name: "old", Role: identity.RoleDesk, Serial: 1})
			if err != nil {
				c.t.Fatal(err)
			}
			c.merge(c.rosterI, raw)
		}},
		"issuer demoted": {want: ErrNotIssuer, setup: func(c *campus, _ *Token, _ *identity.Key) {
			if _, err := c.rosterI.Appoint(c.root, c.issuer.ID(), false, c.clock.now()); err != nil {
				c.t.Fatal(err)
			}
		}},
		"issuer unreachable": {want: ErrIssuerUnreachable, says: "reception", setup: func(c *campus, _ *Token, _ *identity.Key) { c.netI.down = true }},
		"nobody":             {want: ErrNoPeer, setup: func(c *campus, _ *Token, _ *identity.Key) { c.netI.down, c.netR.down = true, true }},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCampus(t, newWire(t))
			key := newKey(t)
			tok := c.token(tc.opts)
			if tc.setup != nil {
				tc.setup(c, &tok, key)
			}
			_, err := c.join(key, tok, Wishes{Name: tc.wish})
			if !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.says) {
				t.Fatalf("got %v", err)
			}
			if strings.Contains(err.Error(), "\n") {
				t.Fatalf("more than one line: %v", err)
			}
			if name != "appointed" && c.rosterI.Admitted(key.Public()) {
				t.Fatal("admitted all the same")
			}
		})
	}
}

// Whoever answers for the wrong campus hears nothing from the joiner.
func TestNothingIsSaidToAnotherCampus(t *testing.T) {
	w := newWire(t)
	here, other := newCampus(t, w), newCampus(t, w)
	tok := here.token(Options{})
	for name, spoil := range map[string]func(*Token){
		"pin of another root": func(tok *Token) { tok.Pin = other.root.Pin() },
		"member of another campus": func(tok *Token) {
			other.token(Options{}) // so that it listens to guests
			tok.Peers = []Peer{{Pub: other.issuer.Public(), Addrs: tok.Peers[0].Addrs}}
		},
	} {
		bad := tok
		spoil(&bad)
		key := newKey(t)
		e := here.newcomer(key, bad)
		_, err := Join(context.Background(), e, key, bad, Wishes{})
		if !errors.Is(err, ErrWrongCampus) || e.said != 0 {
			t.Fatalf("%s: said %d bytes, %v", name, e.said, err)
		}
	}
}

// A member's chain does not vouch for another channel.
func TestChainMustCertifyTheChannel(t *testing.T) {
	c := newCampus(t, newWire(t))
	h := hello{Root: c.root.Public(), Chain: c.rosterI.Chain(c.issuer.ID())}
	mole := newKey(t).Public()
	if _, err := recognise(marshal(h), c.root.Pin(), mole, mole); !errors.Is(err, ErrWrongCampus) {
		t.Fatalf("got %v", err)
	}
	if _, err := recognise(marshal(h), c.root.Pin(), c.issuer.Public(), mole); !errors.Is(err, ErrWrongCampus) {
		t.Fatalf("got %v", err)
	}
	if _, err := recognise(marshal(h), c.root.Pin(), c.issuer.Public(), c.issuer.Public()); err != nil {
		t.Fatal(err)
	}
}

func TestLostAnswerIsRepeated(t *testing.T) {
	c := newCampus(t, newWire(t))
	key := newKey(t)
	tok := c.token(Options{})
	tok.Peers = tok.Peers[:1]
	e := c.newcomer(key, tok)
	e.lose = 2 // the hello comes, the answer does not
	if _, err := Join(context.Background(), e, key, tok, Wishes{}); !errors.Is(err, ErrNoPeer) {
		t.Fatalf("got %v", err)
	}
	if !c.rosterI.Admitted(key.Public()) {
		t.Fatal("the token was not redeemed, so this test shows nothing")
	}
	before := c.rosterI.Digest()
	c.clock.pass(2 * time.Hour)                                  // even when its time is over
	*c.desk = Desk{cfg: c.desk.cfg, tokens: c.openDesk().tokens} // and after a restart
	e.lose = 0
	res, err := Join(context.Background(), e, key, tok, Wishes{})
	if err != nil {
		t.Fatal(err)
	}
	m, _ := c.rosterI.Member(key.ID())
	if c.rosterI.Digest() != before || !bytes.Equal(m.Record, res.CertRaw) {
		t.Fatal("redeemed twice")
	}
	if _, err := c.join(newKey(t), tok, Wishes{}); err == nil {
		t.Fatal("another node got in")
	}
}

// Two nodes with one token, at the issuer and through the relay: one gets in.
func TestRaceForOneToken(t *testing.T) {
	c := newCampus(t, newWire(t))
	for range 20 {
		tok := c.token(Options{})
		var wg sync.WaitGroup
		errs := make([]error, 2)
		for i := range errs {
			key := newKey(t)
			e := &nearOnly{end: c.newcomer(key, tok), only: tok.Peers[i].ID()}
			wg.Go(func() { _, errs[i] = Join(context.Background(), e, key, tok, Wishes{}) })
		}
		wg.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else if !errors.Is(err, ErrSpent) {
				t.Fatal(err)
			}
		}
		if won != 1 {
			t.Fatalf("%d of 2 got in", won)
		}
	}
}

func TestTokenForSeveralNodes(t *testing.T) {
	c := newCampus(t, newWire(t))
	tok := c.token(Options{Uses: 2})
	for i := range 3 {
		_, err := c.join(newKey(t), tok, Wishes{})
		if (i < 2) != (err == nil) || (i == 2 && !errors.Is(err, ErrSpent)) {
			t.Fatalf("node %d: %v", i, err)
		}
	}
}

func TestTooManyAttempts(t *testing.T) {
	c := newCampus(t, newWire(t))
	tok := c.token(Options{})
	tok.Secret[0] ^= 1
	tok.Peers = tok.Peers[:1]
	var err error
	for range attemptBurst + 20 {
		if _, err = c.join(newKey(t), tok, Wishes{}); !errors.Is(err, ErrWrongSecret) {
			break
		}
	}
	if !errors.Is(err, ErrTooMany) {
		t.Fatalf("got %v", err)
	}
}

func TestWebPartIsTheIssuers(t *testing.T) {
	c := newCampus(t, newWire(t))
	c.desk.cfg.Web = func(sent []byte, cert identity.Cert) ([]byte, error) {
		return append([]byte(cert.Name+" signed "), sent...), nil
	}
	res, err := c.join(newKey(t), c.token(Options{Name: "east"}), Wishes{Web: []byte("csr")})
	if err != nil || string(res.Cert.Web) != "east signed csr" {
		t.Fatalf("%q, %v", res.Cert.Web, err)
	}
}
