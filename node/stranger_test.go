package node

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"io"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/upprop/upprop/mesh"
	"github.com/upprop/upprop/mesh/cut"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/join"
	"github.com/upprop/upprop/mesh/link"
	"github.com/upprop/upprop/mesh/stream"
	"github.com/upprop/upprop/node/access"
	"github.com/upprop/upprop/node/privacy"
	"github.com/upprop/upprop/node/visits"
)

// membersOnly are all protocols that a node speaks, but the join handshake.
var membersOnly = []string{
	mesh.PushProtocol, mesh.PullProtocol, mesh.HelloProtocol, mesh.RosterProtocol,
	join.RelayProtocol, access.Protocol, stream.PingProtocol, horizonProtocol, aheadProtocol, webProtocol, hostsProtocol, selfProtocol, privacy.Protocol, cut.Protocol, callProtocol, watchProtocol,
	"/upprop/gossip-packet/1", "/upprop/gossip-stream/1",
}

// recorded is a network that notes which protocols are registered on it.
type recorded struct {
	*link.Link
	members, guests []string
}

func (r *recorded) Handle(protocol string, guests bool, h stream.Handler) {
	if guests {
		r.guests = append(r.guests, protocol)
	} else {
		r.members = append(r.members, protocol)
	}
	r.Link.Handle(protocol, guests, h)
}

// watched is a first node whose network notes what is registered on it.
func watched(t *testing.T) (*running, *recorded) {
	t.Helper()
	return watchedAt(t, time.Now)
}

func watchedAt(t *testing.T, now func() time.Time) (*running, *recorded) {
	t.Helper()
	dir := t.TempDir()
	if err := Init(InitOptions{Dir: dir, Campus: "Ekudden", Name: "Reception", Listen: "127.0.0.1:0"}); err != nil {
		t.Fatal(err)
	}
	net := &recorded{}
	n := runWith(t, Config{Dir: dir, Now: now, Network: func(key *identity.Key, admit stream.Admit) (stream.Network, error) {
		l, err := link.Listen(link.Config{Key: key.Private(), Listen: "127.0.0.1:0", Admit: admit})
		net.Link = l
		return net, err
	}})
	return n, net
}

// stranger is a host with a key of its own and no certificate.
func stranger(t *testing.T) *link.Link {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	l, err := link.Listen(link.Config{Key: key, Listen: "127.0.0.1:0", Admit: func(ed25519.PublicKey) stream.Standing { return stream.Member }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func patience(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// refusedOn fails unless the node refuses the protocol without a byte.
func refusedOn(t *testing.T, l *link.Link, node identity.NodeID, protocol string) {
	t.Helper()
	s, err := l.Open(patience(t), node, protocol)
	if err == nil {
		s.Reset()
		t.Errorf("%s opens to a stranger", protocol)
		return
	}
	if !errors.Is(err, stream.ErrNotAdmitted) && !errors.Is(err, stream.ErrUnreachable) {
		t.Errorf("%s: %v", protocol, err)
	}
}

// works fails unless a visit can be checked in and out at the node.
func (r *running) works() {
	r.t.Helper()
	got, err := r.Visits().CheckIn(context.Background(), visits.Arrival{Name: "Astrid Ek"})
	if err != nil {
		r.t.Fatal(err)
	}
	if d, err := r.Visits().CheckOut(context.Background(), got.QR, "desk"); err != nil || !d.Known {
		r.t.Fatal(d, err)
	}
}

// The list above is whole: a node registers nothing else.
func TestEveryProtocolIsKnownToTheseTests(t *testing.T) {
	_, net := watched(t)
	members := append(slices.Clone(net.members), stream.PingProtocol) // which link answers itself
	slices.Sort(members)
	want := slices.Sorted(slices.Values(membersOnly))
	if !slices.Equal(members, want) {
		t.Errorf("protocols for members: %v, want %v", members, want)
	}
	if !slices.Equal(net.guests, []string{join.Protocol, mesh.FarewellProtocol}) {
		t.Errorf("protocols for guests: %v", net.guests)
	}
}

// A node without a certificate is refused on every protocol.
func TestStrangerIsRefused(t *testing.T) {
	desk, net := watched(t)
	l := stranger(t)
	if err := l.Dial(patience(t), desk.key.Public(), desk.Network().Addrs()); !errors.Is(err, stream.ErrNotAdmitted) {
		t.Errorf("a stranger's dial: %v", err)
	}
	if net.Counts()[link.ConnRefused] == 0 {
		t.Errorf("no refusal was counted: %v", net.Counts())
	}
	for _, protocol := range append(slices.Clone(membersOnly), join.Protocol) {
		refusedOn(t, l, desk.key.ID(), protocol)
	}
	if len(l.Peers()) != 0 || len(desk.Network().Peers()) != 0 {
		t.Error("a stranger is connected")
	}
	desk.works()
}

// While a token is out, a stranger may open the join handshake and nothing
// else, and what it sends there in place of a proof gets it nothing.
func TestStrangerInTheGuestWindow(t *testing.T) {
	desk, net := watched(t)
	if _, err := desk.CreateToken(TokenOptions{Role: identity.RoleEntrance, Name: "East gate"}); err != nil {
		t.Fatal(err)
	}
	before := len(desk.Roster().Members())
	l := stranger(t)
	if err := l.Dial(patience(t), desk.key.Public(), desk.Network().Addrs()); err != nil {
		t.Fatal(err)
	}
	for _, protocol := range membersOnly {
		refusedOn(t, l, desk.key.ID(), protocol)
	}
	if got := net.Counts()[link.StreamGuest]; got != uint64(len(membersOnly)) {
		t.Errorf("%d refusals were counted for %d protocols: %v", got, len(membersOnly), net.Counts())
	}
	for _, protocol := range []string{"/upprop/nothing/1", join.Protocol + "0", "/UPPROP/PULL/1", "\x00"} {
		refusedOn(t, l, desk.key.ID(), protocol)
	}
	if got := net.Counts()[link.StreamUnknown]; got != 4 {
		t.Errorf("%d streams to unknown protocols were counted: %v", got, net.Counts())
	}
	for range 20 {
		s, err := l.Open(patience(t), desk.key.ID(), join.Protocol)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.SetDeadline(time.Now().Add(15 * time.Second)); err != nil {
			t.Fatal(err)
		}
		// The node speaks first: who it is, and a nonce. Then nothing.
		if _, err := stream.ReadFrame(s, 1<<20); err != nil {
			t.Fatal(err)
		}
		junk := make([]byte, 64)
		if _, err := rand.Read(junk); err != nil {
			t.Fatal(err)
		}
		if err := stream.WriteFrame(s, junk); err != nil && !errors.Is(err, stream.ErrReset) {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(s); len(b) != 0 || !errors.Is(err, stream.ErrReset) {
			t.Fatalf("random bytes were answered with %d bytes, %v", len(b), err)
		}
	}
	if len(desk.Network().Peers()) != 0 || len(desk.Mesh().Peers()) != 0 {
		t.Error("a guest counts as a peer")
	}
	if got := len(desk.Roster().Members()); got != before {
		t.Errorf("%d members became %d", before, got)
	}
	desk.works()
}

// The window closes a day after the last token ended (until then a joiner who
// is late is told so): a guest that stayed is refused from then on, also on its
// standing connection.
func TestGuestWindowCloses(t *testing.T) {
	var ahead atomic.Int64
	desk, net := watchedAt(t, func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) })
	l := stranger(t)
	tok, err := desk.CreateToken(TokenOptions{Role: identity.RoleEntrance, Name: "East gate"})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Dial(patience(t), desk.key.Public(), desk.Network().Addrs()); err != nil {
		t.Fatal(err)
	}
	if _, err := Enroll(patience(t), EnrollOptions{Dir: t.TempDir(), Token: tok, Listen: "127.0.0.1:0"}); err != nil {
		t.Fatal(err)
	}
	s, err := l.Open(patience(t), desk.key.ID(), join.Protocol)
	if err != nil {
		t.Fatalf("a guest is not heard on the day of the token: %v", err)
	}
	s.Reset()
	ahead.Store(int64(25 * time.Hour))
	for _, protocol := range append(slices.Clone(membersOnly), join.Protocol) {
		refusedOn(t, l, desk.key.ID(), protocol)
	}
	if net.Counts()[link.StreamRefused] == 0 {
		t.Errorf("no refusal was counted: %v", net.Counts())
	}
	late := stranger(t)
	if err := late.Dial(patience(t), desk.key.Public(), desk.Network().Addrs()); !errors.Is(err, stream.ErrNotAdmitted) {
		t.Errorf("a stranger's dial after the window: %v", err)
	}
	desk.works()
}

// Whom nobody has revoked hears nothing where revoked nodes are told so.
func TestStrangerGetsNoFarewell(t *testing.T) {
	desk := first(t)
	if _, err := desk.CreateToken(TokenOptions{Role: identity.RoleEntrance}); err != nil {
		t.Fatal(err)
	}
	l := stranger(t)
	if err := l.Dial(patience(t), desk.key.Public(), desk.Network().Addrs()); err != nil {
		t.Fatal(err)
	}
	s, err := l.Open(patience(t), desk.key.ID(), mesh.FarewellProtocol)
	if err != nil {
		return // reset before it was open here
	}
	defer s.Reset()
	if err := s.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Fatalf("a stranger reads %d bytes, %v", n, err)
	}
}
