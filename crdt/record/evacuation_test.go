package record

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func started(actor byte, seq uint64, at HLC, id byte, drill bool, site SiteID) Stated {
	return stated(actor, seq, Event{Kind: EvacStarted, At: at, Evac: EvacID{id}, Drill: drill, Scope: site})
}

func ended(actor byte, seq uint64, at HLC, ids ...byte) Stated {
	e := Event{Kind: EvacEnded, At: at, Reason: "over"}
	for _, id := range ids {
		e.Starts = append(e.Starts, EvacID{id})
	}
	return stated(actor, seq, e)
}

func TestEvacuations(t *testing.T) {
	late := func(s Stated) Stated { s.Standing = Late; return s }
	for _, c := range []struct {
		name   string
		events []Stated
		site   SiteID
		kind   string // empty: nothing runs
		id     byte
		sites  []SiteID
		starts int
	}{
		{name: "nothing"},
		{"one", []Stated{started(1, 1, 5, 9, false, "")}, "", "real", 9, nil, 1},
		{"a drill", []Stated{started(1, 1, 5, 9, true, "")}, "North", "drill", 9, nil, 1},
		{"two halves are one, of the earliest", []Stated{started(1, 1, 7, 1, false, ""), started(2, 1, 5, 2, false, "")}, "", "real", 2, nil, 2},
		{"a real alarm outranks a drill", []Stated{started(1, 1, 5, 1, true, ""), started(2, 1, 9, 2, false, "")}, "", "real", 2, nil, 2},
		{"the real one is over, the drill is not", []Stated{started(1, 1, 5, 1, true, ""), started(2, 1, 9, 2, false, ""), ended(2, 2, 10, 2)}, "", "drill", 1, nil, 1},
		{"ended", []Stated{started(1, 1, 5, 9, false, ""), ended(1, 2, 6, 9)}, "", "", 0, nil, 0},
		{"ended by a clock that is behind", []Stated{started(1, 1, 500, 9, false, ""), ended(2, 1, 6, 9)}, "", "", 0, nil, 0},
		{"an end ends what it has seen only", []Stated{started(1, 1, 5, 1, false, ""), started(2, 1, 6, 2, false, ""), ended(1, 2, 9, 1)}, "", "real", 2, nil, 1},
		{"an end of something unheard of", []Stated{ended(1, 1, 9, 1)}, "", "", 0, nil, 0},
		{"elsewhere", []Stated{started(1, 1, 5, 1, false, "South")}, "North", "", 0, nil, 0},
		{"somewhere", []Stated{started(1, 1, 5, 1, false, "South")}, "", "real", 1, []SiteID{"South"}, 1},
		{"a drill here and an alarm there", []Stated{started(1, 1, 5, 1, true, "North"), started(1, 2, 6, 2, false, "South")}, "North", "drill", 1, []SiteID{"North"}, 1},
		{"both together", []Stated{started(1, 1, 5, 1, true, "South"), started(1, 2, 6, 2, false, "North")}, "", "real", 2, []SiteID{"North", "South"}, 2},
		{"a revoked node starts nothing", []Stated{late(started(1, 1, 5, 9, false, ""))}, "", "", 0, nil, 0},
		{"a revoked node ends nothing", []Stated{started(1, 1, 5, 9, false, ""), late(ended(2, 1, 6, 9))}, "", "real", 9, nil, 1},
		{"without an id", []Stated{started(1, 1, 5, 0, false, "")}, "", "", 0, nil, 0},
		{"about a badge", []Stated{stated(1, 1, Event{Kind: EvacStarted, At: 1, Evac: EvacID{1}, Badge: 7})}, "", "", 0, nil, 0},
	} {
		e, on := FoldEvacuations(c.events).Running(c.site)
		if on != (c.kind != "") || on && (e.Kind() != c.kind || e.ID != EvacID{c.id} || !slices.Equal(e.Sites, c.sites) || len(e.Starts) != c.starts) {
			t.Errorf("%s: %v %+v", c.name, on, e)
		}
	}
}

func TestCovers(t *testing.T) {
	for _, c := range []struct {
		of   []SiteID
		at   SiteID
		want bool
	}{{nil, "North", true}, {nil, "", true}, {[]SiteID{"North"}, "North", true}, {[]SiteID{"North"}, "South", false}, {[]SiteID{"North"}, "", true}} {
		if (Evacuation{Sites: c.of}).Covers(c.at) != c.want {
			t.Errorf("%+v", c)
		}
	}
}

func drawEvacuations(t *rapid.T) (out []Stated) {
	seq := map[byte]uint64{}
	for range rapid.IntRange(1, 10).Draw(t, "n") {
		actor := rapid.ByteRange(1, 3).Draw(t, "actor")
		seq[actor]++
		at, id := HLC(rapid.IntRange(1, 12).Draw(t, "at")), rapid.ByteRange(1, 4).Draw(t, "id")
		s := started(actor, seq[actor], at, id, rapid.Bool().Draw(t, "drill"), rapid.SampledFrom([]SiteID{"", "North", "South"}).Draw(t, "site"))
		if rapid.Bool().Draw(t, "again") {
			s.Event.Since = HLC(rapid.IntRange(1, 12).Draw(t, "since"))
		}
		if rapid.Bool().Draw(t, "end") {
			s = ended(actor, seq[actor], at, id, rapid.ByteRange(1, 4).Draw(t, "also"))
			s.Event.Reason = rapid.SampledFrom([]string{"a", "b"}).Draw(t, "reason")
		}
		s.ID.Doc = rapid.SampledFrom([]DocID{"day/20261122/0/s", "day/20261123/0/s"}).Draw(t, "doc")
		s.Standing = Standing(rapid.IntRange(0, 1).Draw(t, "standing"))
		out = append(out, s)
	}
	return out
}

func TestEvacuationsAreOfASet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := drawEvacuations(t)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "order"), 1))
		mixed := append(slices.Clone(events), events[:r.IntN(len(events)+1)]...)
		r.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		if d := cmp.Diff(FoldEvacuations(events), FoldEvacuations(mixed)); d != "" {
			t.Fatalf("another order gave another evacuation:\n%s", d)
		}
	})
}

// What runs still runs, and nothing that is over runs again, after a day has
// been dropped.
func TestCarriedEvacuationsStay(t *testing.T) {
	running := func(all []Stated) (out []Start) {
		for _, s := range FoldEvacuations(all) {
			if s.Ended == 0 {
				s.By, s.Told = NodeID{}, nil
				out = append(out, s)
			}
		}
		return out
	}
	rapid.Check(t, func(t *rapid.T) {
		events := drawEvacuations(t)
		stays := func(id EventID) bool { return id.Doc == "day/20261123/0/s" }
		var rest []Stated
		for _, s := range events {
			if stays(s.ID) {
				rest = append(rest, s)
			}
		}
		for i, e := range CarryEvacuations(events, stays) {
			e.At = 99
			s := stated(9, uint64(i+1), e)
			s.ID.Doc = "day/20261124/0/s"
			rest = append(rest, s)
		}
		if d := cmp.Diff(running(events), running(rest)); d != "" {
			t.Fatalf("dropping a day changed what runs:\n%s", d)
		}
	})
}

// An alarm that a drill became has an id and a beginning of its own.
func TestARealStartNamesTheEvacuation(t *testing.T) {
	all := FoldEvacuations([]Stated{
		stated(1, 1, Event{Kind: EvacStarted, At: 5, Evac: EvacID{1}, Drill: true}),
		stated(1, 2, Event{Kind: EvacStarted, At: 9, Evac: EvacID{2}}),
		stated(2, 1, Event{Kind: EvacStarted, At: 11, Evac: EvacID{3}}),
	})
	if e, on := all.Running(""); !on || e.ID != (EvacID{2}) || e.At != 9 || e.Drill || len(e.Starts) != 3 {
		t.Errorf("%+v", e)
	}
}

func TestEach(t *testing.T) {
	all := FoldEvacuations([]Stated{
		stated(1, 1, Event{Kind: EvacStarted, At: 5, Evac: EvacID{1}, Drill: true}),
		stated(1, 2, Event{Kind: EvacStarted, At: 9, Evac: EvacID{2}, Scope: "North"}),
		stated(1, 3, Event{Kind: EvacEnded, At: 12, Starts: []EvacID{{1}}}),
		stated(2, 1, Event{Kind: EvacStarted, At: 15, Evac: EvacID{3}, Scope: "South"}),
		stated(2, 2, Event{Kind: EvacEnded, At: 20, Starts: []EvacID{{2}}}),
		stated(2, 3, Event{Kind: EvacEnded, At: 22, Starts: []EvacID{{3}}}),
		stated(2, 4, Event{Kind: EvacStarted, At: 30, Evac: EvacID{4}, Drill: true}),
	})
	got := all.Each("")
	if len(got) != 2 || len(got[0].Starts) != 3 || got[0].ID != (EvacID{2}) || got[0].Ended() != 22 || got[1].Ended() != 0 || !got[1].Drill {
		t.Errorf("%+v", got)
	}
	if north := all.Each("North"); len(north) != 2 || len(north[0].Starts) != 2 || north[0].Ended() != 20 {
		t.Errorf("%+v", north)
	}
}

// Whoever had heard of a start and tells of it changes nothing of it, and keeps it
// going, as it was, when all others turn out to have been revoked.
func TestAStartToldAgain(t *testing.T) {
	first := started(1, 1, 5, 9, true, "North")
	first.Event.Cuts, first.Event.CutFor = []Cut{{A: NodeID{1}}}, 60
	again := func(actor byte) Stated {
		s := started(actor, 1, 8, 9, true, "North")
		s.Event.Since = 5
		return s
	}
	one := FoldEvacuations([]Stated{first})
	all := FoldEvacuations([]Stated{again(3), again(0), first, again(3)})
	if want := []NodeID{{}, {1}, {3}}; len(all) != 1 || !slices.Equal(all[0].Told, want) {
		t.Fatalf("%+v", all)
	}
	all[0].Told = one[0].Told
	if d := cmp.Diff(one, all); d != "" {
		t.Errorf("it is another:\n%s", d)
	}
	first.Standing = Late
	e, on := FoldEvacuations([]Stated{first, again(3)}).Running("North")
	if !on || e.ID != (EvacID{9}) || e.At != 5 || !e.Drill || e.Starts[0].By != (NodeID{3}) {
		t.Errorf("%+v", e)
	}
	if _, on := FoldEvacuations([]Stated{first, again(3), ended(4, 1, 9, 9)}).Running(""); on {
		t.Error("an end does not end it")
	}
}
