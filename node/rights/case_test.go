package rights

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

func TestAMonthIsAMonth(t *testing.T) {
	for from, want := range map[string]string{
		"2026-01-31": "2026-02-28", "2028-01-31": "2028-02-29", "2026-11-27": "2026-12-27", "2026-12-31": "2027-01-31",
	} {
		at, err := time.Parse(time.DateOnly, from)
		if err != nil {
			t.Fatal(err)
		}
		if got := Months(at, 1).Format(time.DateOnly); got != want {
			t.Errorf("a month from %s is %s, want %s", from, got, want)
		}
	}
}

func TestObjectionRestrictsUntilDecided(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	c := h.open(t, Objection)
	if !h.restricted() || c.State != Open || c.Due.Format(time.DateOnly) != "2026-02-28" || c.Opened.Name != "Reception" {
		t.Errorf("%+v", c)
	}
	if again, was, err := h.OpenCase(ctx, aVis, Objection, "asked twice"); err != nil || !was || again.ID != c.ID {
		t.Error("the same objection is another case:", err)
	}
	if _, err := h.Lift(ctx, aVis, ""); !errors.Is(err, ErrObjection) {
		t.Error(err)
	}
	if _, err := h.Decide(ctx, c.ID, Refused, ""); !errors.Is(err, ErrNoReason) {
		t.Error("refused without a reason:", err)
	}
	h.clock = noon.AddDate(0, 0, 10)
	c, err := h.Extend(ctx, c.ID, "many at once")
	if err != nil || c.Due.Format(time.DateOnly) != "2026-04-30" {
		t.Error(c.Due, err)
	}
	if _, err := h.Extend(ctx, c.ID, "many at once"); !errors.Is(err, ErrExtended) {
		t.Error(err)
	}
	c, err = h.Decide(ctx, c.ID, Refused, "needed for a legal claim")
	if err != nil || c.State != Refused || h.restricted() {
		t.Errorf("%+v %v", c, err)
	}
	if _, err := h.Decide(ctx, c.ID, Granted, ""); !errors.Is(err, ErrDecided) {
		t.Error(err)
	}
	for _, what := range []string{"case.open", "case.extend", "case.decide"} {
		if h.onRecord(what) != 1 {
			t.Error(h.onRecord(what), "acts of", what)
		}
	}
}

func TestOverdue(t *testing.T) {
	h := newHouse(t)
	c := h.open(t, Access)
	h.clock = c.Due.Add(time.Second)
	if c, _ = h.Case(c.ID); !c.Overdue {
		t.Error("a case without an answer after its time is not overdue")
	}
	if _, err := h.Extend(context.Background(), c.ID, "late"); !errors.Is(err, ErrOverdue) {
		t.Error("extended after the month:", err)
	}
	if h.restricted() {
		t.Error("a request for an extract restricts")
	}
}

// Two desks decide while they do not hear each other: what is in the person's
// favour stands at both, whichever came first.
func TestDecidedTwice(t *testing.T) {
	for _, first := range []Outcome{Granted, Refused} {
		h := newHouse(t)
		c := h.open(t, Objection)
		second := Granted
		if first == Granted {
			second = Refused
		}
		for i, d := range []struct {
			node record.NodeID
			how  Outcome
		}{{desk, first}, {south, second}} {
			w := stepWire{At: noon.Add(time.Duration(i) * time.Hour), Node: d.node, Outcome: d.how}
			x := w.setting(c.ID, decidedBy(d.node)).Setting
			h.settings[x.Key] = *x
		}
		got, err := h.Case(c.ID)
		if err != nil || got.State != Granted || len(got.Decisions) != 2 {
			t.Errorf("%+v %v", got, err)
		}
	}
}

func TestReasonsNameNobody(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	for reason, want := range map[string]error{
		"":                         ErrNoReason,
		"a\nb":                     ErrReasonLong,
		strings.Repeat("a", 201):   ErrReasonLong,
		"ASTRID asked":             ErrReasonNames,
		"asked by Ek":              ErrReasonNames,
		"astrid@elsewhere":         ErrReasonNames,
		"said to sven at the desk": ErrReasonNames,
		"call 07012345":            ErrReasonNames,
	} {
		if _, _, err := h.OpenCase(ctx, aVis, Restriction, reason); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", reason, err, want)
		} else if strings.Contains(strings.ToLower(err.Error()), "astrid") {
			t.Error("an error names the person:", err)
		}
	}
	if _, _, err := h.OpenCase(ctx, aVis, Restriction, "ek is an oak in Swedish"); err != nil {
		t.Error(err)
	}
}

func TestRestrictAndLift(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	if _, err := h.Lift(ctx, aVis, ""); !errors.Is(err, ErrNotRestrict) {
		t.Error(err)
	}
	c := h.open(t, Restriction)
	if !h.restricted() || c.State != Granted {
		t.Errorf("%+v", c)
	}
	objection := h.open(t, Objection)
	over, err := h.Lift(ctx, aVis, "accuracy verified")
	if err != nil || len(over) != 1 || over[0] != c.ID || !h.restricted() {
		t.Error("lifted:", over, err)
	}
	if c, _ = h.Case(c.ID); c.Lifted == nil || c.Lifted.Reason != "accuracy verified" {
		t.Errorf("%+v", c)
	}
	if _, err := h.Decide(ctx, objection.ID, Refused, "a legal claim"); err != nil || h.restricted() {
		t.Error("still restricted:", err)
	}
	if again := h.open(t, Restriction); again.ID == c.ID {
		t.Error("a restriction that was lifted is taken for one that stands")
	}
}

func TestOnlyAtDesks(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	h.members[0].Desk = false
	_, err := h.Export(ctx, aVis, "json")
	if !errors.Is(err, ErrNotDesk) || !strings.Contains(err.Error(), "for instance at South") {
		t.Error(err)
	}
	h.members[1].Revoked = noon
	if _, err := h.Lift(ctx, aVis, ""); !errors.Is(err, ErrNotDesk) || strings.Contains(err.Error(), "South") {
		t.Error("sent to a revoked desk:", err)
	}
	for what, err := range map[string]error{
		"open":     second(h.OpenCase(ctx, aVis, Access, "x")),
		"decide":   last(h.Decide(ctx, record.CaseID{1}, Granted, "")),
		"extend":   last(h.Extend(ctx, record.CaseID{1}, "x")),
		"purposes": last(h.SetPurpose(ctx, Change{List: "purpose", ID: "x", Text: "y"}, false)),
		"house":    h.SetHouse(ctx, "contact", "x"),
		"breach":   last(h.Breach(ctx, "Alfa")),
	} {
		if !errors.Is(err, ErrNotDesk) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if len(h.acts) != 0 || len(h.settings) != 0 {
		t.Error("a refused act left something behind")
	}
}

func last[T any](_ T, err error) error { return err }

func second[T, U any](_ T, _ U, err error) error { return err }

func TestNothingWithoutItsRecord(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	h.book.fail = nil
	c := h.open(t, Objection)
	h.book.fail = errDisk
	for what, err := range map[string]error{
		"export":  last(h.Export(ctx, aVis, "json")),
		"decide":  last(h.Decide(ctx, c.ID, Granted, "")),
		"extend":  last(h.Extend(ctx, c.ID, "x")),
		"purpose": last(h.SetPurpose(ctx, Change{List: "purpose", ID: "x", Text: "y"}, false)),
		"breach":  last(h.Breach(ctx, "Alfa")),
	} {
		if !errors.Is(err, errDisk) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestUnknown(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	if _, err := h.Export(ctx, record.VisitID{9}, "json"); !errors.Is(err, ErrUnknownVisit) {
		t.Error(err)
	}
	if _, err := h.Decide(ctx, record.CaseID{9}, Granted, ""); !errors.Is(err, ErrUnknownCase) {
		t.Error(err)
	}
	if _, _, err := h.OpenCase(ctx, aVis, "wish", "x"); !errors.Is(err, ErrBadKind) {
		t.Error(err)
	}
	if _, err := h.Breach(ctx, "Nobody"); !errors.Is(err, ErrUnknownNode) {
		t.Error(err)
	}
}
