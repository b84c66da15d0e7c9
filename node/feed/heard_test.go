package feed

import (
	"fmt"
	"testing"
	"time"

	"github.com/eclipse/paho.golang/paho"
)

// publish hands the only source a message as its broker does.
func (c *campus) publish(s *Service, body string) {
	c.t.Helper()
	if !s.published(c.t.Context(), s.sources[0], &paho.Publish{Payload: []byte(body)}) {
		c.t.Fatal("not taken:", body)
	}
}

func alive(at time.Time) string {
	return fmt.Sprintf(`{"event":"alive","at":%q}`, at.Format(time.RFC3339))
}

// A broker keeps messages for as long as this node is away, and says nothing of
// when it took them in: only the time that a message tells counts.
func TestWhatABrokerKeptIsNoSignOfLife(t *testing.T) {
	c := newCampus(t)
	s := c.open()
	c.add(s, Request{Name: "Access"})
	state := func() State { return s.Sources()[0].State }
	c.publish(s, `{"event":"alive"}`)
	if h := state().Heard; !h.IsZero() {
		t.Error("an alive of nobody knows when is heard at", h)
	}
	c.publish(s, alive(c.now.Add(-3*time.Hour)))
	if h := state().Heard; !h.Equal(c.now.Add(-3 * time.Hour)) {
		t.Error(h)
	}
	// Nor is there one in what a clock tells that is far ahead.
	for _, body := range []string{alive(c.now.Add(2 * time.Hour)), badge(1, In, c.now.Add(2*time.Hour))} {
		c.publish(s, body)
		if st := state(); !st.Heard.Equal(c.now.Add(-3*time.Hour)) || !s.Sources()[0].ClockOff() || st.Off < 119*time.Minute {
			t.Errorf("%s: %+v", body, st)
		}
	}
	c.count(1)
	// A clock that is ahead by moments is heard.
	c.publish(s, alive(c.now.Add(3*time.Second)))
	if st := state(); !st.Heard.Equal(c.now) || s.Sources()[0].ClockOff() {
		t.Errorf("%+v", st)
	}
	if n := s.Counts()["alive"]; n != 4 {
		t.Error(n)
	}
}

// Signed, an alive tells no more than its signature does, sent again or not.
func TestAnAliveIsAsOldAsItsSignature(t *testing.T) {
	c := newCampus(t)
	s := c.open()
	secret := c.add(s, Request{Name: "Access"})
	t0 := c.now
	future := alive(t0.Add(24 * time.Hour))
	for _, x := range []struct {
		after time.Duration
		body  string
	}{
		{0, `{"event":"alive"}`},
		{0, future},
		{3 * time.Minute, `{"event":"alive"}`}, // within what counts as just now
		{3 * time.Minute, future},
		{time.Hour, `{"event":"alive"}`},
		{time.Hour, future},
		{24*time.Hour - time.Minute, future},
		{25 * time.Hour, future},
	} {
		c.pass(t0.Add(x.after).Sub(c.clock()))
		if _, err := send(s, secret, t0, x.body); err != nil {
			t.Fatal(err)
		}
		if h := s.Sources()[0].State.Heard; !h.Equal(t0) {
			t.Errorf("%v later, %s: heard %v", x.after, x.body, h)
		}
	}
	if _, err := send(s, secret, c.now, alive(c.now.Add(time.Minute))); err != nil || !s.Sources()[0].State.Heard.Equal(c.now) {
		t.Error(s.Sources()[0].State, err)
	}
}
