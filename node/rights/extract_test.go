package rights

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
)

func (h *house) export(t *testing.T) Extract {
	t.Helper()
	x, err := h.Export(context.Background(), aVis, "json")
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestStatusOfParticulars(t *testing.T) {
	for name, c := range map[string]struct {
		set  func(h *house)
		want Status
	}{
		"stored":     {func(*house) {}, Stored},
		"restricted": {func(h *house) { h.open(t, Restriction) }, Restricted},
		"erased":     {func(h *house) { h.erased[aVis] = true }, Erased},
		"shredded":   {func(h *house) { h.shut = crdt.ErrErased }, Erased},
		"expired":    {func(h *house) { h.shut = fmt.Errorf("open: %w", crdt.ErrExpired) }, Expired},
		"no key":     {func(h *house) { h.shut = errors.New("no key") }, NotOpened},
	} {
		h := newHouse(t)
		c.set(h)
		x := h.export(t)
		if x.Particulars.Status != c.want {
			t.Errorf("%s: %s", name, x.Particulars.Status)
		}
		open := c.want == Stored || c.want == Restricted
		if (x.Particulars.Name != "") != open || (len(x.Reasons) > 1) != open {
			t.Errorf("%s: %+v", name, x)
		}
	}
	h := newHouse(t)
	h.shut = ErrNotYet
	if _, err := h.Export(context.Background(), aVis, "json"); !errors.Is(err, ErrNotYet) {
		t.Error("a name before erasures are known:", err)
	}
}

// A node has answered when all that it acknowledged is here as of now, and not
// by having been heard.
func TestWhichNodesHadAnswered(t *testing.T) {
	h := newHouse(t)
	h.members[1].CompleteAsOf, h.members[1].LastHeard = noon.Add(-time.Second), noon
	h.members[2].LastHeard = noon
	h.members = append(h.members,
		Member{ID: record.NodeID{4}, Name: "Old", Revoked: noon.Add(-time.Hour)},
		Member{ID: record.NodeID{5}, Name: "Lost", Revoked: noon.Add(time.Hour), CompleteAsOf: noon.Add(-time.Minute)},
		Member{ID: record.NodeID{6}, Name: "Ahead", CompleteAsOf: noon.Add(time.Hour)})
	got := map[string]bool{}
	for _, a := range h.export(t).Nodes {
		got[a.Node] = a.Answered
	}
	want := map[string]bool{"Reception": true, "South": true, "Alfa": false, "Lost": false, "Ahead": false}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestEventsAreToldOnce(t *testing.T) {
	h := newHouse(t)
	left := record.Event{Kind: record.Left, Visit: aVis, At: record.HLCOf(noon.Add(time.Hour)), How: "badge"}
	h.add(south, left)
	h.add(south, record.Event{Kind: record.Left, Badge: aVis.Badge(), At: record.HLCOf(noon.Add(2 * time.Hour)), How: "kiosk"})
	other := aVis
	other[15] = 9 // of the same badge
	h.add(south, record.Event{Kind: record.Arrived, Visit: other, At: record.HLCOf(noon)})
	carried := record.Event{Kind: record.Restricted, Visit: aVis, Case: record.CaseID{1}, At: record.HLCOf(noon), Reason: "x", How: "carried"}
	h.add(desk, carried)
	h.add(south, carried)
	h.acts = append(h.acts,
		record.Act{Kind: record.ActReceipt, Visits: []record.VisitID{other}, At: record.HLCOf(noon)},
		record.Act{Kind: record.ActAudit, What: "card.open", Visits: []record.VisitID{aVis}, At: record.HLCOf(noon)})
	x := h.export(t)
	var what []string
	for _, e := range x.Events {
		what = append(what, e.What)
	}
	if !slices.Equal(what, []string{"arrived", "restricted", "left", "left"}) {
		t.Error(what)
	}
	if len(x.Recipients) != 1 || x.Recipients[0].Recipient != "warden" {
		t.Errorf("%+v", x.Recipients)
	}
	if again := h.export(t); len(again.Recipients) != 2 || again.Recipients[1].Recipient != "subject" {
		t.Errorf("%+v", again.Recipients)
	}
}

func TestReasonsFollowFromEvents(t *testing.T) {
	h := newHouse(t)
	for _, r := range h.export(t).Reasons {
		if r.Source != "the person, at a kiosk" || r.By != "Reception" || !r.At.Equal(noon) || r.Purpose == "" || r.LegalBasis == "" {
			t.Errorf("%+v", r)
		}
	}
	h.acts = append(h.acts, record.Act{
		Kind: record.ActAudit, What: actRectify, By: "operator at this node", Note: "email,phone", Visits: []record.VisitID{aVis}, At: record.HLCOf(noon.Add(time.Hour)),
	})
	for _, r := range h.export(t).Reasons {
		corrected := r.Datum == "email" || r.Datum == "phone"
		if (r.By == "Reception, operator at this node") != corrected || strings.HasPrefix(r.Source, "a correction") != corrected {
			t.Errorf("%+v", r)
		}
	}
	// Nothing is said of an origin that is retained no more.
	h = newHouse(t)
	h.stated[0].Event.Kind, h.stated[0].Event.Since, h.stated[0].Event.How = record.Carried, 5, "carried"
	for _, r := range h.export(t).Reasons {
		if r.Source != "" || r.By != "" || !r.At.IsZero() {
			t.Errorf("%+v", r)
		}
	}
}

func TestExtractInWords(t *testing.T) {
	for _, c := range []struct {
		lang   Lang
		status Status
		want   string
	}{
		{Swedish, Stored, "Astrid Ek"},
		{English, Stored, "Astrid Ek"},
		{Swedish, Erased, "är raderat"},
		{English, Expired, "was destroyed when its time had come"},
		{Swedish, NotOpened, "kan inte öppnas"},
		{English, Restricted, "RESTRICTED since"},
	} {
		h := newHouse(t)
		switch c.status {
		case Erased:
			h.erased[aVis] = true
		case Expired:
			h.shut = crdt.ErrExpired
		case NotOpened:
			h.shut = errDisk
		case Restricted:
			h.open(t, Restriction)
		}
		text, err := h.Text(h.export(t), c.lang)
		if s := text.Reveal(); err != nil || !strings.Contains(s, c.want) || strings.Contains(s, "no value") || !strings.Contains(s, "IMY") {
			t.Errorf("%s %s: %v\n%s", c.lang, c.status, err, s)
		}
	}
	h := newHouse(t)
	h.stated[0].Event.How = "command"
	for lang, want := range map[Lang]string{Swedish: ", operatören vid noden.", English: ", operator at this node."} {
		text, err := h.Text(h.export(t), lang)
		if s := text.Reveal(); err != nil || !strings.Contains(s, want) {
			t.Errorf("%s, %v: no %q in\n%s", lang, err, want, s)
		}
	}
	if _, err := h.Text(h.export(t), "fi"); !errors.Is(err, ErrLang) {
		t.Error(err)
	}
}
