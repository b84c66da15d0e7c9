package link

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"sync"
	"testing"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
)

const pushProtocol = "/bench/push/1"

// benchPeers is a link connected to n others that acknowledge every frame.
func benchPeers(b *testing.B, n int) (*Link, []identity.NodeID) {
	hub := listen(b, Config{Key: testKey(100)})
	var peers []identity.NodeID
	for i := range n {
		l := listen(b, Config{Key: testKey(byte(i))})
		l.Handle(pushProtocol, false, func(_ context.Context, s stream.Stream) {
			defer s.Reset()
			for {
				frame, err := stream.ReadFrame(s, 1024)
				if err != nil || stream.WriteFrame(s, frame[:1]) != nil {
					return
				}
			}
		})
		if err := hub.Dial(within(b), testKey(byte(i)).Public().(ed25519.PublicKey), l.Addrs()); err != nil {
			b.Fatal(err)
		}
		peers = append(peers, l.Self())
	}
	return hub, peers
}

// BenchmarkPing is one bare round trip over loopback, with nothing of ours
// but a standing stream: the floor under everything that the mesh does.
func BenchmarkPing(b *testing.B) {
	hub, peers := benchPeers(b, 1)
	s, err := hub.Open(within(b), peers[0], stream.PingProtocol)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Reset()
	for b.Loop() {
		if _, err := stream.MeasurePing(context.Background(), s); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkStreamPush is a 300-byte frame to each of some peers over standing
// streams, until all have answered.
func BenchmarkStreamPush(b *testing.B) {
	for _, n := range []int{1, 7} {
		b.Run(fmt.Sprintf("peers=%d", n), func(b *testing.B) {
			hub, peers := benchPeers(b, n)
			var streams []stream.Stream
			for _, p := range peers {
				s, err := hub.Open(within(b), p, pushProtocol)
				if err != nil {
					b.Fatal(err)
				}
				defer s.Reset()
				streams = append(streams, s)
			}
			frame := bytes.Repeat([]byte{7}, 300)
			for b.Loop() {
				var all sync.WaitGroup
				for _, s := range streams {
					all.Go(func() {
						if err := stream.WriteFrame(s, frame); err != nil {
							b.Error(err)
							return
						}
						if _, err := stream.ReadFrame(s, 16); err != nil {
							b.Error(err)
						}
					})
				}
				all.Wait()
			}
		})
	}
}

// BenchmarkOpen is opening a stream, with its one round trip.
func BenchmarkOpen(b *testing.B) {
	hub, peers := benchPeers(b, 1)
	for b.Loop() {
		s, err := hub.Open(context.Background(), peers[0], pushProtocol)
		if err != nil {
			b.Fatal(err)
		}
		s.Reset()
	}
}
