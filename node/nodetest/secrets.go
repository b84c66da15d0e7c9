package nodetest

import (
	"slices"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/seal"
	"github.com/upprop/upprop/mesh/identity"
)

// found is what is known of a private key: who has been seen to hold it.
type found struct{ by map[*House]bool }

// may says which audiences' private keys a role may hold.
func may(role identity.Role, a record.Audience) bool {
	return role == identity.RoleDesk || role == identity.RoleWarden && a == record.CardAudience
}

// card names the key record of a visit's card.
func (v *visit) card() record.PartKey {
	return record.PartKey{Visit: v.id, Audience: record.CardAudience}
}

// parts names all its key records: the card's first, the dossier's, and that of
// what the badge opens.
func (v *visit) parts() [3]record.PartKey {
	return [...]record.PartKey{v.card(), {Visit: v.id, Audience: record.DossierAudience}, {Visit: v.id, Audience: record.BearerAudience}}
}

// soundDay is the date at a house; 0 while any clock is wrong, since then
// nobody can tell.
func (c *Campus) soundDay(h *House) record.Day {
	for _, o := range c.Houses {
		if off := o.Clock.Off(); off > time.Minute || off < -time.Minute {
			return 0
		}
	}
	return record.DayOf(h.Clock.Now().Add(-2 * time.Second)) // a date is believed for a second
}

// believed is for how long what others showed of a clock may be gone by after
// it has been put right.
const believed = time.Minute + 2*beatEvery

// checkSecrets holds every node to who may read what, and when no more.
func (c *Campus) checkSecrets() error {
	for _, h := range c.Houses {
		if err := c.checkKeys(h); err != nil {
			return err
		}
	}
	for _, h := range c.Houses {
		if err := c.checkRevoked(h); err != nil {
			return err
		}
	}
	for _, h := range c.on() {
		keys, err := h.stolen()
		if err != nil {
			return violated("keys can be read back", "%s: %v", h.Name, err)
		}
		if err := c.checkDates(h); err != nil {
			return err
		}
		for _, v := range c.truth.visits {
			if err := c.checkVisit(h, v, keys); err != nil {
				return err
			}
		}
	}
	if err := c.checkReceipts(); err != nil {
		return err
	}
	if err := c.checkClear(); err != nil {
		return err
	}
	for _, h := range c.on() {
		h.aware = map[*House]bool{}
		for _, o := range c.Houses {
			m, ok := h.Node().Roster().Member(o.ID)
			h.aware[o] = o.revoked && (!ok || m.Revoked != nil)
		}
	}
	return nil
}

// checkKeys: a house holds the private keys of its role's audiences alone.
func (c *Campus) checkKeys(h *House) error {
	keys, err := h.stolen()
	if err != nil {
		return violated("keys can be read back", "%s: %v", h.Name, err)
	}
	for _, k := range keys.keys {
		if !may(h.Role, k.Audience) {
			return violated("only the right eyes", "%s, which is of role %s, holds a private key for the %s of %s", h.Name, h.Role, k.Audience, k.Date)
		}
		if c.keys[k.ID] == nil {
			c.keys[k.ID] = &found{map[*House]bool{}}
		}
		c.keys[k.ID].by[h] = true
	}
	return nil
}

// checkRevoked: who was revoked is given no key that was made after that by
// who knew of it.
func (c *Campus) checkRevoked(h *House) error {
	if !h.revoked {
		return nil
	}
	keys, err := h.stolen()
	if err != nil {
		return violated("keys can be read back", "%s: %v", h.Name, err)
	}
	for _, k := range keys.keys {
		if h.may[k.ID] {
			continue
		}
		h.may[k.ID] = true
		others, knew := 0, true
		for o := range c.keys[k.ID].by {
			if o != h {
				others++
				knew = knew && o.aware[h]
			}
		}
		if others > 0 && knew {
			return violated("no new secret for who was revoked", "%s holds a private key for the %s of %s that was made after its revocation", h.Name, k.Audience, k.Date)
		}
	}
	return nil
}

// noteRevoked notes which keys a house may hold that is being revoked.
func (c *Campus) noteRevoked(h *House) {
	h.may = map[seal.KeyID]bool{}
	for id := range c.keys {
		h.may[id] = true
	}
}

// shows is what a node shows of a visit: its name, and whether it opens
// anything at all.
func shows(h *House, v *visit) (name string, opened bool, dossier bool) {
	h.unlock()
	card, err := h.Node().Visits().Card(v.id)
	name, opened = card.Name.Reveal(), err == nil
	_, err = h.Node().Visits().Dossier(v.id)
	return name, opened || err == nil, err == nil
}

// checkVisit holds a running node to what it may show of a visit.
func (c *Campus) checkVisit(h *House, v *visit, keys *loot) error {
	r := h.Node().Replica()
	shredded := r.Shredded(v.id)
	var ends [3]record.Day
	for i, k := range v.parts() {
		var err error
		if ends[i], err = c.checkRow(h, v, k, shredded, keys); err != nil {
			return err
		}
	}
	name, opened, dossier := shows(h, v)
	_, on := r.Evacuations().Running("")
	switch {
	case opened && !may(h.Role, record.CardAudience):
		return violated("only the right eyes", "%s, which is of role %s, opens v%d", h.Name, h.Role, v.n)
	case dossier && !may(h.Role, record.DossierAudience):
		return violated("only the right eyes", "%s, which is of role %s, opens the dossier of v%d", h.Name, h.Role, v.n)
	case opened && h.Role == identity.RoleWarden && (!on || c.drills == 0):
		return violated("only the right eyes", "%s opens v%d, and there is no drill", h.Name, v.n)
	case opened && name != "" && !slices.Contains(v.names, name):
		return violated("nobody is called by another's name", "%s calls v%d by a name that was never told", h.Name, v.n)
	case opened && shredded:
		return violated("erased means gone", "%s opens v%d and knows that it is erased", h.Name, v.n)
	case opened && h.buried[v]:
		return violated("erased means gone", "%s opens v%d, which it had destroyed", h.Name, v.n)
	case h.buried[v] && !shredded && !c.wrongSince(v.arrived.at) && c.soundDay(h) < v.ends:
		return violated("erased means gone", "%s has forgotten that v%d was erased, and keys of v%d could come back", h.Name, v.n, v.n)
	case shredded && len(v.orders) == 0 && !v.ordered:
		return violated("nobody is erased unasked", "%s holds v%d for erased", h.Name, v.n)
	case opened && c.dateOver(h, ends[0]):
		return violated("nothing opens after its date", "%s opens v%d, whose date was %s", h.Name, v.n, ends[0])
	case dossier && c.dateOver(h, ends[1]):
		return violated("nothing opens after its date", "%s opens the dossier of v%d, whose date was %s", h.Name, v.n, ends[1])
	}
	if shredded {
		if greetsBy(h, v) {
			return violated("a shred beats the paper", "%s opens v%d for who shows the QR of the receipt, and knows that it is erased", h.Name, v.n)
		}
		if h.buried == nil {
			h.buried = map[*visit]bool{}
		}
		h.buried[v] = true
	}
	return nil
}

// dateOver reports whether a date has come at a house, and has been believed there
// for long enough; zero is no date.
func (c *Campus) dateOver(h *House, until record.Day) bool {
	return until != 0 && c.soundDay(h) >= until && time.Since(c.rightAt) > believed
}

// checkRow holds one key record on a running house's disk to what may stand there,
// and remembers it. It returns its date, zero where there is none.
func (c *Campus) checkRow(h *House, v *visit, k record.PartKey, shredded bool, keys *loot) (record.Day, error) {
	row, held, err := rests(h.now().disk.Disk, k)
	if err != nil {
		return 0, violated("goes on", "%s: %v", h.Name, err)
	}
	if !held {
		return 0, nil
	}
	if shredded && row.state != shreddedRow {
		return 0, violated("erased means gone", "%s keeps the key record for the %s of v%d and knows that it is erased", h.Name, k.Audience, v.n)
	}
	for _, f := range v.fixed {
		// What the badge opens is not corrected, it ends.
		if k.Audience != record.BearerAudience && f.by == h && f.back == h.back && !f.shaky && row.state == lockedRow && row.version < f.version {
			return 0, violated("nothing acknowledged is lost", "%s is back at version %d of the %s of v%d, which it corrected", h.Name, row.version, k.Audience, v.n)
		}
	}
	return row.until, c.remember(h, v, k, row, keys)
}

// checkReceipts: who has given a receipt has nothing left that opens what lay
// on its disk.
func (c *Campus) checkReceipts() error {
	for _, v := range c.truth.visits {
		if len(v.orders) == 0 && !v.ordered {
			continue
		}
		for _, h := range c.on() {
			given, err := h.Node().Replica().Receipts(v.id)
			if err != nil {
				return violated("goes on", "%s: %v", h.Name, err)
			}
			for _, x := range c.Houses {
				if _, ok := given[x.NodeID()]; !ok {
					continue
				}
				if err := c.checkReceipt(h, x, v); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (c *Campus) checkReceipt(at, x *House, v *visit) error {
	keys, err := x.stolen()
	if err != nil {
		return violated("keys can be read back", "%s: %v", x.Name, err)
	}
	left := func(format string, args ...any) error {
		return violated("a receipt is given when the key is gone", "%s has a receipt of %s for v%d, whose key record for the "+format, slices.Concat([]any{at.Name, x.Name, v.n}, args)...)
	}
	for _, k := range v.parts() {
		if slices.ContainsFunc(x.destroyed[k], func(r resting) bool { return r.opens(keys, k) }) {
			return left("%s had been destroyed at %s and can be read again", k.Audience, x.Name)
		}
	}
	if x.excused[v] {
		if n := x.Node(); n != nil && n.Replica().Shredded(v.id) && len(n.Replica().ShredPending()) == 0 {
			delete(x.excused, v)
		}
		return nil
	}
	for _, k := range v.parts() {
		if slices.ContainsFunc(x.boxes[k], func(r resting) bool { return r.opens(keys, k) }) {
			return left("%s can still be read from the disk of %s", k.Audience, x.Name)
		}
		if n := x.Node(); n != nil {
			if _, err := n.Replica().Sealed(k); err == nil {
				return left("%s stands there", k.Audience)
			}
		}
	}
	return nil
}

// excuse: the house is put back to a copy, and has forgotten erasures. Of all it
// keeps: what it had destroyed is there again until it hears of them anew. Of
// the database alone: that stays destroyed, and until then it may be handed
// the keys once more by who has not heard of the erasures either.
func (c *Campus) excuse(h *House) {
	h.excused = map[*visit]bool{}
	for _, v := range c.truth.visits {
		h.excused[v] = len(v.orders) > 0 || v.ordered
	}
}
