package evac

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/upprop/upprop/crdt/record"
)

// bearer is one person: a visit and those that were joined to it. The first is
// whose line it is.
type bearer []record.Presence

// bearers puts those together who turned out to be one. A visit joined to one
// that is not among them stays by itself.
func bearers(all []record.Presence) []bearer {
	out := make([]bearer, 0, len(all))
	if !slices.ContainsFunc(all, func(p record.Presence) bool { return !p.Joined.IsZero() }) {
		for i := range all {
			out = append(out, bearer(all[i:i+1:i+1]))
		}
		return out
	}
	at := make(map[record.VisitID]int, len(all))
	root := make([]int, len(all))
	for i, p := range all {
		root[i] = i
		if !p.Visit.IsZero() {
			at[p.Visit] = i
		}
	}
	find := func(i int) int {
		for root[i] != i {
			root[i] = root[root[i]]
			i = root[i]
		}
		return i
	}
	for i, p := range all {
		if j, there := at[p.Joined]; there && !p.Joined.IsZero() {
			root[find(i)] = find(j)
		}
	}
	of := map[int]bearer{}
	for i, p := range all {
		of[find(i)] = append(of[find(i)], p)
	}
	for _, b := range of {
		slices.SortFunc(b, func(p, q record.Presence) int {
			return cmp.Or(first(p.Joined.IsZero(), q.Joined.IsZero()), first(!p.Added, !q.Added), bytes.Compare(p.Visit[:], q.Visit[:]))
		})
		out = append(out, b)
	}
	return out
}

func (b bearer) staff() bool {
	return slices.ContainsFunc(b, func(p record.Presence) bool { return p.Type == staff })
}

// held reports whether the person belongs on the list that is asked for.
func (b bearer) held(in Input) bool {
	return slices.ContainsFunc(b, func(p record.Presence) bool { return in.holds(p.Seen.Place.Site) })
}

// seen is the latest sighting.
func (b bearer) seen() record.Fact {
	f := b[0].Seen
	for _, p := range b[1:] {
		if later(p.Seen, f) {
			f = p.Seen
		}
	}
	return f
}

// judge says where people stand.
type judge struct {
	in    Input
	names map[record.NodeID]string
	// runs is what runs at a site; nil: nothing.
	runs map[record.SiteID]*record.Evacuation
}

func newJudge(in Input) judge {
	j := judge{in: in, names: make(map[record.NodeID]string, len(in.Entrances)), runs: map[record.SiteID]*record.Evacuation{}}
	for _, e := range in.Entrances {
		j.names[e.Node] = e.Name
	}
	return j
}

// concerns is the evacuation that somebody last seen at a site is in: a drill
// at one site is none at another, nor real because of an alarm there.
func (j judge) concerns(site record.SiteID) *record.Evacuation {
	e, asked := j.runs[site]
	if !asked {
		if now, on := j.in.Evacuations.Running(site); on {
			e = &now
		}
		j.runs[site] = e
	}
	return e
}

// verdict is what the marks that count and the departures say of a person,
// which of them stand, and whether it keeps one who left on the list.
func (j judge) verdict(b bearer) (v record.Verdict, standing []record.EventID, keeps bool) {
	var marks []record.MarkFact
	var departures []record.Departure
	for _, p := range b {
		departures = append(departures, p.Departures...)
		if e := j.concerns(p.Seen.Place.Site); e != nil {
			marks = append(marks, p.Counting(*e)...)
			keeps = keeps || !p.Open() && p.Left.At >= e.At
		}
	}
	if len(marks)+len(departures) > 0 {
		standing = record.StillStanding(marks, departures)
	}
	return record.Judge(marks, departures), standing, keeps || len(marks) > 0
}

// person is the line of somebody and what stands of them; false when they are
// on no list.
func (j judge) person(b bearer) (Person, []record.EventID, bool) {
	p, seen := b[0], b.seen()
	q := Person{
		Visit: p.Visit, Badge: p.Badge(), State: Inside, Type: p.Type, Door: seen.By(), How: seen.How, Added: p.Added,
		Zone: cmp.Or(string(seen.Place.Zone), string(seen.Place.Entrance), string(seen.Place.Site)), Site: seen.Place.Site,
	}
	for _, r := range b {
		q.Doubtful = q.Doubtful || r.Doubtful
	}
	v, standing, keeps := j.verdict(b)
	switch {
	case v.Mark != "":
		q.marked(v, j)
	case v.Left || !p.Open():
		if r, again := b.seenAgain(); again {
			// The badge went out; its bearer was told of after that.
			q.State, q.Disputed, q.How = Unconfirmed, true, r.Seen.How
			break
		}
		if !keeps {
			return Person{}, nil, false
		}
		out := b.left()
		q.State, q.LeftAt, q.How, q.Disputed = Left, out.At.Time(), out.How, v.Disputed
	case p.State == record.Present:
	case p.State == record.Timed && (seen.ID == p.Seen.ID || seen.At <= p.Timed.At):
		q.State, q.How = ProbablyLeft, cmp.Or(p.Timed.How, q.How)
	default:
		q.State = Unconfirmed
	}
	if since := cmp.Or(p.Since, p.Seen.At); since != 0 {
		q.Since = since.Time()
	}
	for _, r := range b {
		if c, ok := j.in.Cards[r.Visit]; ok {
			q.Opened, q.Name, q.Company, q.Host, q.Assist = true, c.Name, c.Company, c.Host, c.Assist
			break
		}
	}
	return q, standing, true
}

// marked puts the mark that stands on the line.
func (q *Person) marked(v record.Verdict, j judge) {
	q.State = stateOf(v.Mark)
	q.Disputed, q.MarkedAt, q.Point, q.How = v.Disputed, v.By.At.Time(), v.By.Point, v.By.How
	q.PointKnown = j.in.KnownPoint == nil || j.in.KnownPoint(q.Point)
	q.MarkedBy = j.name(v.By.By())
}

// name is what people call a node.
func (j judge) name(n record.NodeID) string { return cmp.Or(j.names[n], n.String()[:6]) }

// stateOf is the state that a mark puts somebody in.
func stateOf(m record.Mark) State {
	switch m {
	case record.Safe:
		return Safe
	case record.Refuge:
		return Refuge
	case record.Missing:
		return Missing
	}
	return Inside
}

// seenAgain is the visit as which the person was told of after the last
// departure, if any.
func (b bearer) seenAgain() (record.Presence, bool) {
	out := b.left()
	for _, p := range b {
		if p.Open() && (out.IsZero() || p.Seen.At > out.At) {
			return p, true
		}
	}
	return record.Presence{}, false
}

// left is the latest of the departures that each visit's is judged by.
func (b bearer) left() (f record.Fact) {
	for _, p := range b {
		if !p.Left.IsZero() && (f.IsZero() || later(p.Left, f)) {
			f = p.Left
		}
	}
	return f
}
