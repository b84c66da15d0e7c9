package crdt

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

// staged is an entry on its way to the disk.
type staged struct {
	id      record.EventID
	local   bool
	feed    uint64
	payload []byte
	raw     []byte
	hash    [32]byte
	event   *record.Event
	value   []byte
	sealed  []record.SealedEntry
	fresh   bool
	setting *Setting
}

// flight is a batch that has been enqueued and not yet settled. Flights settle
// in the order of the log.
type flight struct {
	entries []staged
	wait    func() error
	reply   []chan error
	feed    uint64
	count   map[record.DocID]uint64
	chains  map[slot][32]byte
	ranks   ranks
}

func newFlight() *flight {
	return &flight{count: map[record.DocID]uint64{}, chains: map[slot][32]byte{}, ranks: ranks{}}
}

func (f *flight) add(s staged) {
	f.entries = append(f.entries, s)
	f.count[s.id.Doc]++
}

// stageHeads adds how far each writer has come by this flight.
func (f *flight) stageHeads(b *store.Batch) {
	seen := make(map[slot]bool, 4)
	for i := len(f.entries) - 1; i >= 0; i-- {
		s := &f.entries[i]
		at := slot{s.id.Doc, s.id.Actor}
		if seen[at] {
			continue
		}
		seen[at] = true
		head := binary.BigEndian.AppendUint64(nil, s.id.Seq)
		b.Set(slotKey(keyHead, at), append(head, s.hash[:]...))
	}
}

// finishLoop waits for each flight to be durable, shows it to readers and lets
// its writers go. What can be folded is folded while the disk works.
func (r *Replica) finishLoop() {
	defer r.done.Done()
	for f := range r.finish {
		err := r.settle(f)
		for _, c := range f.reply {
			c <- err
		}
		if err != nil {
			r.log.Error("entries were not saved", "entries", len(f.entries), "err", err)
			continue
		}
		for _, s := range f.entries {
			if s.local && s.event != nil {
				r.docs.applied(s.id.Doc, s.payload, s.id.Seq)
			}
		}
	}
}

// settle folds the entries of a flight, waits until it is durable and shows it
// to readers.
func (r *Replica) settle(f *flight) error {
	var badges []record.BadgeCode
	for _, s := range f.entries {
		if s.event != nil && s.event.BadgeOf() != 0 {
			badges = append(badges, s.event.BadgeOf())
		}
	}
	slices.Sort(badges)
	badges = slices.Compact(badges)

	r.state.folding.Lock()
	defer r.state.folding.Unlock()
	folds := make(map[record.BadgeCode][]record.Presence, len(badges))
	for _, b := range badges {
		ps, err := r.foldBadge(b)
		if err != nil {
			return errors.Join(err, f.wait())
		}
		folds[b] = ps
	}
	if err := f.wait(); err != nil {
		return err
	}
	r.state.show(f, folds)
	return nil
}
