package evac_test

import (
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

func names(l evac.List) string {
	var out []string
	for _, p := range l.People {
		out = append(out, p.Name.Reveal())
	}
	return strings.Join(out, ", ")
}

func TestNewsOfEntrances(t *testing.T) {
	ago := func(d time.Duration) time.Time { return at.Add(-d) }
	for _, c := range []struct {
		name        string
		entrance    evac.Entrance
		want        evac.News
		completeAgo time.Duration // -1: unknown
	}{
		{"this node", evac.Entrance{Here: true, CompleteAsOf: at}, evac.Here, 0},
		{"this node, a moment ago", evac.Entrance{Here: true, CompleteAsOf: ago(time.Second)}, evac.Here, 0},
		{"this node, which lacks what it wrote", evac.Entrance{Here: true, CompleteAsOf: ago(24 * time.Hour)}, evac.Stale, 24 * time.Hour},
		{"this node, which does not know since when it does", evac.Entrance{Here: true}, evac.Stale, -1},
		{"just now", evac.Entrance{CompleteAsOf: ago(0), LastHeard: ago(0)}, evac.Fresh, 0},
		{"ten seconds", evac.Entrance{CompleteAsOf: ago(10 * time.Second), LastHeard: ago(10 * time.Second)}, evac.Fresh, 10 * time.Second},
		{"a little more", evac.Entrance{CompleteAsOf: ago(10*time.Second + time.Millisecond), LastHeard: ago(0)}, evac.Stale, 10*time.Second + time.Millisecond},
		{"heard, nothing complete", evac.Entrance{LastHeard: ago(time.Second)}, evac.Stale, -1},
		{"a minute", evac.Entrance{CompleteAsOf: ago(time.Minute), LastHeard: ago(time.Minute)}, evac.Stale, time.Minute},
		{"over a minute", evac.Entrance{CompleteAsOf: ago(time.Hour), LastHeard: ago(time.Minute + time.Second)}, evac.Silent, time.Hour},
		{"restored, only complete known", evac.Entrance{CompleteAsOf: ago(time.Hour)}, evac.Silent, time.Hour},
		{"never", evac.Entrance{}, evac.Never, -1},
		{"a moment ahead", evac.Entrance{CompleteAsOf: ago(-time.Second), LastHeard: ago(0)}, evac.Fresh, 0},
		{"an hour ahead: a clock has jumped", evac.Entrance{CompleteAsOf: ago(-time.Hour), LastHeard: ago(-time.Hour)}, evac.Stale, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.entrance.Node = node(1)
			l := evac.Fold(evac.Input{Now: at, Entrances: []evac.Entrance{c.entrance}})
			if len(l.Entrances) != 1 {
				t.Fatalf("%d entrances", len(l.Entrances))
			}
			d := l.Entrances[0]
			if d.News != c.want {
				t.Errorf("news %s, want %s", d.News, c.want)
			}
			if unknown := c.completeAgo < 0; d.CompleteAsOf.IsZero() != unknown || !unknown && !d.CompleteAsOf.Equal(ago(c.completeAgo)) {
				t.Errorf("complete as of %v", d.CompleteAsOf)
			}
		})
	}
}

func TestStatesAreNeverDropped(t *testing.T) {
	l := evac.Fold(evac.Input{Now: at, Entrances: []evac.Entrance{{Node: node(1), Here: true, CompleteAsOf: at}}, Presences: []record.Presence{
		present(1, 1, "A"),
		with(present(2, 1, "A"), func(p *record.Presence) { p.State = record.Timed }),
		with(present(3, 1, "A"), func(p *record.Presence) { p.State = record.Unknown }),
		with(present(4, 1, "A"), func(p *record.Presence) { p.State = record.Gone }),
		with(present(5, 1, "A"), func(p *record.Presence) { p.Doubtful = true }),
		with(present(6, 1, "A"), func(p *record.Presence) { p.State = "of a newer release" }),
	}})
	want := evac.Counts{Inside: 2, ProbablyLeft: 1, Unconfirmed: 2, Total: 5, NotSure: 3}
	if l.Counts != want {
		t.Errorf("counts %+v, want %+v", l.Counts, want)
	}
	for i, p := range l.People[:3] {
		if !p.NotSure {
			t.Errorf("line %d is sure, before those in doubt", i)
		}
	}
}

func TestZoneFallsBack(t *testing.T) {
	for _, c := range []struct {
		place record.Place
		want  string
	}{
		{record.Place{Site: "Norra", Zone: "Plan 3", Entrance: "Östra grinden"}, "Plan 3"},
		{record.Place{Site: "Norra", Entrance: "Östra grinden"}, "Östra grinden"},
		{record.Place{Site: "Norra"}, "Norra"},
		{record.Place{}, ""},
	} {
		p := with(present(1, 1, ""), func(p *record.Presence) { p.Seen.Place = c.place })
		if got := evac.Fold(evac.Input{Now: at, Presences: []record.Presence{p}}).People[0].Zone; got != c.want {
			t.Errorf("%+v is in zone %q, want %q", c.place, got, c.want)
		}
	}
}

func TestOrderIsSwedish(t *testing.T) {
	cards := map[record.VisitID]record.Card{}
	var ps []record.Presence
	add := func(n byte, zone record.ZoneID, name string) {
		p := present(n, 1, zone)
		ps = append(ps, p)
		if name != "" {
			cards[p.Visit] = record.Card{Name: record.Private(name)}
		}
	}
	add(1, "Plan 10", "Adam")
	add(2, "Plan 2", "Örjan")
	add(3, "Plan 2", "Zoe")
	add(4, "Plan 2", "Ärla")
	add(5, "Plan 2", "Åke")
	add(6, "Plan 2", "ann")
	add(7, "Plan 2", "")
	add(8, "Plan 99", "Tveksam")
	ps[7].Doubtful = true
	l := evac.Fold(evac.Input{Now: at, Presences: ps, Cards: cards, Entrances: []evac.Entrance{{Node: node(1), Here: true, CompleteAsOf: at}}})
	if got, want := names(l), "Tveksam, ann, Zoe, Åke, Ärla, Örjan, , Adam"; got != want {
		t.Errorf("order %s\nwant  %s", got, want)
	}
}

func TestDoubtIsCountedByDoor(t *testing.T) {
	l := evac.Fold(evac.Input{
		Now: at,
		Presences: []record.Presence{
			present(1, 1, "A"), present(2, 2, "A"), present(3, 2, "B"), present(4, 3, "B"),
			with(present(5, 9, "B"), func(p *record.Presence) { p.Seen.Place.Entrance = "Gamla porten"; p.Seen.At = 7 }),
			with(present(6, 9, "B"), func(p *record.Presence) { p.Seen.Place.Entrance = "Äldre namn"; p.Seen.At = 6 }),
			with(present(7, 5, "B"), func(p *record.Presence) { p.Seen.Place.Entrance = "Mastens dörr" }),
		},
		Entrances: []evac.Entrance{
			{Node: node(1), Name: "Här", Here: true, CompleteAsOf: at},
			{Node: node(2), Name: "Östra grinden", Role: "entrance", LastHeard: at.Add(-time.Hour)},
			{Node: node(3), Name: "Receptionen", Role: "desk", CompleteAsOf: at, LastHeard: at},
			{Node: node(4), Name: "Reläet", Role: "relay"},
			{Node: node(5), Name: "Masten", Role: "relay", CompleteAsOf: at, LastHeard: at},
			{Node: node(6), Name: "Skogen", Role: "relay", CompleteAsOf: at, LastHeard: at},
		},
	})
	got := map[string]int{}
	for _, d := range l.Entrances {
		got[d.Name] = d.Doubt
	}
	if diff := cmp.Diff(map[string]int{"Här": 0, "Östra grinden": 2, "Receptionen": 0, "Gamla porten": 2, "Masten": 0}, got); diff != "" {
		t.Error(diff)
	}
	if l.Counts.NotSure != 4 {
		t.Errorf("%d not sure, want 4", l.Counts.NotSure)
	}
}

func TestSiteKeepsWhoeverMayBeThere(t *testing.T) {
	in := evac.Input{
		Now: at, Site: "Norra",
		Presences: []record.Presence{
			with(present(1, 1, "A"), func(p *record.Presence) { p.Seen.Place.Site = "Norra" }),
			with(present(2, 1, "A"), func(p *record.Presence) { p.Seen.Place.Site = "Södra" }),
			with(present(3, 1, "A"), func(p *record.Presence) { p.Seen.Place.Site = "" }),
			with(present(4, 3, "A"), func(p *record.Presence) { p.Seen.Place.Site = "Norra" }),
		},
		Entrances: []evac.Entrance{
			{Node: node(1), Name: "a", Site: "Norra", CompleteAsOf: at},
			{Node: node(2), Name: "b", Site: "Södra", CompleteAsOf: at},
			{Node: node(3), Name: "c", Site: "Södra"},
			{Node: node(4), Name: "d", Site: "Södra", Here: true, CompleteAsOf: at},
		},
	}
	l := evac.Fold(in)
	if l.Counts.Total != 3 {
		t.Errorf("%d people, want 3", l.Counts.Total)
	}
	var doors string
	for _, d := range l.Entrances {
		doors += d.Name
	}
	if doors != "acd" {
		t.Errorf("entrances %s, want acd: its own, this node, and where somebody in doubt was seen", doors)
	}
}

// drawInput draws a house of a few nodes, zones and people.
func drawInput(t *rapid.T) evac.Input {
	in := evac.Input{Now: at, Cards: map[record.VisitID]record.Card{}}
	in.Site = record.SiteID(rapid.SampledFrom([]string{"", "", "Norra", "Södra"}).Draw(t, "site"))
	for n := range rapid.IntRange(0, 4).Draw(t, "entrances") {
		e := evac.Entrance{Node: node(byte(n)), Name: rapid.SampledFrom([]string{"Öst", "Väst"}).Draw(t, "door"), Here: n == 0}
		e.Site = record.SiteID(rapid.SampledFrom([]string{"", "Norra", "Södra"}).Draw(t, "door site"))
		e.Role = rapid.SampledFrom([]string{"entrance", "desk", "warden", "relay"}).Draw(t, "role")
		if ago := rapid.IntRange(-5, 120).Draw(t, "complete"); ago < 100 {
			e.CompleteAsOf = at.Add(-time.Duration(ago) * time.Second)
			e.LastHeard = e.CompleteAsOf
		}
		in.Entrances = append(in.Entrances, e)
	}
	states := []record.State{record.Present, record.Timed, record.Unknown, record.Gone}
	for n := range rapid.IntRange(0, 20).Draw(t, "people") {
		p := present(byte(n), byte(rapid.IntRange(0, 6).Draw(t, "by")), "")
		p.State = rapid.SampledFrom(states).Draw(t, "state")
		p.Doubtful = rapid.Bool().Draw(t, "doubtful")
		p.Seen.At = record.HLC(rapid.IntRange(0, 3).Draw(t, "at"))
		p.Seen.Place = record.Place{
			Site:     record.SiteID(rapid.SampledFrom([]string{"", "Norra", "Södra"}).Draw(t, "seen site")),
			Zone:     record.ZoneID(rapid.SampledFrom([]string{"", "Plan 2", "Plan 10"}).Draw(t, "zone")),
			Entrance: record.EntranceID(rapid.SampledFrom([]string{"", "Öst", "Väst"}).Draw(t, "entrance")),
		}
		if rapid.Bool().Draw(t, "opened") {
			in.Cards[p.Visit] = record.Card{Name: record.Private(rapid.SampledFrom([]string{"", "Åsa", "Asa", "asa"}).Draw(t, "name"))}
		}
		in.Presences = append(in.Presences, p)
	}
	return in
}

func TestFoldIsOfSets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawInput(t)
		want := evac.Fold(in)
		seed := rapid.Uint64().Draw(t, "order")
		r := rand.New(rand.NewPCG(seed, 1))
		in.Presences, in.Entrances = slices.Clone(in.Presences), slices.Clone(in.Entrances)
		r.Shuffle(len(in.Presences), func(i, j int) {
			in.Presences[i], in.Presences[j] = in.Presences[j], in.Presences[i]
		})
		r.Shuffle(len(in.Entrances), func(i, j int) {
			in.Entrances[i], in.Entrances[j] = in.Entrances[j], in.Entrances[i]
		})
		if diff := cmp.Diff(want, evac.Fold(in)); diff != "" {
			t.Fatalf("the order of what came in shows:\n%s", diff)
		}
	})
}

func TestNobodyOpenIsAbsent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawInput(t)
		l := evac.Fold(in)
		listed := map[record.VisitID]evac.Person{}
		for _, p := range l.People {
			if _, twice := listed[p.Visit]; twice {
				t.Fatalf("%s is listed twice", p.Badge)
			}
			listed[p.Visit] = p
		}
		for _, p := range in.Presences {
			site := p.Seen.Place.Site
			want := p.Open() && (in.Site == "" || site == "" || site == in.Site)
			if _, ok := listed[p.Visit]; ok != want {
				t.Fatalf("%s in state %s at %q: listed %v, want %v", p.Badge(), p.State, site, ok, want)
			}
		}
		c, sure, doubt := l.Counts, 0, 0
		if c.Inside+c.ProbablyLeft+c.Unconfirmed != c.Total || c.Total != len(l.People) {
			t.Fatalf("counts do not add up: %+v of %d", c, len(l.People))
		}
		news := map[record.NodeID]evac.Door{}
		for _, d := range l.Entrances {
			news[d.Node] = d
			doubt += d.Doubt
		}
		behind := 0
		for _, p := range l.People {
			d, named := news[p.Door]
			if !named && p.NotSure && !p.Doubtful && p.State != evac.Unconfirmed {
				t.Fatalf("%s is not sure because of an entrance that is not named", p.Badge)
			}
			if named && !d.News.UpToDate() {
				behind++
				if !p.NotSure {
					t.Fatalf("%s was last seen at an entrance that is %s, and counts as sure", p.Badge, d.News)
				}
			}
			if !p.NotSure {
				sure++
			}
		}
		if sure+c.NotSure != c.Total || doubt != behind {
			t.Fatalf("%d sure and %d not of %d; doubt %d of %d", sure, c.NotSure, c.Total, doubt, behind)
		}
	})
}
