package record

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func visit(n byte) VisitID { return VisitID{n, 2, 3, 4, 5, 6, 7, 8, 9} }

func stated(actor byte, seq uint64, e Event) Stated {
	return Stated{ID: EventID{Doc: "day/20261122/0/s", Actor: ActorID{actor}, Seq: seq}, Event: e}
}

func only(t *testing.T, ps []Presence) Presence {
	t.Helper()
	if len(ps) != 1 {
		t.Fatalf("got %d presences, want 1", len(ps))
	}
	return ps[0]
}

func TestLeavingClosesWhicheverClockWasAhead(t *testing.T) {
	in := stated(1, 1, Event{Kind: Arrived, At: 5000, Visit: visit(1)})
	out := stated(2, 1, Event{Kind: Left, At: 10, Visit: visit(1)})
	if p := only(t, FoldBadge([]Stated{in, out})); p.State != Gone {
		t.Fatalf("state %s, want left", p.State)
	}
}

func TestDepartureByCodeWaitsForItsArrival(t *testing.T) {
	out := stated(2, 1, Event{Kind: Left, At: 10, Badge: visit(1).Badge()})
	if ps := FoldBadge([]Stated{out}); len(ps) != 0 {
		t.Fatalf("a code alone gave %d presences", len(ps))
	}
	in := stated(1, 1, Event{Kind: Arrived, At: 5, Visit: visit(1)})
	if p := only(t, FoldBadge([]Stated{out, in})); p.State != Gone {
		t.Fatalf("state %s, want left", p.State)
	}
}

func TestSharedCodeRemovesNobodyInDoubt(t *testing.T) {
	a, b := visit(1), visit(1)
	b[15] = 99
	ps := FoldBadge([]Stated{
		stated(1, 1, Event{Kind: Arrived, At: 5, Visit: a}),
		stated(2, 1, Event{Kind: Arrived, At: 6, Visit: b}),
		stated(3, 1, Event{Kind: Left, At: 10, Badge: a.Badge()}),
	})
	for _, p := range ps {
		if p.State != Present || !p.Doubtful {
			t.Fatalf("%+v: want present and doubtful", p)
		}
	}
	if len(ps) != 2 {
		t.Fatalf("got %d", len(ps))
	}
}

func TestClockNeverRemoves(t *testing.T) {
	in := stated(1, 1, Event{Kind: Arrived, At: 5, Visit: visit(1)})
	timed := stated(1, 2, Event{Kind: TimedOut, At: 50, Visit: visit(1)})
	if p := only(t, FoldBadge([]Stated{in, timed})); p.State != Timed || !p.Open() {
		t.Fatalf("%+v", p)
	}
	seen := stated(2, 1, Event{Kind: Moved, At: 60, Visit: visit(1), Place: Place{Zone: "B"}})
	p := only(t, FoldBadge([]Stated{in, timed, seen}))
	if p.State != Present || p.Seen.Place.Zone != "B" {
		t.Fatalf("%+v", p)
	}
}

func TestCorrectionOpensAgain(t *testing.T) {
	in := stated(1, 1, Event{Kind: Arrived, At: 5, Visit: visit(1)})
	out := stated(1, 2, Event{Kind: Left, At: 9, Visit: visit(1)})
	fix := stated(2, 1, Event{Kind: Corrected, At: 7, Visit: visit(1), Of: &out.ID})
	if p := only(t, FoldBadge([]Stated{fix, out, in})); p.State != Present {
		t.Fatalf("%+v", p)
	}
}

func TestLateWordOfARevokedNode(t *testing.T) {
	in := stated(1, 1, Event{Kind: Arrived, At: 5, Visit: visit(1)})
	out := stated(2, 1, Event{Kind: Left, At: 9, Visit: visit(1)})
	out.Standing = Late
	if p := only(t, FoldBadge([]Stated{in, out})); p.State != Present {
		t.Fatalf("a late check-out removed somebody: %+v", p)
	}
	in.Standing = Late
	if p := only(t, FoldBadge([]Stated{in})); p.State != Unknown {
		t.Fatalf("a late arrival is taken at its word: %+v", p)
	}
}

// Whoever is known by a mark alone stays on the list when its writer turns out
// to have been revoked; the mark itself does not count.
func TestARevocationTakesNobodyOffTheList(t *testing.T) {
	unseen := marked(1, 1, 5, Refuge)
	unseen.Standing = Late
	if p := only(t, FoldBadge([]Stated{unseen})); !p.Open() || p.State != Unknown || p.Visit != visit(1) || p.Verdict(alarm).Mark != "" || p.Seen.IsZero() || p.Heard() {
		t.Errorf("marked by a revoked node alone: %+v", p)
	}
	in := stated(2, 1, Event{Kind: Arrived, At: 9, Visit: visit(1)})
	if p := only(t, FoldBadge([]Stated{unseen, in})); p.State != Present || p.Seen.ID != in.ID || !p.Heard() {
		t.Errorf("when the arrival is known: %+v", p)
	}
	byVisit := stated(2, 2, Event{Kind: Left, At: 9, Visit: visit(1)})
	byCode := stated(2, 2, Event{Kind: Left, At: 9, Badge: visit(1).Badge()})
	for _, out := range []Stated{byVisit, byCode} {
		if p := only(t, FoldBadge([]Stated{unseen, out})); p.Open() {
			t.Errorf("whose badge has gone out: %+v", p)
		}
	}
	unseen.Event.Visit, unseen.Event.Badge = VisitID{}, visit(1).Badge()
	if p := FoldBadge([]Stated{unseen}); len(p) != 0 {
		t.Errorf("a code that a revoked node typed: %+v", p)
	}
}

func TestCarriedKeepsItsBeginning(t *testing.T) {
	carry := func(actor byte, at HLC) Stated {
		return stated(actor, 1, Event{Kind: Carried, At: at, Visit: visit(1), Since: 5, Place: Place{Zone: "A"}})
	}
	p := only(t, FoldBadge([]Stated{carry(3, 80), carry(4, 90)}))
	if p.State != Present || p.Since != 5 || p.Seen.Place.Zone != "A" {
		t.Fatalf("%+v", p)
	}
}

// drawEvents draws events of two visits of one badge by three actors.
func drawEvents(t *rapid.T) []Stated {
	a, b := visit(1), visit(1)
	b[15] = 7
	kinds := []Kind{Arrived, Left, Moved, TimedOut, Corrected, Carried, Marked, Added, "of a newer release"}
	var out []Stated
	seq := map[byte]uint64{}
	for range rapid.IntRange(1, 12).Draw(t, "n") {
		actor := rapid.ByteRange(1, 3).Draw(t, "actor")
		seq[actor]++
		e := Event{Kind: rapid.SampledFrom(kinds).Draw(t, "kind"), At: HLC(rapid.IntRange(1, 20).Draw(t, "at"))}
		e.Visit = rapid.SampledFrom([]VisitID{a, a, b}).Draw(t, "visit")
		if e.Kind == Left && rapid.Bool().Draw(t, "by code") {
			e.Badge, e.Visit = a.Badge(), VisitID{}
		}
		if e.Kind == Left && len(out) > 0 && rapid.Bool().Draw(t, "again") {
			e.Over = []EventID{rapid.SampledFrom(out).Draw(t, "knew of").ID}
		}
		if e.Kind == Marked && rapid.Bool().Draw(t, "twice") {
			e.Mark, e.Once = rapid.SampledFrom([]Mark{Safe, Refuge}).Draw(t, "mark"), OnceID{1}
		}
		if e.Kind == Corrected && len(out) > 0 {
			of := rapid.SampledFrom(out).Draw(t, "of").ID
			e.Of = &of
		}
		s := stated(actor, seq[actor], e)
		s.Standing = Standing(rapid.IntRange(0, 1).Draw(t, "standing"))
		out = append(out, s)
	}
	return out
}

func TestFoldIsOfASet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := drawEvents(t)
		want := FoldBadge(events)
		seed := rapid.Uint64().Draw(t, "order")
		r := rand.New(rand.NewPCG(seed, 1))
		mixed := append(append([]Stated{}, events...), events[:r.IntN(len(events)+1)]...)
		r.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		if d := cmp.Diff(want, FoldBadge(mixed)); d != "" {
			t.Fatalf("another order gave another list:\n%s", d)
		}
	})
}

// Nobody leaves without evidence: taking every counted departure away leaves
// everybody open.
func TestNoSilentAbsence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var kept []Stated
		for _, s := range drawEvents(t) {
			if s.Event.Kind != Left || s.Standing == Late {
				kept = append(kept, s)
			}
		}
		for _, p := range FoldBadge(kept) {
			if !p.Open() {
				t.Fatalf("gone without evidence: %+v", p)
			}
		}
	})
}

func TestUsedTwiceIsNoticed(t *testing.T) {
	in := stated(1, 1, Event{Kind: Arrived, At: 5, Visit: visit(1)})
	left := func(actor byte, at HLC, door string) Stated {
		return stated(actor, uint64(at), Event{Kind: Left, At: at, Visit: visit(1), Place: Place{Entrance: EntranceID(door)}})
	}
	byCode := left(4, 9, "South")
	byCode.Event.Visit, byCode.Event.Badge = VisitID{}, visit(1).Badge()
	carried := left(5, 10, "East")
	// Whoever had heard of another departure notices nothing, also by a clock that
	// is behind.
	knowing := func(s Stated, of ...Stated) Stated {
		for _, o := range of {
			s.Event.Over = append(s.Event.Over, o.ID)
		}
		return s
	}
	late := left(2, 10, "East")
	late.Standing = Late
	for _, c := range []struct {
		name   string
		events []Stated
		again  []string
	}{
		{"once", []Stated{in, left(2, 10, "East")}, nil},
		{"two nodes", []Stated{in, left(2, 10, "East"), left(3, 20, "West")}, []string{"West"}},
		{"by the code", []Stated{in, left(2, 10, "East"), byCode}, []string{"South"}},
		{"the same node", []Stated{in, left(2, 10, "East"), left(2, 20, "East")}, nil},
		{"carried over", []Stated{in, left(2, 10, "East"), carried}, nil},
		{"by one who knew", []Stated{in, left(2, 10, "East"), knowing(left(3, 20, "West"), left(2, 10, "East"))}, nil},
		{"by one who knew, with a clock behind", []Stated{in, left(2, 10, "East"), knowing(left(3, 5, "West"), left(2, 10, "East"))}, nil},
		{"by one who knew of what does not count", []Stated{in, late, left(4, 15, "South"), knowing(left(3, 20, "West"), late)}, []string{"West"}},
		{"by one who knew of another", []Stated{in, left(2, 10, "East"), left(4, 15, "South"), knowing(left(3, 20, "West"), left(4, 15, "South"))}, []string{"South"}},
		{"three times at one", []Stated{in, left(2, 10, "East"), left(3, 20, "West"), left(3, 30, "West")}, []string{"West"}},
	} {
		p := only(t, FoldBadge(c.events))
		var got []string
		for _, f := range p.Again {
			got = append(got, string(f.Place.Entrance))
		}
		if p.State != Gone || !cmp.Equal(got, c.again) {
			t.Errorf("%s: %s, again at %v", c.name, p.State, got)
		}
	}
	many := []Stated{in}
	for i := range byte(20) {
		many = append(many, left(10+i, HLC(10+i), string('A'+rune(i))))
	}
	if p := only(t, FoldBadge(many)); len(p.Again) != MaxAgain || p.Again[0].Place.Entrance != "B" {
		t.Errorf("%d times again", len(p.Again))
	}
	void := left(3, 20, "West")
	fix := stated(4, 1, Event{Kind: Corrected, At: 30, Visit: visit(1), Of: &void.ID})
	if p := only(t, FoldBadge([]Stated{in, left(2, 10, "East"), void, fix})); len(p.Again) != 0 {
		t.Error("a departure that was a mistake counts")
	}
}
