package record

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func aCase(n byte) CaseID { return CaseID{n} }

func casesOf(p Presence) (out []CaseID) {
	for _, r := range p.Restricted {
		out = append(out, r.Case)
	}
	return out
}

func TestRestriction(t *testing.T) {
	in := stated(1, 1, Event{Kind: Arrived, At: 5, Visit: visit(1)})
	restrict := stated(2, 1, Event{Kind: Restricted, At: 10, Visit: visit(1), Case: aCase(1), Reason: "accuracy contested"})
	again := stated(3, 1, Event{Kind: Restricted, At: 11, Visit: visit(1), Case: aCase(2)})
	lift := stated(4, 1, Event{Kind: Unrestricted, At: 3, Visit: visit(1), Cases: []CaseID{aCase(1)}})
	mistake := stated(4, 2, Event{Kind: Corrected, At: 12, Visit: visit(1), Of: &lift.ID})
	undone := stated(4, 3, Event{Kind: Corrected, At: 12, Visit: visit(1), Of: &restrict.ID})
	copied := stated(5, 1, Event{Kind: Restricted, At: 10, Visit: visit(1), Case: aCase(1), How: "carried"})
	late := func(s Stated) Stated { s.Standing = Late; return s }
	for _, c := range []struct {
		name   string
		events []Stated
		want   []CaseID
	}{
		{"none", []Stated{in}, nil},
		{"one", []Stated{in, restrict}, []CaseID{aCase(1)}},
		{"two", []Stated{again, in, restrict}, []CaseID{aCase(1), aCase(2)}},
		{"lifted, by a clock that is behind", []Stated{in, restrict, lift}, nil},
		{"one lifted that did not know of the other", []Stated{in, restrict, again, lift}, []CaseID{aCase(2)}},
		{"lifted by mistake", []Stated{in, restrict, lift, mistake}, []CaseID{aCase(1)}},
		{"a mistake", []Stated{in, restrict, undone}, nil},
		{"a mistake that was copied", []Stated{in, restrict, copied, undone}, nil},
		{"by a node whose word does not count", []Stated{in, late(restrict)}, nil},
		{"lifted by such a node", []Stated{in, restrict, late(lift)}, []CaseID{aCase(1)}},
	} {
		p := only(t, FoldBadge(c.events))
		if !cmp.Equal(casesOf(p), c.want) {
			t.Errorf("%s: %v, want %v", c.name, casesOf(p), c.want)
		}
		if p.State != Present {
			t.Errorf("%s: a restriction changed the state to %s", c.name, p.State)
		}
	}
	if ps := FoldBadge([]Stated{restrict}); len(ps) != 0 {
		t.Error("a restriction alone is a visit:", ps)
	}
}

// drawRestricted draws events of one badge, restrictions among them.
func drawRestricted(t *rapid.T) (events []Stated) {
	kinds := []Kind{Arrived, Arrived, Left, Carried, Corrected, Restricted, Restricted, Unrestricted}
	for i := range rapid.IntRange(1, 14).Draw(t, "n") {
		s := stated(1, uint64(i+1), Event{
			Kind: rapid.SampledFrom(kinds).Draw(t, "kind"), At: HLC(rapid.IntRange(1, 40).Draw(t, "at")),
			Visit: VisitID{8: byte(rapid.IntRange(1, 2).Draw(t, "visit"))}, // one badge
		})
		s.Standing = Standing(rapid.IntRange(0, 5).Draw(t, "standing") / 5)
		one := func() CaseID { return aCase(byte(rapid.IntRange(1, 3).Draw(t, "case"))) }
		switch s.Event.Kind {
		case Restricted:
			s.Event.Case = one()
		case Unrestricted:
			s.Event.Cases = []CaseID{one()}
		case Corrected:
			of := stated(1, uint64(rapid.IntRange(1, 14).Draw(t, "of")), Event{}).ID
			s.Event.Of = &of
		}
		events = append(events, s)
	}
	return events
}

func TestRestrictionsAreOfASet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := drawRestricted(t)
		want := FoldBadge(events)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "order"), 1))
		mixed := append(slices.Clone(events), events[:r.IntN(len(events)+1)]...)
		r.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		if d := cmp.Diff(want, FoldBadge(mixed)); d != "" {
			t.Fatalf("another order gave another list:\n%s", d)
		}
		// Restricting moves nobody.
		var plain []Stated
		for _, s := range events {
			if s.Event.Kind != Restricted && s.Event.Kind != Unrestricted {
				plain = append(plain, s)
			}
		}
		for i, p := range FoldBadge(plain) {
			if q := want[i]; p.Visit != q.Visit || p.State != q.State || p.Since != q.Since {
				t.Fatalf("a restriction made %+v into %+v", p, q)
			}
		}
	})
}

// However events are divided into those that are dropped and those that stay,
// whoever is on a list afterwards is restricted as before.
func TestCarryOverKeepsRestrictions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := drawRestricted(t)
		kept := map[EventID]bool{}
		for _, s := range events {
			kept[s.ID] = rapid.Bool().Draw(t, "stays")
		}
		stays := func(id EventID) bool { return kept[id] || id.Doc == "today" }
		var after []Stated
		for _, s := range events {
			if stays(s.ID) {
				after = append(after, s)
			}
		}
		for i, e := range CarryOver(events, stays) {
			if e.At == 0 {
				e.At = HLC(101 + i)
			}
			after = append(after, Stated{ID: EventID{Doc: "today", Actor: ActorID{9}, Seq: uint64(i + 1)}, Event: e})
		}
		was := map[VisitID][]CaseID{}
		for _, p := range FoldBadge(events) {
			was[p.Visit] = casesOf(p)
		}
		for _, q := range FoldBadge(after) {
			a, b := slices.Clone(was[q.Visit]), casesOf(q)
			order := func(x, y CaseID) int { return slices.Compare(x[:], y[:]) }
			slices.SortFunc(a, order)
			slices.SortFunc(b, order)
			if !slices.Equal(a, b) {
				t.Fatalf("restricted by %v before, by %v after\n%+v\n%+v", a, b, events, after)
			}
		}
		if again := CarryOver(after, stays); len(again) > 0 {
			t.Fatalf("carried over twice: %+v", again)
		}
	})
}

func TestCaseIDs(t *testing.T) {
	id := CaseID{1, 2, 3}
	got, err := ParseCaseID(id.String())
	if err != nil || got != id {
		t.Error(got, err)
	}
	if _, err := ParseCaseID(VisitID{1, 2, 3}.String()); err == nil {
		t.Error("a visit is taken for a case")
	}
}
