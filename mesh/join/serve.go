package join

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
)

// The protocols of this package: guests open the first at any member, members
// the second at the issuer.
const (
	Protocol      = "/upprop/join/1"
	RelayProtocol = "/upprop/join-relay/1"
)

const (
	// maxGuests bounds the handshakes under way; one joiner may have a few, so
	// that it need not wait for one of its own that got stuck.
	maxGuests = 32
	maxOwn    = 3
	// relayWait is how long a member waits for the issuer: less than a joiner
	// waits for the member, so that the joiner hears why.
	relayWait = 7 * time.Second
	// A member passes on, and an issuer takes from one member, this much.
	attemptEvery = 500 * time.Millisecond
	attemptBurst = 30
)

// ServeConfig is what the handlers work with.
type ServeConfig struct {
	// Self is this node's public key, which authenticates its channels.
	Self   ed25519.PublicKey
	Roster *identity.Roster
	// Desk redeems the tokens of this node; nil where it will never issue.
	Desk *Desk
	// Log must not be nil.
	Log *slog.Logger
	// Joined is told of every node that this one let in as issuer, with the
	// addresses the node says it listens at. It must not block. May be nil.
	Joined func(node identity.NodeID, addrs []string)
}

type server struct {
	ServeConfig
	net stream.Network

	mu       sync.Mutex
	busy     int
	guests   map[identity.NodeID]int           // handshakes under way
	attempts map[identity.NodeID]*rate.Limiter // by the member that took them
}

// Serve registers both handlers. Call it before peers connect; it starts
// nothing and ends with the network.
func Serve(net stream.Network, cfg ServeConfig) {
	s := &server{
		ServeConfig: cfg, net: net,
		guests: map[identity.NodeID]int{}, attempts: map[identity.NodeID]*rate.Limiter{},
	}
	net.Handle(Protocol, true, s.guest)
	net.Handle(RelayProtocol, false, s.relay)
}

// guest serves one joiner.
func (s *server) guest(ctx context.Context, st stream.Stream) {
	defer context.AfterFunc(ctx, st.Reset)()
	who := st.Remote()
	if !s.enter(who) {
		st.Reset()
		return
	}
	defer s.leave(who)
	if err := s.serveGuest(ctx, st); err != nil {
		st.Reset()
		s.Log.Debug("join handshake broken off", "peer", who.Short(), "err", err)
		return
	}
	_ = st.Close()
}

func (s *server) serveGuest(ctx context.Context, st stream.Stream) error {
	h := hello{Root: s.Roster.RootKey(), Chain: s.Roster.Chain(identity.IDOf(s.Self)), Nonce: newNonce()}
	if len(h.Chain) == 0 || !s.Roster.Admitted(s.Self) {
		return identity.ErrNotMember
	}
	if err := writeFrame(st, marshal(h)); err != nil {
		return err
	}
	raw, err := readFrame(st, maxFrame, frameTime)
	if err != nil {
		return err
	}
	p, r, err := parseProof(raw)
	if err != nil {
		return err
	}
	if !bytes.Equal(r.Pub, st.RemoteKey()) {
		return errors.New("the request is for another key than the channel's")
	}
	a, err := s.take(ctx, st, raw, p, r, h.Nonce)
	if err != nil {
		s.Log.Warn("join refused", "peer", st.Remote().Short(), "token", r.Token.String(), "code", codeOf(err), "err", err)
		a = refuse(err)
	}
	return writeFrame(st, marshal(a))
}

func (s *server) take(ctx context.Context, st stream.Stream, raw []byte, p proof, r request, n nonce) (answer, error) {
	if !s.allow(identity.IDOf(s.Self)) {
		return answer{}, ErrTooMany
	}
	if r.Issuer != identity.IDOf(s.Self) {
		return s.pass(ctx, raw, r, n)
	}
	return s.redeem(transcriptOf(s.Roster.Campus(), s.Self, st.RemoteKey(), n, p), p, r)
}

func (s *server) redeem(t transcript, p proof, r request) (answer, error) {
	if s.Desk == nil {
		return answer{}, ErrNotIssuer
	}
	a, err := s.Desk.redeem(t, p, r)
	if err != nil {
		return answer{}, err
	}
	node := identity.IDOf(r.Pub)
	s.Log.Info("node joined", "peer", node.Short(), "token", r.Token.String())
	if s.Joined != nil {
		s.Joined(node, r.Addrs)
	}
	return a, nil
}

// pass carries a proof to the issuer and the answer back.
func (s *server) pass(ctx context.Context, raw []byte, r request, n nonce) (answer, error) {
	issuer, ok := s.Roster.Member(r.Issuer)
	if !ok || !s.Roster.MayIssue(r.Issuer) {
		return answer{}, &Refusal{Err: ErrNotIssuer, Node: issuer.Name}
	}
	a, err := s.carry(ctx, raw, r.Issuer, n)
	if err != nil {
		s.Log.Info("issuer of a join token does not answer", "issuer", r.Issuer.Short(), "err", err)
		return answer{}, &Refusal{Err: ErrIssuerUnreachable, Node: issuer.Name}
	}
	if a.Code == "" {
		s.welcome(a)
	}
	return a, nil
}

func (s *server) carry(ctx context.Context, raw []byte, issuer identity.NodeID, n nonce) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, relayWait)
	defer cancel()
	st, err := s.net.Open(ctx, issuer, RelayProtocol)
	if err != nil {
		return answer{}, err
	}
	defer st.Reset()
	defer context.AfterFunc(ctx, st.Reset)()
	if err := writeFrame(st, marshal(relayed{Nonce: n, Proof: raw})); err != nil {
		return answer{}, err
	}
	b, err := readFrame(st, maxAnswer, relayWait)
	if err != nil {
		return answer{}, err
	}
	_ = st.Close()
	return parseAnswer(b)
}

// welcome takes a new member's certificate into the roster ahead of the
// gossip, so that the joiner can connect at once. The roster verifies it; a
// record that it refuses is the joiner's to complain about.
func (s *server) welcome(a answer) {
	g, err := unmarshal[grant](a.Grant)
	if err == nil {
		_, err = s.Roster.Add(g.Cert)
	}
	if err != nil {
		s.Log.Warn("certificate passed on to a joiner does not verify here", "err", err)
	}
}

// relay serves one member that carries a joiner's proof.
func (s *server) relay(ctx context.Context, st stream.Stream) {
	defer context.AfterFunc(ctx, st.Reset)()
	if err := s.serveRelay(st); err != nil {
		st.Reset()
		s.Log.Debug("join relay broken off", "peer", st.Remote().Short(), "err", err)
		return
	}
	_ = st.Close()
}

func (s *server) serveRelay(st stream.Stream) error {
	if !s.Roster.Admitted(st.RemoteKey()) {
		return stream.ErrNotAdmitted
	}
	raw, err := readFrame(st, maxFrame+64, frameTime)
	if err != nil {
		return err
	}
	rl, err := parseRelayed(raw)
	if err != nil {
		return err
	}
	p, r, err := parseProof(rl.Proof)
	if err != nil {
		return err
	}
	var a answer
	if s.allow(st.Remote()) {
		a, err = s.redeem(transcriptOf(s.Roster.Campus(), st.RemoteKey(), r.Pub, rl.Nonce, p), p, r)
	} else {
		err = ErrTooMany
	}
	if err != nil {
		s.Log.Warn("relayed join refused", "via", st.Remote().Short(), "token", r.Token.String(), "code", codeOf(err), "err", err)
		a = refuse(err)
	}
	return writeFrame(st, marshal(a))
}

func (s *server) enter(who identity.NodeID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.guests[who] >= maxOwn || s.busy >= maxGuests {
		return false
	}
	s.busy++
	s.guests[who]++
	return true
}

func (s *server) leave(who identity.NodeID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy--
	if s.guests[who]--; s.guests[who] == 0 {
		delete(s.guests, who)
	}
}

// allow limits attempts per member that took them; guests make keys for
// nothing, so to count by guest would limit nobody. Members are few, so the
// map is small.
func (s *server) allow(member identity.NodeID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, ok := s.attempts[member]
	if !ok {
		l = rate.NewLimiter(rate.Every(attemptEvery), attemptBurst)
		s.attempts[member] = l
	}
	return l.Allow()
}
