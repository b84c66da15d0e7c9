package node

import (
	"cmp"
	"context"
	"errors"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/seal"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/access"
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
		Act: func(by, what, note string) error { return n.ActBy(by, what, nil, note) },
	})
	return nil
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
