package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
	"time"

	"github.com/upprop/upprop/mesh"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
)

// webProtocol tells a member where this node's screens are, as other machines
// reach them: one frame, empty where they do not. The peer need say nothing.
const webProtocol = "/upprop/web/1"

const (
	// maxWeb is the longest address, in bytes.
	maxWeb = 128
	// webTick is how often it is looked whether anybody wants to know, webAge for
	// how long an answer is good, and webWanted for how long it is kept good after
	// it was wanted.
	webTick, webAge, webWanted = 5 * time.Second, 30 * time.Second, 10 * time.Minute
)

var errWeb = errors.New("not the address of a node's screens")

// checkWeb says whether a text is an address to which a phone may be sent, or
// empty: HTTPS, a host and a port, and nothing more. What is for one machine
// alone is none.
func checkWeb(s string) error {
	if s == "" {
		return nil
	}
	u, err := url.Parse(s)
	if len(s) > maxWeb || err != nil || u.Scheme != "https" || u.Hostname() == "" || s != "https://"+u.Host {
		return errWeb
	}
	if ip := net.ParseIP(u.Hostname()); u.Hostname() == "localhost" || ip != nil && (ip.IsLoopback() || ip.IsUnspecified() || ip.IsMulticast()) {
		return errWeb
	}
	return nil
}

// webs are where the screens of members are.
type webs struct {
	mu     sync.Mutex
	own    string
	of     map[identity.NodeID]string
	wanted time.Time
	read   time.Time
}

// ServeWeb has this node tell the others where its screens are; an address that
// they could do nothing with is not told.
func (n *Node) ServeWeb(address string) {
	if checkWeb(address) != nil {
		address = ""
	}
	n.webs.mu.Lock()
	defer n.webs.mu.Unlock()
	n.webs.own = address
}

// WebOf is where a member's screens are.
type WebOf struct {
	Member identity.Member
	URL    string
}

// Webs are where the screens of other members were when they were last asked. It
// does not wait for anybody: the first answer may be empty.
func (n *Node) Webs() (out []WebOf) {
	n.webs.mu.Lock()
	defer n.webs.mu.Unlock()
	n.webs.wanted = n.cfg.Now()
	for _, m := range n.roster.Members() {
		if at := n.webs.of[m.ID]; at != "" && m.Revoked == nil {
			out = append(out, WebOf{m, at})
		}
	}
	return out
}

// runWebs asks the others while somebody wants to know.
func (n *Node) runWebs(ctx context.Context) error {
	tick := time.NewTicker(webTick)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		n.webs.mu.Lock()
		now := n.cfg.Now()
		due := now.Sub(n.webs.wanted).Abs() < webWanted && now.Sub(n.webs.read).Abs() >= webAge
		n.webs.mu.Unlock()
		if due {
			n.askWebs(ctx)
		}
	}
}

// askWebs asks all that are connected. Who does not answer keeps what it said
// before: its address may be reached where it is not.
func (n *Node) askWebs(ctx context.Context) {
	var wg sync.WaitGroup
	for _, x := range n.mesh.Freshness() {
		if x.State != mesh.Connected {
			continue
		}
		wg.Go(func() {
			at, err := n.webOf(ctx, x.Node)
			if err != nil {
				return
			}
			n.webs.mu.Lock()
			defer n.webs.mu.Unlock()
			if n.webs.of == nil {
				n.webs.of = map[identity.NodeID]string{}
			}
			n.webs.of[x.Node] = at
		})
	}
	wg.Wait()
	n.webs.mu.Lock()
	defer n.webs.mu.Unlock()
	n.webs.read = n.cfg.Now()
}

func (n *Node) serveWeb(_ context.Context, s stream.Stream) {
	n.webs.mu.Lock()
	own := n.webs.own
	n.webs.mu.Unlock()
	if s.SetDeadline(time.Now().Add(askFor)) != nil || stream.WriteFrame(s, []byte(own)) != nil {
		s.Reset()
		return
	}
	_ = s.Close()
}

// webOf asks a member.
func (n *Node) webOf(ctx context.Context, id identity.NodeID) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	s, err := n.net.Open(ctx, id, webProtocol)
	if err != nil {
		return "", fmt.Errorf("ask for the address of screens: %w", err)
	}
	defer s.Reset()
	if err := errors.Join(s.SetDeadline(time.Now().Add(askFor)), s.CloseWrite()); err != nil {
		return "", fmt.Errorf("ask for the address of screens: %w", err)
	}
	b, err := stream.ReadFrame(s, maxWeb)
	if err == nil {
		err = checkWeb(string(b))
	}
	if err != nil {
		return "", fmt.Errorf("ask for the address of screens: %w", err)
	}
	return string(b), nil
}
