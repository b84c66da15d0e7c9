package nodetest

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt/store"
)

// alone is a campus of one desk.
func alone(t *testing.T) (*Campus, *House) {
	t.Helper()
	c := campusOf(t, 1)
	return c, c.Houses[0]
}

// TestThePowerGoesWhileANodeStarts cuts it before changes all through a start:
// there are starts that do not come through, and the next does.
func TestThePowerGoesWhileANodeStarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, h := alone(t)
		if _, err := c.arrive(h); err != nil {
			t.Fatal(err)
		}
		dark := 0
		for n := 0; n < 60; n += 6 {
			if err := h.stop(); err != nil {
				t.Fatal(err)
			}
			h.cut(n, uint64(n), func() {
				if err := h.start(); errors.Is(err, errDark) {
					dark++
				} else if err != nil {
					t.Error(err)
				}
			})
			if h.Node() != nil {
				t.Fatal("runs without power")
			}
			if err := c.startHouse(h); err != nil {
				t.Fatal(err)
			}
		}
		if dark < 3 {
			t.Errorf("the power went in %d starts", dark)
		}
	})
}

// TestADiskWithoutRoom shows that the store itself meets it: the node ends, does
// not start before there is room, not even after a power cut, and then has all.
func TestADiskWithoutRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, h := alone(t)
		if _, err := c.arrive(h); err != nil {
			t.Fatal(err)
		}
		l := h.now()
		h.cram(0, 1)
		if err := c.rush(h, 2); err != nil {
			t.Fatal(err)
		}
		if err := l.disk.Apply(&store.Batch{}); !errors.Is(err, store.ErrBroken) {
			t.Errorf("the database says %v", err)
		}
		if err := c.bury(); err != nil || h.Node() != nil {
			t.Fatal("goes on without room", err)
		}
		if err := h.start(); !errors.Is(err, errNoRoom) {
			t.Fatalf("starts without room: %v", err)
		}
		h.room()
		time.Sleep(measured)
		if err := c.startHouse(h); err != nil {
			t.Fatal(err)
		}
		h.cram(-1, 1)
		h.cut(0, 1, func() {})
		if err := c.startHouse(h); err != nil {
			t.Fatal(err)
		}
		if v, err := c.arrive(h); err != nil || v != nil {
			t.Error("somebody came in on a disk that was full before the power went", err)
		}
		h.room()
		time.Sleep(measured)
	})
}
