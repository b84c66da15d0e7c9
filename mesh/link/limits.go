package link

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	rcmgr "github.com/libp2p/go-libp2p/p2p/host/resource-manager"
	"github.com/libp2p/go-libp2p/x/rate"
)

// What all peers together, one peer, and peers not yet known by their keys
// may take. A campus has tens of nodes, two connections each at the worst; a
// peer has some ten standing streams and a few pulls.
var (
	systemLimit = rcmgr.ResourceLimits{
		Conns: 1024, ConnsInbound: 512, ConnsOutbound: 768,
		Streams: 16384, StreamsInbound: 8192, StreamsOutbound: 8192,
		FD: 1024, Memory: 512 << 20,
	}
	transientLimit = rcmgr.ResourceLimits{
		Conns: 192, ConnsInbound: 128, ConnsOutbound: 128,
		Streams: 1024, StreamsInbound: 512, StreamsOutbound: 512,
		FD: 256, Memory: 64 << 20,
	}
	peerLimit = rcmgr.ResourceLimits{
		Conns: 16, ConnsInbound: 8, ConnsOutbound: 12,
		Streams: 512, StreamsInbound: 256, StreamsOutbound: 256,
		FD: 16, Memory: 64 << 20,
	}
)

// perAddress is how many connections one IP address may have; several nodes
// may sit behind one address, or on one machine.
const perAddress = 64

// newLimits makes the resource manager that enforces them.
func newLimits() (network.ResourceManager, error) {
	limits := rcmgr.PartialLimitConfig{
		System:      systemLimit,
		Transient:   transientLimit,
		PeerDefault: peerLimit,
	}.Build(rcmgr.InfiniteLimits)
	m, err := rcmgr.NewResourceManager(
		rcmgr.NewFixedLimiter(limits),
		rcmgr.WithMetricsDisabled(),
		rcmgr.WithLimitPerSubnet(
			[]rcmgr.ConnLimitPerSubnet{{PrefixLength: 32, ConnCount: perAddress}},
			[]rcmgr.ConnLimitPerSubnet{{PrefixLength: 128, ConnCount: perAddress}},
		),
		rcmgr.WithConnRateLimiters(&rate.Limiter{
			NetworkPrefixLimits: []rate.PrefixLimit{
				{Prefix: netip.MustParsePrefix("127.0.0.0/8")},
				{Prefix: netip.MustParsePrefix("::1/128")},
			},
			SubnetRateLimiter: rate.SubnetLimiter{
				IPv4SubnetLimits: []rate.SubnetLimit{{PrefixLength: 32, Limit: rate.Limit{RPS: 5, Burst: perAddress}}},
				IPv6SubnetLimits: []rate.SubnetLimit{{PrefixLength: 128, Limit: rate.Limit{RPS: 5, Burst: perAddress}}},
				GracePeriod:      time.Minute,
			},
		}),
	)
	if err != nil {
		return nil, fmt.Errorf("set limits: %w", err)
	}
	return m, nil
}
