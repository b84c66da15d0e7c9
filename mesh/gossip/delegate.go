package gossip

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/hashicorp/memberlist"

	"github.com/upprop/upprop/mesh/identity"
)

// delegate is what memberlist asks and tells. It is called with memberlist's
// locks held, so it must never call memberlist.
//
// There is no merge delegate on purpose: refusing a whole exchange because it
// names one node that has been revoked here, but not yet there, would keep two
// halves of a campus apart. Nodes are refused one by one.
type delegate struct{ g *Gossip }

var errNotAdmitted = errors.New("node is not admitted")

// NotifyAlive keeps out everyone who is not admitted, and everyone whose
// address does not follow from the name, so that no name hides another.
func (d *delegate) NotifyAlive(n *memberlist.Node) error {
	id, err := identity.ParseNodeID(n.Name)
	if err != nil || id.String() != n.Name {
		return fmt.Errorf("%w: its name is no node id", errNotAdmitted)
	}
	if ip, port := addressOf(id); !ip.Equal(n.Addr) || port != int(n.Port) {
		return fmt.Errorf("%w: its address is not its own", errNotAdmitted)
	}
	if len(n.Meta) != 0 {
		return fmt.Errorf("%w: it carries metadata", errNotAdmitted)
	}
	if id != d.g.self && !d.g.cfg.Admitted(id) {
		return errNotAdmitted
	}
	return nil
}

// NotifyJoin is told of a node that has come to life.
func (d *delegate) NotifyJoin(n *memberlist.Node) { d.notify(n, Alive) }

// NotifyLeave is told of a node that is dead or has said goodbye.
func (d *delegate) NotifyLeave(n *memberlist.Node) { d.notify(n, Dead) }

// NotifyUpdate is told of new metadata; there is none.
func (d *delegate) NotifyUpdate(*memberlist.Node) {}

func (d *delegate) notify(n *memberlist.Node, c Condition) {
	if id, err := identity.ParseNodeID(n.Name); err == nil {
		d.g.view.set(id, c)
	}
}

// NodeMeta is empty.
func (d *delegate) NodeMeta(int) []byte { return nil }

// NotifyMsg passes a payload on.
func (d *delegate) NotifyMsg(b []byte) {
	if d.g.cfg.OnMessage != nil && len(b) <= MaxMessage {
		d.g.cfg.OnMessage(append([]byte(nil), b...))
	}
}

// GetBroadcasts hands out payloads for the next packet.
func (d *delegate) GetBroadcasts(overhead, limit int) [][]byte {
	return d.g.queue.GetBroadcasts(overhead, limit)
}

// LocalState is the state to exchange.
func (d *delegate) LocalState(bool) []byte {
	if d.g.cfg.LocalState == nil {
		return nil
	}
	b := d.g.cfg.LocalState()
	if len(b) > MaxState {
		d.g.log.Warn("state is too large to exchange", "bytes", len(b), "limit", MaxState)
		return nil
	}
	return b
}

// MergeRemoteState gets the state exchanged for it.
func (d *delegate) MergeRemoteState(b []byte, _ bool) {
	if d.g.cfg.MergeState != nil && len(b) <= MaxState {
		d.g.cfg.MergeState(append([]byte(nil), b...))
	}
}

// logWriter turns memberlist's log lines into records at debug level.
type logWriter struct{ log *slog.Logger }

func (w logWriter) Write(line []byte) (int, error) {
	if w.log.Enabled(context.Background(), slog.LevelDebug) {
		w.log.Debug("memberlist", "line", strings.TrimSpace(string(line)))
	}
	return len(line), nil
}
