package join

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
)

// hand is a joiner that does by hand what Join does, to do it wrong.
type hand struct {
	c   *campus
	key *identity.Key
	tok Token
	net *end
}

func (c *campus) byHand(tok Token) *hand {
	key := newKey(c.t)
	return &hand{c: c, key: key, tok: tok, net: c.newcomer(key, tok)}
}

func (h *hand) open(p Peer) (stream.Stream, hello) {
	h.c.t.Helper()
	st, err := h.net.Open(context.Background(), p.ID(), Protocol)
	if err != nil {
		h.c.t.Fatal(err)
	}
	raw, err := readFrame(st, maxFrame, time.Second)
	if err != nil {
		h.c.t.Fatal(err)
	}
	hi, err := parseHello(raw)
	if err != nil {
		h.c.t.Fatal(err)
	}
	return st, hi
}

func (h *hand) prove(p Peer, n nonce, spoil func(*request)) []byte {
	r := request{Token: h.tok.ID, Issuer: h.tok.Issuer(), Pub: h.key.Public(), Nonce: newNonce(), Role: h.tok.Role}
	if spoil != nil {
		spoil(&r)
	}
	pr := proof{Request: marshal(r)}
	pr.MAC = transcriptOf(h.tok.Campus(), p.Pub, h.key.Public(), n, pr).proves(h.tok.Secret)
	return marshal(pr)
}

// say sends one frame and returns the answer; an error is a reset.
func (h *hand) say(st stream.Stream, frame []byte) (answer, error) {
	defer st.Reset()
	if err := writeFrame(st, frame); err != nil {
		return answer{}, err
	}
	raw, err := readFrame(st, maxAnswer, time.Second)
	if err != nil {
		return answer{}, err
	}
	return parseAnswer(raw)
}

func TestReplayIsRefused(t *testing.T) {
	c := newCampus(t, newWire(t))
	h := c.byHand(c.token(Options{}))
	issuer, relay := h.tok.Peers[0], h.tok.Peers[1]
	st, hi := h.open(issuer)
	taken := h.prove(issuer, hi.Nonce, nil)
	st.Reset()

	// The same bytes on another stream of the same node.
	st, _ = h.open(issuer)
	if a, err := h.say(st, taken); err != nil || !errors.Is(a.refusal(), ErrWrongSecret) {
		t.Fatalf("%+v, %v", a, err)
	}
	// Through another member.
	st, _ = h.open(relay)
	if a, err := h.say(st, taken); err != nil || !errors.Is(a.refusal(), ErrWrongSecret) {
		t.Fatalf("%+v, %v", a, err)
	}
	// By a member that claims the nonce was its own.
	st, err := c.netR.Open(context.Background(), c.issuer.ID(), RelayProtocol)
	if err != nil {
		t.Fatal(err)
	}
	if a, err := h.say(st, marshal(relayed{Nonce: hi.Nonce, Proof: taken})); err != nil || !errors.Is(a.refusal(), ErrWrongSecret) {
		t.Fatalf("%+v, %v", a, err)
	}
	// From another node's channel.
	thief := c.byHand(h.tok)
	st, _ = thief.open(issuer)
	if a, err := thief.say(st, taken); err == nil {
		t.Fatalf("answered %+v", a)
	}
	// And fresh, it holds.
	st, hi = h.open(issuer)
	if a, err := h.say(st, h.prove(issuer, hi.Nonce, nil)); err != nil || a.Code != "" {
		t.Fatalf("%+v, %v", a, err)
	}
}

func TestTamperedProofIsRefused(t *testing.T) {
	c := newCampus(t, newWire(t))
	h := c.byHand(c.token(Options{}))
	issuer := h.tok.Peers[0]
	for name, spoil := range map[string]func(*proof){
		"mac": func(p *proof) { p.MAC[0] ^= 1 },
		"request": func(p *proof) {
			r, err := unmarshal[request](p.Request)
			if err != nil {
				t.Fatal(err)
			}
			r.Name = "other"
			p.Request = marshal(r)
		},
	} {
		st, hi := h.open(issuer)
		p, _, err := parseProof(h.prove(issuer, hi.Nonce, nil))
		if err != nil {
			t.Fatal(err)
		}
		spoil(&p)
		if a, err := h.say(st, marshal(p)); err != nil || !errors.Is(a.refusal(), ErrWrongSecret) {
			t.Fatalf("%s: %+v, %v", name, a, err)
		}
	}
}

func TestIssuerChecksTheName(t *testing.T) {
	c := newCampus(t, newWire(t))
	h := c.byHand(c.token(Options{}))
	st, hi := h.open(h.tok.Peers[0])
	frame := h.prove(h.tok.Peers[0], hi.Nonce, func(r *request) { r.Name = "a\x1bb" })
	if a, err := h.say(st, frame); err != nil || !errors.Is(a.refusal(), ErrBadName) {
		t.Fatalf("%+v, %v", a, err)
	}
}

// A relay, or whoever sits on it, cannot make up or change a grant.
func TestForgedGrantIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(c *campus, a *answer){
		"mac": func(_ *campus, a *answer) { a.MAC[0] ^= 1 },
		"records": func(_ *campus, a *answer) {
			g, _ := unmarshal[grant](a.Grant)
			g.Records = g.Records[1:]
			a.Grant = marshal(g)
		},
		"refusal with a screen code": func(_ *campus, a *answer) { *a = answer{Code: "brand-new", Node: "\x1b[2J"} },
	} {
		t.Run(name, func(t *testing.T) {
			c := newCampus(t, newWire(t))
			h := c.byHand(c.token(Options{}))
			c.netR.handlers[Protocol] = func(ctx context.Context, st stream.Stream) {
				defer st.Close()
				n := newNonce()
				_ = writeFrame(st, marshal(hello{Root: c.root.Public(), Chain: c.rostR.Chain(c.relay.ID()), Nonce: n}))
				raw, err := readFrame(st, maxFrame, time.Second)
				if err != nil {
					return
				}
				up, err := c.netR.Open(ctx, c.issuer.ID(), RelayProtocol)
				if err != nil {
					return
				}
				a, err := h.say(up, marshal(relayed{Nonce: n, Proof: raw}))
				if err != nil || a.Code != "" {
					return
				}
				spoil(c, &a)
				_ = writeFrame(st, marshal(a))
			}
			_, err := Join(context.Background(), &nearOnly{end: h.net, only: c.relay.ID()}, h.key, h.tok, Wishes{})
			if !errors.Is(err, ErrBadAnswer) && !errors.Is(err, ErrUnknownRefusal) {
				t.Fatalf("got %v", err)
			}
			if containsControl(err.Error()) {
				t.Fatalf("control characters in %q", err)
			}
		})
	}
}

func containsControl(s string) bool {
	for _, r := range s {
		if r < ' ' {
			return true
		}
	}
	return false
}

// The grant must be what the token says, even with the right MAC.
func TestGrantMustMatchTheToken(t *testing.T) {
	c := newCampus(t, newWire(t))
	key := newKey(t)
	tok := c.token(Options{Name: "east", Site: "south", Entrance: "Main"})
	good := identity.Cert{
		Campus: c.root.Campus(), Pub: key.Public(), Name: "east", Role: tok.Role, Site: "south", Entrance: "Main",
		Serial: 1, TokenID: &tok.ID,
	}
	try := func(s identity.Signer, cert identity.Cert) error {
		raw, err := identity.SignCert(s, cert)
		if err != nil {
			t.Fatal(err)
		}
		_, err = accept(marshal(grant{Cert: raw, Records: c.rosterI.Records()}), c.root.Public(), key, tok)
		return err
	}
	if err := try(c.issuer, good); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*identity.Cert){
		"role":     func(c *identity.Cert) { c.Role = identity.RoleRelay },
		"name":     func(c *identity.Cert) { c.Name = "west" },
		"site":     func(c *identity.Cert) { c.Site = "north" },
		"entrance": func(c *identity.Cert) { c.Entrance = "" },
		"token":    func(c *identity.Cert) { c.TokenID = &identity.TokenID{1} },
		"no token": func(c *identity.Cert) { c.TokenID = nil },
		"key":      func(c *identity.Cert) { c.Pub = make([]byte, 32) },
		"campus":   func(c *identity.Cert) { c.Campus[0] ^= 1 },
		"issuer":   func(c *identity.Cert) { c.MayIssue = true },
	} {
		bad := good
		spoil(&bad)
		if try(c.issuer, bad) == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if try(c.relay, good) == nil {
		t.Error("signed by a plain member: taken")
	}
	if try(c.root, good) == nil {
		t.Error("signed by another than the issuer: taken")
	}
}

func TestRandomBytesAreDropped(t *testing.T) {
	c := newCampus(t, newWire(t))
	h := c.byHand(c.token(Options{}))
	before := c.rosterI.Digest()
	for i := range 200 {
		junk := make([]byte, 1+i*40)
		_, _ = rand.Read(junk)
		st, _ := h.open(h.tok.Peers[0])
		if a, err := h.say(st, junk); err == nil {
			t.Fatalf("guest: answered %+v", a)
		}
		st, err := c.netR.Open(context.Background(), c.issuer.ID(), RelayProtocol)
		if err != nil {
			t.Fatal(err)
		}
		if a, err := h.say(st, junk); err == nil {
			t.Fatalf("relay: answered %+v", a)
		}
	}
	if c.rosterI.Digest() != before {
		t.Fatal("junk changed the roster")
	}
	if _, err := h.net.Open(context.Background(), c.issuer.ID(), RelayProtocol); !errors.Is(err, stream.ErrNotAdmitted) {
		t.Fatalf("a guest opened the relay protocol: %v", err)
	}
}

// A peer that sends a byte now and then cannot hold a handler.
func TestTricklingPeerIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCampus(t, newWire(t))
		h := c.byHand(c.token(Options{}))
		for name, open := range map[string]func() stream.Stream{
			"guest": func() stream.Stream { st, _ := h.open(h.tok.Peers[0]); return st },
			"relay": func() stream.Stream {
				st, err := c.netR.Open(context.Background(), c.issuer.ID(), RelayProtocol)
				if err != nil {
					t.Fatal(err)
				}
				return st
			},
		} {
			st := open()
			start := time.Now()
			_, err := st.Write([]byte{0, 0, 8, 0})
			for err == nil && time.Since(start) < time.Minute {
				time.Sleep(time.Second)
				_ = st.SetWriteDeadline(time.Now().Add(time.Millisecond))
				_, err = st.Write([]byte{0})
			}
			if d := time.Since(start); d > frameTime+2*time.Second {
				t.Fatalf("%s: held for %v", name, d)
			}
			st.Reset()
		}
		c.wire.tasks.Wait()
	})
}

// A member that accepts and says nothing does not hold the joiner.
func TestSilentMemberIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCampus(t, newWire(t))
		key := newKey(t)
		tok := c.token(Options{})
		c.netI.handlers[RelayProtocol] = func(_ context.Context, st stream.Stream) {
			_, _ = io.Copy(io.Discard, st)
			_ = st.Close()
		}
		c.netI.handlers[Protocol] = c.netI.handlers[RelayProtocol]
		start := time.Now()
		_, err := c.join(key, tok, Wishes{})
		if d := time.Since(start); !errors.Is(err, ErrIssuerUnreachable) || d > 30*time.Second {
			t.Fatalf("%v after %v", err, d)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if _, err := Join(ctx, c.newcomer(key, tok), key, tok, Wishes{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("got %v", err)
		}
		c.wire.tasks.Wait()
	})
}

func TestRevokedMemberDoesNotServe(t *testing.T) {
	c := newCampus(t, newWire(t))
	tok := c.token(Options{})
	if _, err := c.rostR.Revoke(c.root, c.relay.ID(), identity.Ending{}, c.clock.now()); err != nil {
		t.Fatal(err)
	}
	tok.Peers = []Peer{tok.Peers[1]}
	if _, err := c.join(newKey(t), tok, Wishes{}); !errors.Is(err, ErrNoPeer) {
		t.Fatalf("got %v", err)
	}
}

func FuzzFrames(f *testing.F) {
	f.Add(marshal(hello{Root: make([]byte, 32), Chain: [][]byte{{1}}}))
	f.Add(marshal(proof{Request: marshal(request{Pub: make([]byte, 32), Role: identity.RoleDesk, Name: "x", Addrs: []string{"127.0.0.1:1"}})}))
	f.Add(marshal(relayed{Proof: []byte{1}}))
	f.Add(marshal(refuse(ErrSpent)))
	f.Add(marshal(answer{Grant: marshal(grant{Cert: []byte{1}, Records: [][]byte{{2}}})}))
	f.Add([]byte{0, 0, 0, 1, 0xa0})
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = readFrameFrom(&reader{b}, maxFrame)
		_, _ = recognise(b, identity.Pin{}, nil, nil)
		_, _, _ = parseProof(b)
		_, _ = parseRelayed(b)
		_, _ = unmarshal[issued](b)
		_, _ = unmarshal[grant](b)
		if a, err := parseAnswer(b); err == nil && a.Code != "" {
			if containsControl(a.refusal().Error()) {
				t.Fatalf("control characters in %q", a.refusal())
			}
		}
	})
}

type reader struct{ b []byte }

func (r *reader) Read(p []byte) (int, error) {
	if len(r.b) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.b[:1])
	r.b = r.b[n:]
	return n, nil
}
