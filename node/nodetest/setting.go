package nodetest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/mesh/identity"
)

// sets is what a change of a setting says. No value is written twice.
type sets struct{ key, value string }

// edit has an operator change a setting at a desk, and half of the time think
// better of it.
func (c *Campus) edit(s Step) (string, error) {
	h := c.pick(s.A)
	if h == nil || h.Role != identity.RoleDesk || h.revoked {
		return "", nil
	}
	key := fmt.Sprintf("sim/%d", s.B%3)
	did, err := c.set(h, key)
	if err == nil && s.X&1 == 0 {
		did, err = c.set(h, key)
	}
	return did, err
}

func (c *Campus) set(h *House, key string) (string, error) {
	c.truth.told++
	value := fmt.Sprintf("%d", c.truth.told)
	if c.truth.settings[key] == nil {
		c.truth.settings[key] = map[string]bool{}
	}
	c.truth.settings[key][value] = true
	did := fmt.Sprintf("%s sets %s to %s", h.Name, key, value)
	l, began := h.now(), time.Now()
	if l == nil {
		return did + ", unacknowledged", nil // the power went at the one before
	}
	stood, _ := l.node.Replica().Setting(key)
	ids, err := l.node.Replica().Commit(context.Background(), crdt.Draft{Setting: &crdt.Setting{Key: key, Value: shape.String(value)}})
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.life != l {
		return did + ", unacknowledged", nil
	}
	if late := inTime(h, began, "a setting"); late != nil {
		return did, late
	}
	if err != nil {
		if !h.full && !broke(l) {
			return "", violated("answers alone", "%s refuses a setting: %v", h.Name, err)
		}
		return did + ", refused", nil
	}
	f := &fact{kind: edited, by: h, id: ids[0], at: time.Now(), clock: h.Clock.Timeline(), back: h.back, sets: sets{key, value}}
	for _, old := range c.truth.edits {
		if old.sets == (sets{key, stood.Value.String()}) {
			old.over = append(old.over, f)
		}
	}
	c.truth.edits = append(c.truth.edits, f)
	return did, nil
}

// settingsStand: what was acknowledged of a setting stands, or what was written
// over it or beside it.
func (c *Campus) settingsStand(h *House) error {
	sure := func(f *fact) bool { return !f.shaky }
	for _, f := range c.truth.edits {
		s, ok := h.Node().Replica().Setting(f.sets.key)
		switch value := s.Value.String(); {
		case !ok && sure(f):
			return violated("nothing acknowledged is lost", "%s was set to %s at %s, and %s has none", f.sets.key, f.sets.value, f.by.Name, h.Name)
		case ok && !c.truth.settings[f.sets.key][value]:
			return violated("agree on settings", "%s is what nobody ever wrote", f.sets.key)
		case ok && value == f.sets.value && slices.ContainsFunc(f.over, sure):
			return violated("nothing acknowledged is lost", "%s has %s as %s, over which something else was written", h.Name, f.sets.key, value)
		}
	}
	return nil
}
