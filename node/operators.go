package node

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/seal"
	"github.com/upprop/upprop/mesh"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/access"
	"github.com/upprop/upprop/node/expiry"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/privacy"
)

func (n *Node) openOperators() error {
	n.staff = operators.New(operators.Config{
		Settings: register{n.replica}, Vault: boxes{n.vault},
		MayEdit: func() error {
			switch {
			case n.Barred() != nil:
				return n.Barred()
			case !(members{n.roster}).mayEdit(record.NodeID(n.key.ID())):
				return operators.ErrNotHere
			}
			return nil
		},
		Desk:  func() bool { return n.Self().Role == identity.RoleDesk && n.Barred() == nil },
		Today: n.date, Cost: n.cfg.PasswordCost, Now: n.cfg.Now, Logger: n.log,
		Act:    func(by, what, note string) error { return n.ActBy(by, what, nil, note) },
		Domain: n.Domain, Campus: n.CampusName,
		Sync: n.audit.Sync, Spent: n.spentCodes(), ClockOff: n.clockOff,
	})
	return nil
}

// spentCodes gives what acts of yesterday and later say of used codes, each once.
// Its calls are one after another.
func (n *Node) spentCodes() func(func(note string)) error {
	have := map[record.DocID]map[record.ActorID]uint64{}
	return func(fn func(note string)) error {
		return n.replica.ReadNewActs(n.date()-1, have, func(_ record.EventID, acts record.Acts) error {
			for _, a := range acts.Acts {
				if a.Kind == record.ActAudit && operators.IsUse(a.What) {
					fn(a.Note)
				}
			}
			return nil
		})
	}
}

// clockOff is how far most clocks that are heard now are from this node's; with
// two that differ, the nearer, so that one node's fault is not called ours.
func (n *Node) clockOff() time.Duration {
	if n.mesh == nil {
		return 0
	}
	var all []time.Duration
	for _, x := range n.mesh.Freshness() {
		if x.State != mesh.Self && x.State != mesh.Revoked && expiry.Heard(x, n.cfg.Now()) {
			all = append(all, x.ClockOffset)
		}
	}
	if len(all) < 2 {
		return 0
	}
	slices.Sort(all)
	a, b := all[(len(all)-1)/2], all[len(all)/2]
	if a.Abs() < b.Abs() {
		return a
	}
	return b
}

// Operators are the accounts of those who work at desks.
func (n *Node) Operators() *operators.Service { return n.staff }

// ActBy puts on record what somebody did through this node; empty: whoever sits
// at it. note names nodes, tokens, operators and dates by name or id, never
// people. It does not block; what it refuses is not done.
func (n *Node) ActBy(by, what string, visits []record.VisitID, note string) error {
	return n.audit.ActBy(cmp.Or(by, privacy.Operator), what, visits, note)
}

// foundOperator makes the first operator while a campus is made; where that is
// tried again, the one that was made gets another password.
func foundOperator(o InitOptions, r *crdt.Replica, ring *seal.Vault) error {
	ctx, today := context.Background(), func() record.Day { return record.DayOf(o.Now()) }
	v := &vault{
		replica: r, ring: ring, now: o.Now, date: today, from: today, gone: func() record.Day { return 0 },
		epoch:  func(record.Audience) int64 { return 0 },
		locked: func() bool { return false }, book: access.NewBook(r),
	}
	s := operators.New(operators.Config{
		Settings: register{r}, Vault: boxes{v}, Today: today, Now: o.Now,
		Act: func(by, what, note string) error {
			return register{r}.Act(ctx, []record.Act{{Kind: record.ActAudit, What: what, By: by, Note: note}})
		},
	})
	_, once, err := s.Add(ctx, privacy.Operator, o.Operator, operators.Admin, "")
	if errors.Is(err, operators.ErrTaken) {
		var made operators.Operator
		if made, err = s.Find(o.Operator); err == nil {
			once, err = s.Reset(ctx, privacy.Operator, made.ID, "")
		}
	}
	if err == nil && o.OneTime != nil {
		o.OneTime(once)
	}
	return err
}

// HoldsRoot reports whether the campus root is on this node.
func (n *Node) HoldsRoot() bool {
	_, err := n.root()
	return err == nil
}
