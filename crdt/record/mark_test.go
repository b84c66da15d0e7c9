package record

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var alarm = Evacuation{ID: EvacID{9}, Starts: []Start{{ID: EvacID{9}}}}

func marked(actor byte, seq uint64, at HLC, m Mark, over ...Stated) Stated {
	e := Event{Kind: Marked, At: at, Visit: visit(1), Mark: m, Point: "Car park", Starts: []EvacID{{9}}}
	for _, s := range over {
		e.Over = append(e.Over, s.ID)
	}
	return stated(actor, seq, e)
}

func TestVerdict(t *testing.T) {
	in := stated(1, 1, Event{Kind: Arrived, At: 5, Visit: visit(1)})
	out := stated(2, 9, Event{Kind: Left, At: 15, Visit: visit(1)})
	safe, missing, refuge := marked(3, 1, 10, Safe), marked(4, 1, 12, Missing), marked(5, 1, 11, Refuge)
	drill := marked(3, 2, 10, Safe)
	drill.Event.Starts = []EvacID{{8}}
	late := safe
	late.Standing = Late
	void := stated(3, 3, Event{Kind: Corrected, At: 20, Visit: visit(1), Of: &safe.ID})
	out2 := stated(6, 1, Event{Kind: Left, At: 11, Visit: visit(1)})
	outSeen := out
	outSeen.Event.Over = []EventID{refuge.ID}
	fed := out // told of at 15
	fed.Event.How, fed.Event.Said = HowFed, 9
	fedLater := fed
	fedLater.Event.Said = 13
	fedKnowing := fed
	fedKnowing.Event.Over = []EventID{out2.ID}
	fedAhead := fed
	fedAhead.Event.Said = 99
	for _, c := range []struct {
		name     string
		events   []Stated
		mark     Mark
		left     bool
		disputed bool
	}{
		{name: "nothing"},
		{"safe", []Stated{safe}, Safe, false, false},
		{"a mark of another evacuation", []Stated{drill}, "", false, false},
		{"a mark of a revoked node", []Stated{late}, "", false, false},
		{"missing where others see", []Stated{safe, missing}, Safe, false, false},
		{"missing by one who knew", []Stated{safe, marked(4, 2, 9, Missing, safe)}, Missing, false, false},
		{"two see different things", []Stated{safe, refuge}, Refuge, false, true},
		{"helped from the refuge", []Stated{refuge, marked(3, 4, 9, Safe, refuge)}, Safe, false, false},
		{"a wrong mark is corrected", []Stated{safe, void}, "", false, false},
		{"what a corrected mark stood for stands again", []Stated{refuge, marked(3, 1, 10, Safe, refuge), void}, Refuge, false, false},
		{"left", []Stated{out}, "", true, false},
		{"left and missed", []Stated{out, missing}, "", true, false},
		{"missed although known to have left", []Stated{out, marked(4, 3, 9, Missing, out)}, Missing, false, false},
		{"safe and left later", []Stated{safe, out}, "", true, false},
		{"safe and left earlier", []Stated{marked(3, 5, 20, Safe), out}, Safe, false, false},
		{"a badge out, its bearer seen in a refuge", []Stated{refuge, out}, Refuge, false, true},
		{"out of the refuge, by one who knew", []Stated{refuge, outSeen}, "", true, false},
		{"a badge fed out", []Stated{fed}, "", true, false},
		{"missed after the badge went out", []Stated{missing, fed}, Missing, false, true},
		{"missed before the badge went out", []Stated{missing, fedLater}, "", true, false},
		{"missed, and let out by somebody", []Stated{missing, fed, out2}, "", true, false},
		{"missed, let out by somebody, and fed out by one who knew", []Stated{missing, fedKnowing, out2}, "", true, false},
		{"safe after the badge went out", []Stated{safe, fed}, Safe, false, false},
		{"safe before the badge went out", []Stated{safe, fedLater}, "", true, false},
		{"fed out by a clock that is ahead", []Stated{marked(3, 6, 20, Safe), fedAhead}, Safe, false, false},
		{"in a refuge after the badge went out", []Stated{refuge, fed}, Refuge, false, true},
	} {
		p := only(t, FoldBadge(append([]Stated{in}, c.events...)))
		v := p.Verdict(alarm)
		if v.Mark != c.mark || v.Left != c.left || v.Disputed != c.disputed || v.Mark != "" && v.By.Point != "Car park" {
			t.Errorf("%s: %+v", c.name, v)
		}
	}
}

func TestDrillMarksDoNotCountInAnAlarm(t *testing.T) {
	p := only(t, FoldBadge([]Stated{marked(1, 1, 5, Safe)}))
	both := Evacuation{Starts: []Start{{ID: EvacID{9}, Drill: true}, {ID: EvacID{10}}}}
	if v := p.Verdict(both); v.Mark != "" {
		t.Errorf("found in a drill, %+v in the alarm", v)
	}
	both.Drill, both.Starts = true, both.Starts[:1]
	if v := p.Verdict(both); v.Mark != Safe {
		t.Errorf("%+v in the drill", v)
	}
}

func TestMarksOfABadgeNobodyKnows(t *testing.T) {
	byCode := marked(1, 1, 5, Safe)
	byCode.Event.Visit, byCode.Event.Badge = VisitID{}, visit(1).Badge()
	if p := only(t, FoldBadge([]Stated{byCode})); p.Badge() != visit(1).Badge() || !p.Open() || p.Verdict(alarm).Mark != Safe || p.Seen.IsZero() || p.Heard() {
		t.Errorf("alone: %+v", p)
	}
	in := stated(2, 1, Event{Kind: Arrived, At: 4, Visit: visit(1)})
	if p := only(t, FoldBadge([]Stated{byCode, in})); p.Visit != visit(1) || p.Verdict(alarm).Mark != Safe || !p.Heard() {
		t.Errorf("when its arrival is known: %+v", p)
	}
	other := visit(1)
	other[15] = 99
	for _, p := range FoldBadge([]Stated{byCode, in, stated(3, 1, Event{Kind: Arrived, At: 4, Visit: other})}) {
		if p.Verdict(alarm).Mark != "" || !p.Doubtful {
			t.Errorf("one of two is safe, and who is not known: %+v", p)
		}
	}
	unseen := marked(1, 1, 5, Safe)
	if p := only(t, FoldBadge([]Stated{unseen})); p.State != Unknown || p.Verdict(alarm).Mark != Safe || p.Heard() {
		t.Errorf("a visit not heard of: %+v", p)
	}
	undone := func(s Stated) Stated {
		return stated(4, 1, Event{Kind: Corrected, At: 9, Visit: s.Event.Visit, Badge: s.Event.Badge, Of: &s.ID})
	}
	if p := only(t, FoldBadge([]Stated{unseen, undone(unseen)})); !p.Open() || p.Verdict(alarm).Mark != "" || p.Seen.IsZero() || p.Heard() {
		t.Errorf("a visit whose mark was taken back: %+v", p)
	}
	out := stated(5, 1, Event{Kind: Left, At: 7, Badge: visit(1).Badge()})
	for _, known := range [][]Stated{{unseen}, {unseen, undone(unseen)}} {
		if p := only(t, FoldBadge(append(known, out))); p.Open() {
			t.Errorf("a visit not heard of whose badge has gone out: %+v", p)
		}
	}
	if p := FoldBadge([]Stated{byCode, undone(byCode)}); len(p) != 0 {
		t.Errorf("a code that was mistyped: %+v", p)
	}
}

func TestAMarkDeliveredTwiceCountsOnce(t *testing.T) {
	a, b := marked(1, 1, 5, Safe), marked(2, 1, 6, Safe)
	a.Event.Once, b.Event.Once = OnceID{1}, OnceID{1}
	p := only(t, FoldBadge([]Stated{a, b}))
	if len(p.Marks) != 1 {
		t.Fatalf("%d marks", len(p.Marks))
	}
	void := stated(3, 1, Event{Kind: Corrected, At: 9, Visit: visit(1), Of: &b.ID})
	if p := only(t, FoldBadge([]Stated{a, b, void})); len(p.Marks) != 0 {
		t.Errorf("undone in one copy only: %+v", p)
	}
	if v := only(t, FoldBadge([]Stated{a, b, marked(4, 1, 4, Missing, b)})).Verdict(alarm); v.Mark != Missing {
		t.Errorf("judged anew by one who knew a copy: %+v", v)
	}
	// What was said of the copy of a node that turns out to have been revoked was
	// said of the act, where the copy told it right.
	anew := marked(4, 1, 9, Missing, a)
	void.Event.Of = &a.ID
	a.Standing = Late
	if v := only(t, FoldBadge([]Stated{a, b, anew})).Verdict(alarm); v.Mark != Missing {
		t.Errorf("judged anew by one who knew a late copy: %+v", v)
	}
	if p := only(t, FoldBadge([]Stated{a, b, void})); len(p.Marks) != 0 {
		t.Errorf("undone in a late copy: %+v", p)
	}
	if p := only(t, FoldBadge([]Stated{a, b})); len(p.Marks) != 1 || p.Marks[0].ID != b.ID {
		t.Errorf("beside a late copy: %+v", p)
	}
	a.Event.Mark = Inside
	if v := only(t, FoldBadge([]Stated{a, b, anew, void})).Verdict(alarm); v.Mark != Safe {
		t.Errorf("judged anew, and undone, by one who was told otherwise: %+v", v)
	}
}

func TestAdded(t *testing.T) {
	add := stated(1, 1, Event{Kind: Added, At: 5, Visit: visit(1), Starts: []EvacID{{9}}})
	if p := only(t, FoldBadge([]Stated{add})); !p.Added || p.State != Unknown || !p.Open() {
		t.Errorf("%+v", p)
	}
	join := stated(2, 1, Event{Kind: Joined, At: 6, Visit: visit(1), Other: visit(2)})
	if p := only(t, FoldBadge([]Stated{join, add})); p.Joined != visit(2) {
		t.Errorf("%+v", p)
	}
	void := stated(3, 1, Event{Kind: Corrected, At: 9, Visit: visit(1), Of: &join.ID})
	if p := only(t, FoldBadge([]Stated{join, add, void})); !p.Joined.IsZero() {
		t.Errorf("%+v", p)
	}
}

// drawMarks are marks, departures and corrections of one visit; a writer may
// have known any of those drawn before.
func drawMarks(t *rapid.T) (out []Stated) {
	seq := map[byte]uint64{}
	for range rapid.IntRange(1, 9).Draw(t, "n") {
		actor := rapid.ByteRange(1, 3).Draw(t, "actor")
		seq[actor]++
		s := marked(actor, seq[actor], HLC(rapid.IntRange(1, 9).Draw(t, "at")), rapid.SampledFrom([]Mark{Safe, Missing, Inside, Refuge, "newer"}).Draw(t, "mark"))
		for _, before := range out {
			if rapid.IntRange(0, 3).Draw(t, "knew") == 0 {
				s.Event.Over = append(s.Event.Over, before.ID)
			}
		}
		switch rapid.IntRange(0, 7).Draw(t, "kind") {
		case 0:
			s.Event.Kind, s.Event.Mark, s.Event.Point = Left, "", ""
		case 1:
			if len(out) > 0 {
				of := rapid.SampledFrom(out).Draw(t, "of").ID
				s.Event = Event{Kind: Corrected, At: s.Event.At, Visit: visit(1), Of: &of}
			}
		case 2:
			s.Event.Once = OnceID{rapid.ByteRange(1, 2).Draw(t, "once")}
		case 3:
			s.Event.Visit, s.Event.Badge = VisitID{}, visit(1).Badge()
		}
		s.Standing = Standing(rapid.IntRange(0, 4).Draw(t, "standing") / 4)
		out = append(out, s)
	}
	return out
}

func TestMarksAreOfASet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := append(drawMarks(t), stated(9, 1, Event{Kind: Arrived, At: 1, Visit: visit(1)}))
		want := FoldBadge(events)
		rand.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		got := FoldBadge(append(events, events...))
		if d := cmp.Diff(want, got); d != "" {
			t.Fatal(d)
		}
		if d := cmp.Diff(want[0].Verdict(alarm), got[0].Verdict(alarm)); d != "" {
			t.Fatal(d)
		}
	})
}

// Whatever another half of the campus did that had not heard of a mark, the
// person does not fall back to where nobody has marked anything, nor from a
// sighting to missing, nor from a refuge to safety.
func TestAMergeNeverUnmarks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := stated(9, 1, Event{Kind: Arrived, At: 1, Visit: visit(1)})
		here := append(drawMarks(t), in)
		there := append(drawMarks(t), in)
		for i := range there {
			if there[i].ID != in.ID {
				there[i].ID.Actor = ActorID{there[i].ID.Actor[0] + 100}
			}
			if there[i].Event.Of != nil {
				of := *there[i].Event.Of
				of.Actor = ActorID{of.Actor[0] + 100}
				there[i].Event.Of = &of
			}
			there[i].Event.Once = OnceID{}
			for j := range there[i].Event.Over {
				there[i].Event.Over[j].Actor = ActorID{there[i].Event.Over[j].Actor[0] + 100}
			}
		}
		was, is := FoldBadge(here)[0].Verdict(alarm), FoldBadge(append(here, there...))[0].Verdict(alarm)
		if was.Mark == "" && !was.Left {
			return
		}
		switch {
		case is.Mark == "" && !is.Left,
			was.Mark != Missing && is.Mark == Missing,
			was.Mark == Refuge && is.Mark != Refuge,
			was.Mark == Inside && (is.Mark == Safe || is.Left):
			t.Fatalf("%+v became %+v", was, is)
		}
	})
}

func TestSweeps(t *testing.T) {
	sweep := func(actor byte, at HLC, zone ZoneID, m Mark, start byte) Stated {
		return stated(actor, uint64(at), Event{Kind: Swept, At: at, Place: Place{Site: "North", Zone: zone}, Mark: m, Starts: []EvacID{{start}}})
	}
	all := FoldSweeps([]Stated{sweep(1, 7, "2", Safe, 9), sweep(2, 5, "2", Missing, 9), sweep(2, 6, "3", Missing, 9), sweep(3, 9, "3", Safe, 8)})
	got := all.In(alarm)
	if len(got) != 2 || !got[1].Clear || got[1].Place.Zone != "2" || got[0].Clear {
		t.Errorf("%+v", got)
	}
}

func TestStillStanding(t *testing.T) {
	safe := marked(3, 1, 10, Safe)
	out := stated(2, 9, Event{Kind: Left, At: 8, Visit: visit(1)})
	missing := marked(4, 1, 9, Missing, safe, out)
	p := only(t, FoldBadge([]Stated{safe, missing, out, marked(5, 1, 11, Refuge)}))
	if got := StillStanding(p.Marks, p.Departures); len(got) != 2 || got[0].Actor[0] != 5 || got[1] != missing.ID {
		t.Errorf("%v", got)
	}
}

// Who went out by a badge that nobody has told of was marked by it before.
func TestABadgeNobodyKnowsGoesOut(t *testing.T) {
	byCode := marked(1, 1, 5, Missing)
	byCode.Event.Visit, byCode.Event.Badge = VisitID{}, visit(1).Badge()
	out := stated(2, 1, Event{Kind: Left, At: 7, Badge: visit(1).Badge()})
	if p := only(t, FoldBadge([]Stated{byCode, out})); p.Open() || !p.Verdict(alarm).Left {
		t.Errorf("%+v", p)
	}
}
