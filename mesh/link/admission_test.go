package link

import (
	"context"
	"crypto/ed25519"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	ma "github.com/multiformats/go-multiaddr"

	"github.com/upprop/upprop/mesh/stream"
)

// testKey is a fixed key.
func testKey(i byte) ed25519.PrivateKey {
	seed := make([]byte, ed25519.SeedSize)
	seed[0] = i
	return ed25519.NewKeyFromSeed(seed)
}

func testPub(i byte) ed25519.PublicKey { return testKey(i).Public().(ed25519.PublicKey) }

func everyone(ed25519.PublicKey) stream.Standing { return stream.Member }

// listen listens on loopback for the test's time.
func listen(t testing.TB, cfg Config) *Link {
	t.Helper()
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:0"
	}
	if cfg.Admit == nil {
		cfg.Admit = everyone
	}
	l, err := Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func serveEcho(_ context.Context, s stream.Stream) {
	_, _ = io.Copy(s, s)
	_ = s.Close()
}

func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestGuestLeavesInTime(t *testing.T) {
	desk := listen(t, Config{Key: testKey(1), guestTime: 200 * time.Millisecond, Admit: func(ed25519.PublicKey) stream.Standing { return stream.Guest }})
	desk.Handle("/test/join/1", true, serveEcho)
	joiner := listen(t, Config{Key: testKey(2)})
	if err := joiner.Dial(within(t), testPub(1), desk.Addrs()); err != nil {
		t.Fatal(err)
	}
	s, err := joiner.Open(within(t), desk.Self(), "/test/join/1")
	if err != nil {
		t.Fatal(err)
	}
	_ = s.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := s.Read(make([]byte, 1)); !errors.Is(err, stream.ErrReset) {
		t.Errorf("a guest's stream after its time: %v", err)
	}
	if _, err := desk.Open(within(t), joiner.Self(), stream.PingProtocol); !errors.Is(err, stream.ErrUnreachable) {
		t.Errorf("the guest is still there: %v", err)
	}
}

func TestRefusalsAreCounted(t *testing.T) {
	var standing atomic.Int64
	a := listen(t, Config{Key: testKey(1), Admit: func(ed25519.PublicKey) stream.Standing { return stream.Standing(standing.Load()) }})
	b := listen(t, Config{Key: testKey(2)})
	dial := func() error { return b.Dial(within(t), testPub(1), a.Addrs()) }
	expect := func(reason string) {
		t.Helper()
		if a.Counts()[reason] == 0 {
			t.Errorf("%s was not counted: %v", reason, a.Counts())
		}
	}
	if err := dial(); !errors.Is(err, stream.ErrNotAdmitted) {
		t.Errorf("dial while refused: %v", err)
	}
	expect(ConnRefused)
	standing.Store(int64(stream.Guest))
	if err := dial(); err != nil {
		t.Fatal(err)
	}
	_, _ = b.Ping(within(t), a.Self())
	expect(StreamGuest)
	_, _ = b.Open(within(t), a.Self(), "/test/nothing/1")
	expect(StreamUnknown)
	standing.Store(int64(stream.Refused))
	_, _ = b.Ping(within(t), a.Self())
	expect(StreamRefused)
	a.Sever(b.Self(), true)
	_ = dial()
	expect(ConnSevered)
}

func TestPortInUse(t *testing.T) {
	for _, network := range []string{"tcp", "udp"} {
		var addr string
		if network == "tcp" {
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer ln.Close()
			addr = ln.Addr().String()
		} else {
			pc, err := net.ListenPacket("udp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer pc.Close()
			addr = pc.LocalAddr().String()
		}
		l, err := Listen(Config{Key: testKey(1), Listen: addr, Admit: everyone})
		if err == nil {
			_ = l.Close()
			t.Fatalf("listened at a %s port in use", network)
		}
		_, port, _ := net.SplitHostPort(addr)
		if want := "port " + port + " is already in use by another program: choose another with --listen or stop it"; !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", network, err)
		}
	}
}

func TestTwoLinksOnOnePort(t *testing.T) {
	a := listen(t, Config{Key: testKey(1)})
	if l, err := Listen(Config{Key: testKey(2), Listen: a.Addrs()[0], Admit: everyone}); err == nil {
		_ = l.Close()
		t.Error("two links share a port")
	}
}

func TestBothTransportsOnOnePort(t *testing.T) {
	a, b := listen(t, Config{Key: testKey(1)}), listen(t, Config{Key: testKey(2)})
	a.Handle("/test/echo/1", false, serveEcho)
	if addrs := a.Addrs(); len(addrs) != 1 {
		t.Fatalf("addresses: %v", addrs)
	}
	for _, kind := range []int{ma.P_TCP, ma.P_QUIC_V1} {
		var only []ma.Multiaddr
		for _, m := range dialAddrs(a.Addrs()) {
			if _, err := m.ValueForProtocol(kind); err == nil {
				only = append(only, m)
			}
		}
		b.swarm.Peerstore().ClearAddrs(a.self)
		b.swarm.Peerstore().AddAddrs(a.self, only, time.Minute)
		c, err := b.swarm.DialPeer(within(t), a.self)
		if err != nil {
			t.Fatalf("dial %v: %v", only, err)
		}
		if err := b.hello(within(t), c); err != nil {
			t.Fatalf("hello over %v: %v", only, err)
		}
		if _, err := c.RemoteMultiaddr().ValueForProtocol(kind); err != nil {
			t.Errorf("connected over %v", c.RemoteMultiaddr())
		}
		if _, err := b.Ping(within(t), a.Self()); err != nil {
			t.Errorf("ping over %v: %v", only, err)
		}
		b.Hangup(a.Self())
	}
}

func TestRefusedOverTCP(t *testing.T) {
	a := listen(t, Config{Key: testKey(1), Admit: func(ed25519.PublicKey) stream.Standing { return stream.Refused }})
	b := listen(t, Config{Key: testKey(2)})
	b.swarm.Peerstore().AddAddrs(a.self, dialAddrs(a.Addrs())[1:], time.Minute)
	c, err := b.swarm.DialPeer(within(t), a.self)
	if err == nil {
		err = b.hello(within(t), c)
	} else {
		err = b.dialError(within(t), err)
	}
	if !errors.Is(err, stream.ErrNotAdmitted) {
		t.Errorf("a refused key over TCP: %v", err)
	}
	if len(b.Peers()) != 0 {
		t.Errorf("peers: %v", b.Peers())
	}
}

func TestSixthVersion(t *testing.T) {
	if ln, err := net.Listen("tcp", "[::1]:0"); err != nil {
		t.Skip("this machine has no IPv6")
	} else {
		_ = ln.Close()
	}
	a, b := listen(t, Config{Key: testKey(1), Listen: "[::1]:0"}), listen(t, Config{Key: testKey(2), Listen: "[::1]:0"})
	if err := b.Dial(within(t), testPub(1), a.Addrs()); err != nil {
		t.Errorf("dial %v: %v", a.Addrs(), err)
	}
}

func TestUnspecifiedIsResolved(t *testing.T) {
	a := listen(t, Config{Key: testKey(1), Listen: "0.0.0.0:0"})
	if len(a.Addrs()) == 0 {
		t.Fatal("no addresses")
	}
	for _, s := range a.Addrs() {
		if _, ok := parseDial(s); !ok {
			t.Errorf("address %q cannot be dialled", s)
		}
	}
}

func TestSilentConnectionIsClosed(t *testing.T) {
	a, b := listen(t, Config{Key: testKey(1)}), listen(t, Config{Key: testKey(2)})
	b.swarm.Peerstore().AddAddrs(a.self, dialAddrs(a.Addrs()), time.Minute)
	c, err := b.swarm.DialPeer(within(t), a.self) // and no hello
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(4 * helloPatience); !c.IsClosed(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("a connection without a hello stands")
		}
	}
	if len(a.Peers()) != 0 {
		t.Errorf("peers: %v", a.Peers())
	}
}

func TestConfigIsChecked(t *testing.T) {
	for _, c := range []Config{
		{Listen: "127.0.0.1:0", Admit: everyone},
		{Key: testKey(1), Listen: "127.0.0.1:0"},
		{Key: testKey(1), Admit: everyone},
		{Key: testKey(1), Admit: everyone, Listen: "localhost:1"},
	} {
		if l, err := Listen(c); err == nil {
			_ = l.Close()
			t.Errorf("listened with %+v", c.Listen)
		}
	}
}

func TestServiceTagTellsCampusesApart(t *testing.T) {
	if serviceTag("a") == serviceTag("b") || strings.Contains(serviceTag("campus-7"), "campus") {
		t.Errorf("%s %s", serviceTag("a"), serviceTag("campus-7"))
	}
	if label, _, _ := strings.Cut(serviceTag("a"), "."); len(label) > 16 {
		t.Errorf("service name %q is longer than RFC 6763 allows", label)
	}
}
