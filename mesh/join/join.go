package join

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/hmac"
	"errors"
	"fmt"
	"time"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
)

const (
	dialTime = 10 * time.Second
	// answerTime leaves the member time to ask the issuer.
	answerTime = frameTime
)

// Wishes is what a joiner may ask for beyond what the token says.
type Wishes struct {
	// Name is taken if the token leaves the name open.
	Name string
	// Web is opaque here: what the issuer needs to make the certificate's Web
	// part, at most identity.MaxWeb bytes.
	Web []byte
}

// Result is what a node that has joined must store, durably, before it calls
// itself a member: its key, RootKey and Records.
type Result struct {
	Cert    identity.Cert
	CertRaw []byte
	RootKey ed25519.PublicKey
	// Records are the roster as the issuer gave it, CertRaw among them; each
	// has been verified.
	Records [][]byte
	Issuer  identity.NodeID
	// Via is the member that took the request.
	Via Peer
}

// Join calls the token's peers in turn until one answers, and has the issuer
// certify key. It blocks until then or until ctx ends. On an error the same
// token may be tried again with the same key: if the issuer had redeemed it
// already and only the answer was lost, it gives the same certificate.
//
// While Join runs, the network's Admit must make Members of the keys of
// tok.Peers; afterwards the roster in the result decides.
//
// Errors: a *Refusal, ErrNoPeer, ErrNotExpected, ErrWrongCampus, ErrBadAnswer,
// ErrProtocol, ctx's.
func Join(ctx context.Context, net stream.Network, key *identity.Key, tok Token, w Wishes) (Result, error) {
	if err := tok.check(); err != nil {
		return Result{}, fmt.Errorf("join campus: %w", err)
	}
	if len(w.Web) > identity.MaxWeb {
		return Result{}, fmt.Errorf("join campus: web part is %d bytes, more than %d", len(w.Web), identity.MaxWeb)
	}
	if optionalName(w.Name) != nil {
		return Result{}, fmt.Errorf("join campus: %w", ErrBadName)
	}
	worst := ErrNoPeer
	for _, p := range tok.Peers {
		res, err := joinVia(ctx, net, key, tok, p, w)
		if err == nil {
			return res, nil
		}
		if ctx.Err() != nil {
			return Result{}, fmt.Errorf("join campus: %w", context.Cause(ctx))
		}
		if final(err) {
			return Result{}, fmt.Errorf("join campus: %w", err)
		}
		if telling(err) >= telling(worst) {
			worst = err
		}
	}
	return Result{}, fmt.Errorf("join campus: %w", worst)
}

// telling ranks failures by how much they say about what to do.
func telling(err error) int {
	var r *Refusal
	switch {
	case errors.Is(err, ErrWrongCampus), errors.Is(err, ErrBadAnswer):
		return 4
	case errors.As(err, &r):
		return 3
	case errors.Is(err, ErrProtocol):
		return 2
	case errors.Is(err, ErrNotExpected):
		return 1
	}
	return 0
}

func joinVia(ctx context.Context, net stream.Network, key *identity.Key, tok Token, p Peer, w Wishes) (Result, error) {
	dial, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	err := net.Dial(dial, p.Pub, p.Addrs)
	var st stream.Stream
	if err == nil {
		st, err = net.Open(dial, p.ID(), Protocol)
	}
	switch {
	case errors.Is(err, stream.ErrNotAdmitted):
		return Result{}, fmt.Errorf("%w (%w)", ErrNotExpected, err)
	case err != nil:
		return Result{}, fmt.Errorf("%w (%w)", ErrNoPeer, err)
	}
	defer st.Reset()
	defer context.AfterFunc(ctx, st.Reset)()

	raw, err := readFrame(st, maxFrame, frameTime)
	if err != nil {
		return Result{}, broken(err)
	}
	h, err := recognise(raw, tok.Pin, p.Pub, st.RemoteKey())
	if err != nil {
		return Result{}, err
	}
	r := request{
		Token: tok.ID, Issuer: tok.Issuer(), Pub: key.Public(), Nonce: newNonce(), Role: tok.Role,
		Name: w.Name, Addrs: listening(net), Web: w.Web,
	}
	pr := proof{Request: marshal(r)}
	t := transcriptOf(tok.Campus(), st.RemoteKey(), key.Public(), h.Nonce, pr)
	pr.MAC = t.proves(tok.Secret)
	if err := writeFrame(st, marshal(pr)); err != nil {
		return Result{}, broken(err)
	}
	raw, err = readFrame(st, maxAnswer, answerTime)
	if err != nil {
		return Result{}, broken(err)
	}
	a, err := parseAnswer(raw)
	if err != nil {
		return Result{}, err
	}
	if a.Code != "" {
		return Result{}, a.refusal()
	}
	if want := t.seals(tok.Secret, a.Grant); !hmac.Equal(want[:], a.MAC[:]) {
		return Result{}, fmt.Errorf("%w (it is not the issuer's)", ErrBadAnswer)
	}
	res, err := accept(a.Grant, h.Root, key, tok)
	if err != nil {
		return Result{}, fmt.Errorf("%w (%w)", ErrBadAnswer, err)
	}
	_ = st.Close()
	res.Via = p
	return res, nil
}

// recognise makes sure of whom we talk to, before the first word: the root is
// the pinned one, and it certifies the very key that the channel belongs to.
func recognise(raw []byte, pin identity.Pin, wanted, channel ed25519.PublicKey) (hello, error) {
	h, err := parseHello(raw)
	if err != nil {
		return hello{}, err
	}
	if identity.PinOf(h.Root) != pin {
		return hello{}, fmt.Errorf("%w (another root)", ErrWrongCampus)
	}
	if !bytes.Equal(wanted, channel) {
		return hello{}, fmt.Errorf("%w (another node)", ErrWrongCampus)
	}
	roster, err := identity.NewRoster(h.Root, &identity.MemKeeper{})
	if err == nil {
		_, err = roster.Merge(h.Chain)
	}
	if err != nil {
		return hello{}, fmt.Errorf("%w (%w)", ErrWrongCampus, err)
	}
	if !roster.Admitted(channel) {
		return hello{}, fmt.Errorf("%w (not certified)", ErrWrongCampus)
	}
	return h, nil
}

// accept verifies a grant down to the root and against the token.
func accept(raw, root []byte, key *identity.Key, tok Token) (Result, error) {
	g, err := unmarshal[grant](raw)
	if err != nil {
		return Result{}, err
	}
	roster, err := identity.NewRoster(root, &identity.MemKeeper{})
	if err != nil {
		return Result{}, err
	}
	// A record that this release refuses is left out, not fatal: what counts
	// is that the rest makes us a member.
	_, _ = roster.Merge(append(g.Records, g.Cert))
	rec, err := identity.ParseRecord(g.Cert)
	if err != nil {
		return Result{}, err
	}
	c := rec.Cert
	switch {
	case c == nil:
		return Result{}, errors.New("no certificate in it")
	case rec.Signer != tok.Issuer():
		return Result{}, errors.New("the certificate is not the issuer's")
	case !bytes.Equal(c.Pub, key.Public()) || c.Campus != tok.Campus():
		return Result{}, errors.New("the certificate is not for this node")
	case c.TokenID == nil || *c.TokenID != tok.ID || c.Role != tok.Role || c.MayIssue,
		tok.Name != "" && c.Name != tok.Name,
		tok.Site != "" && c.Site != tok.Site,
		tok.Entrance != "" && c.Entrance != tok.Entrance:
		return Result{}, errors.New("the certificate is not what the token says")
	case !roster.Admitted(key.Public()):
		return Result{}, errors.New("the certificate does not lead to the root")
	}
	return Result{Cert: *c, CertRaw: g.Cert, RootKey: roster.RootKey(), Records: roster.Records(), Issuer: rec.Signer}, nil
}

// listening is where the issuer may tell others that we listen.
func listening(net stream.Network) []string {
	var out []string
	for _, a := range net.Addrs() {
		if len(out) < maxAddrs && checkAddrs([]string{a}) == nil {
			out = append(out, a)
		}
	}
	return out
}

// broken is a stream that ended or stalled in the middle of the handshake.
func broken(err error) error {
	if errors.Is(err, ErrProtocol) {
		return err
	}
	return fmt.Errorf("%w (%w)", ErrNoPeer, err)
}
