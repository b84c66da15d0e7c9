package main

import (
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"reflect"
	"strings"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/api"
)

// pinOfAll is the PIN of every handheld.
const pinOfAll = "1234"

// cast is who does what to whom in the script.
type cast struct {
	*scene
	gateA, gateB, gateC, w1, w2, walker, w4 *post
	// atDesk, a, b and c checked in at the desk and at the gates, late at Gate C
	// when it was cut off.
	atDesk, a, b, c []*guest
	late            *guest
	// red was added by the walker.
	red *guest
}

// act has the parts work at the same time, each warden with those who gather
// where she stands; then those go on who must know what was said first.
func (c *cast) act() {
	c.t.Helper()
	c.each([]*post{c.gateA, c.gateB, c.gateC, c.w1, c.w2, c.walker, c.w4}, func(p *post) error {
		switch p {
		case c.gateA:
			return c.all(p, c.a[11:21], "Car park")
		case c.gateB:
			return c.leaves(p, c.b[3], c.b[3].qr)
		case c.gateC:
			if err := c.leaves(p, c.a[3], c.a[3].qr); err != nil {
				return err
			}
			return c.leaves(p, c.c[1], c.c[1].badge.String())
		case c.w1:
			return c.atCarPark()
		case c.w2:
			return c.onLawn()
		case c.walker:
			return c.walkerOnLawn()
		}
		return c.inYard()
	})
	c.agree("first words, the first part", c.gateA, c.w1)
	c.agree("first words, the second part", c.gateB, c.w2, c.walker)
	c.agree("first words, the third part", c.gateC, c.w4)
	c.restarts(c.w4)

	c.undo(c.w1, c.a[2])                             // the wrong person: inside again
	c.undo(c.w2, c.b[0])                             // safe for a moment; the third part misses them
	c.mark(c.w4, c.b[0], record.Missing, "")         //
	c.mark(c.gateB, c.b[1], record.Safe, "Car park") // helped out of the refuge
	c.mark(c.w4, c.c[3], record.Safe, "North lawn")  // missed, and found
	c.mark(c.w4, c.a[5], record.Safe, "North lawn")  // safe, says the first part as well
	if err := c.leaves(c.gateA, c.c[4], c.c[4].qr); err != nil {
		c.t.Fatal(err) // safe, says the third part, which cannot know
	}
	must1(c.t, "evac", "sweep", "House B", "--clear", "--data", c.w2.dir)
	must1(c.t, "evac", "sweep", "House C", "--not-clear", "--data", c.w4.dir)
}

// atCarPark is what Warden 1 says: of most that they are safe; a[7] and the
// first at the desk are seen by nobody.
func (c *cast) atCarPark() error {
	for _, x := range []struct {
		of    *guest
		mark  record.Mark
		point string
	}{
		{c.a[0], record.Missing, ""},      // safe, says the second part
		{c.a[1], record.Safe, "Car park"}, // inside, says the third part
		{c.a[2], record.Safe, "Car park"}, // by mistake
		{c.a[3], record.Missing, ""},      // out by Gate C
		{c.a[4], record.Safe, "Bus stop"}, // nobody has set that up
		{c.a[5], record.Safe, "Car park"},
		{c.a[6], record.Missing, ""}, // and not found
	} {
		if err := c.marks(c.w1, x.of, x.mark, x.point); err != nil {
			return err
		}
	}
	bin, err := program()
	if err != nil {
		return err
	}
	for _, g := range c.a[8:11] {
		if out, err := exec.Command(bin, "evac", "mark", g.qr, "--safe", "--point", "Car park", "--data", c.w1.dir).CombinedOutput(); err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		c.said(c.w1, word{of: g, what: "safe", point: "Car park"})
	}
	if err := c.all(c.w1, c.a[21:], "Car park"); err != nil {
		return err
	}
	return c.all(c.w1, c.atDesk[1:], "Car park")
}

// onLawn is what Warden 2 says. b[2] is seen by nobody there. Whoever came to
// Gate C under the cut is scanned on the handheld's own screen: here nobody has
// heard of them.
func (c *cast) onLawn() error {
	for _, g := range []*guest{c.a[0], c.b[0]} {
		if err := c.marks(c.w2, g, record.Safe, "North lawn"); err != nil {
			return err
		}
	}
	status, said, err := c.w2.page("/warden/mark", url.Values{"safe": {c.late.qr}, "how": {"qr"}, "lang": {"en"}},
		&http.Cookie{Name: "upprop_point", Value: url.QueryEscape("North lawn")})
	if err != nil || status != 200 || !strings.Contains(said, c.late.badge.String()) || !strings.Contains(said, `"known":false`) {
		return fmt.Errorf("scan: %d, %w: %s", status, err, said)
	}
	c.said(c.w2, word{of: c.late, what: "safe", point: "North lawn"})
	return c.all(c.w2, c.b[4:70], "North lawn")
}

// walkerOnLawn is what Warden 3 says before she walks.
func (c *cast) walkerOnLawn() error {
	if err := c.marks(c.walker, c.b[1], record.Refuge, "Stair B"); err != nil {
		return err
	}
	var err error
	if c.red, err = c.adds(c.walker, "Red jacket, about thirty", "North lawn"); err != nil {
		return err
	}
	return c.all(c.walker, c.b[70:], "North lawn")
}

// inYard is what Warden 4 says; c[2] and c[5] are seen by nobody there.
func (c *cast) inYard() error {
	for _, x := range []struct {
		of    *guest
		mark  record.Mark
		point string
	}{{c.a[1], record.Inside, ""}, {c.c[0], record.Safe, "North lawn"}, {c.c[3], record.Missing, ""}, {c.c[4], record.Safe, "North lawn"}} {
		if err := c.marks(c.w4, x.of, x.mark, x.point); err != nil {
			return err
		}
	}
	if _, err := c.adds(c.w4, "Blue overalls, limps", ""); err != nil {
		return err
	}
	return c.all(c.w4, c.c[6:], "North lawn")
}

// meet is what is said once the walker has come to the third part.
func (c *cast) meet() {
	c.t.Helper()
	c.mark(c.w4, c.b[2], record.Safe, "North lawn")
	var out api.Joined
	in := api.Joining{Added: c.red.badge.String(), Visit: c.c[5].badge.String()}
	if err := c.walker.ask("POST", "/api/v1/evacuation/join", in, &out); err != nil {
		c.t.Fatal(err)
	}
	c.said(c.walker, word{of: c.red, what: "join", bearer: c.c[5]})
}

// all marks many safe.
func (c *cast) all(p *post, who []*guest, point string) error {
	for _, g := range who {
		if err := c.marks(p, g, record.Safe, point); err != nil {
			return err
		}
	}
	return nil
}

// leaves has somebody go out through a door.
func (c *cast) leaves(p *post, g *guest, code string) error {
	var out api.Departure
	if err := p.ask("POST", "/api/v1/visits/out", api.Leaving{Code: code}, &out); err != nil {
		return fmt.Errorf("check out %s: %w", g.name, err)
	}
	c.said(p, word{of: g, what: "out"})
	return nil
}

// adds puts somebody on the list who is on none.
func (c *cast) adds(p *post, text, point string) (*guest, error) {
	var out api.Added
	in := api.Adding{Text: api.Text{Private: record.Private(text)}, Point: record.PointName(point)}
	if err := p.ask("POST", "/api/v1/evacuation/people", in, &out); err != nil {
		return nil, fmt.Errorf("add somebody: %w", err)
	}
	g := &guest{name: text, visit: out.Visit, badge: out.Badge, added: true}
	c.mu.Lock()
	c.guests = append(c.guests, g)
	c.mu.Unlock()
	c.said(p, word{of: g, what: "added"})
	if point != "" {
		c.said(p, word{of: g, what: "safe", point: point})
	}
	return g, nil
}

// undo takes back what stands on somebody.
func (c *cast) undo(p *post, g *guest) {
	c.t.Helper()
	into[api.Undone](c.t, "evac", "undo", g.badge.String(), "--data", p.dir)
	c.said(p, word{of: g, what: "undo"})
}

// restarts has a handheld lose its power in the middle of its work. What it
// acknowledged is on its list when it is back.
func (c *cast) restarts(p *post) {
	c.t.Helper()
	p.kill()
	began := time.Now()
	p.boot()
	l := p.shown()
	c.t.Logf("%s shows %d people %v after it was started again", p.name, len(l.People), time.Since(began).Round(time.Millisecond))
	if differ := differences(l, p.knows.lines(), c.guests); len(differ) > 0 {
		c.t.Errorf("%s forgot when its power was cut; %s", p.name, some(differ))
	}
	var out api.Names
	if err := p.ask("POST", "/api/v1/pin/unlock", api.PIN{PIN: api.Text{Private: pinOfAll}}, &out); err != nil {
		c.t.Fatal(err)
	}
}

// over ends the evacuation; all nodes write the same report of it, which has
// the counts of the last list and owns to the destroyed desk alone.
func (s *scene) over(at *post, posts []*post, last map[string]int) {
	s.t.Helper()
	must1(s.t, "evac", "end", "--reason", "all that can be done is done", "--data", at.dir)
	var first map[string]any
	for _, p := range posts {
		var r map[string]any
		p.await(p.name+" has heard that it is over, and misses news of the desk alone", healing, func() bool {
			r = nil
			if err := p.ask("GET", "/api/v1/evacuation/report", nil, &r); err != nil {
				s.t.Fatal(err)
			}
			silent, _ := r["silent"].([]any)
			return r["ended_at"] != nil && len(silent) == 1 && strings.Contains(fmt.Sprint(silent), "Reception")
		})
		delete(r, "as_of")
		delete(r, "silent")    // when the desk was last heard differs
		delete(r, "freshness") // and so does who was heard when
		if first == nil {
			first = r
		}
		for k := range first {
			if !reflect.DeepEqual(r[k], first[k]) {
				s.t.Errorf("the reports of %s and %s differ in %s:\n%.500v\n%.500v", posts[0].name, p.name, k, first[k], r[k])
			}
		}
	}
	counts, _ := first["counts"].(map[string]any)
	for state, n := range last {
		if got, ok := counts[state].(float64); !ok || int(got) != n && state != "not_sure" {
			s.t.Errorf("the report counts %v %s, the last list %d", counts[state], state, n)
		}
	}
	if sweeps, _ := first["sweeps"].([]any); len(sweeps) != 2 {
		s.t.Errorf("the report has %d of 2 searched zones", len(sweeps))
	}
}
