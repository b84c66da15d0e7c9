package crdt

import (
	"encoding/binary"
	"fmt"
	"maps"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

// farAhead is how many days a document may be ahead of today before it is
// taken for the work of a wrong clock.
const farAhead = 2

// ahead is what is remembered of a document far ahead: since when it is held,
// and whether it has been dropped since.
type ahead struct {
	since record.Day
	gone  bool
}

func aheadKey(id record.DocID) []byte { return append([]byte{keyAhead}, id...) }

func (a ahead) encode() []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(int32(a.since)))
	if a.gone {
		return append(b, 1)
	}
	return append(b, 0)
}

func (r *Replica) loadAhead() error {
	lo, hi := store.Prefix([]byte{keyAhead})
	return r.store.Scan(lo, hi, func(k, v []byte) error {
		if len(v) == 5 {
			day := record.Day(int32(binary.BigEndian.Uint32(v)))
			r.state.ahead[record.DocID(k[1:])] = ahead{day, v[4] == 1}
		}
		return nil
	})
}

// today is the day under which this node files what it writes.
func (r *Replica) today() record.Day {
	if r.cfg.Today != nil {
		return r.cfg.Today()
	}
	return record.DayOf(r.cfg.Now())
}

// FilingDay is the day under which an entry written now would be filed.
func (r *Replica) FilingDay() record.Day {
	return r.filedOn(r.today())
}

// filedOn is filed for callers who do not hold writing.
func (r *Replica) filedOn(d record.Day) record.Day {
	if h := r.horizon(); h > 0 && d >= h+r.keptBehind() {
		return d
	}
	r.writing.Lock()
	defer r.writing.Unlock()
	return r.filed(d)
}

// keptBehind is how far today is ahead of the first day kept, at least, by a
// clock that is not behind what it was when days were last dropped.
func (r *Replica) keptBehind() record.Day { return max(record.Day(r.cfg.RetainDays)-1, 0) }

// filed is the day under which is filed what is written on d. A clock that is
// behind files under the newest day that is held: what it shows others may have
// dropped, and would not take. Callers hold writing.
func (r *Replica) filed(d record.Day) record.Day {
	if first := r.firstDay(); d < first+r.keptBehind() {
		return max(d, r.newestDay(first))
	}
	return d
}

// NoteAhead notes since when documents of days far ahead of today are held, so
// that they are dropped with that day and not with their own, which may be in
// another century. Call it when today is sure: when others bear it out, or
// nobody is there who could. Where that is from before the horizon, since two
// mad clocks bear one another out, the newest day that is held counts: else all
// would be old as soon as the clock is right. Durable when it returns.
func (r *Replica) NoteAhead(today record.Day) error {
	r.dropping.Lock()
	defer r.dropping.Unlock()
	if today < r.horizon() {
		today = r.filedOn(today)
	}
	r.state.mu.RLock()
	known := maps.Clone(r.state.ahead)
	far := map[record.DocID]bool{}
	for id := range r.state.heads {
		d, err := record.ParseDocID(string(id))
		far[id] = err == nil && d.Kind != record.DocCampus && d.Day > today+farAhead
	}
	horizon := r.state.horizon
	r.state.mu.RUnlock()
	var b store.Batch
	for id, is := range far {
		if old, ok := known[id]; is && (!ok || old.since > today) {
			known[id] = ahead{since: today}
			b.Set(aheadKey(id), known[id].encode())
		}
	}
	for id, one := range known {
		d, err := record.ParseDocID(string(id))
		if one.gone && (err != nil || d.Day < horizon) || !one.gone && !far[id] {
			delete(known, id)
			b.Delete(aheadKey(id))
		}
	}
	return r.keepAhead(known, &b)
}

// FirstHeld is the day since which a document of a day far ahead is held, or
// was until it was dropped; false for every other document.
func (r *Replica) FirstHeld(id record.DocID) (since record.Day, ok bool) {
	r.state.mu.RLock()
	defer r.state.mu.RUnlock()
	one, ok := r.state.ahead[id]
	return one.since, ok
}

// HeldAhead are the documents of days far ahead that are held and noted, each
// with the day since which it is.
func (r *Replica) HeldAhead() map[record.DocID]record.Day {
	r.state.mu.RLock()
	defer r.state.mu.RUnlock()
	out := map[record.DocID]record.Day{}
	for id, one := range r.state.ahead {
		if !one.gone {
			out[id] = one.since
		}
	}
	return out
}

// HeldSince notes that documents of days far ahead have been held elsewhere
// since earlier days than here, and counts those days. It does nothing for
// others. Durable when it returns.
func (r *Replica) HeldSince(days map[record.DocID]record.Day) error {
	r.dropping.Lock()
	defer r.dropping.Unlock()
	r.state.mu.RLock()
	known := maps.Clone(r.state.ahead)
	r.state.mu.RUnlock()
	var b store.Batch
	for id, day := range days {
		if one, ok := known[id]; ok && !one.gone && day < one.since {
			known[id] = ahead{since: day}
			b.Set(aheadKey(id), known[id].encode())
		}
	}
	return r.keepAhead(known, &b)
}

// Due reports whether a document of a day far ahead is held that a drop of the
// days before first would drop.
func (r *Replica) Due(first record.Day) bool {
	for _, since := range r.HeldAhead() {
		if since < first {
			return true
		}
	}
	return false
}

// keepAhead makes b durable, and known what is remembered. Callers hold
// dropping.
func (r *Replica) keepAhead(known map[record.DocID]ahead, b *store.Batch) error {
	if b.Len() == 0 {
		return nil
	}
	if err := r.store.Apply(b); err != nil {
		return fmt.Errorf("note days ahead: %w", err)
	}
	r.state.mu.Lock()
	defer r.state.mu.Unlock()
	r.state.ahead = known
	return nil
}

// Ahead counts the documents of days far ahead that are held: the work of wrong
// clocks.
func (r *Replica) Ahead() (n int) {
	r.state.mu.RLock()
	defer r.state.mu.RUnlock()
	for _, one := range r.state.ahead {
		if !one.gone {
			n++
		}
	}
	return n
}

// over reports whether a document has been dropped, or is about to be: of the
// days before first, or far ahead and held since before first. Callers hold mu.
func (s *state) over(id record.DocID, d record.Doc, first record.Day) bool {
	if d.Kind == record.DocCampus {
		return false
	}
	one, far := s.ahead[id]
	return d.Day < first || far && (one.gone || one.since < first)
}

// dropped reports whether a document has been dropped.
func (r *Replica) dropped(id record.DocID, d record.Doc) bool {
	r.state.mu.RLock()
	defer r.state.mu.RUnlock()
	return r.state.dropped(id, d)
}

func (s *state) dropped(id record.DocID, d record.Doc) bool {
	return d.Kind != record.DocCampus && (d.Day < s.horizon || s.ahead[id].gone)
}

// droppedAfter reports whether a document far ahead has been dropped whose day is
// after one. Callers hold mu.
func (s *state) droppedAfter(day record.Day) bool {
	for id, one := range s.ahead {
		if d, err := record.ParseDocID(string(id)); one.gone && err == nil && d.Day > day {
			return true
		}
	}
	return false
}

// ended reports whether nothing more goes into a document. Callers hold
// writing.
func (r *Replica) ended(id record.DocID, d record.Doc) bool {
	r.state.mu.RLock()
	defer r.state.mu.RUnlock()
	return r.state.dropped(id, d) || r.closing > 0 && r.state.over(id, d, r.closing)
}

// markGone notes in b that a document far ahead is dropped, so that it does
// not come back. It does nothing for others. Callers hold writing.
func (r *Replica) markGone(id record.DocID, b *store.Batch) {
	r.state.mu.Lock()
	defer r.state.mu.Unlock()
	if one, far := r.state.ahead[id]; far {
		one.gone = true
		r.state.ahead[id] = one
		b.Set(aheadKey(id), one.encode())
	}
}

// due is the day by which a document of this node's counts as old: its own, or
// that since which it is held when it is far ahead. Callers hold mu.
func (s *state) due(one series, id record.DocID) record.Day {
	if rec, far := s.ahead[id]; far {
		return min(rec.since, one.day)
	}
	return one.day
}

// longClosure is for how many days a campus may have been closed and still be
// taken for that, where a clock that is years off is the other explanation.
const longClosure = 183

// newestDay is the newest day of which a document is held, but for those far
// ahead of all that can be kept besides first. Callers hold writing.
func (r *Replica) newestDay(first record.Day) record.Day {
	// Days are kept for up to twice the retention: where nobody is heard. What
	// is from before a long closure others drop within minutes of its end, and
	// take nothing more of its days, while it is still held here.
	day, last := first, first+2*record.Day(r.cfg.RetainDays)+longClosure
	for id := range r.heads {
		if d, ok := r.docOf(id); ok && d.Kind != record.DocCampus && d.Day <= last {
			day = max(day, d.Day)
		}
	}
	return day
}
