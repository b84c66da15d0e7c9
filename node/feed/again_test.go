package feed

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/upprop/upprop/crdt/record"
)

// outcomes sends a message of several events.
func (c *campus) outcomes(s *Service, secret string, events ...string) string {
	c.t.Helper()
	d, err := send(s, secret, c.clock(), "["+strings.Join(events, ",")+"]")
	if err != nil {
		c.t.Fatal(err)
	}
	return fmt.Sprint(d.Outcomes)
}

// Out by one door and in by the next within a second, sent again: who is inside
// stays on the list.
func TestAgainAtOneTime(t *testing.T) {
	c := newCampus(t)
	s := c.open()
	secret := c.add(s, Request{Name: "Access"})
	c.outcomes(s, secret, badge(1, In, c.now.Add(-time.Hour)))
	both := []string{badge(1, Out, c.now), badge(1, In, c.now)}
	for _, want := range []string{"[out in]", "[repeated repeated]", "[repeated repeated]"} {
		if got := c.outcomes(s, secret, both...); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		c.count(1)
		c.pass(time.Minute)
		s = c.open()
	}
	// And the other way round.
	turned := []string{badge(2, In, c.now), badge(2, Out, c.now)}
	for _, want := range []string{"[in out]", "[repeated repeated]"} {
		if got := c.outcomes(s, secret, turned...); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		c.count(1)
	}
}

// A sender whose clock is ahead: what it sends again is no news, however much
// later by our clock.
func TestAgainByAClockAhead(t *testing.T) {
	c := newCampus(t)
	s := c.open()
	secret := c.add(s, Request{Name: "Access"})
	ahead := c.now.Add(3 * time.Hour)
	in, out := badge(1, In, ahead), badge(1, Out, ahead.Add(time.Minute))
	for _, x := range []struct {
		event, want string
		inside      int
	}{
		{in, "[in]", 1},
		{in, "[repeated]", 1},
		{out, "[out]", 0},
		{in, "[repeated]", 0},
		{badge(1, In, ahead.Add(2*time.Minute)), "[in]", 1},
		{out, "[repeated]", 1},
	} {
		if got := c.outcomes(s, secret, x.event); got != x.want {
			t.Errorf("%s: %s, want %s", x.event, got, x.want)
		}
		c.count(x.inside)
		c.pass(time.Minute)
	}
	// Put right, it is heard as before.
	if got := c.outcomes(s, secret, badge(1, Out, c.now)); got != "[out]" {
		t.Error(got)
	}
	c.count(0)
}

// A power cut between the visit and the note of it, by such a clock: the same
// event is the same visit, and no second one that nobody lets out.
func TestCutByAClockAhead(t *testing.T) {
	c := newCampus(t)
	s := c.open()
	secret := c.add(s, Request{Name: "Access"})
	ahead := c.now.Add(time.Hour)
	c.fail = errors.New("power")
	if _, err := send(s, secret, c.now, badge(1, In, ahead)); !errors.Is(err, c.fail) {
		t.Fatal(err)
	}
	c.pass(time.Minute)
	s, c.fail = c.open(), nil
	if got := c.outcomes(s, secret, badge(1, In, ahead)); got != "[in]" || c.stays != 1 {
		t.Fatal(got, c.stays)
	}
	c.pass(time.Minute)
	if got := c.outcomes(s, secret, badge(1, Out, ahead.Add(time.Minute))); got != "[out]" {
		t.Error(got)
	}
	c.count(0)
}

// What an earlier release noted is known, too.
func TestAgainAfterAnUpdate(t *testing.T) {
	c := newCampus(t)
	s := c.open()
	secret := c.add(s, Request{Name: "Access"})
	c.outcomes(s, secret, badge(1, In, c.now))
	for tag, l := range c.badges {
		l.Done = nil
		c.badges[tag] = l
	}
	if got := c.outcomes(s, secret, badge(1, In, c.now), badge(1, Out, c.now), badge(1, In, c.now)); got != "[repeated out in]" {
		t.Error(got)
	}
}

// No more is remembered of a badge than is of use.
func TestDoneIsBounded(t *testing.T) {
	var l Last
	at := time.Unix(1_800_000_000, 0)
	for n := range 3 * maxDone {
		sent := at.Add(time.Duration(n) * time.Second)
		l = l.then(sent, sent, n%2 == 0)
		if !l.knows(sent, n%2 == 0) || l.knows(sent, n%2 != 0) {
			t.Fatal(n)
		}
	}
	if len(l.Done) != maxDone || !l.knows(at.Add(time.Duration(2*maxDone)*time.Second), true) {
		t.Error(len(l.Done))
	}
	// Nor when somebody came and went weeks ago.
	at = at.Add(14 * 24 * time.Hour)
	if l = l.then(at, at, true); len(l.Done) != 1 || !l.knows(at, true) {
		t.Error(len(l.Done))
	}
}

// Who is inside is on the list, whatever the name is like.
func TestNamesAreMadeHarmless(t *testing.T) {
	c := newCampus(t)
	s := c.open()
	secret := c.add(s, Request{Name: "Access"})
	for i, x := range []struct{ told, want string }{
		{`Eva\u202eEk\u2066`, "EvaEk"},
		{`\ufeffEva\nEk\t`, "Eva Ek"},
		{`a\u0000b`, "a b"},
		{`\u202a\u2069 \u200b`, "Badge 3"},
		{strings.Repeat("Å", 300), strings.Repeat("Å", maxName)},
		{`\u200fדוד (IT)\u200e`, "\u200fדוד (IT)\u200e"},
		{`\ud800Ek`, "\ufffdEk"},
	} {
		clear(c.names)
		body := fmt.Sprintf(`{"badge":"%d","event":"in","at":%q,"name":"%s"}`, i, c.now.Format(time.RFC3339), x.told)
		if d, err := send(s, secret, c.now, body); err != nil || d.Outcomes[0] != "in" {
			t.Fatal(x.told, d, err)
		}
		c.count(i + 1)
		for _, name := range c.names {
			if got := name.Reveal(); got != x.want || !utf8.ValidString(got) || strings.ContainsFunc(got, record.Misleads) {
				t.Errorf("%q, want %q", got, x.want)
			}
		}
	}
	if got := (Event{Badge: "7\u202e7", Name: "\xff\u2066"}).name(); got != "\ufffd" {
		t.Errorf("%q", got.Reveal())
	}
	if got := (Event{Badge: "7\u202e7"}).name(); got != "Badge 77" {
		t.Errorf("%q", got.Reveal())
	}
}
