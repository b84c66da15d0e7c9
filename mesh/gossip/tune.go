package gossip

import (
	"time"

	"github.com/hashicorp/memberlist"
)

// retransmitMult times log10 of the nodes is how often each message is sent.
const retransmitMult = 4

// suspicionEnds is longer than memberlist suspects anyone in a campus of up
// to a thousand nodes.
const suspicionEnds = 12 * time.Second

// tune sets the times. With 16 nodes a probe fails after half a second,
// suspicion lasts 1.8 s once a second node shares it, and gossip takes some
// tenths: a dead node is known to all in 3 to 5 s (the LAN preset: 8 to 11 s).
// A live node that hears of the suspicion has those 1.8 s to deny it.
func tune(c *memberlist.Config) {
	c.ProbeInterval = 500 * time.Millisecond
	c.ProbeTimeout = 250 * time.Millisecond
	c.SuspicionMult = 3
	c.SuspicionMaxTimeoutMult = 2
	c.AwarenessMaxMultiplier = 4
	c.IndirectChecks = 3
	c.GossipInterval = 100 * time.Millisecond
	c.GossipNodes = 4
	c.RetransmitMult = retransmitMult
	c.GossipToTheDeadTime = 30 * time.Second
	c.PushPullInterval = 10 * time.Second
	c.TCPTimeout = streamTime
	c.UDPBufferSize = 16 << 10
	c.EnableCompression = false // a decoder less, and bytes are not short
}
