package identity

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// What is known to be needed no more goes, and what denies stays.
func TestPruneForgetsTokensAndRevokedNodes(t *testing.T) {
	c := newCampus(t)
	gate, gone := newKey(t), newKey(t)
	c.add(c.certAs(RoleEntrance, gate, "gate"))
	old := c.certAs(RoleEntrance, gone, "gone")
	c.add(old)
	for i := range 10 {
		at := t0.Add(time.Duration(i) * time.Hour)
		c.add(must(t)(SignTokenIssued(c.first, c.root.Campus(), TokenIssued{
			Token: TokenID{byte(i)}, Issuer: c.first.ID(), Role: RoleEntrance, Expires: at.Add(time.Hour).UnixMilli(), Uses: 1,
		})))
		c.add(must(t)(SignTokenSpent(c.first, c.root.Campus(), TokenSpent{Token: TokenID{byte(i)}, Node: gone.ID(), At: at.UnixMilli()})))
	}
	c.revoke(c.first, gone.ID(), Ending{}, t0.Add(time.Hour))
	before := len(c.roster.Records())

	if n, err := c.roster.Prune(t0.Add(-24 * time.Hour)); n != 0 || err != nil {
		t.Fatalf("%d records of the present are pruned (%v)", n, err)
	}
	if _, err := c.roster.Prune(t0.Add(100 * 24 * time.Hour)); err != nil {
		t.Fatal(err)
	}
	if n := len(c.roster.Records()); before != 24 || n != 3 {
		t.Fatalf("%d of %d records are left, want the two members and the revocation", n, before)
	}
	if len(c.roster.Tokens()) != 0 {
		t.Fatal("dead tokens are remembered")
	}
	if _, ok := c.roster.Member(gone.ID()); ok || !c.roster.Denied(gone.ID()) || c.roster.Denied(gate.ID()) {
		t.Fatal("the revoked node is not just denied")
	}
	if n, err := c.roster.Merge([][]byte{old}); n != 0 || err != nil {
		t.Fatalf("the old certificate is taken again: %d %v", n, err)
	}
	if c.roster.Admitted(gone.Public()) {
		t.Fatal("a revoked node is admitted again")
	}
	// The root's word brings it back, also now.
	back := must(t)(SignCert(c.root, Cert{
		Campus: c.root.Campus(), Pub: gone.Public(), Name: "gone", Role: RoleEntrance,
		Serial: c.roster.NextSerial(gone.ID(), t0.Add(101*24*time.Hour)), IssuedAt: 1,
	}))
	if c.add(back); !c.roster.Admitted(gone.Public()) {
		t.Fatal("the root cannot re-admit a node whose certificate was forgotten")
	}
}

// What is kept is a pure function of records and horizon: nodes that prune at
// different times bring nothing back to each other, and agree once they have
// come to the same horizon.
func TestPruningNodesAgree(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := newCampus(t)
		keys := []*Key{c.first, newKey(t), newKey(t), newKey(t), newKey(t)}
		second := must(t)(SignCert(c.root, Cert{
			Campus: c.root.Campus(), Pub: keys[1].Public(), Name: "second", Role: RoleDesk, Serial: 2, IssuedAt: 2, MayIssue: true,
		}))
		raws := append(c.roster.Records(), second)
		hour := func(name string) time.Time {
			return t0.Add(time.Duration(rapid.IntRange(0, 24*200).Draw(rt, name)) * time.Hour)
		}
		var ids []RecordID
		for range rapid.IntRange(1, 16).Draw(rt, "n") {
			s := Signer(keys[rapid.IntRange(0, 1).Draw(rt, "signer")])
			if rapid.IntRange(0, 9).Draw(rt, "root") == 0 {
				s = c.root
			}
			about, at := keys[rapid.IntRange(0, len(keys)-1).Draw(rt, "about")], hour("at").UnixMilli()
			token := TokenID{byte(rapid.IntRange(0, 2).Draw(rt, "token"))}
			var got [][]byte
			switch rapid.IntRange(0, 4).Draw(rt, "kind") {
			case 0:
				got = append(got, must(t)(SignCert(s, Cert{
					Campus: c.root.Campus(), Pub: about.Public(), Name: "x", Serial: uint64(at), IssuedAt: at,
					Role: rapid.SampledFrom([]Role{RoleEntrance, RoleDesk}).Draw(rt, "role"),
				})))
			case 1:
				rev := Revocation{Node: about.ID(), Serial: uint64(at), At: at}
				if len(ids) > 0 && rapid.Bool().Draw(rt, "keeps") {
					rev.Keeps = []RecordID{rapid.SampledFrom(ids).Draw(rt, "kept")}
				}
				var err error
				if got, err = SignRevocation(s, c.root.Campus(), rev); err != nil {
					t.Fatal(err)
				}
			case 2:
				got = append(got, must(t)(SignTokenIssued(s, c.root.Campus(), TokenIssued{
					Token: token, Issuer: keys[0].ID(), Role: RoleRelay, Expires: at, Uses: 1,
				})))
			case 3:
				got = append(got, must(t)(SignTokenSpent(s, c.root.Campus(), TokenSpent{Token: token, Node: about.ID(), At: at})))
			case 4:
				got = append(got, must(t)(SignTokenVoided(s, c.root.Campus(), TokenVoided{Token: token, At: at})))
			}
			raws = append(raws, got...)
			ids = append(ids, mustParse(t, got[0]).ID)
		}
		end := t0.Add(time.Duration(rapid.IntRange(0, 1500).Draw(rt, "horizon")) * 24 * time.Hour)
		// Each takes the records in its own order and prunes on its way; some
		// are told of nothing but what the others have kept.
		var all []*Roster
		for i := range 3 {
			r, err := NewRoster(c.root.Public(), &MemKeeper{})
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, r)
			rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0))
			for _, j := range rng.Perm(len(raws)) {
				if i == 0 || rng.IntN(3) > 0 {
					add(t, r, raws[j])
				}
				if rng.IntN(8) == 0 {
					prune(t, r, t0.Add(time.Duration(rng.Int64N(int64(end.Sub(t0)+1)))))
				}
			}
		}
		// One holds everything and prunes just now.
		late, err := NewRoster(c.root.Public(), &MemKeeper{})
		if err != nil {
			t.Fatal(err)
		}
		add(t, late, raws...)
		denied := slices.DeleteFunc(slices.Clone(keys), func(k *Key) bool { return !late.Denied(k.ID()) })
		for _, r := range append(all, late) {
			prune(t, r, end)
		}
		all = append(all, late)
		news := 0
		for range 3 {
			news = 0
			for _, a := range all {
				for _, b := range all {
					news += add(t, a, b.Records()...)
				}
			}
		}
		if news != 0 {
			rt.Fatalf("%d records still travel", news)
		}
		for _, r := range all {
			if r.Digest() != late.Digest() || !equalJSON(r.Members(), late.Members()) {
				rt.Fatalf("at one horizon they differ:\n%d %+v\n%d %+v", len(r.Records()), r.Members(), len(late.Records()), late.Members())
			}
			if add(t, r, raws...); slices.ContainsFunc(denied, func(k *Key) bool { return r.Admitted(k.Public()) }) {
				rt.Fatal("who is revoked is a member again")
			}
		}
	})
}

// The keeper forgets too.
func TestPrunedRecordsStayAwayAfterARestart(t *testing.T) {
	k := &MemKeeper{}
	c := newCampus(t)
	r, err := NewRoster(c.root.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	add(t, r, c.roster.Records()...)
	add(t, r, must(t)(SignTokenVoided(c.first, c.root.Campus(), TokenVoided{Token: TokenID{1}, At: t0.UnixMilli()})))
	prune(t, r, t0.Add(90*24*time.Hour))
	again, err := NewRoster(c.root.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(again.Records()); n != 1 {
		t.Fatalf("%d records after a restart", n)
	}
}

func (c *campus) certAs(role Role, k *Key, name string) []byte {
	c.t.Helper()
	return must(c.t)(SignCert(c.first, Cert{
		Campus: c.root.Campus(), Pub: k.Public(), Name: name, Role: role, Serial: uint64(t0.UnixMilli()), IssuedAt: t0.UnixMilli(),
	}))
}

func must(t testing.TB) func([]byte, error) []byte {
	return func(raw []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
}

func add(t testing.TB, r *Roster, raws ...[]byte) int {
	t.Helper()
	n, err := r.Merge(raws)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func prune(t testing.TB, r *Roster, horizon time.Time) {
	t.Helper()
	if _, err := r.Prune(horizon); err != nil {
		t.Fatal(err)
	}
}

// fullKeeper cannot forget for a while, as on a full disk.
type fullKeeper struct {
	Keeper
	full bool
}

func (k *fullKeeper) Remove([]RecordID) error {
	if k.full {
		return errors.New("the disk is almost full")
	}
	return nil
}

// What could not be forgotten is forgotten the next time: until then others
// would differ from us for ever.
func TestPruneTriesAgain(t *testing.T) {
	c := newCampus(t)
	c.add(must(t)(SignTokenIssued(c.first, c.root.Campus(), TokenIssued{
		Token: TokenID{1}, Issuer: c.first.ID(), Role: RoleEntrance, Expires: t0.Add(time.Hour).UnixMilli(), Uses: 1,
	})))
	k := &fullKeeper{Keeper: c.roster.keeper, full: true}
	c.roster.keeper = k
	if _, err := c.roster.Prune(t0.Add(100 * 24 * time.Hour)); err == nil {
		t.Fatal("what cannot be forgotten is not told")
	}
	k.full = false
	if n, err := c.roster.Prune(t0.Add(100 * 24 * time.Hour)); n != 1 || err != nil {
		t.Fatal(n, err)
	}
}
