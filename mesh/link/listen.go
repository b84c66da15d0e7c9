package link

import (
	"errors"
	"fmt"
	"net/netip"
	"syscall"

	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// portTries is how often a free port is looked for before giving up.
const portTries = 20

// listen listens at one port for both transports.
func (l *Link) listen(where string) error {
	ap, err := parseListen(where)
	if err != nil {
		return err
	}
	for try := 0; ; try++ {
		port, err := l.listenBoth(ap)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, syscall.EADDRINUSE):
			return fmt.Errorf("listen on %s: %w", where, err)
		case ap.Port() != 0:
			return &portInUse{port, err}
		case try == portTries:
			return fmt.Errorf("listen on %s: no port is free for both tcp and udp: %w", where, err)
		}
	}
}

// listenBoth listens with TCP, and with QUIC at the port that TCP got. On an
// error it listens with neither.
func (l *Link) listenBoth(ap netip.AddrPort) (port uint16, err error) {
	port = ap.Port()
	overTCP, err := tcpAddr(ap)
	if err != nil {
		return port, err
	}
	if err := l.swarm.AddListenAddr(overTCP); err != nil {
		return port, fmt.Errorf("tcp: %w", err)
	}
	bound := l.swarm.ListenAddresses()
	for _, m := range bound {
		if at, ok := anyAddrPort(m); ok {
			port = at.Port()
		}
	}
	overQUIC, err := quicAddr(netip.AddrPortFrom(ap.Addr(), port))
	if err == nil {
		err = l.swarm.AddListenAddr(overQUIC)
	}
	if err != nil {
		l.swarm.ListenClose(bound...)
		return port, fmt.Errorf("udp: %w", err)
	}
	return port, nil
}

// Addrs are the addresses at which this node listens, by the interfaces as
// they are now: the swarm's own answer may be a minute old, and a node that
// has moved would tell its peers where it was.
func (l *Link) Addrs() []string {
	ms := l.swarm.ListenAddresses()
	up, err := manet.InterfaceMultiaddrs()
	if err == nil {
		var now []ma.Multiaddr
		if now, err = manet.ResolveUnspecifiedAddresses(ms, up); err == nil {
			ms = now
		}
	}
	if err != nil {
		l.log.Debug("list interface addresses", "error", err)
	}
	return addrPorts(ms)
}

// portInUse ends with what to do; the cause is for errors.Is.
type portInUse struct {
	port  uint16
	cause error
}

func (e *portInUse) Error() string {
	return fmt.Sprintf("port %d is already in use by another program: choose another with --listen or stop it", e.port)
}

func (e *portInUse) Unwrap() error { return e.cause }
