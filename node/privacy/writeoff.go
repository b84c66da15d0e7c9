package privacy

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/mesh/identity"
)

// prefixWrittenOff is followed by a node's id in lower case; the value is when it was
// written off and by whom, with a space between.
const prefixWrittenOff = "writtenoff/"

// alive is how long after its last word a node cannot be written off.
const alive = time.Hour

// ActWriteOff is what the audit calls a write-off.
const ActWriteOff = "node.write_off"

// WriteOff is an operator's word that a node has been destroyed.
type WriteOff struct {
	At time.Time
	// By is the name of the node at which it was said.
	By string
}

func (w WriteOff) text() string { return w.At.UTC().Format(time.RFC3339) + " " + w.By }

func parseWriteOff(s string) (w WriteOff, ok bool) {
	at, by, ok := strings.Cut(s, " ")
	t, err := time.Parse(time.RFC3339, at)
	return WriteOff{At: t.UTC(), By: by}, ok && err == nil && by != ""
}

// writtenOff are the nodes that have been written off.
func (s *Service) writtenOff() map[record.NodeID]WriteOff {
	out := map[record.NodeID]WriteOff{}
	for _, x := range s.cfg.Settings.Settings(prefixWrittenOff) {
		var id record.NodeID
		w, ok := parseWriteOff(x.Value.String())
		if ok && id.UnmarshalText([]byte(x.Key[len(prefixWrittenOff):])) == nil {
			out[id] = w
		}
	}
	return out
}

// IsWrittenOff reports whether an operator has declared a node destroyed.
func (s *Service) IsWrittenOff(id identity.NodeID) bool {
	_, ok := s.writtenOff()[record.NodeID(id)]
	return ok
}

// WriteOff takes down that a node has been destroyed, so that erasures wait
// for it no longer. It is not a receipt and revokes nothing. Durable, and on
// the audit log, when it returns; writing a node off again changes nothing.
// Errors: *Problem.
func (s *Service) WriteOff(ctx context.Context, name string) error {
	if err := s.may(); err != nil {
		return err
	}
	m, ok := s.cfg.Roster.ByName(name)
	switch {
	case !ok:
		return ErrUnknownNode
	case m.ID == s.cfg.Self:
		return ErrWriteOffSelf
	}
	now := s.cfg.Now()
	if heard := s.member(m).LastHeard; m.Revoked == nil && !heard.IsZero() && now.Sub(heard) < alive {
		return ErrWriteOffAlive
	}
	id := record.NodeID(m.ID)
	if _, ok := s.writtenOff()[id]; ok {
		return nil
	}
	self, _ := s.cfg.Roster.Member(s.cfg.Self)
	// On record first: a write-off that nobody can trace must not stand.
	act := record.Act{Kind: record.ActAudit, What: ActWriteOff, By: Operator, Note: id.String()}
	if err := s.cfg.Register.Act(ctx, []record.Act{act}); err != nil {
		return fmt.Errorf("write off: %w", err)
	}
	w := WriteOff{At: now, By: self.Name}
	if err := s.cfg.Settings.Set(ctx, crdt.Setting{Key: prefixWrittenOff + strings.ToLower(id.String()), Value: shape.String(w.text())}); err != nil {
		return fmt.Errorf("write off: %w", err)
	}
	return nil
}
