package access

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/seal"
	"github.com/upprop/upprop/mesh/identity"
)

// jammed keeps keys when it can, and publishes them when it can.
type jammed struct {
	*shop
	stuck, mute atomic.Bool
}

func (j *jammed) Publish(ctx context.Context, acts []record.Act) error {
	if j.mute.Load() {
		return errors.New("the disk is almost full")
	}
	return j.shop.Publish(ctx, acts)
}

func (j *jammed) Add(keys ...seal.PrivateKey) error {
	if j.stuck.Load() {
		return errors.New("input/output error")
	}
	return j.shop.Add(keys...)
}

// What could not be made is made within seconds of its being possible: until
// then what comes in is sealed to keys that a revoked member holds.
func TestMakerTriesAgainSoon(t *testing.T) {
	for what, hold := range map[string]func(j *jammed, sure *atomic.Bool, on bool){
		"the vault could not be written": func(j *jammed, _ *atomic.Bool, on bool) { j.stuck.Store(on) },
		"the clock was in doubt":         func(_ *jammed, sure *atomic.Bool, on bool) { sure.Store(!on) },
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				self := identity.NodeID{1}
				j := &jammed{shop: &shop{kept: map[seal.KeyID]bool{}, today: func() record.Day { return 20000 }}}
				var sure atomic.Bool
				sure.Store(true)
				hold(j, &sure, true)
				m := NewMaker(MakerConfig{
					Store: j, Publisher: j, Book: NewBook(j), Self: self, Ahead: 3,
					Members: func() []identity.Member { return []identity.Member{{ID: self, Role: identity.RoleDesk}} },
					Today:   func() (record.Day, bool) { return 20000, sure.Load() },
				})
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan error)
				go func() { done <- m.Run(ctx, nil) }()
				time.Sleep(time.Minute)
				if n := j.count(); n != 0 {
					t.Errorf("%d keys were made", n)
				}
				hold(j, &sure, false)
				time.Sleep(again + time.Second)
				if n := j.count(); n != 2*3 {
					t.Errorf("%d keys were made within %v, want 6", n, again)
				}
				cancel()
				if err := <-done; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// A desk whose clock was years ahead when somebody was revoked made keys of dates
// far off; it makes those of the right dates as soon as its clock is put right, for
// until then what comes in is sealed to keys that the revoked member holds.
func TestMakerLooksWhenTheDateIsAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		self := identity.NodeID{1}
		var date atomic.Int64
		date.Store(56000)
		today := func() record.Day { return record.Day(date.Load()) }
		j := &jammed{shop: &shop{kept: map[seal.KeyID]bool{}, today: today}}
		m := NewMaker(MakerConfig{
			Store: j, Publisher: j, Book: NewBook(j), Self: self, Ahead: 3,
			Members: func() []identity.Member { return []identity.Member{{ID: self, Role: identity.RoleDesk}} },
			Today:   func() (record.Day, bool) { return today(), true },
		})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- m.Run(ctx, nil) }()
		time.Sleep(2 * time.Minute)
		if n := j.count(); n != 2*3 {
			t.Errorf("%d keys were made, want 6", n)
		}
		date.Store(20000)
		time.Sleep(again + time.Second)
		if n := j.count(); n != 2*2*3 {
			t.Errorf("%d keys were made within %v of another date, want 12", n, again)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// A desk whose disk has no room for entries, and room in its file of keys, does
// not fill that: what it has made it publishes when it can.
func TestMakerMakesNoKeyTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		self := identity.NodeID{1}
		members := []identity.Member{{ID: self, Role: identity.RoleDesk}, {ID: identity.NodeID{2}, Role: identity.RoleDesk}}
		var of atomic.Pointer[[]identity.Member]
		before := members
		of.Store(&before)
		j := &jammed{shop: &shop{kept: map[seal.KeyID]bool{}, today: func() record.Day { return 20000 }}}
		j.mute.Store(true)
		book := NewBook(j)
		m := NewMaker(MakerConfig{
			Store: j, Publisher: j, Book: book, Self: self, Ahead: 3,
			Members: func() []identity.Member { return *of.Load() },
			Today:   func() (record.Day, bool) { return 20000, true },
		})
		wake := make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- m.Run(ctx, wake) }()
		time.Sleep(time.Hour)
		if n := j.count(); n != 2*3 {
			t.Errorf("%d keys were made, and nobody could be told of them; want 6", n)
		}
		// After a revocation new ones are made, and these are told of in the end.
		members = slices.Clone(members)
		members[1].Revoked = &identity.Revocation{At: 1_900_000_000_000}
		after := members
		of.Store(&after)
		time.Sleep(time.Hour)
		if n := j.count(); n != 2*2*3 {
			t.Errorf("%d keys were made before and after a revocation, want 12", n)
		}
		j.mute.Store(false)
		time.Sleep(again + time.Second)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		keys, err := book.Keys()
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range keys {
			if !j.kept[k.ID] || k.Epoch != Epoch(members, k.Audience) {
				t.Errorf("a key of %s is published that is not kept, or was made before the revocation", k.Date)
			}
		}
		if len(keys) != 2*3 || j.count() != 2*2*3 {
			t.Errorf("%d keys are published of the %d made, want 6 of 12", len(keys), j.count())
		}
	})
}
