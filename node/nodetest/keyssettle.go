package nodetest

import (
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/seal"
)

// keysAhead: desks can read what will be sealed for the days to come, and
// wardens its cards.
func (c *Campus) keysAhead(all []*House) error {
	type slot struct {
		audience record.Audience
		date     string
	}
	held := map[*House]map[slot]map[seal.KeyID]bool{}
	for _, h := range all {
		keys, err := h.stolen()
		if err != nil {
			return violated("keys can be read back", "%s: %v", h.Name, err)
		}
		held[h] = map[slot]map[seal.KeyID]bool{}
		for _, k := range keys.keys {
			s := slot{k.Audience, k.Date}
			if held[h][s] == nil {
				held[h][s] = map[seal.KeyID]bool{}
			}
			held[h][s][k.ID] = true
		}
	}
	today := record.DayOf(time.Now())
	for _, a := range []record.Audience{record.CardAudience, record.DossierAudience} {
		for d := today + 2; d < today+record.Day(c.pace.ahead); d++ {
			s := slot{a, d.Start().Format(time.DateOnly)}
			var common map[seal.KeyID]bool
			for _, h := range all {
				if !may(h.Role, a) {
					continue
				}
				if common == nil {
					common = map[seal.KeyID]bool{}
					for id := range held[h][s] {
						common[id] = true
					}
				}
				for id := range common {
					if !held[h][s][id] {
						delete(common, id)
					}
				}
				if len(common) == 0 {
					return violated("keys are there ahead", "%s has no key for the %s of %s that the others have", h.Name, a, s.date)
				}
			}
		}
	}
	return nil
}

// probe has somebody come in after all, and sees to it that nobody who was
// revoked holds a key for what is sealed then.
func (c *Campus) probe() error {
	at := c.members()[0]
	held := map[seal.KeyID]*House{}
	for _, h := range c.Houses {
		if !h.revoked {
			continue
		}
		keys, err := h.stolen()
		if err != nil {
			return violated("keys can be read back", "%s: %v", h.Name, err)
		}
		for _, k := range keys.keys {
			held[k.ID] = h
		}
	}
	if len(held) == 0 {
		return nil
	}
	v, err := c.arrive(at)
	if v == nil {
		return err
	}
	part, err := at.Node().Replica().Sealed(v.card())
	if err != nil {
		return violated("answers alone", "%s cannot read what it sealed: %v", at.Name, err)
	}
	wrap, err := seal.DecodeWrap(part.Key)
	if err != nil {
		return violated("answers alone", "%s cannot read what it sealed: %v", at.Name, err)
	}
	if h := held[wrap.KeyID]; h != nil {
		return violated("no new secret for who was revoked", "%s holds the key to which %s seals what it takes in now", h.Name, at.Name)
	}
	return nil
}
