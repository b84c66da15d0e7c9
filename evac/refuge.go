package evac

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"

	"github.com/upprop/upprop/crdt/record"
)

// Refuged is who waits at a refuge, and what was said to and from there.
type Refuged struct {
	record.RefugeAt
	// Known: somebody has set up a refuge of that name.
	Known    bool
	Position string
	Capacity int
	// Waiting is how many on the list wait there, and New how many of them were
	// marked after what they are told was said.
	Waiting, New int
	// Told is what they are told, nil for nothing; Beside what else by who had not
	// heard of it, and Before what was said earlier, the latest first.
	Told           *Told
	Beside, Before []Told
	// Heard is the latest that was heard from there; Read whether they know of Told,
	// and Answered whether who said that knew of Heard.
	Heard          *Told
	Read, Answered bool
	// Still: they are told that all have been fetched, and somebody may be there.
	Still bool
}

// Told is one thing that was said to those who wait or, with no Help, by them.
type Told struct {
	Help  record.Help
	Count int
	At    time.Time
	// By is the node's name, and Role its role.
	By, Role string
}

// unanswered reports whether somebody waits there who may not know that they
// are heard of.
func (r Refuged) unanswered() bool {
	waits := r.Waiting > 0 || r.Heard != nil && r.Heard.Count > 0
	return waits && (r.Told == nil || r.New > 0) || r.Still || len(r.Beside) > 0
}

// refuged are the refuges of what runs at a list's site: those that are set up,
// those where somebody waits, and those to which something was said.
func (s *Service) refuged(l List) (all []Refuged) {
	if l.Evacuation == nil {
		return nil
	}
	at := map[record.RefugeAt]*Refuged{}
	of := func(r record.RefugeAt) *Refuged {
		if at[r] == nil {
			at[r] = &Refuged{RefugeAt: r}
		}
		return at[r]
	}
	for _, p := range s.refuges() {
		if l.Site == "" || p.Site == "" || p.Site == l.Site {
			r := of(record.RefugeOf(p.Name, ""))
			r.Known, r.Position, r.Capacity = true, p.Position, p.Capacity
		}
	}
	elsewhere := map[record.PointName]bool{}
	for _, p := range s.refuges() {
		elsewhere[p.Name] = at[record.RefugeOf(p.Name, "")] == nil
	}
	in := map[record.RefugeAt][]time.Time{}
	for _, p := range l.People {
		if p.State == Refuge {
			k := record.RefugeOf(p.Point, p.Site)
			of(k).Waiting++
			in[k] = append(in[k], p.MarkedAt)
		}
	}
	names := speakers(s.cfg.House.Entrances())
	for _, t := range s.cfg.House.Calls().In(*l.Evacuation) {
		if t.Point == "" && !(Input{Site: l.Site}).holds(t.Site) || elsewhere[t.Point] {
			continue
		}
		of(t.RefugeAt).heard(t, names, in[t.RefugeAt])
	}
	for _, r := range at {
		all = append(all, *r)
	}
	swedish := collate.New(language.Swedish, collate.Numeric)
	slices.SortFunc(all, func(a, b Refuged) int {
		// What asks for an answer stands first, and what has no name last.
		return cmp.Or(
			first(a.unanswered(), b.unanswered()), first(b.Point == "", a.Point == ""),
			swedish.CompareString(string(a.Point), string(b.Point)), cmp.Compare(a.Point, b.Point), cmp.Compare(a.Site, b.Site),
		)
	})
	return all
}

// heard puts a talk on the line of its refuge. marked is when those who wait there
// were.
func (r *Refuged) heard(t record.Talk, say func(record.Call) Told, marked []time.Time) {
	r.Read, r.Answered, r.Still = t.Read, t.Known, t.Still
	if !t.Heard.IsZero() {
		h := say(t.Heard)
		r.Heard = &h
	}
	if t.Stands.Help == "" {
		return
	}
	told := say(t.Stands)
	r.Told = &told
	for _, c := range t.Beside {
		r.Beside = append(r.Beside, say(c))
	}
	for _, c := range slices.Backward(t.Calls) {
		beside := slices.ContainsFunc(t.Beside, func(x record.Call) bool { return x.ID == c.ID })
		if c.Help != "" && c.ID != t.Stands.ID && !beside {
			r.Before = append(r.Before, say(c))
		}
	}
	for _, m := range marked {
		if m.After(told.At) {
			r.New++
		}
	}
	// Whom somebody has marked there since they were fetched is not told that they
	// have been.
	r.Still = r.Still || told.Help == record.HelpFetched && r.New > 0
}

// speakers gives what was said the name and the role of its node.
func speakers(entrances []Entrance) func(record.Call) Told {
	j := newJudge(Input{Entrances: entrances})
	roles := map[record.NodeID]string{}
	for _, e := range entrances {
		roles[e.Node] = e.Role
	}
	return func(c record.Call) Told {
		return Told{Help: c.Help, Count: c.Count, At: c.At.Time(), By: j.name(c.By()), Role: roles[c.By()]}
	}
}

type wireRefuge struct {
	Point    *string        `json:"point"`
	Site     *record.SiteID `json:"site"`
	Known    bool           `json:"known"`
	Waiting  int            `json:"waiting"`
	New      int            `json:"waiting_since"`
	Told     *wireTold      `json:"told"`
	Beside   []wireTold     `json:"beside"`
	Before   []wireTold     `json:"before"`
	Heard    *wireTold      `json:"heard"`
	Read     bool           `json:"read"`
	Answered bool           `json:"answered"`
	Still    bool           `json:"still"`
}

type wireTold struct {
	Help  *record.Help `json:"help"`
	Count *int         `json:"count"`
	At    stamp        `json:"at"`
	By    string       `json:"by"`
	Role  string       `json:"role"`
}

func (t Told) wire() wireTold {
	w := wireTold{At: stamp(t.At), By: t.By, Role: t.Role}
	if t.Help != "" {
		w.Help = &t.Help
	} else {
		w.Count = &t.Count
	}
	return w
}

func (t *Told) orNone() *wireTold {
	if t == nil {
		return nil
	}
	w := t.wire()
	return &w
}

// Refuges is the JSON of the refuges of what runs, at a site or all. Errors:
// ErrNoSite, ErrNoEvacuation.
func (s *Service) Refuges(site record.SiteID) ([]byte, error) {
	l, err := s.fold(s.gather(true), site)
	if err != nil {
		return nil, err
	}
	return s.RefugesIn(l)
}

// RefugesIn is Refuges as a list has it that was just made here. Errors:
// ErrNoEvacuation.
func (s *Service) RefugesIn(l List) ([]byte, error) {
	if l.Evacuation == nil {
		return nil, ErrNoEvacuation
	}
	out := []wireRefuge{}
	for _, r := range s.refuged(l) {
		w := wireRefuge{
			Point: word(string(r.Point)), Known: r.Known, Waiting: r.Waiting, New: r.New, Told: r.Told.orNone(), Heard: r.Heard.orNone(),
			Beside: []wireTold{}, Before: []wireTold{}, Read: r.Read, Answered: r.Answered, Still: r.Still,
		}
		if r.Site != "" {
			w.Site = &r.Site
		}
		for _, t := range r.Beside {
			w.Beside = append(w.Beside, t.wire())
		}
		for _, t := range r.Before {
			w.Before = append(w.Before, t.wire())
		}
		out = append(out, w)
	}
	b, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("write refuges: %w", err)
	}
	return b, nil
}
