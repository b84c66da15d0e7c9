package link

import (
	"crypto/sha256"
	"encoding/hex"
	"sync"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/discovery/mdns"

	"github.com/upprop/upprop/mesh/stream"
)

// finder looks for members on the local network with multicast DNS. What it
// hears is unauthenticated: it is reported only for keys that Admit takes for
// members, and proves nothing until that key has been dialled.
type finder struct {
	l       *Link
	service mdns.Service

	mu      sync.Mutex
	closed  bool
	calling sync.WaitGroup
}

// announced is as much of a libp2p host as mdns looks at.
type announced struct {
	host.Host
	l *Link
}

func (a announced) ID() peer.ID              { return a.l.self }
func (a announced) Network() network.Network { return a.l.swarm }

// discover starts to announce and to look, unless there is nobody to find.
// Failing is not fatal: addresses come from the peer book too.
func (l *Link) discover() {
	if l.cfg.Campus == "" || l.onLoopback() {
		return
	}
	f := &finder{l: l}
	f.service = mdns.NewMdnsService(announced{l: l}, serviceTag(l.cfg.Campus), f)
	if err := f.service.Start(); err != nil {
		_ = f.service.Close()
		l.log.Warn("cannot look for nodes on the local network", "error", err)
		return
	}
	l.finder = f
}

// serviceTag names a campus to the local network without giving its id away.
func serviceTag(campus string) string {
	sum := sha256.Sum256([]byte("upprop mdns\x00" + campus))
	return "_up" + hex.EncodeToString(sum[:5]) + "._udp"
}

func (l *Link) onLoopback() bool {
	ap, err := parseListen(l.cfg.Listen)
	return err == nil && ap.Addr().IsLoopback()
}

// HandlePeerFound is called by mdns, each time from a goroutine that mdns
// does not wait for.
func (f *finder) HandlePeerFound(info peer.AddrInfo) {
	f.mu.Lock()
	if f.closed || f.l.cfg.Found == nil {
		f.mu.Unlock()
		return
	}
	f.calling.Add(1)
	f.mu.Unlock()
	defer f.calling.Done()
	pub, err := publicKey(info.ID)
	if err != nil || info.ID == f.l.self || f.l.cfg.Admit(pub) != stream.Member {
		return
	}
	if addrs := addrPorts(info.Addrs); len(addrs) > 0 {
		f.l.cfg.Found(pub, addrs)
	}
}

func (f *finder) close() {
	if f == nil {
		return
	}
	_ = f.service.Close()
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	f.calling.Wait()
}
