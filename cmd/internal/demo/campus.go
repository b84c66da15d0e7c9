package demo

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/upprop/upprop/cmd/internal/app"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/evac"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/mesh"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/points"
)

// campusName is what the demo's campus is called.
const campusName = "Ekudden"

// handheldPIN unlocks the names on either handheld. The demo sets it, which unlocks
// them, and says so on its page.
const handheldPIN = "1234"

// Intervals of the demo's nodes: shorter than a campus needs, so that a person
// at the screen need not wait.
const (
	beatEvery   = time.Second
	repairEvery = 3 * time.Second
	dialEvery   = time.Second
)

// member is one node of the demo. What it points to is fixed once Open has
// returned.
type member struct {
	// slot names its place in the picture and in forms.
	slot, name, zone string
	role             identity.Role
	// part is the zone whose people a warden looks for; a handheld's zone is the
	// point at which its warden stands.
	part   string
	app    *app.App
	muster *evac.Service
	stop   context.CancelFunc
	done   chan error
}

func (m *member) id() identity.NodeID { return m.app.Node().Self().ID }

// door reports whether visitors use this node.
func (m *member) door() bool { return m.role != identity.RoleWarden }

// cast is who is in the campus, the founder first.
func cast(l lang.Locale) []*member {
	all := []*member{
		{slot: "reception", name: "Reception", zone: "House A", role: identity.RoleDesk},
		{slot: "east", name: "East gate", zone: "House B", role: identity.RoleEntrance},
		{slot: warden, name: "Warden 1", zone: "Car park", part: "House A", role: identity.RoleWarden},
		{slot: "west", name: "West gate", zone: "House A", role: identity.RoleEntrance},
		{slot: warden2, name: "Warden 2", zone: "Playing field", part: "House B", role: identity.RoleWarden},
	}
	if l == lang.Swedish {
		for i, names := range [][3]string{
			{"Reception", "Hus A"},
			{"Östra grinden", "Hus B"},
			{"Utrymning 1", "Parkeringen", "Hus A"},
			{"Västra grinden", "Hus A"},
			{"Utrymning 2", "Bollplanen", "Hus B"},
		} {
			all[i].name, all[i].zone, all[i].part = names[0], names[1], names[2]
		}
	}
	return all
}

// found makes the campus as an operator would: the first node, a token for
// each other one, and the joins side by side.
func (d *Demo) found(ctx context.Context, dir string) error {
	d.nodes = cast(d.cfg.Locale)
	first := d.nodes[0]
	if err := node.Init(node.InitOptions{
		Dir: filepath.Join(dir, first.slot), Campus: campusName, Name: first.name, Zone: first.zone,
		Role: first.role, Listen: "127.0.0.1:0",
	}); err != nil {
		return err
	}
	// The picture is read left to right; ports follow in that order.
	ports := freePorts(d.web.Addr(), len(d.nodes))
	if err := d.start(first, dir, ports[0]); err != nil {
		return err
	}
	errs := make([]error, len(d.nodes))
	var joining sync.WaitGroup
	var mu sync.Mutex
	for i, m := range d.nodes[1:] {
		joining.Go(func() {
			err := join(ctx, first, m, dir)
			if err == nil {
				// Starting and noting what to close is done one at a time.
				mu.Lock()
				defer mu.Unlock()
				err = d.start(m, dir, ports[i+1])
			}
			errs[i] = err
		})
	}
	joining.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if err := d.settle(ctx); err != nil {
		return err
	}
	return d.gather(ctx)
}

// gather sets up where people go and which warden looks after whom, so that the
// kiosks and the handhelds have something to show when an evacuation is started.
func (d *Demo) gather(ctx context.Context) error {
	type spot struct {
		name            record.PointName
		position, words string
		kind            points.Kind
		capacity        int
	}
	all := []spot{
		{"Car park", "by the big oak", "Stand on the grass, not on the road.", points.Muster, 200},
		{"Playing field", "behind House B", "Stand by the goal.", points.Muster, 300},
		{"Stair B, floor 2", "by the lift", "Press the button and wait for help.", points.Refuge, 4},
	}
	if d.cfg.Locale == lang.Swedish {
		all = []spot{
			{"Parkeringen", "vid den stora eken", "Ställ dig på gräset, inte på vägen.", points.Muster, 200},
			{"Bollplanen", "bakom hus B", "Ställ dig vid målet.", points.Muster, 300},
			{"Trapphus B, plan 2", "vid hissen", "Tryck på knappen och vänta på hjälp.", points.Refuge, 4},
		}
	}
	for _, p := range all {
		e := points.Edit{Position: &p.position, Capacity: &p.capacity, Kind: &p.kind, Text: map[string]string{string(d.cfg.Locale): p.words}}
		if _, err := d.nodes[0].app.Node().Points().Put(ctx, "", p.name, e); err != nil {
			return fmt.Errorf("set up %s: %w", p.name, err)
		}
	}
	for _, m := range d.nodes {
		if m.role != identity.RoleWarden {
			continue
		}
		duty := points.Duty{Name: m.name, Point: record.PointName(m.zone), Zone: record.ZoneID(m.part)}
		if err := d.nodes[0].app.Node().Points().Assign(ctx, "", duty); err != nil {
			return fmt.Errorf("put %s on duty: %w", m.name, err)
		}
	}
	return nil
}

// join brings one node in with a token of the first.
func join(ctx context.Context, first, m *member, dir string) error {
	token, err := first.app.Node().CreateToken(node.TokenOptions{Role: m.role, Name: m.name, Zone: m.zone, TTL: time.Minute})
	if err != nil {
		return fmt.Errorf("make a token for %s: %w", m.name, err)
	}
	if _, err := node.Enroll(ctx, node.EnrollOptions{Dir: filepath.Join(dir, m.slot), Token: token, Listen: "127.0.0.1:0"}); err != nil {
		return fmt.Errorf("let %s join: %w", m.name, err)
	}
	return nil
}

// start opens a node and has it work until the demo closes.
func (d *Demo) start(m *member, dir, http string) error {
	a, err := app.Open(app.Config{
		Node: node.Config{
			Dir: filepath.Join(dir, m.slot), Listen: "127.0.0.1:0", Release: d.cfg.Release,
			Logger:    d.log.With("of", m.slot),
			BeatEvery: beatEvery, RepairEvery: repairEvery, DialEvery: dialEvery,
		},
		HTTP: http, NoSocket: true,
	})
	if err != nil {
		return fmt.Errorf("start %s: %w", m.name, err)
	}
	if m.role == identity.RoleWarden {
		if err := a.Node().PIN().Set([]byte(handheldPIN)); err != nil {
			return errors.Join(fmt.Errorf("give %s its PIN: %w", m.name, err), a.Close())
		}
	}
	m.app, m.done = a, make(chan error, 1)
	if m.muster, err = evac.New(evac.Config{House: a.House(), PIN: a.PIN(), NodeName: m.name, CampusName: campusName, Logger: d.log}); err != nil {
		return errors.Join(err, a.Close())
	}
	ctx, stop := context.WithCancel(context.Background())
	m.stop = stop
	go func() {
		err := a.Run(ctx)
		if err != nil {
			d.failed <- fmt.Errorf("%s stopped: %w", m.name, err)
		}
		m.done <- err
	}()
	d.closing(func() error {
		// The first to be closed asks all others to stop meanwhile.
		for _, other := range d.nodes {
			if other.stop != nil {
				other.stop()
			}
		}
		<-m.done
		return a.Close()
	})
	return nil
}

// settle waits until every node can check people in, is connected with every
// other and has heard from it.
func (d *Demo) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for _, m := range d.nodes {
		if !m.app.AwaitReady(ctx) {
			return fmt.Errorf("%s did not get the campus's keys: %w", m.name, context.Cause(ctx))
		}
	}
	// On a campus the local network tells who is where; loopback does not.
	for _, l := range allLinks(d.nodes) {
		l.a.app.Node().Mesh().Learn(l.b.id(), l.b.app.Node().Network().Addrs())
		l.b.app.Node().Mesh().Learn(l.a.id(), l.a.app.Node().Network().Addrs())
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		whole := true
		for _, m := range d.nodes {
			whole = whole && len(m.app.Node().Network().Peers()) == len(d.nodes)-1 &&
				!slices.ContainsFunc(m.app.Node().Mesh().Freshness(), func(n mesh.NodeNews) bool { return n.AsOf.IsZero() })
		}
		if whole {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the nodes did not all find each other: %w", context.Cause(ctx))
		case <-tick.C:
		}
	}
}

// byID is the node of an id, or nil.
func (d *Demo) byID(id record.NodeID) *member {
	for _, m := range d.nodes {
		if record.NodeID(m.id()) == id {
			return m
		}
	}
	return nil
}
