package main

import (
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/node/api"
)

// TestNetnsEvacuation: 500 people are in three buildings when the alarm goes.
// The network falls into three parts, and the desk is destroyed. Four wardens
// mark on their handhelds; nobody hears everybody. Two of the parts never touch
// again but through one warden who walks between them. Every list is right,
// person by person, about what its part can know, and says in words whose news
// it lacks; in the end every node that is left shows the same list, and it is
// what all acknowledged words together say.
func TestNetnsEvacuation(t *testing.T) {
	desk := &post{name: "Reception", role: "desk", zone: "House A"}
	gateA := &post{name: "Gate A", role: "entrance", zone: "House A"}
	gateB := &post{name: "Gate B", role: "entrance", zone: "House B"}
	gateC := &post{name: "Gate C", role: "entrance", zone: "House C"}
	w1 := &post{name: "Warden 1", role: "warden", zone: "Car park"}
	w2 := &post{name: "Warden 2", role: "warden", zone: "Lawn"}
	walker := &post{name: "Warden 3", role: "warden", zone: "Lawn"}
	w4 := &post{name: "Warden 4", role: "warden", zone: "Yard"}
	began := time.Now()
	lap := func(what string) { t.Logf("%6.1f s: %s", time.Since(began).Seconds(), what) }
	s := openScene(t, desk, gateA, gateB, gateC, w1, w2, walker, w4)
	handhelds := []*post{w1, w2, walker, w4}
	doors := []*post{desk, gateA, gateB, gateC}
	lap("eight nodes have started")

	// A quiet day: points are set up, wardens have their PIN, 500 come.
	for _, p := range []struct{ name, kind string }{{"Car park", "--muster"}, {"North lawn", "--muster"}, {"Stair B", "--refuge"}} {
		must1(t, "point", "add", p.name, p.kind, "--data", desk.dir)
	}
	s.each(handhelds, func(p *post) error {
		var out api.Names
		return p.ask("POST", "/api/v1/pin", api.PIN{PIN: api.Text{Private: pinOfAll}}, &out)
	})
	in := map[*post][]*guest{}
	s.each(doors, func(p *post) error {
		n := map[*post]int{desk: 100, gateA: 150, gateB: 130, gateC: 120}[p]
		here := make([]*guest, n)
		for i := range here {
			g, err := s.comes(p, fmt.Sprintf("%s Marker %d", p.zone, i))
			if err != nil {
				return err
			}
			here[i] = g
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		in[p] = here
		return nil
	})
	lap("500 have checked in")
	together := view{}
	for _, p := range doors {
		for w := range p.knows {
			together[w] = true
		}
	}
	for _, p := range s.posts {
		p.knows = together
	}
	s.agree("at rest", s.posts...)

	// The alarm.
	started := into[api.Evacuation](t, "evac", "start", "--data", desk.dir)
	for _, p := range s.posts {
		p.await(p.name+" has heard the alarm", healing, func() bool {
			e := p.shown().Evacuation
			return e != nil && e.ID == started.ID.String() && e.Kind == "real"
		})
	}
	for _, p := range handhelds {
		p.await("the handheld names all 500", healing, func() bool { return s.named(p) == 500 })
	}
	if status, page, err := gateB.page("/kiosk/arrive", url.Values{"name": {"Marker too late"}, "lang": {"en"}}); err != nil || strings.Contains(page, "welcome") {
		t.Errorf("a kiosk lets somebody in: %d, %v", status, err)
	}
	lap("the alarm is heard everywhere, and handhelds name all")

	// Somebody is acknowledged at Gate C in the moment before the cut. The desk
	// lives a little longer than what it can tell: who checks in there then is
	// known to no node that is left.
	last, err := s.comes(gateC, "Last Marker")
	if err != nil {
		t.Fatal(err)
	}
	last.raced = true
	deskAlone := view{}
	s.split([]*post{desk}, []*post{gateA, w1}, []*post{gateB, w2, walker}, []*post{gateC, w4})
	cut := time.Now()
	desk.knows = deskAlone
	for _, p := range []*post{gateA, gateB} {
		for w := range p.knows {
			if w.of == last {
				delete(p.knows, w)
			}
		}
	}
	untold := time.Now()
	ghost, err := s.comes(desk, "Ghost Marker")
	if err != nil {
		t.Fatal(err)
	}
	desk.kill()
	if err := os.RemoveAll(desk.dir); err != nil {
		t.Fatal(err)
	}
	lap("cut into three parts, and the desk is destroyed")

	// Each part works with what it has.
	c := cast{scene: s, gateA: gateA, gateB: gateB, gateC: gateC, w1: w1, w2: w2, walker: walker, w4: w4, atDesk: in[desk], a: in[gateA], b: in[gateB], c: in[gateC]}
	c.late, err = s.comes(gateC, "Late Marker")
	if err != nil {
		t.Fatal(err)
	}
	c.act()
	s.agree("under the cut, the first part", gateA, w1)
	s.agree("under the cut, the second part", gateB, w2, walker)
	s.agree("under the cut, the third part", gateC, w4)
	lap(fmt.Sprintf("%d words are acknowledged, each known to one part alone", s.words))
	s.behind(w1, cut.Add(time.Second), "Reception", "Gate B", "Gate C", "Warden 2", "Warden 3", "Warden 4")
	s.behind(gateB, cut.Add(time.Second), "Reception", "Gate A", "Gate C", "Warden 1", "Warden 4")
	s.behind(w4, cut.Add(time.Second), "Reception", "Gate A", "Gate B", "Warden 1", "Warden 2", "Warden 3")
	lap("each list says whose news it lacks")

	// One warden walks over the yard and back. While she is away, the cable
	// between the first two parts is mended.
	s.split([]*post{gateA, w1}, []*post{gateB, w2}, []*post{gateC, w4, walker})
	walked := time.Now()
	s.agree("the walker has come to the third part", gateC, w4, walker)
	carried := func(to *post, of string, since time.Time) {
		t.Helper()
		to.await(fmt.Sprintf("%s is complete of %s as of a time after %v", to.name, of, since), healing, func() bool {
			return to.shown().door(of).CompleteAsOf.After(since)
		})
	}
	carried(gateC, "Gate B", cut.Add(time.Second))
	if at := gateC.shown().door("Gate B").CompleteAsOf.Time; at.After(walked.Add(time.Second)) {
		t.Errorf("Gate C, told by the walker, is complete of Gate B as of %v; she left it at %v", at, walked)
	}
	c.meet()
	s.agree("the walker has told what she knew", gateC, w4, walker)
	s.agree("whom she left", gateB, w2)
	lap("two parts have met in one handheld")
	s.split([]*post{gateA, w1, gateB, w2, walker}, []*post{gateC, w4})
	last.raced = false
	s.agree("a cable is mended, and the walker is back", gateA, w1, gateB, w2, walker)
	carried(walker, "Gate A", walked)
	s.split([]*post{gateA, w1, gateB, w2}, []*post{gateC, w4, walker})
	s.agree("the walker has come again", gateC, w4, walker)
	left := s.posts[1:]
	lap("everything has been carried")
	s.same("carried by hand", false, left)
	carried(w4, "Gate A", walked) // whom she has not heard since the cut

	// The network is whole again, but for what is destroyed.
	s.split(left)
	for _, p := range left {
		s.behind(p, cut.Add(time.Second), "Reception")
	}
	s.agree("whole again", left...)
	l := s.same("whole again", true, left)
	if d := l.door("Reception"); d.CompleteAsOf.IsZero() || d.CompleteAsOf.After(untold) {
		t.Errorf("lists are complete of the destroyed desk as of %v; it acknowledged somebody later whom nobody else can know", d.CompleteAsOf)
	}
	if slices.ContainsFunc(l.People, func(p shownPerson) bool { return p.Visit == ghost.visit }) {
		t.Error("somebody is on the list whom only the destroyed desk knew: the script proves nothing")
	}
	for _, p := range handhelds {
		if n := s.named(p); n != len(l.People) {
			t.Errorf("%s names %d of %d", p.name, n, len(l.People))
		}
	}
	lap(fmt.Sprintf("seven lists are one: %v", l.Counts))
	s.over(w2, left, l.Counts)
	lap("over, and all reports are one")
}
