package node

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/alarm"
	"github.com/upprop/upprop/node/plans"
	"github.com/upprop/upprop/node/points"
	"github.com/upprop/upprop/node/trigger"
)

// prefixTrigger is where what the sources of triggers did is kept.
var prefixTrigger = []byte("n/trigger/")

// Points are the campus's muster points, refuges and who is on duty there.
func (n *Node) Points() *points.Book { return n.points }

// Plans are the pictures of the sites on which the points are seen.
func (n *Node) Plans() *plans.Book { return n.plans }

// Gathering are the muster points of a site and those of no site, by name and
// where they are.
func (n *Node) Gathering(site record.SiteID) (out []string) {
	for _, p := range n.points.List() {
		if p.Kind != points.Muster || site != "" && p.Site != "" && p.Site != site {
			continue
		}
		where := string(p.Name)
		if p.Position != "" {
			where += " (" + p.Position + ")"
		}
		out = append(out, where)
	}
	return out
}

// Trigger starts evacuations at the word of this node's own fire panels.
func (n *Node) Trigger() *trigger.Service { return n.trigger }

// openPlaces makes what knows where people gather, and what machines may say.
func (n *Node) openPlaces() (err error) {
	self := record.NodeID(n.key.ID())
	n.points = points.New(points.Config{
		Settings: register{n.replica}, Barred: n.Barred, Known: n.knowsSite,
		MayEdit: func() bool { return members{n.roster}.mayEdit(self) },
		Site:    func() record.SiteID { return record.SiteID(n.Self().Site) },
		Members: func() (out []points.Member) {
			for _, m := range n.roster.Members() {
				if m.Revoked == nil {
					out = append(out, points.Member{ID: record.NodeID(m.ID), Name: m.Name, Warden: m.Role == identity.RoleWarden})
				}
			}
			return out
		},
		Record: n.noteBy,
	})
	n.plans = plans.New(plans.Config{
		Settings: register{n.replica}, Barred: n.Barred, Known: n.knowsSite,
		MayEdit: func() bool { return members{n.roster}.mayEdit(self) }, Record: n.noteBy,
	})
	n.trigger, err = trigger.Open(trigger.Config{
		File: n.folder.triggers(), Keeper: triggerKeeper{n.store}, Known: n.knowsSite,
		Start: func(ctx context.Context, id record.EvacID, drill bool, site record.SiteID) (record.Evacuation, bool, bool, error) {
			e, on, started, err := n.alarm.StartAs(ctx, id, drill, site)
			if errors.Is(err, alarm.ErrNoSite) {
				err = trigger.ErrNoSite
			}
			return e, on, started, err
		},
		Record: n.note, Now: n.cfg.Now, Logger: n.log,
	})
	return err
}

// note puts on record what is done already.
func (n *Node) note(what, note string) { n.noteBy("", what, note) }

// noteBy is note, of what an operator did.
func (n *Node) noteBy(by, what, note string) {
	if err := n.ActBy(by, what, nil, note); err != nil {
		n.log.Error("an act could not be put on record", "what", what, "err", err)
	}
}

// triggerKeeper implements trigger.Keeper.
type triggerKeeper struct{ store.Store }

func (k triggerKeeper) Load() (map[string]trigger.State, error) {
	out := map[string]trigger.State{}
	lo, hi := store.Prefix(prefixTrigger)
	err := k.Scan(lo, hi, func(key, v []byte) error {
		var s trigger.State
		if json.Unmarshal(v, &s) == nil { // what cannot be read is only a lost memory
			out[string(key[len(prefixTrigger):])] = s
		}
		return nil
	})
	return out, err
}

func (k triggerKeeper) Save(source string, s trigger.State) error {
	key := under(prefixTrigger, []byte(source))
	if s.Heard.IsZero() && len(s.Seen) == 0 {
		var b store.Batch
		b.Delete(key)
		return k.Apply(&b)
	}
	v, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return put(k.Store, key, v)
}
