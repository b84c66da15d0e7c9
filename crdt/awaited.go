package crdt

import (
	"bytes"

	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/record"
)

// maxAwaited bounds the key records that entries wait for.
const maxAwaited = 1 << 16

// awaited remembers which wrapped keys are missing from entries that could not
// be taken, and the highest record of each that some member has signed since.
// Such a record may lie behind the very entry that waits for it. Guarded by
// writing.
type awaited map[record.PartKey]*waiting

// waiting is a key that is missing: at is the lowest record of it that waits, best the
// highest that was signed, and late the highest, with its wrapped key, that was signed
// after a revocation.
type waiting struct{ at, best, late weight }

func (a awaited) await(k record.PartKey, at weight) {
	if len(a) >= maxAwaited {
		clear(a) // they are asked for again
	}
	if a[k] == nil {
		a[k] = &waiting{at: at}
	}
	if at.below(a[k].at) {
		a[k].at = at
	}
}

// outranked reports whether a higher record than at is known to have been signed. Of
// what was signed after a revocation, which late says, one that was signed so as well
// is such: who took both before hearing of that has destroyed the lower key, and there
// is a name all the same.
func (a awaited) outranked(k record.PartKey, at weight, late bool) bool {
	w := a[k]
	return w != nil && (at.below(w.best) || late && at.below(w.late))
}

// witness looks through entries that could not be taken, once any waits for a
// key, for what others wait for likewise and for records that outrank what is
// awaited; it reports whether there were any such.
func (r *Replica) witness(left []candidate) (news bool) {
	a := r.awaited
	if len(a) == 0 {
		return false
	}
	for _, e := range left {
		author, all := e.ID.Actor.Node(), sealedIn(e)
		wraps, ok := checkAside(e.Aside, all)
		for i, s := range all {
			if deadlined(s) && (!ok || wraps[i] == nil) {
				k := record.PartKey{Visit: s.Visit, Audience: s.Audience}
				a.await(k, r.weigh(k, rankOf(s, author)))
			}
		}
	}
	for _, e := range left {
		all, late := sealedIn(e), r.late(e.ID)
		wraps, ok := checkAside(e.Aside, all)
		for i, s := range all {
			k := record.PartKey{Visit: s.Visit, Audience: s.Audience}
			at, w := r.weigh(k, rankOf(s, e.ID.Actor.Node())), a[k]
			switch {
			case s.Kind == record.KeyPut && !late:
			case s.Kind == record.KeyPut && ok && wraps[i] != nil:
				if w != nil && w.late.below(at) && w.at.below(at) {
					w.late, news = at, true
				}
				continue
			case s.Kind == record.Shred && r.mayEdit(e.ID):
				at = weight(bytes.Repeat([]byte{0xff}, len(at)))
			default:
				continue
			}
			if w != nil && w.best.below(at) && w.at.below(at) {
				w.best, news = at, true
			}
		}
	}
	return news
}

// sealedIn are the records of an entry, none if it is not of a sealed document.
func sealedIn(e candidate) []record.SealedEntry {
	if !sealedDoc(e.ID.Doc) {
		return nil
	}
	all, err := codec.DecodeSealed(e.Payload)
	if err != nil {
		return nil
	}
	return all
}
