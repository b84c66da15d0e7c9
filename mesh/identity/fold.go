package identity

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"time"
)

// books is the verified records by what they say, each list in the order of
// the record ids so that ties fall the same way everywhere.
type books struct {
	certs   map[NodeID][]*Record // by subject
	revs    map[NodeID][]*Record // by subject
	issued  []*Record
	spent   map[TokenID][]*Record
	voided  map[TokenID][]*Record
	demoted map[NodeID]*Cert // an issuer's latest root-signed cert, if it may not issue
}

// fold turns a set of verified records, in the order of their ids, into what
// they mean together. It is a pure function of the set.
//
// It goes in layers so that no record judges itself: root's revocations first,
// then the issuers' revocations that the root left standing, then certificates,
// then tokens.
func fold(records []*Record) *view {
	b := sortBooks(records)
	f := &folding{books: b, revoked: map[NodeID][]*Record{}}
	for node, revs := range b.revs {
		if root := filter(revs, rooted); standing(root, b.certs[node]) {
			f.revoked[node] = root
		}
	}
	rootRevoked := maps.Clone(f.revoked)
	for node, revs := range b.revs {
		counting := filter(revs, func(r *Record) bool {
			if end, ok := b.demoted[r.Signer]; ok && r.Revocation.Serial >= end.Serial {
				return false
			}
			byRoot, ok := rootRevoked[r.Signer]
			return !ok || keeps(byRoot, r.ID)
		})
		if standing(counting, b.certs[node]) {
			f.revoked[node] = counting
		} else {
			delete(f.revoked, node)
		}
	}
	v := &view{members: map[NodeID]Member{}, tokens: f.tokens(), ended: endings(f.revoked, b.certs)}
	f.sums = make(map[NodeID]*Revocation, len(f.revoked))
	for node := range f.revoked {
		f.sums[node] = f.sum(node)
	}
	births := map[NodeID]birth{}
	for node, certs := range b.certs {
		if m, born, ok := f.member(node, certs); ok {
			v.members[node], births[node] = m, born
		}
	}
	v.name(births)
	return v
}

func sortBooks(records []*Record) books {
	b := books{
		certs: map[NodeID][]*Record{}, revs: map[NodeID][]*Record{}, demoted: map[NodeID]*Cert{},
		spent: map[TokenID][]*Record{}, voided: map[TokenID][]*Record{},
	}
	for _, r := range records {
		switch {
		case r.Cert != nil:
			b.certs[r.Cert.Node()] = append(b.certs[r.Cert.Node()], r)
		case r.Revocation != nil:
			b.revs[r.Revocation.Node] = append(b.revs[r.Revocation.Node], r)
		case r.TokenIssued != nil:
			b.issued = append(b.issued, r)
		case r.TokenSpent != nil:
			b.spent[r.TokenSpent.Token] = append(b.spent[r.TokenSpent.Token], r)
		case r.TokenVoided != nil:
			b.voided[r.TokenVoided.Token] = append(b.voided[r.TokenVoided.Token], r)
		}
	}
	for node, certs := range b.certs {
		if root := filter(certs, rooted); len(root) > 0 {
			if latest := slices.MaxFunc(root, byRank); !latest.Cert.MayIssue {
				b.demoted[node] = latest.Cert
			}
		}
	}
	return b
}

type folding struct {
	books
	revoked map[NodeID][]*Record   // the revocations that stand
	sums    map[NodeID]*Revocation // what they add up to
}

// standing: revocations hold until a root-signed certificate with a higher
// serial than all of them re-admits the node.
func standing(revs, certs []*Record) bool {
	if len(revs) == 0 {
		return false
	}
	last := slices.MaxFunc(revs, func(a, b *Record) int { return cmp.Compare(a.Revocation.Serial, b.Revocation.Serial) })
	return !slices.ContainsFunc(certs, func(c *Record) bool {
		return rooted(c) && c.Cert.Serial > last.Revocation.Serial
	})
}

// sum adds up a node's standing revocations. Whose word counts about what to
// keep: the root's alone if it spoke; else that of issuers in good standing;
// else that of any issuer but the node itself.
func (f *folding) sum(node NodeID) *Revocation {
	revs := f.revoked[node]
	out := &Revocation{Node: node}
	for i, r := range revs {
		if i == 0 || r.Revocation.At < out.At {
			out.At = r.Revocation.At
		}
		out.Serial = max(out.Serial, r.Revocation.Serial)
	}
	heard := filter(revs, rooted)
	if len(heard) == 0 {
		heard = filter(revs, func(r *Record) bool { return f.revoked[r.Signer] == nil })
	}
	if len(heard) == 0 {
		heard = filter(revs, func(r *Record) bool { return r.Signer != node })
	}
	type at struct{ doc, actor string }
	last := map[at]uint64{}
	kept := map[RecordID]bool{}
	for _, r := range heard {
		for _, l := range r.Revocation.Last {
			k := at{l.Doc, string(l.Actor)}
			last[k] = max(last[k], l.Seq)
		}
		for _, id := range r.Revocation.Keeps {
			kept[id] = true
		}
	}
	for k, seq := range last {
		out.Last = append(out.Last, LastSeq{Doc: k.doc, Actor: []byte(k.actor), Seq: seq})
	}
	slices.SortFunc(out.Last, func(a, b LastSeq) int {
		return cmp.Or(cmp.Compare(a.Doc, b.Doc), bytes.Compare(a.Actor, b.Actor))
	})
	out.Keeps = slices.SortedFunc(maps.Keys(kept), func(a, b RecordID) int { return bytes.Compare(a[:], b[:]) })
	return out
}

// counts judges a certificate by what became of its issuer.
func (f *folding) counts(r *Record) bool {
	if rooted(r) {
		return true
	}
	if rev, ok := f.sums[r.Signer]; ok {
		return slices.Contains(rev.Keeps, r.ID)
	}
	if end, ok := f.demoted[r.Signer]; ok {
		return r.Cert.Serial < end.Serial
	}
	return true
}

// birth is since when a node bears its name.
type birth struct {
	serial uint64
	id     NodeID
}

func (f *folding) member(node NodeID, certs []*Record) (Member, birth, bool) {
	certs = filter(certs, f.counts)
	if len(certs) == 0 {
		return Member{}, birth{}, false
	}
	r := slices.MaxFunc(certs, byRank)
	c := r.Cert
	born := birth{serial: c.Serial, id: node}
	since := c.IssuedAt
	for _, o := range certs {
		since = min(since, o.Cert.IssuedAt)
		if o.Cert.Name == c.Name {
			born.serial = min(born.serial, o.Cert.Serial)
		}
	}
	return Member{
		ID: node, Pub: c.Pub, Name: c.Name, Role: c.Role, Site: c.Site, Entrance: c.Entrance, Zone: c.Zone,
		MayIssue: c.MayIssue, Revoked: f.sums[node], IssuedAt: time.UnixMilli(c.IssuedAt).UTC(), Since: time.UnixMilli(since).UTC(), Web: c.Web,
		Rooted: rooted(r), Issuer: r.Signer, Record: r.Raw,
	}, born, true
}

type tokenKey struct {
	issuer NodeID
	id     TokenID
}

// tokens: only a token's own issuer, or the root, says what became of it.
func (f *folding) tokens() map[tokenKey]TokenState {
	out := make(map[tokenKey]TokenState, len(f.issued))
	for _, r := range f.issued {
		t := r.TokenIssued
		k := tokenKey{t.Issuer, t.Token}
		old, dup := out[k]
		if (!rooted(r) && r.Signer != t.Issuer) || (dup && !old.Expires.Before(time.UnixMilli(t.Expires))) {
			continue
		}
		out[k] = TokenState{ID: t.Token, Issuer: t.Issuer, Role: t.Role, Expires: time.UnixMilli(t.Expires).UTC(), Uses: int(min(t.Uses, 1<<20))}
	}
	for k, st := range out {
		theirs := func(r *Record) bool { return rooted(r) || r.Signer == k.issuer }
		for _, r := range f.spent[k.id] {
			if theirs(r) {
				st.Spent = append(st.Spent, *r.TokenSpent)
			}
		}
		slices.SortFunc(st.Spent, func(a, b TokenSpent) int {
			return cmp.Or(cmp.Compare(a.At, b.At), bytes.Compare(a.Node[:], b.Node[:]))
		})
		for _, r := range f.voided[k.id] {
			if at := time.UnixMilli(r.TokenVoided.At).UTC(); theirs(r) && (st.Voided.IsZero() || at.Before(st.Voided)) {
				st.Voided = at
			}
		}
		out[k] = st
	}
	return out
}

func rooted(r *Record) bool { return r.Signer.IsZero() }

func keeps(revs []*Record, id RecordID) bool {
	return slices.ContainsFunc(revs, func(r *Record) bool { return slices.Contains(r.Revocation.Keeps, id) })
}

// byRank orders the certificates of one node; the highest is in force.
func byRank(a, b *Record) int {
	rank := func(r *Record) int {
		if rooted(r) {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Cert.Serial, b.Cert.Serial), bytes.Compare(a.ID[:], b.ID[:]))
}

func filter(rs []*Record, ok func(*Record) bool) []*Record {
	var out []*Record
	for _, r := range rs {
		if ok(r) {
			out = append(out, r)
		}
	}
	return out
}
