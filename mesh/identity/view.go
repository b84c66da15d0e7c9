package identity

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"time"
)

// view is what a set of records means, immutable once built.
type view struct {
	records []*Record // by id
	members map[NodeID]Member
	sorted  []Member // by name
	byName  map[string]NodeID
	tokens  map[tokenKey]TokenState
	digest  [32]byte
	ended   map[NodeID]*ending
	serials map[NodeID]uint64 // the highest serial said of each node
	ends    Ends
}

// Ends are all the revocations of a set of records, whatever became of them: what was
// made by somebody who knew fewer records may hang on one that does not stand now, or
// whose node has been forgotten.
type Ends struct {
	At    []time.Time // one for each record, in no order
	Nodes int         // how many nodes they are of
}

func newView(records map[RecordID]*Record) *view {
	rs := slices.SortedFunc(maps.Values(records), func(a, b *Record) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	v := fold(rs)
	v.records = rs
	v.serials = map[NodeID]uint64{}
	h := sha256.New()
	revoked := map[NodeID]bool{}
	for _, r := range rs {
		h.Write(r.ID[:])
		switch {
		case r.Cert != nil:
			v.serials[r.Cert.Node()] = max(v.serials[r.Cert.Node()], r.Cert.Serial)
		case r.Revocation != nil:
			v.serials[r.Revocation.Node] = max(v.serials[r.Revocation.Node], r.Revocation.Serial)
			v.ends.At = append(v.ends.At, r.Revocation.Time())
			revoked[r.Revocation.Node] = true
		}
	}
	v.ends.Nodes = len(revoked)
	h.Sum(v.digest[:0])
	return v
}

// name gives every member a name of its own: of several that bear the same, the
// one that has borne it longest keeps it, members in good standing before
// revoked ones; the others become "name-2", "name-3".
func (v *view) name(births map[NodeID]birth) {
	v.byName = make(map[string]NodeID, len(v.members))
	claimed := make(map[string]bool, len(v.members))
	order := make([]Member, 0, len(v.members))
	for _, m := range v.members {
		claimed[nameKey(m.Name)] = true
		order = append(order, m)
	}
	revoked := func(m Member) int {
		if m.Revoked != nil {
			return 1
		}
		return 0
	}
	slices.SortFunc(order, func(a, b Member) int {
		return cmp.Or(cmp.Compare(revoked(a), revoked(b)),
			cmp.Compare(births[a.ID].serial, births[b.ID].serial), bytes.Compare(a.ID[:], b.ID[:]))
	})
	next := map[string]int{}
	for _, m := range order {
		k := nameKey(m.Name)
		if _, taken := v.byName[k]; taken {
			base := m.Name
			for n := max(next[k], 2); ; n++ {
				m.Name = fmt.Sprintf("%s-%d", base, n)
				if _, taken := v.byName[nameKey(m.Name)]; !taken && !claimed[nameKey(m.Name)] {
					next[k] = n + 1
					break
				}
			}
		}
		v.byName[nameKey(m.Name)] = m.ID
		v.members[m.ID] = m
		v.sorted = append(v.sorted, m)
	}
	slices.SortFunc(v.sorted, func(a, b Member) int {
		return cmp.Or(cmp.Compare(nameKey(a.Name), nameKey(b.Name)), bytes.Compare(a.ID[:], b.ID[:]))
	})
}
