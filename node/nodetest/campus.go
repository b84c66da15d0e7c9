package nodetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/seal"
	"github.com/upprop/upprop/crdt/store"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/join"
	"github.com/upprop/upprop/mesh/memnet"
	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/access"
	"github.com/upprop/upprop/node/visits"
)

// The mesh's intervals in a simulated campus: longer than a house's, so that
// hours cost little.
const (
	beatEvery   = 5 * time.Second
	repairEvery = 15 * time.Second
	dialEvery   = 5 * time.Second
	// soonAhead is for how many days keys are made ahead where weeks do not go
	// by: the retention and a few. What the rest costs is parsing alone.
	soonAhead = visits.Retention + 5
	// dropping is within what time nodes look after old days.
	dropping = 25 * time.Minute
)

// pace is the mesh's intervals, and for how many days keys are made ahead; zero
// takes the product's defaults.
type pace struct {
	beat, repair, dial time.Duration
	ahead              int
}

// Campus is a whole campus in this process. It is for one goroutine, inside a
// synctest bubble.
type Campus struct {
	Net    *memnet.Net
	Houses []*House

	dir   string
	pace  pace
	truth *truth
	seen  watch
	trace func(format string, args ...any)
	// patience is how long it may take to agree.
	patience time.Duration
	// changes counts attempts to change the roster.
	changes int
	// wrong: a clock has been.
	wrong bool
	// rightAt is when one was last put right that was wrong by a second or more,
	// wrongUntil when one was that was wrong at all.
	rightAt, wrongUntil time.Time
	// years: one has been, by years.
	years bool
	// slow: a link may be; torn: some may not reach one another. far are the
	// pairs that are apart.
	slow, torn bool
	tears      []tear
	far        map[[2]*House]bool
	// closed: it was closed for weeks. away: ever.
	closed, away bool
	// began is when it began, and shut for how long it has been closed since.
	began time.Time
	shut  time.Duration
	// allowed is the last date whose keys an operator has let die.
	allowed record.Day
	// ears hear all that is sent or logged.
	ears *ears
	// probed: it was looked at whether who was revoked is left out.
	probed bool
	// keys are all private keys seen anywhere.
	keys map[seal.KeyID]*found
	// derived is shared by all houses.
	derived derived
	// drills counts the attempts to start one.
	drills int
}

// roles are given to houses in this order.
var roles = []identity.Role{
	identity.RoleDesk, identity.RoleEntrance, identity.RoleDesk, identity.RoleWarden, identity.RoleEntrance, identity.RoleRelay,
}

// NewCampus makes a campus of n nodes, joins them and lets them meet. dir is
// an empty folder of the caller's.
func NewCampus(dir string, seed uint64, n int) (*Campus, error) {
	return newCampus(dir, seed, n, pace{beatEvery, repairEvery, dialEvery, access.Ahead})
}

func newCampus(dir string, seed uint64, n int, p pace) (*Campus, error) {
	c := &Campus{
		Net: memnet.New(seed), dir: dir, pace: p, truth: newTruth(), seen: watch{}, keys: map[seal.KeyID]*found{}, derived: derived{}, far: map[[2]*House]bool{},
		began: time.Now(), ears: &ears{}, trace: func(string, ...any) {}, patience: patience,
	}
	c.Net.Overhear(func(protocol string, sent []byte) { c.ears.hear(sent, "on the wire, in %s", protocol) })
	first := c.house()
	l := first.begin()
	err := node.Init(node.InitOptions{
		Dir: first.dir, Campus: "Ekudden", Name: first.Name, Site: "North", Role: first.Role,
		OpenStore: first.openStore(l), Now: first.Clock.Now, KeysAhead: p.ahead,
	})
	first.end(l)
	if err != nil {
		return c, err
	}
	if err := first.start(); err != nil {
		return c, err
	}
	for len(c.Houses) < n {
		if err := c.Join(0); err != nil {
			return c, err
		}
	}
	time.Sleep(3 * beatEvery)
	return c, nil
}

// house adds a machine that is off and empty.
func (c *Campus) house() *House {
	i := len(c.Houses)
	h := &House{
		Name: fmt.Sprintf("n%d", i), Role: roles[i%len(roles)],
		Clock: NewClock(), net: c.Net, pace: c.pace, dir: filepath.Join(c.dir, fmt.Sprintf("n%d", i)), fs: store.NewCrashFS(), fuse: fuse{left: -1},
		derived: c.derived, log: c.ears.logger(),
	}
	c.Houses = append(c.Houses, h)
	return h
}

// Join adds a node with a token of an issuer that is on.
func (c *Campus) Join(issuer int) error { return c.join(issuer, nil) }

// join is Join, where cut takes the power from the new machine while it joins, and
// it tries again with the same folder and token.
func (c *Campus) join(issuer int, cut func(h *House, work func())) error {
	site := []string{"North", "South"}[len(c.Houses)%2]
	token, err := c.Houses[issuer].Node().CreateToken(node.TokenOptions{Role: roles[len(c.Houses)%len(roles)], Site: site})
	if err != nil {
		return fmt.Errorf("make a token: %w", err)
	}
	h := c.house()
	if cut != nil {
		cut(h, func() { _ = h.enroll(token) })
	}
	err = h.enroll(token)
	if err == nil || cut != nil && errors.Is(err, node.ErrIsNode) {
		err = h.start()
	}
	if err != nil {
		c.Houses = c.Houses[:len(c.Houses)-1]
		return fmt.Errorf("join: %w", err)
	}
	return nil
}

// enroll joins a machine with a token.
func (h *House) enroll(token join.Token) error {
	l := h.begin()
	defer h.end(l)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, err := node.Enroll(ctx, node.EnrollOptions{
		Dir: h.dir, Token: token, Name: h.Name, Network: h.network(l), OpenStore: h.openStore(l),
	})
	return err
}

// on are the houses whose power is on.
func (c *Campus) on() (out []*House) {
	for _, h := range c.Houses {
		if h.Node() != nil {
			out = append(out, h)
		}
	}
	return out
}

// Close ends every node in good order; that one does not is a *Violation.
func (c *Campus) Close() error {
	var first error
	for _, h := range c.on() {
		if err := h.stop(); err != nil && first == nil {
			first = violated("stops in good order", "%v", err)
		}
	}
	c.Net.Close()
	time.Sleep(time.Minute) // what has a timer ends by it
	for _, h := range c.Houses {
		for _, dir := range []string{h.dir, h.dir + ".copy"} {
			if err := os.RemoveAll(dir); err != nil && first == nil {
				first = err
			}
		}
	}
	return first
}
