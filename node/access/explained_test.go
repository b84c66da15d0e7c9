package access

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/upprop/upprop/mesh/identity"
)

// A key is kept back exactly from those who lack a revocation that its maker knew: it is
// so whatever else they know, however many have revoked one node, and also when the
// revoked have been forgotten.
func TestAnEpochIsExplainedByWhatItsMakerKnew(t *testing.T) {
	began := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	root, err := identity.NewRoot("Ekudden")
	if err != nil {
		t.Fatal(err)
	}
	keys := make([]*identity.Key, 6) // two desks that issue, and four handhelds
	var certs [][]byte
	for i := range keys {
		if keys[i], err = identity.NewKey(); err != nil {
			t.Fatal(err)
		}
		c := identity.Cert{Campus: root.Campus(), Pub: keys[i].Public(), Name: fmt.Sprint("Node ", i), Role: identity.RoleWarden, Serial: 1, IssuedAt: began.UnixMilli()}
		var signer identity.Signer = root
		if i < 2 {
			c.Role, c.MayIssue = identity.RoleDesk, true
		} else {
			signer = keys[0]
		}
		raw, err := identity.SignCert(signer, c)
		if err != nil {
			t.Fatal(err)
		}
		certs = append(certs, raw)
	}
	roster := func(t *rapid.T, known ...[]byte) *identity.Roster {
		r, err := identity.NewRoster(root.Public(), &identity.MemKeeper{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Merge(slices.Concat(certs, known)); err != nil {
			t.Fatal(err)
		}
		return r
	}
	rapid.Check(t, func(t *rapid.T) {
		var all [][]byte
		done := map[[2]int]bool{}
		n := rapid.IntRange(1, 6).Draw(t, "revocations")
		for i := range n {
			by, of := rapid.IntRange(0, 1).Draw(t, "by"), rapid.IntRange(2, 5).Draw(t, "of")
			if done[[2]int{by, of}] {
				continue // nobody revokes twice
			}
			done[[2]int{by, of}] = true
			at := began.Add(time.Duration(rapid.IntRange(0, 5).Draw(t, "hour"))*time.Hour + time.Duration(i)*time.Minute)
			raws, err := roster(t).Revoke(keys[by], keys[of].ID(), identity.Ending{}, at)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, raws...)
		}
		some := func(name string) (out [][]byte) {
			for _, raw := range all {
				if rapid.Bool().Draw(t, name) {
					out = append(out, raw)
				}
			}
			return out
		}
		made := some("the maker knows")
		epoch := Epoch(roster(t, made...).Members(), card)
		whole := roster(t, all...)
		if !explained(epoch, whole.Ends()) {
			t.Error("who knows all keeps the key back")
		}
		for days := range 200 {
			if _, err := whole.Prune(began.AddDate(0, 0, days)); err != nil {
				t.Fatal(err)
			}
		}
		if !explained(epoch, whole.Ends()) {
			t.Error("once the revoked are forgotten the key is kept back for good")
		}
		other := roster(t, some("who is asked knows")...)
		if last := lastOf(t, roster(t, made...)); !last.IsZero() && !slices.ContainsFunc(other.Ends().At, last.Equal) && explained(epoch, other.Ends()) {
			t.Error("who has not heard of the revocation hands the key out")
		}
	})
}

// lastOf is when the last of the revocations was signed that a roster goes by.
func lastOf(t *rapid.T, r *identity.Roster) (at time.Time) {
	for _, m := range r.Members() {
		if m.Revoked != nil && m.Revoked.Time().After(at) {
			at = m.Revoked.Time()
		}
	}
	return at
}
