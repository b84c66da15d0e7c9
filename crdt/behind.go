package crdt

import "github.com/upprop/upprop/crdt/record"

// Behind is how many entries a position that node has signed names and that
// are not held here: of the days that it names one by one. rest says that
// something older is missing as well, which a position does not count. Zero
// and false for bytes that are no position.
func (r *Replica) Behind(node record.NodeID, pos []byte) (missing uint64, rest bool) {
	p, err := parsePosition(pos)
	if err != nil {
		return 0, false
	}
	r.state.mu.RLock()
	defer r.state.mu.RUnlock()
	for _, h := range p.heads {
		if one, _ := seriesOf(h.at); one.kind != record.DocCampus && one.day < r.state.horizon {
			continue
		}
		if have := r.state.heads.get(h.at); h.at.actor.Node() == node && have < h.seq {
			missing += h.seq - have
		}
	}
	return missing, missing == 0 && r.state.restOf(node, p) != p.rest
}
