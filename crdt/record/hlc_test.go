package record

import (
	"testing"
	"time"
)

func TestAClockPutRightIsFollowed(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	at := now
	c := NewClock(func() time.Time { return at })
	first := c.Now()
	at = now.Add(-time.Hour)
	if c.Now() <= first {
		t.Fatal("readings run backwards with a clock that was set back by an hour")
	}
	at = now.AddDate(73, 0, 0)
	wrong := c.Now()
	at = now.Add(time.Minute)
	if got := c.Now(); got >= wrong || got <= first {
		t.Fatalf("after a clock was put right it reads %v", got.Time())
	}
	c.Resume(wrong) // as at a restart
	if got := c.Now().Time(); !got.Equal(at) {
		t.Fatalf("after a restart it reads %v", got)
	}
	if c.Observe(wrong) {
		t.Fatal("another's clock is followed by decades")
	}
}
