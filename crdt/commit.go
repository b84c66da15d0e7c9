package crdt

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/envelope"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/crdt/store"
)

// Draft is one entry to write: exactly one field is set. A zero time is
// filled in at the moment of writing.
type Draft struct {
	Event *record.Event
	// Sealed are records that travel and rest together.
	Sealed  []record.SealedEntry
	Setting *Setting
	// Acts are one entry of acts; its place in the chain is filled in.
	Acts []record.Act
	// Fresh says that the sealed records are the first of a visit drawn just
	// now, so that nothing can stand against them.
	Fresh bool
	// Late says that the sealed records may reach others after all else.
	Late bool

	// locked are the wrapped keys of Sealed, locked for rest.
	locked [][]byte
}

// maxGroup bounds the entries that share one signature and one fsync.
const maxGroup = 256

// ErrDraft means that a draft cannot be written; nothing was.
var ErrDraft = errors.New("draft cannot be written")

type request struct {
	drafts []Draft
	ids    []record.EventID
	reply  chan error
}

// Commit writes the drafts, all or none, and returns their ids when they are
// durable and folded: after that nothing loses them. Commits that wait at the
// same time share one signature and one fsync. Errors: ErrDraft, ErrClosed,
// those of store.Write; ctx is only waited for before the commit begins.
func (r *Replica) Commit(ctx context.Context, drafts ...Draft) ([]record.EventID, error) {
	if len(drafts) == 0 || len(drafts) > maxGroup {
		return nil, fmt.Errorf("commit of %d entries: %w", len(drafts), ErrDraft)
	}
	for _, d := range drafts {
		if err := errors.Join(d.check(), d.checkKeys(r.FilingDay())); err != nil {
			return nil, err
		}
	}
	q := &request{drafts: drafts, reply: make(chan error, 1)}
	select {
	case r.requests <- q:
	case <-r.stop:
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if err := <-q.reply; err != nil {
		return nil, fmt.Errorf("commit: %w", err)
	}
	return q.ids, nil
}

func (d Draft) check() error {
	n := 0
	// What does not read back here would be refused by every other node.
	if d.Event != nil {
		n++
		e := *d.Event
		e.At = max(e.At, 1)
		raw := codec.EncodeEvent(e)
		if _, err := codec.DecodeEvent(raw); err != nil || len(raw) > codec.MaxEvent-16 {
			return fmt.Errorf("event without its form or too large: %w", errors.Join(err, ErrDraft))
		}
	}
	if d.Sealed != nil {
		n++
		size := 0
		for _, s := range d.Sealed {
			size += len(s.Box) + 256
			if err := codec.CheckSealed(s); err != nil {
				return fmt.Errorf("sealed record without its form: %w", errors.Join(err, ErrDraft))
			}
		}
		if len(d.Sealed) == 0 || len(d.Sealed) > codec.MaxRecords || size > codec.MaxSealed {
			return fmt.Errorf("%d sealed records of %d bytes: %w", len(d.Sealed), size, ErrDraft)
		}
	}
	if d.Setting != nil {
		n++
		if err := d.Setting.check(); err != nil {
			return err
		}
	}
	if d.Acts != nil {
		n++
		if err := codec.CheckActs(d.Acts); err != nil {
			return fmt.Errorf("acts without their form: %w", errors.Join(err, ErrDraft))
		}
	}
	if n != 1 {
		return fmt.Errorf("a draft holds one entry: %w", ErrDraft)
	}
	return nil
}

// commitLoop gathers the requests that wait and writes them as one group. It
// hands the group over to finishLoop before it is durable, so that the next
// group is built while the disk works.
func (r *Replica) commitLoop() {
	defer r.done.Done()
	defer r.endWriting()
	for {
		var group []*request
		select {
		case q := <-r.requests:
			group = append(group, q)
		case <-r.stop:
			return
		}
		for n := len(group[0].drafts); n < maxGroup; {
			select {
			case q := <-r.requests:
				group = append(group, q)
				n += len(q.drafts)
				continue
			default:
			}
			break
		}
		r.commitGroup(group)
	}
}

// commitGroup lets writing go also when it panics: endWriting waits for it, and
// the process is to end and not to hang.
func (r *Replica) commitGroup(group []*request) {
	r.writing.Lock()
	defer r.writing.Unlock()
	group = r.lockGroup(group)
	f, err := r.writeGroup(group)
	if err == nil {
		r.finish <- f
	}
}

// endWriting lets nothing more into the log.
func (r *Replica) endWriting() {
	r.writing.Lock()
	defer r.writing.Unlock()
	r.state.mu.Lock()
	r.state.closed = true
	r.state.mu.Unlock()
	close(r.finish)
}

// build makes one draft an entry of today's document.
func (r *Replica) build(d Draft, now time.Time, f *flight) (*envelope.Envelope, error) {
	s := staged{local: true}
	switch {
	case d.Event != nil:
		e := *d.Event
		if e.At == 0 {
			e.At = r.clock.Now()
		}
		s.event, s.value = &e, codec.EncodeEvent(e)
		doc := r.openPart(record.DocDay, f)
		change, hash, err := r.dayChange(doc, s.value, f)
		if err != nil {
			return nil, err
		}
		s.payload, s.hash, s.id.Doc = change, hash, doc
	case d.Sealed != nil:
		s.sealed, s.locked, s.fresh = slices.Clone(d.Sealed), d.locked, d.Fresh
		// A part and its key are of one time, so that of two sealings of one
		// version both stand from the same one.
		at := r.clock.Now()
		for i := range s.sealed {
			if s.sealed[i].At == 0 {
				s.sealed[i].At = at
			}
		}
		s.payload, s.id.Doc = codec.EncodeSealed(s.sealed), r.openPart(record.DocSealed, f)
		if d.Late {
			s.id.Doc = r.openPartAt(record.DocSealed, record.LateSite, f)
		}
	case d.Acts != nil:
		s.acts, s.payload = r.chainActs(d.Acts, f)
		s.id.Doc = r.openPart(record.DocActs, f)
	default:
		raw, change, err := r.campus.write(r.actor, *d.Setting, r.cfg.Standing)
		if err != nil {
			return nil, err
		}
		s.setting = r.campus.current(change.Key)
		s.payload, s.hash, s.id.Doc = raw, change.Hash, r.campusDoc(now)
	}
	s.id.Actor = r.actor
	s.id.Seq = r.heads.get(slot{s.id.Doc, r.actor}) + f.count[s.id.Doc] + 1
	s.late = (s.sealed != nil && !s.fresh || s.acts != nil && shreds(*s.acts)) && r.late(s.id)
	if s.setting != nil && s.id.Seq != r.campus.lastSeq {
		r.campus.spoilt = true
		return nil, fmt.Errorf("own setting %d out of sequence: %w", s.id.Seq, ErrDraft)
	}
	r.feedEnd++
	s.feed = r.feedEnd
	f.add(s)
	return &envelope.Envelope{ID: s.id, Payload: s.payload}, nil
}

// dayChange is the change that puts one event into a day document, upon this
// actor's change before it and nothing else: byte for byte what the core would
// commit, at a twentieth of the cost (crdt/shape proves it against the core).
// The core itself applies it to the day's document once it is durable.
func (r *Replica) dayChange(doc record.DocID, value []byte, f *flight) (raw []byte, hash [32]byte, err error) {
	at := slot{doc, r.actor}
	prev, ok := f.chains[at]
	if !ok {
		prev = r.chains[at]
	}
	raw, hash, err = shape.EncodeDay(shape.Day{
		Actor: r.actor[:], Seq: r.heads.get(at) + f.count[doc] + 1, Prev: prev, Event: value,
	})
	if err != nil {
		return nil, hash, fmt.Errorf("write event: %w", err)
	}
	f.chains[at] = hash
	return raw, hash, nil
}

// openPart is the part of today's document to write to: the first one that is
// not full by what is known here.
func (r *Replica) openPart(kind record.DocKind, f *flight) record.DocID {
	return r.openPartAt(kind, r.cfg.Site, f)
}

func (r *Replica) openPartAt(kind record.DocKind, site record.SiteID, f *flight) record.DocID {
	d := record.Doc{Kind: kind, Day: r.filed(r.today()), Site: site}
	for {
		id := d.ID()
		if r.heads.entries(id)+f.count[id] < record.PartSize && !r.ended(id, d) {
			return id
		}
		d.Part++
	}
}

// stage adds an entry to the batch that makes it durable.
func (r *Replica) stage(b *store.Batch, n *ranks, s *staged) error {
	value := binary.BigEndian.AppendUint64(make([]byte, 0, 8+len(s.raw)), s.feed)
	b.Set(entryKey(s.id), append(value, s.raw...))
	b.Set(feedKey(s.feed), entryKey(s.id)[1:])
	if s.late {
		b.Set(passedKey(s.id), nil)
	}
	switch {
	case s.event != nil && s.event.BadgeOf() != 0:
		b.Set(visitKey(*s.event, s.id), s.value)
	case s.event != nil && s.event.OfEvacuation():
		b.Set(evacKey(s.id), s.value)
	case s.event != nil && s.event.OfFeed():
		return r.stageFed(b, n, s.id, *s.event)
	case s.sealed != nil:
		for i, one := range s.sealed {
			var locked []byte
			if s.locked != nil {
				locked = s.locked[i]
			}
			if err := r.stageSealed(b, n, one, s.id, locked, s.fresh, s.late); err != nil {
				return err
			}
		}
	case s.acts != nil:
		return r.stageActs(b, n, s.id, *s.acts, s.late)
	}
	return nil
}

// advance notes that an entry has been enqueued. Callers hold writing.
func (r *Replica) advance(s staged) {
	at := slot{s.id.Doc, s.id.Actor}
	r.setHead(at, s.id.Seq)
	r.chains[at] = s.hash
}
