package gossip

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"io"
	"net"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-msgpack/v2/codec"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/memnet"
	"github.com/upprop/upprop/mesh/stream"
)

// served is a transport at a host to which peers are connected, in a bubble,
// and what memberlist has in hand of it.
type served struct {
	*transport
	host  *memnet.Host
	peers []*memnet.Host
}

// inHand takes what the transport hands over now.
func (s *served) inHand() (conns []net.Conn) {
	for {
		synctest.Wait()
		select {
		case c := <-s.StreamCh():
			conns = append(conns, c)
		default:
			return conns
		}
	}
}

// open has a peer open streams, and returns those that are not reset.
func (s *served) open(t *testing.T, peer *memnet.Host, n int) (open []stream.Stream) {
	t.Helper()
	for range n {
		x, err := peer.Open(context.Background(), s.host.Self(), streamProtocol)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		_ = x.SetReadDeadline(time.Now().Add(-time.Second))
		if _, err := x.Read(make([]byte, 1)); !errors.Is(err, stream.ErrReset) {
			open = append(open, x)
		}
	}
	return open
}

func withServed(t *testing.T, peers int, fn func(t *testing.T, s *served)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		net := memnet.New(1)
		defer net.Close()
		host := func(i byte) *memnet.Host {
			seed := make([]byte, ed25519.SeedSize)
			seed[0] = i
			return net.Host(ed25519.NewKeyFromSeed(seed), func(ed25519.PublicKey) stream.Standing { return stream.Member })
		}
		s := &served{host: host(0)}
		s.transport = newTransport(s.host, func(identity.NodeID) bool { return true }, func([]byte) {})
		defer s.stop()
		s.host.Handle(streamProtocol, false, s.serveStream)
		for i := range peers {
			p := host(byte(i + 1))
			seed := make([]byte, ed25519.SeedSize)
			if err := p.Dial(context.Background(), ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey), s.host.Addrs()); err != nil {
				t.Fatal(err)
			}
			s.peers = append(s.peers, p)
		}
		fn(t, s)
	})
}

// A peer's exchanges are few, however many it opens and however long
// memberlist takes over one that has been given up.
func TestAPeersExchangesAreFew(t *testing.T) {
	withServed(t, 2, func(t *testing.T, s *served) {
		bad, good := s.peers[0], s.peers[1]
		if open := s.open(t, bad, 3*perPeer); len(open) != perPeer {
			t.Fatalf("%d streams of one peer are served", len(open))
		}
		conns := s.inHand()
		if len(conns) != perPeer {
			t.Fatalf("%d are in hand", len(conns))
		}
		time.Sleep(10 * streamTime)
		if open := s.open(t, bad, 1); len(open) != 0 {
			t.Fatal("another is served while memberlist has as many in hand")
		}
		if open := s.open(t, good, 1); len(open) != 1 || len(s.inHand()) != 1 {
			t.Fatal("another peer is not served")
		}
		_ = conns[0].Close()
		if open := s.open(t, bad, 2); len(open) != 1 {
			t.Fatal("a place that was given back is not given again, or is given twice")
		}
	})
}

// What is too much at once waits for its turn.
func TestExchangesWaitForTheirTurn(t *testing.T) {
	const peers = exchanges + 8
	withServed(t, peers, func(t *testing.T, s *served) {
		for i, p := range s.peers {
			if len(s.open(t, p, 1)) != 1 {
				t.Fatalf("peer %d is turned away", i)
			}
		}
		seen := 0
		for range 3 {
			conns := s.inHand()
			if len(conns) > exchanges {
				t.Fatalf("%d are in hand at once", len(conns))
			}
			seen += len(conns)
			for _, c := range conns {
				_ = c.Close()
			}
		}
		if seen != peers {
			t.Fatalf("%d of %d had their turn", seen, peers)
		}
	})
}

func TestAnOpeningIsJudged(t *testing.T) {
	handle := codec.MsgpackHandle{}
	header := func(nodes, state int) []byte {
		b := bytes.NewBuffer([]byte{kindExchange})
		err := codec.NewEncoder(b, &handle).Encode(struct {
			Nodes        int
			UserStateLen int
			Join         bool
		}{nodes, state, true})
		if err != nil {
			t.Fatal(err)
		}
		return append(b.Bytes(), "and the rest"...)
	}
	for _, good := range [][]byte{header(16, 0), header(maxNodes, MaxState), {kindPing, 1, 2}, {kindAck}, {kindError, 9}} {
		got, err := io.ReadAll(&opening{rest: bytes.NewReader(good)})
		if err != nil || !bytes.Equal(got, good) {
			t.Errorf("% x: read % x, %v", good, got, err)
		}
	}
	long := append([]byte{kindExchange, 0x81, 0xda, 0xff, 0xff}, make([]byte, 1<<16)...) // a name of 64 KiB
	for _, bad := range [][]byte{
		header(maxNodes+1, 0), header(1<<20, 0), header(0, MaxState+1),
		{kindExchange, 0xc1},
		long,
		{kindCompressed, 1, 2},
		{8, 1},
		{10, 1},
		{244, 1, 'x', kindCompressed},
	} {
		got, err := io.ReadAll(&opening{rest: bytes.NewReader(bad)})
		if !errors.Is(err, errOpening) || len(got) != 0 {
			t.Errorf("% x: read % x, %v", bad[:min(len(bad), 8)], got, err)
		}
	}
	if _, err := (&opening{rest: bytes.NewReader(nil)}).Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("an empty stream: %v", err)
	}
}

func TestPackedPacketsAreKnown(t *testing.T) {
	packed, plain := []byte{kindCompressed, 1, 2, 3}, []byte{kindPing, kindCompressed}
	sum := []byte{kindChecksum, 0, 0, 0, 0}
	for _, p := range [][]byte{
		packed, compound(plain, packed), compound(plain, compound(packed)), slices.Concat(sum, packed),
		slices.Concat(sum, compound(packed, plain)),
	} {
		if !compressed(p) {
			t.Errorf("% x: is packed", p)
		}
	}
	for _, p := range [][]byte{nil, {kindCompound}, {kindCompound, 9}, plain, compound(plain, plain), slices.Concat(sum, compound(plain)), sum} {
		if compressed(p) {
			t.Errorf("% x: is not packed", p)
		}
	}
}

// memberlist is handed no packet that it would unpack, and the stream ends with it.
func TestNoPackedPacketIsHandedOver(t *testing.T) {
	withServed(t, 1, func(t *testing.T, s *served) {
		s.host.Handle(packetProtocol, false, s.servePackets)
		for _, b := range [][]byte{{kindPing, 1}, {kindCompressed, 1, 2, 3}} {
			x, err := s.peers[0].Open(context.Background(), s.host.Self(), packetProtocol)
			if err != nil {
				t.Fatal(err)
			}
			if err := stream.WriteFrame(x, b); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			select {
			case p := <-s.packets:
				if compressed(p.Buf) {
					t.Error("memberlist has it")
				}
			default:
				if !compressed(b) {
					t.Error("a plain packet is lost")
				}
			}
		}
	})
}
