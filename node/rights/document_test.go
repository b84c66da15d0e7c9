package rights

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/terms"
)

func (h *house) document(t *testing.T, name string, lang Lang) string {
	t.Helper()
	s, err := h.Document(name, lang)
	if err != nil || strings.Contains(s, "no value") {
		t.Fatal(err, s)
	}
	return s
}

// What is changed in the settings is changed in the documents.
func TestDocumentsFollowSettings(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	for _, lang := range []Lang{Swedish, English} {
		for _, name := range Documents {
			if s := h.document(t, name, lang); !strings.Contains(s, "30") || strings.Contains(s, "17 da") {
				t.Errorf("%s %s:\n%s", name, lang, s)
			}
		}
	}
	for c, days := range map[terms.Class]int{terms.Card: 17, terms.Contact: 12} {
		if _, err := h.SetTerms(ctx, c, "", days, false); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.SetTerms(ctx, terms.Card, "delivery", 3, false); err != nil {
		t.Fatal(err)
	}
	if err := h.SetHouse(ctx, "controller", "Ekudden AB"); err != nil {
		t.Fatal(err)
	}
	if err := h.SetHouse(ctx, "colour", "red"); !errors.Is(err, ErrFact) {
		t.Error(err)
	}
	if _, err := h.SetPurpose(ctx, Change{List: "datum", ID: "email", Basis: "b"}, false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"17 days", "12 days", "the type delivery", "3 and 3 days", "30 days", "Controller: Ekudden AB", "a contract with the person"} {
		for _, name := range []string{"notice", "record"} {
			if s := h.document(t, name, English); !strings.Contains(strings.ReplaceAll(s, "\n", " "), want) {
				t.Errorf("the %s does not say %q:\n%s", name, want, s)
			}
		}
	}
	if err := h.SetHouse(ctx, "processors", "Drift AB runs the desks"); err != nil {
		t.Fatal(err)
	}
	h.Service.cfg.Channels = func() []string { return []string{"mail, mx.example.org"} }
	for name, want := range map[string][]string{
		"dpia":      {"names 17 days, contact details 12 days", "Nodes: 3, of which 2 desks", "1 handhelds", "mail, mx.example.org", "Drift AB runs the desks", "Article 36"},
		"annex":     {"names 17 days", "Reception: desk", "Drift AB runs the desks", "mail, mx.example.org", "ANNEX 5", "Controller: Ekudden AB"},
		"balancing": {"die after 17 days", "Name: to know who is in the building"},
		"record":    {"Processors: Drift AB runs the desks; mail, mx.example.org"},
	} {
		s := h.document(t, name, English)
		for _, w := range want {
			if !strings.Contains(s, w) {
				t.Errorf("the %s does not say %q:\n%s", name, w, s)
			}
		}
	}
	for name, words := range map[string]map[Lang]string{
		"record":    {English: "91 days unless another", Swedish: "91 dagar om inget annat"},
		"notice":    {English: "a short list", Swedish: "en kort lista"},
		"balancing": {English: "182 at most", Swedish: "182 som mest"},
		"dpia":      {English: "The watch list.", Swedish: "Bevakningslistan."},
	} {
		for lang, want := range words {
			h.Service.cfg.Watch = func() *Watched { return nil }
			if s := h.document(t, name, lang); strings.Contains(s, want) || strings.Contains(strings.ToLower(s), "watch list") {
				t.Errorf("the %s speaks of a watch list that there is not:\n%s", name, s)
			}
			h.Service.cfg.Watch = func() *Watched { return &Watched{91, 182} }
			if s := h.document(t, name, lang); !strings.Contains(s, want) {
				t.Errorf("the %s does not say %q:\n%s", name, want, s)
			}
		}
	}
	if s := h.document(t, "balancing", English); strings.Contains(s, "E-mail: to") {
		t.Error("the balancing test weighs what rests on a contract")
	}
	for _, d := range Data {
		if _, err := h.SetPurpose(ctx, Change{List: "datum", ID: d, Basis: "c"}, false); err != nil {
			t.Fatal(err)
		}
	}
	if s := h.document(t, "balancing", Swedish); !strings.Contains(s, "Ingen avvägning behövs") {
		t.Error(s)
	}
	for _, d := range Data {
		if _, err := h.SetPurpose(ctx, Change{List: "datum", ID: d, Basis: "f"}, false); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.SetPurpose(ctx, Change{List: "datum", ID: "assist", Basis: "a"}, false); err != nil {
		t.Fatal(err)
	}
	// Every field of Article 13.
	s := h.document(t, "notice", English)
	for _, want := range []string{"Controller", "Contact", "Data protection officer", "Ground", "legitimate interest", "Who sees it", "third countries", "For how long", "Article 15", "consent back", "IMY", "Must you tell", "automated"} {
		if !strings.Contains(s, want) {
			t.Errorf("the notice lacks %q", want)
		}
	}
	if _, err := h.Document("poem", English); !errors.Is(err, ErrDocument) {
		t.Error(err)
	}
}

func TestPurposesAreRenamedForAll(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	h.add(desk, record.Event{Kind: record.Arrived, Visit: record.VisitID{8}, How: "desk"})
	c := Change{List: "purpose", ID: "reach", Text: "send a receipt"}
	p, err := h.SetPurpose(ctx, c, true)
	if err != nil || p.Visits != 2 || !slices.Equal(p.Data, []string{"email", "phone"}) || p.Before == p.After {
		t.Errorf("%+v %v", p, err)
	}
	if len(h.settings) != 0 || h.onRecord("purposes.set") != 0 {
		t.Error("a dry run changed something")
	}
	if p, err := h.SetPurpose(ctx, Change{List: "source", ID: "kiosk", Text: "the visitor"}, true); err != nil || p.Visits != 1 {
		t.Errorf("%+v %v", p, err)
	}
	if _, err := h.SetPurpose(ctx, c, false); err != nil || h.onRecord("purposes.set") != 1 {
		t.Error(err)
	}
	for _, r := range h.export(t).Reasons {
		if (r.Purpose == "send a receipt") != (r.Datum == "email" || r.Datum == "phone") {
			t.Errorf("%+v", r)
		}
	}
	for _, c := range []struct {
		change Change
		want   error
	}{
		{Change{List: "colour", ID: "x", Text: "y"}, ErrList},
		{Change{List: "purpose", ID: "X", Text: "y"}, ErrLabel},
		{Change{List: "purpose", ID: "x", Text: "a\nb"}, ErrLabel},
		{Change{List: "datum", ID: "fax", Basis: "f"}, ErrDatum},
		{Change{List: "datum", ID: "email", Basis: "g"}, ErrBasis},
		{Change{List: "datum", ID: "email", Purpose: "x"}, ErrPurpose},
	} {
		if _, err := h.SetPurpose(ctx, c.change, false); !errors.Is(err, c.want) {
			t.Errorf("%+v: %v", c.change, err)
		}
	}
}

func TestLetters(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		name   string
		do     func(h *house, c Case) error
		sv, en string
	}{
		{"received", func(*house, Case) error { return nil }, "senast den\n2026-02-28", "by 2026-02-28"},
		{"extended", func(h *house, c Case) error { _, err := h.Extend(ctx, c.ID, "many at once"); return err }, "mer tid", "more time"},
		{"refused", func(h *house, c Case) error { _, err := h.Decide(ctx, c.ID, Refused, "a legal claim"); return err }, "inte göra som du", "not to do as you asked"},
		{"granted", func(h *house, c Case) error { _, err := h.Decide(ctx, c.ID, Granted, ""); return err }, "enligt din begäran", "to do as you asked"},
	} {
		h := newHouse(t)
		one := h.open(t, Objection)
		if err := c.do(h, one); err != nil {
			t.Fatal(err)
		}
		for lang, want := range map[Lang]string{Swedish: c.sv, English: c.en} {
			s, err := h.Letter(one.ID, lang)
			if err != nil || !strings.Contains(s, want) || !strings.Contains(s, "(IMY)") || strings.Contains(s, "no value") || strings.Contains(s, "Astrid") {
				t.Errorf("%s, %s: %v\n%s", c.name, lang, err, s)
			}
		}
	}
	if _, err := newHouse(t).Letter(record.CaseID{1}, Swedish); !errors.Is(err, ErrUnknownCase) {
		t.Error(err)
	}
}

func TestBreach(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	at := record.HLCOf(noon)
	early, later, over := record.VisitID{8, 1}, record.VisitID{8, 2}, record.VisitID{8, 3}
	h.add(alfa, record.Event{Kind: record.Arrived, Visit: early, At: at - 1<<40})
	h.add(desk, record.Event{Kind: record.Arrived, Visit: later, At: record.HLCOf(noon.Add(5 * time.Hour))})
	h.add(desk, record.Event{Kind: record.Arrived, Visit: over, At: at - 1<<41, Ends: record.DayOf(noon) - 1})
	h.add(desk, record.Event{Kind: record.Left, Visit: over, At: at - 1<<41})
	h.members = append(h.members, Member{ID: record.NodeID{9}, Name: "East", Role: "entrance", Revoked: noon.Add(30 * time.Minute)})
	h.add(record.NodeID{9}, record.Event{Kind: record.Arrived, Visit: record.VisitID{8, 4}, At: at})
	for i := range h.members {
		h.members[i].LastHeard = noon
	}
	h.members[2].Revoked = noon.Add(2 * time.Hour)
	h.clock = noon.Add(6 * time.Hour)
	exposed := func(node string) map[record.VisitID]int {
		b, err := h.Breach(ctx, node)
		if err != nil {
			t.Fatal(err)
		}
		out := map[record.VisitID]int{}
		for _, e := range b.Visits {
			out[e.Visit] = len(e.Audiences)
			if node == "Alfa" && !e.Since.Equal(noon.Add(time.Hour)) && e.Since.Before(noon.Add(time.Hour)) {
				t.Error("a node could open something before it was a member:", e.Since)
			}
		}
		return out
	}
	if got := exposed("South"); len(got) != 4 || got[early] != 2 || got[later] != 2 {
		t.Error("desk:", got)
	}
	if got := exposed("Alfa"); len(got) != 3 || got[aVis] != 1 || got[later] != 0 {
		t.Error("warden:", got)
	}
	if got := exposed("East"); len(got) != 1 || got[record.VisitID{8, 4}] != 2 {
		t.Error("entrance:", got)
	}

	// The clock starts once.
	h.clock = h.clock.Add(time.Hour)
	b, err := h.Breach(ctx, "South")
	if err != nil || !b.Aware.Equal(noon.Add(6*time.Hour)) || !b.NotifyBy.Equal(noon.Add(78*time.Hour)) || h.onRecord(ActBreach) != 4 {
		t.Errorf("%+v %v", b, err)
	}
	for _, lang := range []Lang{Swedish, English} {
		s, err := h.BreachText(b, lang)
		if err != nil || !strings.Contains(s, "2026-02-03 18:00:00") || !strings.Contains(s, "IMY") || strings.Contains(s, "no value") {
			t.Errorf("%v\n%s", err, s)
		}
	}
	h.receipts = map[record.NodeID]record.HLC{south: 1}
	if got := exposed("South"); len(got) != 0 {
		t.Error("what a node has confirmed as destroyed is exposed:", got)
	}
}
