package operators

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// TestEditsMergeFieldByField edits two accounts at two desks that do not hear
// each other. Afterwards both say the same; a field that one desk alone has
// edited is as that desk left it, and of one that both have, it is one of the
// two.
func TestEditsMergeFieldByField(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := newCampus()
		a, b := c.desk(t, "a"), c.desk(t, "b")
		boss := a.add(t, "boss", Admin, good)
		ids := []ID{a.add(t, "one", Reception, good).ID, a.add(t, "two", Auditor, good).ID}
		heal(t, a, b)
		type field struct {
			id   ID
			name string
		}
		wrote := map[*desk]map[field]string{a: {}, b: {}}
		for i := range rapid.IntRange(1, 8).Draw(rt, "edits") {
			d := rapid.SampledFrom([]*desk{a, b}).Draw(rt, "desk")
			id := rapid.SampledFrom(ids).Draw(rt, "account")
			var err error
			switch name := rapid.SampledFrom([]string{"role", "disabled", "alias", "password", "renew"}).Draw(rt, "field"); name {
			case "role":
				role := rapid.SampledFrom(Roles()).Draw(rt, "role")
				err = d.SetRole(t.Context(), "test", id, role)
				wrote[d][field{id, name}] = string(role)
			case "disabled":
				off := rapid.Bool().Draw(rt, "disabled")
				err = d.SetDisabled(t.Context(), "test", id, off)
				wrote[d][field{id, name}] = fmt.Sprint(off)
			case "alias":
				alias := fmt.Sprintf("name %d", i)
				err = d.Rename(t.Context(), "test", id, alias)
				wrote[d][field{id, name}] = alias
			case "password":
				password := fmt.Sprintf("gräns %d kajak ponton", i)
				_, err = d.Reset(t.Context(), "test", id, password)
				wrote[d][field{id, name}] = password
			case "renew":
				c.advance((ahead - near) * 24 * 3600e9 / 8)
				_, err = d.renew(t.Context())
			}
			if err != nil {
				rt.Fatal(err)
			}
		}
		heal(t, a, b)
		for _, id := range append(ids, boss.ID) {
			x, okX := a.Get(id)
			y, okY := b.Get(id)
			if x != y || !okX || !okY {
				rt.Fatalf("a says %+v %v, b %+v %v", x, okX, y, okY)
			}
			is := map[string]string{"role": string(x.Role), "disabled": fmt.Sprint(x.Disabled), "alias": x.Alias.Reveal()}
			for name, got := range is {
				atA, wroteA := wrote[a][field{id, name}]
				atB, wroteB := wrote[b][field{id, name}]
				if fine := !wroteA && !wroteB || wroteA && got == atA || wroteB && got == atB; !fine {
					rt.Fatalf("%s of %s is %q; a wrote %q, b %q", name, id, got, atA, atB)
				}
			}
			sec, _, err := a.secret(id)
			if err != nil {
				rt.Fatal(err)
			}
			atA, wroteA := wrote[a][field{id, "password"}]
			atB, wroteB := wrote[b][field{id, "password"}]
			fine := !wroteA && !wroteB && matches([]byte(good), sec.Hash)
			fine = fine || wroteA && matches([]byte(atA), sec.Hash) || wroteB && matches([]byte(atB), sec.Hash)
			if !fine {
				rt.Fatalf("the password of %s is neither that of before nor one of those set", id)
			}
		}
	})
}
