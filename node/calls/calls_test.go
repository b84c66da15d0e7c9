package calls

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// campus is a door and desks that hear one another or not, on one clock.
type campus struct {
	now   time.Time
	cut   bool
	door  *Service
	desks []*Service
	acts  []string
	told  int
}

func newCampus(desks int) *campus {
	c := &campus{now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
	at := record.Place{Site: "North", Entrance: "East gate"}
	c.door = New(Config{
		Here: func() bool { return false }, Place: func() record.Place { return at }, Desks: c.reached,
		Tell: func(_ context.Context, t Told, got func(Reply)) int {
			for _, d := range c.desks[:c.reached()] {
				got(d.Hear(at, t))
			}
			return c.reached()
		},
		Called: func(Call) {}, Now: c.clock,
	})
	for range desks {
		c.desks = append(c.desks, New(Config{
			Here: func() bool { return true }, Place: func() record.Place { return record.Place{Site: "North", Entrance: "Reception"} },
			Desks: func() int { return 0 }, Tell: func(context.Context, Told, func(Reply)) int { return 0 },
			Act: func(by, what, note string) error {
				c.acts = append(c.acts, by+" "+what+" "+note)
				return nil
			},
			Called: func(Call) { c.told++ }, Now: c.clock,
		}))
	}
	return c
}

func (c *campus) clock() time.Time { return c.now }

func (c *campus) reached() int {
	if c.cut {
		return 0
	}
	return len(c.desks)
}

// after lets time pass, with one round at its end.
func (c *campus) after(d time.Duration) Door {
	c.now = c.now.Add(d)
	c.door.Round(context.Background())
	return c.door.Own()
}

func TestAnswered(t *testing.T) {
	c := newCampus(2)
	if err := c.door.Ring(); err != nil {
		t.Fatal(err)
	}
	if d := c.after(0); d.State != Waiting || d.Cut || d.Late || !d.On {
		t.Errorf("sent, on no screen: %+v", d)
	}
	if d := c.after(Unseen); d.State != Waiting || !d.Late {
		t.Errorf("nobody has seen it: %+v", d)
	}
	done := c.desks[1].Watch()
	if d := c.after(time.Second); d.State != Shown || d.Late {
		t.Errorf("on a screen: %+v", d)
	}
	done()
	call := c.desks[0].Calls()[0]
	if call.Place.Entrance != "East gate" || !call.Since.Equal(c.now.Add(-Unseen-time.Second)) {
		t.Errorf("%+v", call)
	}
	if err := c.desks[0].Answer(call.ID, Coming, "operator a"); err != nil {
		t.Fatal(err)
	}
	if d := c.after(time.Second); d.State != Coming {
		t.Errorf("%+v", d)
	}
	c.after(time.Second)
	if got := c.desks[1].Calls()[0]; got.State != Coming || got.By != "operator a" {
		t.Errorf("the other desk is told: %+v", got)
	}
	for range 2 { // said twice is said once
		if err := c.desks[1].Answer(call.ID, Coming, "operator b"); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.desks[1].Answer(call.ID, Done, "operator b"); err != nil {
		t.Fatal(err)
	}
	if d := c.after(time.Second); d.State != Done {
		t.Errorf("%+v", d)
	}
	c.after(time.Second)
	if n := len(c.desks[0].Calls()) + len(c.desks[1].Calls()); n != 0 {
		t.Errorf("%d calls still stand", n)
	}
	if d := c.after(farewell); d.On {
		t.Errorf("for ever: %+v", d)
	}
	if len(c.acts) != 2 || c.acts[0] != "operator a call.coming East gate" || c.acts[1] != "operator b call.done East gate" || c.told != 2 {
		t.Errorf("on record %q, told %d", c.acts, c.told)
	}
	if err := c.desks[0].Answer(call.ID, Done, "operator a"); !errors.Is(err, ErrNone) {
		t.Error(err)
	}
}

// The door says at once that nobody hears it; what a desk answered meanwhile
// comes when the link does.
func TestCutOff(t *testing.T) {
	c := newCampus(1)
	c.cut = true
	if err := c.door.Ring(); err != nil {
		t.Fatal(err)
	}
	if d := c.door.Own(); !d.Cut {
		t.Errorf("before anything was sent: %+v", d)
	}
	c.cut = false
	c.after(time.Second)
	call := c.desks[0].Calls()[0]
	c.cut = true
	if d := c.after(lostAfter); !d.Cut {
		t.Errorf("%+v", d)
	}
	if got := c.desks[0].Calls()[0]; !got.Lost {
		t.Error("the desk takes a door that it does not hear for one in touch")
	}
	if err := c.desks[0].Answer(call.ID, Coming, "operator a"); err != nil {
		t.Fatal(err)
	}
	if d := c.after(time.Second); d.State != Waiting || !d.Cut {
		t.Errorf("the answer has not come: %+v", d)
	}
	c.cut = false
	if d := c.after(time.Second); d.State != Coming || d.Cut || c.desks[0].Calls()[0].Lost {
		t.Errorf("%+v", d)
	}
}

func TestRunsOut(t *testing.T) {
	c := newCampus(1)
	if err := c.door.Ring(); err != nil {
		t.Fatal(err)
	}
	c.after(time.Second)
	if d := c.after(Lasts); d.On || len(c.desks[0].Calls()) != 0 {
		t.Errorf("%+v", d)
	}
}

// A child at the button: one call at a time, and few in a while.
func TestOften(t *testing.T) {
	c := newCampus(1)
	for range often {
		for range 20 {
			if err := c.door.Ring(); err != nil {
				t.Fatal(err)
			}
		}
		c.after(0)
		c.door.Withdraw()
		c.after(0)
	}
	if err := c.door.Ring(); !errors.Is(err, ErrOften) || c.told != often {
		t.Errorf("%d calls, %v", c.told, err)
	}
	c.after(oftenIn)
	if err := c.door.Ring(); err != nil {
		t.Error(err)
	}
}

// At a desk's own door the screen beside it counts, and no other has to be there.
func TestOwnDesk(t *testing.T) {
	c := newCampus(1)
	d := c.desks[0]
	if err := d.Ring(); err != nil {
		t.Fatal(err)
	}
	if got := d.Own(); got.State != Waiting || got.Cut {
		t.Errorf("%+v", got)
	}
	defer d.Watch()()
	if got := d.Own(); got.State != Shown {
		t.Errorf("%+v", got)
	}
	if err := d.Answer(d.Calls()[0].ID, Done, "operator a"); err != nil || d.Own().State != Done {
		t.Error(err, d.Own())
	}
	if err := d.Answer("x", Shown, ""); !errors.Is(err, ErrAnswer) {
		t.Error(err)
	}
}

// What a member tells is bounded, whatever it is.
func TestStrangeCalls(t *testing.T) {
	c := newCampus(1)
	good := Told{ID: newID()}
	for _, m := range []Told{
		{ID: "short"},
		{ID: good.ID, Age: -1},
		{ID: good.ID, Age: Lasts},
		{ID: good.ID, State: 9},
		{ID: good.ID, State: -1},
		{ID: good.ID, By: string(make([]byte, maxBy+1))},
	} {
		c.desks[0].Hear(record.Place{}, m)
	}
	if n := len(c.desks[0].Calls()); n != 0 {
		t.Errorf("%d strange calls", n)
	}
	for range maxCalls + 5 {
		c.desks[0].Hear(record.Place{}, Told{ID: newID()})
	}
	if n := len(c.desks[0].Calls()); n != maxCalls {
		t.Errorf("%d calls", n)
	}
}
