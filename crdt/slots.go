package crdt

import "github.com/upprop/upprop/crdt/record"

// maxSlots is how many slots (an incarnation in a document) of one author are
// taken. A start writes to three or four documents of a day, and to none before
// somebody comes or does something: an honest author would have to be started
// anew between any two of 180 visits a day, on each day that is kept. Four
// authors are needed to fill a comparison of replicas (mesh, maxDocs).
const maxSlots = 16 << 10

// setHead notes how far a slot is enqueued. Callers hold writing, but for Open.
func (r *Replica) setHead(at slot, seq uint64) {
	was := r.heads.get(at)
	r.heads.set(at, seq)
	switch author := at.actor.Node(); {
	case was == 0 && seq > 0:
		r.slots[author]++
	case was > 0 && seq == 0:
		r.slots[author]--
	}
}

// dropHeads forgets a document's slots. Callers hold writing.
func (r *Replica) dropHeads(id record.DocID) {
	for actor, seq := range r.heads[id] {
		if seq == 0 {
			continue
		}
		if author := actor.Node(); r.slots[author] > 1 {
			r.slots[author]--
		} else {
			delete(r.slots, author)
		}
	}
	delete(r.heads, id)
}

// crowded reports whether a slot is one too many of its author's. What this node
// wrote itself, and settings, upon which others' are built, are taken all the
// same. Callers hold writing.
func (r *Replica) crowded(at slot, d record.Doc) bool {
	author := at.actor.Node()
	return d.Kind != record.DocCampus && author != r.cfg.Node && r.heads.get(at) == 0 && r.slots[author] >= r.maxSlots
}

// Takes reports whether entries of an author would be looked at in a document in
// which none of theirs is held.
func (r *Replica) Takes(id record.DocID, actor record.ActorID) bool {
	d, err := record.ParseDocID(string(id))
	if err != nil || d.Kind == record.DocCampus || actor.Node() == r.cfg.Node {
		return true
	}
	r.state.mu.RLock()
	defer r.state.mu.RUnlock()
	return r.state.heads.get(slot{id, actor}) > 0 || len(r.state.sums[actor.Node()]) < r.maxSlots
}
