package main

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// agree waits until each of these lists says of everybody what it must, and
// then holds it to what it says of its own doubts.
func (s *scene) agree(what string, posts ...*post) {
	s.t.Helper()
	began := time.Now()
	for _, p := range posts {
		want := p.knows.lines()
		var differ []string
		for len(want) > 0 {
			l := p.shown()
			if differ = differences(l, want, s.guests); len(differ) == 0 {
				s.honest(p, l)
				break
			}
			if time.Since(began) > healing {
				s.t.Fatalf("%s: the list of %s never says what it must; %s", what, p.name, some(differ))
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
	s.t.Logf("%s: %d lists of %d people are right after %v", what, len(posts), len(posts[0].knows.lines()), time.Since(began).Round(time.Millisecond))
}

// honest holds a list to its own words: who is not sure, how many of them
// because of which door, and that the counts add up.
func (s *scene) honest(p *post, l shownList) {
	s.t.Helper()
	behind := map[string]bool{}
	doubt := 0
	for _, d := range l.Entrances {
		behind[d.Name] = d.State != "here" && d.State != "fresh"
		doubt += d.Doubt
	}
	arrived, known := map[record.VisitID]string{}, map[record.VisitID]bool{}
	for w := range p.knows {
		known[w.of.visit] = true
		if w.what == "in" {
			arrived[w.of.visit] = w.at
		}
	}
	counts := map[string]int{"total": len(l.People)}
	because, unsure := 0, 0
	for _, x := range l.People {
		counts[x.State]++
		if x.NotSure {
			unsure++
		}
		if !known[x.Visit] {
			continue // raced the cut
		}
		late := behind[arrived[x.Visit]] && !slices.Contains([]string{"safe", "left", "refuge"}, x.State)
		if arrived[x.Visit] == "" || len(x.Joined) > 0 {
			// Seen by others than a door: what they said is all that counts.
			late = false
		}
		if late {
			because++
		}
		if x.NotSure != (late || x.Disputed || x.State == "unconfirmed") {
			s.t.Errorf("%s: %s arrived at %q, behind %t, and is listed as %+v: not sure is %t", p.name, x.Visit.Short(), arrived[x.Visit], behind[arrived[x.Visit]], x.line(), x.NotSure)
		}
	}
	counts["not_sure"] = unsure
	for k, n := range l.Counts {
		if n != counts[k] {
			s.t.Errorf("%s counts %d %s, and lists %d", p.name, n, k, counts[k])
		}
	}
	if doubt < because {
		s.t.Errorf("%s: doors own up to %d in doubt, of %d", p.name, doubt, because)
	}
}

// behind waits until a list owns that it has not all news of these doors, and
// has those of all others; the line on top, for a person, must name them.
func (s *scene) behind(p *post, since time.Time, doors ...string) {
	s.t.Helper()
	p.await(fmt.Sprintf("%s says that news of %v are late", p.name, doors), healing, func() bool {
		for _, d := range p.shown().Entrances {
			if late := d.State != "here" && d.State != "fresh"; late != slices.Contains(doors, d.Name) {
				return false
			}
		}
		return true
	})
	l := p.shown()
	for _, name := range doors {
		if d := l.door(name); d.Name == "" || d.CompleteAsOf.After(since) {
			s.t.Errorf("%s claims to be complete of %s as of %v, which is after %v", p.name, name, d.CompleteAsOf, since)
		}
	}
	text := must1(s.t, "muster", "--data", p.dir)
	status, page, err := p.page("/warden?lang=en", nil)
	if err != nil || status != 200 {
		s.t.Fatalf("%s: the screen: %d, %v", p.name, status, err)
	}
	_, top, _ := strings.Cut(page, `id="truth"`)
	top, below, _ := strings.Cut(top, `</div>`)
	if more := fmt.Sprintf("and %d more", len(doors)-1); !slices.ContainsFunc(doors, func(d string) bool { return strings.Contains(top, d) }) || len(doors) > 1 && !strings.Contains(top, more) {
		s.t.Errorf("%s: the top of the screen does not name one of %v %s: %s", p.name, doors, more, top)
	}
	for _, name := range doors {
		if _, after, says := strings.Cut(text, "NOT SURE: "); !says || !strings.Contains(strings.SplitN(after, "\n", 2)[0], name) {
			s.t.Errorf("%s: the line on top of the list does not say that %s is in doubt: %q", p.name, name, strings.SplitN(text, "BADGE", 2)[0])
		}
		if !strings.Contains(below, name) {
			s.t.Errorf("%s: the screen's list of entrances lacks %s", p.name, name)
		}
	}
}

// named is how many a list names rightly.
func (s *scene) named(p *post) (n int) {
	names := map[record.VisitID]string{}
	for _, g := range s.guests {
		names[g.visit] = g.name
	}
	for _, x := range p.shown().People {
		if x.Name != "" && x.Name == names[x.Visit] {
			n++
		}
	}
	return n
}

// same waits until these lists are one: in all that they say of people and,
// where sure, also in what they doubt. It returns the first.
func (s *scene) same(what string, sure bool, posts []*post) (first shownList) {
	s.t.Helper()
	began := time.Now()
	for {
		first = posts[0].shown()
		differs := ""
		for _, p := range posts[1:] {
			if !reflect.DeepEqual(alike(first, sure), alike(p.shown(), sure)) {
				differs = p.name
			}
		}
		switch {
		case differs == "":
			s.t.Logf("%s: %d lists are one after %v", what, len(posts), time.Since(began).Round(time.Millisecond))
			return first
		case time.Since(began) > healing:
			s.t.Fatalf("%s: the lists of %s and %s stay different", what, posts[0].name, differs)
		}
		time.Sleep(100 * time.Millisecond)
	}
}
