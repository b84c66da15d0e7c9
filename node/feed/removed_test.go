package feed

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A cut between telling that a source is over and removing it: it is one still,
// and other nodes are told so at the next start, or at the next tick where it was
// no cut.
func TestRemovedByHalf(t *testing.T) {
	c := newCampus(t)
	s := c.open()
	secret := c.add(s, Request{Name: "Access"})
	if _, err := send(s, secret, c.now, `{"event":"alive"}`); err != nil {
		t.Fatal(err)
	}
	s.tellAll(t.Context())
	heard := c.said[len(c.said)-1]
	file, err := os.ReadFile(c.file)
	if err != nil {
		t.Fatal(err)
	}
	last := func(want int) {
		t.Helper()
		if got := c.said[len(c.said)-1]; len(c.said) != want || got.Quiet == 0 || got.Since != heard.Since {
			t.Fatalf("%d times, %+v", len(c.said), got)
		}
	}
	states := c.states["Access"]
	if err := s.Remove(t.Context(), "Access"); err != nil {
		t.Fatal(err)
	}
	told := len(c.said)
	if err := os.WriteFile(c.file, file, 0o600); err != nil {
		t.Fatal(err)
	}
	c.states["Access"] = states
	s = c.open()
	s.tellAll(t.Context())
	last(told + 1)
	s.tellAll(t.Context())
	last(told + 1)
	// The disk takes no file.
	dir := filepath.Dir(c.file)
	if err := os.Rename(dir, dir+".away"); err != nil {
		t.Fatal(err)
	}
	if err := s.Remove(t.Context(), "Access"); err == nil {
		t.Fatal("removed without a file")
	}
	if err := os.Rename(dir+".away", dir); err != nil {
		t.Fatal(err)
	}
	s.tellAll(t.Context())
	last(told + 3)
}

// A new source is not called heard because one of its name was.
func TestASourceOfAnOldName(t *testing.T) {
	c := newCampus(t)
	c.states["Access"] = State{Heard: c.now, Told: c.now, ToldHeard: c.now, Off: time.Hour, Timed: true}
	s := c.open()
	c.add(s, Request{Name: "Access"})
	if x := s.Sources()[0]; !x.State.Heard.IsZero() || x.State.Timed || c.said[0].Since != 0 {
		t.Errorf("%+v %+v", x.State, c.said)
	}
}
