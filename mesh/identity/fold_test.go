package identity

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Any order of the same records gives the same roster.
func TestRosterIsOrderFree(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := newCampus(t)
		keys := []*Key{c.first, newKey(t), newKey(t), newKey(t)}
		var raws [][]byte
		keep := func(raw []byte, err error) {
			if err != nil {
				t.Fatal(err)
			}
			raws = append(raws, raw)
		}
		signer := func() Signer {
			if i := rapid.IntRange(-1, len(keys)-1).Draw(rt, "signer"); i >= 0 {
				return keys[i]
			}
			return c.root
		}
		var certs []RecordID
		for range rapid.IntRange(1, 14).Draw(rt, "n") {
			s := signer()
			k := keys[rapid.IntRange(0, len(keys)-1).Draw(rt, "about")]
			serial := rapid.Uint64Range(1, 6).Draw(rt, "serial") + uint64(t0.UnixMilli()) - 3
			switch rapid.IntRange(0, 5).Draw(rt, "kind") {
			case 0, 1, 2:
				keep(SignCert(s, Cert{
					Campus: c.root.Campus(), Pub: k.Public(), Name: rapid.SampledFrom([]string{"a", "b", "a-2"}).Draw(rt, "name"),
					Role: RoleDesk, Serial: serial, IssuedAt: int64(serial), MayIssue: s == Signer(c.root) && rapid.Bool().Draw(rt, "may"),
				}))
				certs = append(certs, mustParse(t, raws[len(raws)-1]).ID)
			case 3:
				rev := Revocation{Node: k.ID(), Serial: serial, At: int64(serial)}
				if len(certs) > 0 && rapid.Bool().Draw(rt, "keeps") {
					rev.Keeps = []RecordID{rapid.SampledFrom(certs).Draw(rt, "kept")}
				}
				rs, err := SignRevocation(s, c.root.Campus(), rev)
				keep(rs[0], err)
			case 4:
				keep(SignTokenIssued(s, c.root.Campus(), TokenIssued{Token: TokenID{1}, Issuer: k.ID(), Role: RoleDesk, Expires: int64(serial), Uses: serial%3 + 1}))
			case 5:
				keep(SignTokenSpent(s, c.root.Campus(), TokenSpent{Token: TokenID{1}, Node: k.ID(), At: int64(serial)}))
			}
		}
		raws = append(raws, c.roster.Records()...)
		build := func(raws [][]byte, one bool) *Roster {
			r, err := NewRoster(c.root.Public(), &MemKeeper{})
			if err != nil {
				t.Fatal(err)
			}
			if !one {
				_, err = r.Merge(raws)
			}
			for _, raw := range raws {
				if _, e := r.Add(raw); e != nil {
					err = e
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		want := build(raws, true)
		for range 3 {
			shuffled := slices.Clone(raws)
			rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0))
			rng.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			got := build(shuffled, rapid.Bool().Draw(rt, "one by one"))
			if got.Digest() != want.Digest() || !equalJSON(got.Members(), want.Members()) || !equalJSON(got.Tokens(), want.Tokens()) {
				rt.Fatalf("order matters:\n%+v\n%+v", got.Members(), want.Members())
			}
		}
	})
}
