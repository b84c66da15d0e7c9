package link

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// maxAddrs is how many addresses of one peer are told, kept and dialled.
const maxAddrs = 16

// parseListen reads "IP:PORT".
func parseListen(s string) (netip.AddrPort, error) {
	ap, err := netip.ParseAddrPort(s)
	if err != nil {
		return ap, fmt.Errorf("listen address %q: want IP:PORT, such as 0.0.0.0:7117 or [::]:7117", s)
	}
	return ap, nil
}

// parseDial reads an address to be dialled, and reports whether it can be.
func parseDial(s string) (netip.AddrPort, bool) {
	ap, err := netip.ParseAddrPort(s)
	if err != nil || ap.Port() == 0 || ap.Addr().IsUnspecified() || ap.Addr().IsMulticast() || !plainZone(ap.Addr().Zone()) {
		return netip.AddrPort{}, false
	}
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()), true
}

// plainZone reports whether an IPv6 zone can be the name of an interface;
// RFC 4007 lets it be any text, and libp2p's addresses are split at slashes.
func plainZone(zone string) bool {
	return len(zone) < 16 && !strings.ContainsFunc(zone, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-._", r))
	})
}

// tcpAddr is libp2p's form of one end of TCP.
func tcpAddr(ap netip.AddrPort) (ma.Multiaddr, error) {
	return manet.FromNetAddr(net.TCPAddrFromAddrPort(ap))
}

// quicAddr is libp2p's form of one end of QUIC.
func quicAddr(ap netip.AddrPort) (ma.Multiaddr, error) {
	udp, err := manet.FromNetAddr(net.UDPAddrFromAddrPort(ap))
	if err != nil {
		return nil, err
	}
	return ma.Join(udp, quicSuffix), nil
}

var quicSuffix = ma.StringCast("/quic-v1")

// dialAddrs are both transports of each address that can be dialled.
func dialAddrs(addrs []string) []ma.Multiaddr {
	var out []ma.Multiaddr
	for _, s := range addrs {
		ap, ok := parseDial(s)
		if !ok || len(out) >= 2*maxAddrs {
			continue
		}
		quic, errQ := quicAddr(ap)
		tcp, errT := tcpAddr(ap)
		if errQ == nil && errT == nil {
			out = append(out, quic, tcp)
		}
	}
	return out
}

// addrPort is the "IP:PORT" of either transport's address, if it is one that
// can be dialled.
func addrPort(m ma.Multiaddr) (netip.AddrPort, bool) {
	ap, ok := anyAddrPort(m)
	if !ok {
		return ap, false
	}
	return parseDial(ap.String())
}

// anyAddrPort is the same, unspecified addresses included.
func anyAddrPort(m ma.Multiaddr) (netip.AddrPort, bool) {
	if len(m) == 0 {
		return netip.AddrPort{}, false
	}
	base, rest := ma.SplitFunc(m, func(c ma.Component) bool { return c.Protocol().Code == ma.P_QUIC_V1 })
	if len(base) == 0 || len(rest) > 1 {
		return netip.AddrPort{}, false
	}
	na, err := manet.ToNetAddr(base)
	if err != nil {
		return netip.AddrPort{}, false
	}
	ap, err := netip.ParseAddrPort(na.String())
	return ap, err == nil
}

// addrPorts are the distinct addresses among both transports', in order.
func addrPorts(ms []ma.Multiaddr) []string {
	var out []string
	for _, m := range ms {
		if ap, ok := addrPort(m); ok && !slices.Contains(out, ap.String()) && len(out) < maxAddrs {
			out = append(out, ap.String())
		}
	}
	return out
}
