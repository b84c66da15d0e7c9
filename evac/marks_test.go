package evac_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/evac"
)

// began is when the evacuation of these tests began.
var began = record.HLCOf(at.Add(-10 * time.Minute))

func alarmAt(site record.SiteID, drill bool, id byte) record.Start {
	return record.Start{ID: record.EvacID{id}, At: began, Site: site, Drill: drill}
}

func after(minutes int) record.HLC {
	return record.HLCOf(at.Add(time.Duration(minutes-10) * time.Minute))
}

// mark is one in the evacuation with id 1, by a node.
func mark(by byte, seq uint64, t record.HLC, m record.Mark, over ...record.MarkFact) record.MarkFact {
	f := record.MarkFact{
		Fact: record.Fact{ID: record.EventID{Actor: record.NewActor(node(by), 2, [8]byte{}), Seq: seq}, At: t, How: "command", Place: record.Place{Site: "Norra"}},
		Mark: m, Point: "Parkeringen", Starts: []record.EvacID{{1}},
	}
	for _, o := range over {
		f.Over = append(f.Over, o.ID)
	}
	return f
}

func at9(n, by byte, change func(*record.Presence)) record.Presence {
	p := presentAt(uint32(n), by, "Plan 3", record.HLCOf(at.Add(-time.Hour)))
	p.Seen.Place.Site, p.Seen.How = "Norra", "kiosk"
	change(&p)
	return p
}

func leaves(p *record.Presence, by byte, t record.HLC) {
	p.State = record.Gone
	p.Left = record.Fact{ID: record.EventID{Actor: record.NewActor(node(by), 1, [8]byte{}), Seq: 99}, At: t, How: "desk"}
	p.Departures = []record.Departure{{ID: p.Left.ID, At: t}}
}

func TestMarksOnTheList(t *testing.T) {
	safe, refuge := mark(4, 1, after(2), record.Safe), mark(5, 1, after(1), record.Refuge)
	in := evac.Input{
		Now: at, Evacuations: record.Evacuations{alarmAt("Norra", false, 1)},
		KnownPoint: func(p record.PointName) bool { return p == "Lekplatsen" },
		Entrances: []evac.Entrance{
			{Node: node(1), Name: "Här", Here: true, CompleteAsOf: at},
			{Node: node(2), Name: "Östra grinden", LastHeard: at.Add(-time.Hour)},
			{Node: node(4), Name: "Alfa", Role: "warden", CompleteAsOf: at, LastHeard: at},
		},
	}
	for _, c := range []struct {
		name     string
		person   record.Presence
		state    evac.State // empty: not listed
		sure     bool
		disputed bool
	}{
		{"inside", at9(1, 1, func(*record.Presence) {}), evac.Inside, true, false},
		{"safe", at9(1, 1, func(p *record.Presence) { p.Marks = []record.MarkFact{safe} }), evac.Safe, true, false},
		{"safe, of a silent gate", at9(1, 2, func(p *record.Presence) { p.Marks = []record.MarkFact{safe} }), evac.Safe, true, false},
		{"missing, of a silent gate", at9(1, 2, func(p *record.Presence) { p.Marks = []record.MarkFact{mark(4, 1, after(1), record.Missing)} }), evac.Missing, false, false},
		{"two say different things", at9(1, 1, func(p *record.Presence) { p.Marks = []record.MarkFact{refuge, safe} }), evac.Refuge, false, true},
		{"helped out", at9(1, 1, func(p *record.Presence) {
			p.Marks = []record.MarkFact{refuge, mark(4, 2, after(2), record.Safe, refuge)}
		}), evac.Safe, true, false},
		{"in a drill", at9(1, 1, func(p *record.Presence) {
			m := safe
			m.Starts = []record.EvacID{{7}}
			p.Marks = []record.MarkFact{m}
		}), evac.Inside, true, false},
		{"left since", at9(1, 2, func(p *record.Presence) { leaves(p, 1, after(3)) }), evac.Left, true, false},
		{"left before", at9(1, 1, func(p *record.Presence) { leaves(p, 1, began-1) }), "", true, false},
		{"left before, and seen inside", at9(1, 1, func(p *record.Presence) {
			leaves(p, 1, began-1)
			p.Marks = []record.MarkFact{mark(4, 1, after(1), record.Inside)}
		}), evac.Inside, false, true},
		{"left before, and missed", at9(1, 1, func(p *record.Presence) {
			leaves(p, 1, began-1)
			p.Marks = []record.MarkFact{mark(4, 1, after(1), record.Missing)}
		}), evac.Left, true, false},
		{"elsewhere", at9(1, 1, func(p *record.Presence) { p.Seen.Place.Site, p.Marks = "Södra", []record.MarkFact{safe} }), evac.Inside, true, false},
		{"left elsewhere", at9(1, 1, func(p *record.Presence) { p.Seen.Place.Site = "Södra"; leaves(p, 1, after(3)) }), "", true, false},
		{"signed out by the clock", at9(1, 1, func(p *record.Presence) { p.State = record.Timed }), evac.ProbablyLeft, true, false},
		{"shared badge, safe", at9(1, 1, func(p *record.Presence) { p.Doubtful, p.Marks = true, []record.MarkFact{safe} }), evac.Safe, false, false},
		{"a mark of a newer release", at9(1, 1, func(p *record.Presence) { p.Marks = []record.MarkFact{mark(4, 1, after(1), "newer")} }), evac.Inside, true, false},
	} {
		in.Presences = []record.Presence{c.person}
		l := evac.Fold(in)
		if c.state == "" {
			if len(l.People) != 0 {
				t.Errorf("%s: %+v", c.name, l.People)
			}
			continue
		}
		if len(l.People) != 1 || l.People[0].State != c.state || l.People[0].NotSure == c.sure || l.People[0].Disputed != c.disputed {
			t.Errorf("%s: %+v", c.name, l.People)
			continue
		}
		p := l.People[0]
		if c.state == evac.Safe && (p.MarkedBy != "Alfa" || p.MarkedAt != after(2).Time() || p.Point != "Parkeringen" || p.PointKnown || p.How != "command") {
			t.Errorf("%s: whose mark it is: %+v", c.name, p)
		}
		if c.state == evac.Left && (p.LeftAt.IsZero() || p.How != "desk") {
			t.Errorf("%s: %+v", c.name, p)
		}
	}
}

// At rest nobody is safe or left, whatever was said in a drill last week.
func TestMarksAtRest(t *testing.T) {
	over := alarmAt("", false, 1)
	over.Ended = after(5)
	p := at9(1, 1, func(p *record.Presence) { p.Marks = []record.MarkFact{mark(4, 1, after(1), record.Safe)} })
	q := at9(2, 1, func(p *record.Presence) { leaves(p, 1, after(3)) })
	l := evac.Fold(evac.Input{Now: at, Evacuations: record.Evacuations{over}, Presences: []record.Presence{p, q}, Entrances: []evac.Entrance{{Node: node(1), Here: true, CompleteAsOf: at}}})
	if len(l.People) != 1 || l.People[0].State != evac.Inside || l.People[0].MarkedBy != "" {
		t.Errorf("%+v", l.People)
	}
}

// A drill in one site and an alarm in another are two things.
func TestADrillHereAndAnAlarmThere(t *testing.T) {
	drill, alarm := alarmAt("Norra", true, 1), alarmAt("Södra", false, 2)
	p := at9(1, 1, func(p *record.Presence) { p.Marks = []record.MarkFact{mark(4, 1, after(1), record.Safe)} })
	in := evac.Input{Now: at, Evacuations: record.Evacuations{drill, alarm}, Presences: []record.Presence{p}}
	if l := evac.Fold(in); l.People[0].State != evac.Safe || l.Evacuation.Kind() != "real" {
		t.Errorf("%+v", l)
	}
	in.Evacuations = append(in.Evacuations, alarmAt("Norra", false, 3))
	if l := evac.Fold(in); l.People[0].State != evac.Inside {
		t.Errorf("found in a drill, %s in the alarm", l.People[0].State)
	}
}

func TestWhoWasAddedAndJoined(t *testing.T) {
	v := at9(1, 1, func(p *record.Presence) { p.Marks = []record.MarkFact{mark(4, 1, after(1), record.Missing)} })
	added := at9(2, 4, func(p *record.Presence) {
		p.State, p.Added, p.Arrived, p.Since = record.Unknown, true, record.Fact{}, 0
		p.Seen.At, p.Joined = after(2), v.Visit
	})
	in := evac.Input{
		Now: at, Evacuations: record.Evacuations{alarmAt("", false, 1)}, Presences: []record.Presence{v, added},
		Entrances: []evac.Entrance{{Node: node(1), Here: true, CompleteAsOf: at}, {Node: node(4), CompleteAsOf: at}},
		Cards:     map[record.VisitID]record.Card{added.Visit: {Name: "Röd jacka"}},
	}
	state := func(what string, people int, want evac.State) evac.List {
		t.Helper()
		l := evac.Fold(in)
		if len(l.People) != people || l.People[0].State != want {
			t.Errorf("%s: %+v", what, l.People)
		}
		return l
	}
	l := state("joined", 1, evac.Missing)
	if p := l.People[0]; p.Visit != v.Visit || p.Name != "Röd jacka" || p.Added || len(l.Joined[v.Visit]) != 1 {
		t.Errorf("%+v", l)
	}
	in.Presences[1].Marks = []record.MarkFact{mark(4, 2, after(3), record.Safe)}
	state("seen by one who knew one of the two", 1, evac.Safe)
	in.Presences[0].Joined = added.Visit // a circle
	state("each is the other", 1, evac.Safe)
	in.Presences[0].Joined = record.VisitID{}
	in.Presences[1].Marks = nil
	leaves(&in.Presences[0], 1, after(5))
	state("and left after that", 1, evac.Left)
	leaves(&in.Presences[0], 1, began-5)
	if l := state("had left before somebody told of them", 1, evac.Unconfirmed); !l.People[0].Disputed || l.Counts.NotSure != 1 {
		t.Errorf("%+v", l.People)
	}
	in.Presences = in.Presences[1:]
	if l := state("joined to whom nobody knows", 1, evac.Unconfirmed); !l.People[0].Added {
		t.Errorf("%+v", l.People)
	}
}

func TestMarksOnABadgeCodeAlone(t *testing.T) {
	h := newHouse()
	h.evacuate(alarmAt("", false, 1))
	m := mark(4, 1, after(1), record.Safe)
	h.add(record.Presence{Code: visitOf(9).Badge(), State: record.Unknown, Seen: m.Fact, Marks: []record.MarkFact{m}}, nil)
	s, _ := muster(t, h)
	l, err := s.Muster("")
	if err != nil || len(l.People) != 1 || l.People[0].State != evac.Safe || l.People[0].Badge != visitOf(9).Badge() {
		t.Fatalf("%+v %v", l.People, err)
	}
	b, err := l.JSON()
	if err != nil || !strings.Contains(string(b), `"visit":null,"badge":"`+visitOf(9).Badge().String()) {
		t.Errorf("%s %v", b, err)
	}
}

func TestScope(t *testing.T) {
	in := evac.Input{Now: at, Presences: []record.Presence{at9(1, 1, func(*record.Presence) {})}}
	if l := evac.Fold(in); l.Scope != evac.ScopeVisitors {
		t.Error(l.Scope)
	}
	in.Presences = append(in.Presences, at9(2, 1, func(p *record.Presence) { p.Type = "staff" }))
	if l := evac.Fold(in); l.Scope != evac.ScopeStaff || l.Feeds != nil {
		t.Error(l.Scope)
	}
	h := newHouse()
	p := at9(2, 1, func(p *record.Presence) { p.Type, p.State = "staff", record.Timed })
	h.add(p, nil)
	s, _ := muster(t, h)
	if body := get(t, s, "/warden?lang=en").Body.String(); strings.Contains(body, "staff are not counted") || !strings.Contains(body, "the building may not be empty") {
		t.Error("it is not said who is counted")
	}
}

// drawEvacuation adds marks, departures, joins and an evacuation to a house.
func drawEvacuation(t *rapid.T) evac.Input {
	in := drawInput(t)
	for n := range rapid.IntRange(0, 2).Draw(t, "starts") {
		s := alarmAt(record.SiteID(rapid.SampledFrom([]string{"", "Norra"}).Draw(t, "of")), rapid.Bool().Draw(t, "drill"), byte(n+1))
		s.At = 2
		in.Evacuations = append(in.Evacuations, s)
	}
	for i := range in.Presences {
		p := &in.Presences[i]
		if p.State == record.Gone {
			leaves(p, byte(rapid.IntRange(0, 6).Draw(t, "out by")), record.HLC(rapid.IntRange(1, 4).Draw(t, "out")))
		}
		for n := range rapid.IntRange(0, 3).Draw(t, "marks") {
			m := mark(byte(rapid.IntRange(0, 6).Draw(t, "marker")), uint64(1000*i+n), record.HLC(rapid.IntRange(1, 9).Draw(t, "marked")),
				rapid.SampledFrom([]record.Mark{record.Safe, record.Missing, record.Inside, record.Refuge, "newer"}).Draw(t, "mark"), p.Marks...)
			if rapid.Bool().Draw(t, "unheard") {
				m.Over = nil
			}
			m.Starts = []record.EvacID{{byte(rapid.IntRange(1, 2).Draw(t, "start"))}}
			p.Marks = append(p.Marks, m)
		}
		if rapid.IntRange(0, 4).Draw(t, "joined") == 0 {
			p.Added, p.Joined = true, in.Presences[rapid.IntRange(0, len(in.Presences)-1).Draw(t, "to")].Visit
		}
	}
	return in
}

func TestTheListOfAnEvacuationIsOfSets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawEvacuation(t)
		want := evac.Fold(in)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "order"), 1))
		in.Presences, in.Entrances = slices.Clone(in.Presences), slices.Clone(in.Entrances)
		r.Shuffle(len(in.Presences), func(i, j int) { in.Presences[i], in.Presences[j] = in.Presences[j], in.Presences[i] })
		r.Shuffle(len(in.Entrances), func(i, j int) { in.Entrances[i], in.Entrances[j] = in.Entrances[j], in.Entrances[i] })
		if diff := cmp.Diff(want, evac.Fold(in)); diff != "" {
			t.Fatalf("the order of what came in shows:\n%s", diff)
		}
	})
}

// Nobody who may be inside, or of whom something was said, is missing from the
// list; and the counts are of the list.
func TestNobodyIsForgottenInAnEvacuation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawEvacuation(t)
		in.Site = ""
		l := evac.Fold(in)
		listed := map[record.VisitID]evac.State{}
		for _, p := range l.People {
			listed[p.Visit] = p.State
			for _, v := range l.Joined[p.Visit] {
				if _, twice := listed[v]; twice {
					t.Fatal("somebody is listed twice")
				}
				listed[v] = p.State
			}
			if (p.State == evac.Safe || p.State == evac.Missing || p.State == evac.Refuge) == p.MarkedAt.IsZero() && p.State != evac.Inside {
				t.Fatalf("%+v", p)
			}
			if (p.Disputed || p.Doubtful) && !p.NotSure {
				t.Fatalf("doubt is hidden: %+v", p)
			}
		}
		for _, p := range in.Presences {
			e, on := in.Evacuations.Running(p.Seen.Place.Site)
			_, is := listed[p.Visit]
			if marked := on && len(p.Counting(e)) > 0; !is && (p.Open() && p.Joined.IsZero() && !joinedTo(in, p.Visit) || marked) {
				t.Fatalf("%s (%s) is on no list", p.Badge(), p.State)
			}
		}
		c := l.Counts
		if c.Inside+c.Missing+c.Refuge+c.Unconfirmed+c.ProbablyLeft+c.Safe+c.Left != c.Total || c.Total != len(l.People) {
			t.Fatalf("%+v of %d", c, len(l.People))
		}
		if _, on := in.Evacuations.Running(""); !on && c.Safe+c.Left+c.Missing+c.Refuge > 0 {
			t.Fatalf("at rest: %+v", c)
		}
	})
}

// joinedTo reports whether somebody turned out to be this one.
func joinedTo(in evac.Input, v record.VisitID) bool {
	return slices.ContainsFunc(in.Presences, func(p record.Presence) bool { return p.Joined == v && p.Visit != v })
}

func TestEvidence(t *testing.T) {
	h := newHouse()
	h.hear(evac.Entrance{Node: node(1), Name: "Östra grinden", Here: true, CompleteAsOf: at}, evac.Entrance{Node: node(4), Name: "Alfa", Role: "warden", CompleteAsOf: at})
	h.evacuate(alarmAt("", false, 1))
	p := at9(1, 1, func(p *record.Presence) { p.Marks = []record.MarkFact{mark(4, 1, after(1), record.Missing)} })
	h.add(p, nil)
	write := func(by byte, seq uint64, e record.Event) record.EventID {
		id := record.EventID{Actor: record.NewActor(node(by), 1, [8]byte{}), Seq: seq}
		e.Visit = p.Visit
		h.said[p.Badge()] = append(h.said[p.Badge()], record.Stated{ID: id, Event: e})
		return id
	}
	h.said = map[record.BadgeCode][]record.Stated{}
	wrong := write(4, 1, record.Event{Kind: record.Marked, At: after(2), Mark: record.Safe, Point: "Parkeringen", How: "command"})
	write(4, 2, record.Event{Kind: record.Corrected, At: after(3), Of: &wrong})
	write(1, 1, record.Event{Kind: record.Arrived, At: began - 9, Place: record.Place{Entrance: "Grind"}, How: "kiosk"})
	mux := api(t, h)
	w := post(t, mux, "/api/v1/evacuation/evidence", nil)
	if w.Code != 415 {
		t.Error(w.Code)
	}
	ask := func(body string) (int, string) {
		r := jsonRequest("/api/v1/evacuation/evidence", body)
		w := answer(mux, r)
		return w.Code, w.Body.String()
	}
	status, body := ask(`{"code":"` + p.Badge().String() + `"}`)
	var got struct {
		State string
		Said  []struct {
			What, Node, Place string
			Mark              *string
			Void              bool
		}
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil || status != 200 {
		t.Fatal(status, body, err)
	}
	if got.State != "missing" || len(got.Said) != 3 || got.Said[0].What != "arrived" || got.Said[0].Node != "Östra grinden" || got.Said[0].Place != "Grind" ||
		!got.Said[1].Void || *got.Said[1].Mark != "safe" || got.Said[2].What != "undone" || got.Said[2].Node != "Alfa" {
		t.Errorf("%s", body)
	}
	for body, want := range map[string]int{`{"code":"nonsense"}`: 422, `{"kode":"x"}`: 400, `{"code":"` + visitOf(7).String() + `"}`: 404, `{"code":"` + strings.Repeat("x", 70_000) + `"}`: 413} {
		if status, answer := ask(body); status != want || !strings.Contains(answer, `"hint"`) {
			t.Errorf("%.20s: %d %s", body, status, answer)
		}
	}
}
