package gossip

import (
	"context"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/memberlist"

	"github.com/upprop/upprop/mesh/identity"
)

const (
	// joiners is how many nodes are joined at once.
	joiners = 4
	// rejoinEvery is how often connected nodes that the gossip does not take
	// for alive are joined again, and up to half as long more.
	rejoinEvery = 2 * time.Second
)

// joins are the nodes waiting to be joined, each once.
type joins struct {
	more chan struct{}

	mu      sync.Mutex
	waiting []identity.NodeID
}

func newJoins() *joins { return &joins{more: make(chan struct{}, joiners)} }

// Join exchanges state with these nodes, soon; call it when a peer has
// connected. It does not block. Joins that fail are tried again as long as
// the peer is connected.
func (g *Gossip) Join(peers ...identity.NodeID) {
	for _, id := range peers {
		if id == g.self {
			continue
		}
		g.joins.mu.Lock()
		if !slices.Contains(g.joins.waiting, id) {
			g.joins.waiting = append(g.joins.waiting, id)
		}
		g.joins.mu.Unlock()
		select {
		case g.joins.more <- struct{}{}:
		default:
		}
	}
}

func (j *joins) next() (identity.NodeID, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.waiting) == 0 {
		return identity.NodeID{}, false
	}
	id := j.waiting[0]
	j.waiting = j.waiting[1:]
	return id, true
}

// join works off the waiting until ctx ends.
func (g *Gossip) join(ctx context.Context, list *memberlist.Memberlist) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-g.joins.more:
		}
		for id, ok := g.joins.next(); ok && ctx.Err() == nil; id, ok = g.joins.next() {
			g.joinOne(list, id)
		}
	}
}

// joinOne exchanges state, twice if need be: a node that one side takes for
// dead hears so in the first exchange and objects in the second.
func (g *Gossip) joinOne(list *memberlist.Memberlist, id identity.NodeID) {
	if !g.cfg.Admitted(id) {
		return
	}
	ip, port := addressOf(id)
	where := id.String() + "/" + net.JoinHostPort(ip.String(), strconv.Itoa(port))
	for range 2 {
		if _, err := list.Join([]string{where}); err != nil {
			g.log.Debug("join", "peer", id.Short(), "error", err)
			return
		}
		if g.view.isAlive(id) {
			return
		}
	}
}

// rejoin joins those who are connected but not alive to the gossip, again and
// again until ctx ends: the first exchange may have met the moment in which
// memberlist ignores the dead but has not yet forgotten them.
func (g *Gossip) rejoin(ctx context.Context) {
	for {
		timer := time.NewTimer(rejoinEvery + rand.N(rejoinEvery/2))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		g.view.acquit()
		for _, id := range g.cfg.Net.Peers() {
			if !g.view.isAlive(id) {
				g.Join(id)
			}
		}
	}
}
