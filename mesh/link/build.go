package link

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/sec"
	"github.com/libp2p/go-libp2p/p2p/host/eventbus"
	"github.com/libp2p/go-libp2p/p2p/host/peerstore/pstoremem"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	"github.com/libp2p/go-libp2p/p2p/net/upgrader"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	quic "github.com/libp2p/go-libp2p/p2p/transport/quic"
	"github.com/libp2p/go-libp2p/p2p/transport/quicreuse"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	quicgo "github.com/quic-go/quic-go"
)

// dialTimeout bounds one address's handshake, and dialing one peer.
const dialTimeout = 5 * time.Second

// closers are closed in reverse.
type closers []io.Closer

func (cs closers) close() {
	for i := len(cs) - 1; i >= 0; i-- {
		_ = cs[i].Close()
	}
}

// build makes the swarm and its two transports; it does not listen yet.
func (l *Link) build() (err error) {
	defer func() {
		if err != nil {
			if l.swarm != nil {
				_ = l.swarm.Close()
			}
			l.inner.close()
		}
	}()
	key, err := privateKey(l.cfg.Key)
	if err != nil {
		return err
	}
	if l.self, err = peerID(l.cfg.Key.Public().(ed25519.PublicKey)); err != nil {
		return err
	}
	limits, err := newLimits()
	if err != nil {
		return err
	}
	l.inner = append(l.inner, limits)
	book, err := pstoremem.NewPeerstore()
	if err != nil {
		return fmt.Errorf("make peer store: %w", err)
	}
	l.inner = append(l.inner, book)
	if err := errors.Join(book.AddPubKey(l.self, key.GetPublic()), book.AddPrivKey(l.self, key)); err != nil {
		return fmt.Errorf("keep own key: %w", err)
	}
	gate := &gate{l}
	l.swarm, err = swarm.NewSwarm(
		l.self, book, eventbus.NewBus(),
		swarm.WithConnectionGater(gate),
		swarm.WithResourceManager(limits),
		swarm.WithDialTimeout(dialTimeout),
		swarm.WithDialTimeoutLocal(dialTimeout),
		// Absent members are dialled again and again; libp2p would take that
		// for a network without UDP and stop trying QUIC.
		swarm.WithUDPBlackHoleSuccessCounter(nil),
		swarm.WithIPv6BlackHoleSuccessCounter(nil),
	)
	if err != nil {
		return fmt.Errorf("make swarm: %w", err)
	}

	muxers := []upgrader.StreamMuxer{{ID: yamux.ID, Muxer: muxer()}}
	secure, err := noise.New(noise.ID, key, muxers)
	if err != nil {
		return fmt.Errorf("set up noise: %w", err)
	}
	up, err := upgrader.New([]sec.SecureTransport{secure}, muxers, nil, limits, gate, upgrader.WithAcceptTimeout(2*dialTimeout))
	if err != nil {
		return fmt.Errorf("set up handshake: %w", err)
	}
	// Without SO_REUSEPORT, a second program on the port is an error instead
	// of a thief of half the connections.
	overTCP, err := tcp.NewTCPTransport(up, limits, nil, tcp.DisableReuseport(), tcp.WithConnectionTimeout(dialTimeout))
	if err != nil {
		return fmt.Errorf("set up tcp: %w", err)
	}
	if err := l.swarm.AddTransport(overTCP); err != nil {
		return fmt.Errorf("add tcp: %w", err)
	}
	reset, token, err := quicKeys(l.cfg.Key.Seed())
	if err != nil {
		return err
	}
	sockets, err := quicreuse.NewConnManager(reset, token)
	if err != nil {
		return fmt.Errorf("set up udp: %w", err)
	}
	l.inner = append(l.inner, sockets)
	overQUIC, err := quic.NewTransport(key, sockets, nil, gate, limits)
	if err != nil {
		return fmt.Errorf("set up quic: %w", err)
	}
	if err := l.swarm.AddTransport(overQUIC); err != nil {
		return fmt.Errorf("add quic: %w", err)
	}
	return nil
}

// muxer is yamux with a keep-alive that notices a dead peer in seconds.
func muxer() network.Multiplexer {
	cfg := *yamux.DefaultTransport.Config()
	cfg.KeepAliveInterval = 5 * time.Second
	cfg.ConnectionWriteTimeout = 5 * time.Second
	cfg.MaxStreamWindowSize = 4 << 20
	return (*yamux.Transport)(&cfg)
}

// quicKeys are the secrets that let a restarted node tell its old peers at
// once that their connections are gone.
func quicKeys(seed []byte) (quicgo.StatelessResetKey, quicgo.TokenGeneratorKey, error) {
	var reset quicgo.StatelessResetKey
	var token quicgo.TokenGeneratorKey
	for info, into := range map[string][]byte{"upprop quic reset": reset[:], "upprop quic token": token[:]} {
		k, err := hkdf.Key(sha256.New, seed, nil, info, len(into))
		if err != nil {
			return reset, token, fmt.Errorf("derive quic keys: %w", err)
		}
		copy(into, k)
	}
	return reset, token, nil
}
