package invitations

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/sheet/sheettest"
)

// invitedBy is an invitation and the token of its link.
func (s *spot) invitedBy(change func(*Request)) (Made, string) {
	s.t.Helper()
	made := s.invite(change)
	_, rest, _ := strings.Cut(s.mails[len(s.mails)-1].Text, "/i/")
	token, _, _ := strings.Cut(rest, "\n")
	return made, token
}

func filled(company string, signed ...string) record.Before {
	b := record.Before{Company: record.Private(company), Phone: "070-1", Lang: "fi"}
	for _, id := range signed {
		b.Signed = append(b.Signed, record.Signature{Document: id, Hash: "h-" + id, How: "typed", Name: "Åsa"})
	}
	return b
}

func (s *spot) fill(token string, b record.Before) {
	s.t.Helper()
	if err := s.Fill(s.t.Context(), token, b); err != nil {
		s.t.Fatal(err)
	}
}

// What is filled in at an entrance that opens nothing by itself opens at any door
// for who shows the invitation, and at a desk; it can be changed until they come.
func TestFillingIn(t *testing.T) {
	h := newHouse(t)
	desk, gate, east := h.spot("Reception", true), h.spot("West gate", false), h.spot("East gate", false)
	linked(desk, gate, east)
	made, token := desk.invitedBy(nil)
	sheettest.Heal(t, desk.Desk, gate.Desk, east.Desk)
	asked, err := gate.Asked(token)
	if err != nil || asked.Form == nil || asked.Form.Type != "contractor" || asked.Form.Before != nil || asked.Form.Invite.Company != "Ekström & Söner" || asked.Form.Invite.Code != "" {
		t.Fatalf("%v %+v", err, asked.Form)
	}
	gate.fill(token, filled("Ny firma", "nda"))
	// The door that receives them is cut off: it asks as it would anybody.
	if got, err := east.Open(made.QR, ""); err != nil || got.Before != nil || got.Invite.Company != "Ekström & Söner" {
		t.Errorf("%v %+v", err, got.Before)
	}
	h.advance(time.Minute)
	gate.fill(token, filled("Nyare firma", "nda", "rules"))
	sheettest.Heal(t, desk.Desk, gate.Desk, east.Desk)
	for what, show := range map[string][2]string{"QR": {made.QR, ""}, "code": {made.Code, "Öberg"}} {
		got, err := east.Open(show[0], show[1])
		if err != nil || got.Before == nil || len(got.Before.Signed) != 2 || got.Invite.Company != "Nyare firma" || got.Invite.Name != "Åsa Öberg" || got.Invite.Lang != "fi" {
			t.Errorf("%s: %v %+v", what, err, got)
		}
	}
	if i, _ := desk.Get(made.ID); i.Before == nil || i.Before.Company != "Nyare firma" {
		t.Error("the desk does not read it")
	}
	h.advance(time.Hour)
	east.arrive(made.ID)
	if asked, _ = east.Asked(token); asked.Form != nil {
		t.Error("it can be changed by who has come")
	}
	wants(t, "has come", east.Fill(t.Context(), token, filled("x")), "invitations.not_now")
}

func TestWhatCannotBeFilledIn(t *testing.T) {
	desk := newHouse(t).spot("Reception", true)
	linked(desk)
	_, token := desk.invitedBy(nil)
	bare, secret, _ := strings.Cut(token, ".")
	for what, bad := range map[string]string{"no secret": bare, "half": token[:len(token)-3], "another": bare + "." + strings.Repeat("A", len(secret)-1) + "w"} {
		if asked, err := desk.Asked(bad); err != nil || asked.Form != nil {
			t.Errorf("%s: %v", what, err)
		}
		wants(t, what, desk.Fill(t.Context(), bad, filled("x")), "invitations.not_now")
	}
	bad := filled("x")
	bad.Email = "asa at example"
	wants(t, "no address", desk.Fill(t.Context(), token, bad), "invitations.email")
	for range maxFills - 1 { // the address was a try too
		desk.fill(token, filled("x"))
	}
	wants(t, "too often", desk.Fill(t.Context(), token, filled("x")), "invitations.fills")
}

// A cancel ends what was filled in, also what is heard of later; another time of
// the day does not. What is made instead takes it over.
func TestCancelEndsWhatWasFilledIn(t *testing.T) {
	h := newHouse(t)
	desk, gate := h.spot("Reception", true), h.spot("East gate", false)
	linked(desk, gate)
	is := func(what string, made Made, company record.Private) {
		t.Helper()
		got := ""
		if i, err := desk.Get(made.ID); err != nil {
			t.Fatal(err)
		} else if i.Before != nil {
			got = i.Before.Company.Reveal()
		}
		if got != company.Reveal() {
			t.Errorf("%s: %q, want %q", what, got, company.Reveal())
		}
	}
	made, token := desk.invitedBy(nil)
	desk.fill(token, filled("a"))
	if err := desk.Answer(t.Context(), token, "11:30"); err != nil {
		t.Fatal(err)
	}
	is("another time", made, "a")
	if err := desk.Answer(t.Context(), token, ""); err != nil {
		t.Fatal(err)
	}
	is("does not come", made, "")
	wants(t, "does not come", desk.Fill(t.Context(), token, filled("x")), "invitations.not_now")
	if err := desk.Answer(t.Context(), token, "11:00"); err != nil {
		t.Fatal(err)
	}
	h.advance(time.Minute)
	desk.fill(token, filled("b"))
	is("comes after all", made, "b")

	sheettest.Heal(t, desk.Desk, gate.Desk)
	if err := desk.CallOff(t.Context(), "op", made.ID); err != nil {
		t.Fatal(err)
	}
	is("called off", made, "")
	h.advance(time.Minute)
	gate.fill(token, filled("heard of later"))
	sheettest.Heal(t, desk.Desk, gate.Desk)
	is("heard of later", made, "heard of later")
	desk.tidyFilled(t.Context())
	is("tidied", made, "")
	sheettest.Heal(t, desk.Desk, gate.Desk)
	if _, secret := parts(token); gate.before(made.ID, secret) != nil {
		t.Error("it lives at the gate")
	}

	first, token := desk.invitedBy(nil)
	desk.fill(token, filled("c", "nda"))
	second, _ := desk.invitedBy(func(r *Request) { r.Instead, r.From = first.ID, r.From.Add(time.Hour) })
	is("instead", second, "c")
	is("what it stands instead of", first, "")
}

// A hostile member that seals under the last version there is neither keeps what is
// filled in from standing, nor has it live on once the invitation is off, nor has
// desks write on and on.
func TestTheLastVersionIsNotTheLastWord(t *testing.T) {
	h := newHouse(t)
	desk, gate := h.spot("Reception", true), h.spot("East gate", false)
	linked(desk, gate)
	made, token := desk.invitedBy(nil)
	_, secret := parts(token)
	desk.fill(token, filled("a"))
	seal := func(s *spot) {
		t.Helper()
		b := filled("hostile")
		b.At = h.clock().UnixMilli()
		sealed, err := s.cfg.Vault.SealBefore(made.ID, math.MaxUint32, record.DayOf(h.clock())+9, codec.EncodeBefore(b), secret)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.cfg.Replica.Commit(t.Context(), crdt.Draft{Sealed: sealed}); err != nil {
			t.Fatal(err)
		}
	}
	sheettest.Heal(t, desk.Desk, gate.Desk)
	seal(gate)
	sheettest.Heal(t, desk.Desk, gate.Desk)
	h.advance(time.Minute)
	desk.fill(token, filled("b"))
	if b := desk.before(made.ID, secret); b == nil || b.Company != "b" {
		t.Fatal("what was filled in later does not stand")
	}
	if err := desk.CallOff(t.Context(), "op", made.ID); err != nil {
		t.Fatal(err)
	}
	if desk.before(made.ID, secret) != nil {
		t.Error("it lives on")
	}
	wrote := 0
	for range 3 * maxEnds {
		h.advance(time.Minute)
		seal(desk)
		desk.tidyFilled(t.Context())
		if desk.before(made.ID, secret) == nil {
			wrote++
		}
	}
	if wrote != maxEnds {
		t.Errorf("%d were ended, want %d", wrote, maxEnds)
	}
}

// Property: of what was filled in at nodes that do not hear each other the latest
// stands at all of them, whatever was heard first, also beside an invitation that
// is written anew by a desk that has not heard of it.
func TestTheLastThatWasFilledInStands(t *testing.T) {
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 1))
		h := newHouse(t)
		desk, a, b := h.spot("Reception", true), h.spot("East gate", false), h.spot("West gate", false)
		all := []*spot{desk, a, b}
		linked(all...)
		made, token := desk.invitedBy(func(r *Request) {
			r.From, r.To = r.From.AddDate(0, 0, 60), r.To.AddDate(0, 0, 60)
		})
		sheettest.Heal(t, desk.Desk, a.Desk, b.Desk)
		h.advance(20 * 24 * time.Hour)
		want := ""
		for n := range 8 {
			h.advance(time.Duration(1+r.IntN(90)) * time.Second)
			switch r.IntN(4) {
			case 0:
				if err := desk.Renew(t.Context()); err != nil {
					t.Fatal(err)
				}
			case 1:
				x, y := all[r.IntN(3)], all[r.IntN(3)]
				sheettest.Heal(t, x.Desk, y.Desk)
			default:
				want = string(rune('a' + n))
				all[r.IntN(3)].fill(token, filled(want))
			}
		}
		r.Shuffle(3, func(i, j int) { all[i], all[j] = all[j], all[i] })
		sheettest.Heal(t, all[0].Desk, all[1].Desk, all[2].Desk)
		_, secret := parts(token)
		for _, s := range all {
			got := ""
			if b := s.before(made.ID, secret); b != nil {
				got = b.Company.Reveal()
			}
			if got != want {
				t.Errorf("seed %d: %q, want %q", seed, got, want)
			}
		}
	}
}
