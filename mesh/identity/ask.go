package identity

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"maps"
	"slices"
	"time"
)

// Admitted reports whether pub is a member's key in good standing.
func (r *Roster) Admitted(pub ed25519.PublicKey) bool {
	m, ok := r.view.Load().members[IDOf(pub)]
	return ok && m.Revoked == nil && bytes.Equal(m.Pub, pub)
}

// Member finds a node by id, revoked ones included.
func (r *Roster) Member(id NodeID) (Member, bool) {
	m, ok := r.view.Load().members[id]
	return m, ok
}

// Members are all nodes, revoked ones included, sorted by name. Names are
// unique: where two cut-off halves gave the same one, the later bearer shows
// as "name-2"; a revoked bearer gives way to one in good standing.
func (r *Roster) Members() []Member { return slices.Clone(r.view.Load().sorted) }

// ByName finds a node by the name that Members shows, in any case of letters.
func (r *Roster) ByName(name string) (Member, bool) {
	v := r.view.Load()
	id, ok := v.byName[nameKey(name)]
	if !ok {
		return Member{}, false
	}
	return v.members[id], true
}

// Issuers are the members in good standing that may issue, sorted by name.
func (r *Roster) Issuers() []Member {
	return slices.DeleteFunc(r.Members(), func(m Member) bool { return m.Revoked != nil || !m.MayIssue })
}

// MayIssue reports whether the node is an issuer in good standing.
func (r *Roster) MayIssue(id NodeID) bool {
	m, ok := r.Member(id)
	return ok && m.MayIssue && m.Revoked == nil
}

// OpenTokens reports whether some token is open, or was until less than 24
// hours ago. While it is, unknown nodes may try the join handshake, if only to
// be told that they are late.
func (r *Roster) OpenTokens(now time.Time) bool {
	for _, t := range r.view.Load().tokens {
		if t.audible(now) {
			return true
		}
	}
	return false
}

// Tokens are the tokens that the roster knows of, the latest to expire first.
func (r *Roster) Tokens() []TokenState {
	return slices.SortedFunc(maps.Values(r.view.Load().tokens), func(a, b TokenState) int {
		return cmp.Or(b.Expires.Compare(a.Expires), bytes.Compare(a.ID[:], b.ID[:]), bytes.Compare(a.Issuer[:], b.Issuer[:]))
	})
}

// Token finds a token of one issuer.
func (r *Roster) Token(issuer NodeID, id TokenID) (TokenState, bool) {
	t, ok := r.view.Load().tokens[tokenKey{issuer, id}]
	return t, ok
}

// Digest is the same for equal sets of records, however they came about.
func (r *Roster) Digest() [32]byte { return r.view.Load().digest }

// Records are all records in a stable order, root-signed ones first, so that
// one who adds them in order holds none back. Nobody may change them.
func (r *Roster) Records() [][]byte {
	v := r.view.Load()
	out := make([][]byte, 0, len(v.records))
	for _, root := range []bool{true, false} {
		for _, rec := range v.records {
			if rooted(rec) == root {
				out = append(out, rec.Raw)
			}
		}
	}
	return out
}

// Chain is the fewest records that prove a member to one who knows only the
// root's key: its certificate, and before it that of its issuer. nil for a
// node that is no member.
func (r *Roster) Chain(id NodeID) [][]byte {
	v := r.view.Load()
	m, ok := v.members[id]
	if !ok {
		return nil
	}
	if m.Rooted {
		return [][]byte{m.Record}
	}
	for _, rec := range slices.Backward(v.records) {
		if rec.Cert != nil && rec.Cert.MayIssue && rec.Cert.Node() == m.Issuer {
			return [][]byte{rec.Raw, m.Record}
		}
	}
	return nil
}

// Brief is the records in the order in which a new member needs them, cut off
// before their sizes add up to more than limit bytes: what makes issuers and
// members, then what unmakes them, then the rest. Repair brings what is cut.
func (r *Roster) Brief(limit int) [][]byte {
	v := r.view.Load()
	rank := func(rec *Record) int {
		switch {
		case rooted(rec) && rec.Cert != nil:
			return 0
		case rec.Revocation != nil:
			return 1
		case rec.Cert != nil && bytes.Equal(v.members[rec.Cert.Node()].Record, rec.Raw):
			return 2
		}
		return 3
	}
	rs := slices.Clone(v.records)
	slices.SortStableFunc(rs, func(a, b *Record) int { return rank(a) - rank(b) })
	var out [][]byte
	for _, rec := range rs {
		if limit -= len(rec.Raw); limit < 0 {
			break
		}
		out = append(out, rec.Raw)
	}
	return out
}
