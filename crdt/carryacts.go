package crdt

import (
	"context"
	"slices"

	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

// carryActs writes anew, into today's document, the shreds in documents that
// are about to be dropped whose visits have key records with a date to come,
// and this node's receipts for them, also where only the receipt goes: a clock that
// was behind has filed it before the shred. Any number of nodes may do so.
func (r *Replica) carryActs(ctx context.Context, docs []record.DocID, day record.Day) error {
	stays := func(doc record.DocID) bool {
		d, err := record.ParseDocID(string(doc))
		_, goes := slices.BinarySearch(docs, doc) // though its day may be far ahead
		return err == nil && d.Day >= day && !goes
	}
	over := carriage{r: r, stays: stays, done: map[shredOf]bool{}}
	// Of a shred its word might not count: those whose does, carry it over.
	mayShred := r.cfg.MayEdit == nil || r.cfg.MayEdit(r.cfg.Node)
	for _, doc := range docs {
		if d, err := record.ParseDocID(string(doc)); err != nil || d.Kind != record.DocActs {
			continue
		}
		if err := r.entries(doc, nil, func(e entry) error {
			acts, err := codec.DecodeActs(e.env.Payload)
			if err != nil {
				return err
			}
			for _, a := range acts.Acts {
				switch {
				case a.Kind == record.ActShred:
					err = over.add(a, shredBy(a, e.env.ID))
				case a.Kind == record.ActReceipt && e.env.ID.Actor.Node() == r.cfg.Node:
					err = over.addReceipts(a)
				}
				if err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
	}
	if !mayShred {
		over.shreds = nil
	}
	for _, a := range slices.Concat(over.shreds, over.receipts) {
		if _, err := r.Commit(ctx, Draft{Acts: []record.Act{a}}); err != nil {
			return err
		}
	}
	return nil
}

type shredOf struct {
	visit record.VisitID
	shred shredRow
}

// carriage gathers what is to be carried over.
type carriage struct {
	r                *Replica
	stays            func(record.DocID) bool
	done             map[shredOf]bool
	shreds, receipts []record.Act
}

func (c *carriage) add(a record.Act, by record.NodeID) error {
	today := record.DayOf(c.r.cfg.Now())
	row := shredRow{a.Erasure, a.At, by}
	var visits []record.VisitID
	for _, v := range a.Visits {
		until, buried, err := c.r.tomb(nil, v)
		if err != nil {
			return err
		}
		if !buried || until < today || c.done[shredOf{v, row}] {
			continue
		}
		c.done[shredOf{v, row}] = true
		told := false
		if err := c.r.shredsOf(v, func(id record.EventID, w shredRow) error {
			told = told || w == row && c.stays(id.Doc)
			return nil
		}); err != nil {
			return err
		}
		if !told {
			visits = append(visits, v)
		}
		if err := c.addReceipt(v); err != nil {
			return err
		}
	}
	if len(visits) > 0 {
		c.shreds = append(c.shreds, record.Act{
			Kind: record.ActShred, At: a.At, Visits: visits, Erasure: a.Erasure, What: carriedShred, By: by.String(), Note: a.Note, Until: a.Until,
		})
	}
	return nil
}

// addReceipts carries this node's receipts for the visits of an act that gave them,
// while their shreds are kept.
func (c *carriage) addReceipts(a record.Act) error {
	today := record.DayOf(c.r.cfg.Now())
	for _, v := range a.Visits {
		until, buried, err := c.r.tomb(nil, v)
		if err == nil && buried && until >= today {
			err = c.addReceipt(v)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// addReceipt carries this node's receipt for a visit, if it gave one and none
// stays.
func (c *carriage) addReceipt(v record.VisitID) error {
	var first record.HLC
	told := false
	lo, hi := store.Prefix(receiptPrefix(v, c.r.cfg.Node))
	err := c.r.store.Scan(lo, hi, func(k, val []byte) error {
		id, ok := parseEntry(k[33:])
		if !ok || len(val) != 8 {
			return errStored
		}
		told = told || c.stays(id.Doc)
		if at := receiptAt(val); first == 0 || at < first {
			first = at
		}
		return nil
	})
	if err != nil || told || first == 0 {
		return err
	}
	for i := range c.receipts {
		if a := &c.receipts[i]; a.At == first && len(a.Visits) < codec.MaxActVisits {
			if !slices.Contains(a.Visits, v) {
				a.Visits = append(a.Visits, v)
			}
			return nil
		}
	}
	c.receipts = append(c.receipts, record.Act{Kind: record.ActReceipt, At: first, Visits: []record.VisitID{v}})
	return nil
}
