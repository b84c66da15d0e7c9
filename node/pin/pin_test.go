package pin

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt/seal"
)

// safe is a Vault whose PIN costs nothing to try.
type safe struct {
	mu     sync.Mutex
	pin    string
	locked bool
	wrong  int
	tried  int
}

func (s *safe) HasPIN() bool      { s.mu.Lock(); defer s.mu.Unlock(); return s.pin != "" }
func (s *safe) NamesLocked() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.locked }
func (s *safe) LockNames()        { s.mu.Lock(); defer s.mu.Unlock(); s.locked = s.pin != "" }

func (s *safe) SetPIN(pin []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.locked {
		return seal.ErrLocked
	}
	s.pin = string(pin)
	return nil
}

func (s *safe) UnlockNames(pin []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tried++
	if string(pin) != s.pin {
		s.wrong++
		return seal.ErrPIN
	}
	s.wrong, s.locked = 0, false
	return nil
}

func (s *safe) PINWait() (int, time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wrong <= 3 {
		return s.wrong, 0
	}
	return s.wrong, time.Second << (s.wrong - 4)
}

type device struct {
	*Lock
	safe   *safe
	acts   []string
	refuse error
	forgot int
	now    time.Time
	warden bool
}

func handheld() *device {
	d := &device{safe: &safe{}, warden: true}
	d.Lock = New(Config{
		Vault: d.safe, Asks: func() bool { return d.warden }, Locked: func() { d.forgot++ },
		Act: func(what, note string) error {
			if d.refuse == nil {
				d.acts = append(d.acts, what)
			}
			return d.refuse
		},
		Now: func() time.Time {
			if d.now.IsZero() {
				return time.Now()
			}
			return d.now
		},
	})
	return d
}

func key(err error) string {
	var p *Problem
	if errors.As(err, &p) {
		if p.Hint == "" {
			return "without words"
		}
		return p.Key
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func TestLockedUntilChosen(t *testing.T) {
	d := handheld()
	if !d.Locked() || d.State().Set || key(d.Unlock([]byte("1234"))) != "pin.none" || key(d.Lock.Lock()) != "pin.none" {
		t.Fatal("names are open before a PIN is chosen")
	}
	for _, bad := range []string{"", "123", "1234567890123", "12a4", "١٢٣٤", " 1234"} {
		if got := key(d.Set([]byte(bad))); got != "pin.malformed" {
			t.Errorf("%q: %s", bad, got)
		}
	}
	told := d.Changed()
	if err := d.Set([]byte("1234")); err != nil || d.Locked() {
		t.Fatal("a chosen PIN does not unlock:", err)
	}
	<-told
	if err := d.Lock.Lock(); err != nil || !d.Locked() || d.forgot != 1 {
		t.Fatal("not locked", err)
	}
	if got := key(d.Set([]byte("4321"))); got != "pin.locked" {
		t.Fatal("changed while locked:", got)
	}
	if key(d.Unlock([]byte("9999"))) != "pin.wrong" || d.Unlock([]byte("1234")) != nil || d.Locked() {
		t.Fatal("not unlocked")
	}
	if err := d.Set([]byte("4321")); err != nil {
		t.Fatal(err)
	}
	if want := []string{"pin.set", "pin.lock", "pin.wrong", "pin.unlock", "pin.change"}; !slices.Equal(d.acts, want) {
		t.Errorf("on record: %v, want %v", d.acts, want)
	}
}

func TestOnlyHandheldsAsk(t *testing.T) {
	d := handheld()
	d.warden = false
	if d.Locked() || key(d.Set([]byte("1234"))) != "pin.not_here" || key(d.Unlock([]byte("1234"))) != "pin.not_here" || key(d.Lock.Lock()) != "pin.not_here" {
		t.Error("a desk asks for a PIN")
	}
}

// A guess before the wait is over is not tried, not even the right one.
func TestWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := handheld()
		if err := d.Set([]byte("1234")); err != nil {
			t.Fatal(err)
		}
		if err := d.Lock.Lock(); err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			if got := key(d.Unlock([]byte("0000"))); got != "pin.wrong" {
				t.Fatal(i, got)
			}
		}
		if s := d.State(); s.Wrong != 3 || !s.WaitUntil.IsZero() {
			t.Fatalf("%+v", s)
		}
		for wait := time.Second; wait <= 8*time.Second; wait *= 2 {
			var p *Problem
			if err := d.Unlock([]byte("0000")); !errors.As(err, &p) || p.Key != "pin.wrong" || p.Wait != wait {
				t.Fatal(err)
			}
			if s := d.State(); !s.WaitUntil.Equal(time.Now().Add(wait)) {
				t.Fatalf("%+v", s)
			}
			time.Sleep(wait - time.Millisecond)
			n := d.safe.tried
			if err := d.Unlock([]byte("1234")); !errors.As(err, &p) || p.Key != "pin.wait" || p.Seconds() != 1 || d.safe.tried != n {
				t.Fatal("tried before the wait is over:", err)
			}
			time.Sleep(time.Millisecond)
		}
		if err := d.Unlock([]byte("1234")); err != nil {
			t.Fatal(err)
		}
		if s := d.State(); s.Wrong != 0 || !s.WaitUntil.IsZero() || s.Locked {
			t.Fatalf("%+v", s)
		}
	})
}

// Names lock after twelve hours, by whichever clock says so first.
func TestLocksByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := handheld()
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- d.Run(ctx) }()
		if err := d.Set([]byte("1234")); err != nil {
			t.Fatal(err)
		}
		if want := time.Now().Add(For); !d.State().Until.Equal(want) {
			t.Errorf("until %v, want %v", d.State().Until, want)
		}
		time.Sleep(For - time.Second)
		if d.Locked() {
			t.Fatal("too early")
		}
		time.Sleep(time.Second)
		if !d.Locked() {
			t.Fatal("still open after twelve hours")
		}
		time.Sleep(look)
		synctest.Wait()
		if !d.safe.NamesLocked() || d.forgot == 0 {
			t.Fatal("the keys are still in memory")
		}
		if err := d.Unlock([]byte("1234")); err != nil || d.Locked() {
			t.Fatal(err)
		}
		stop()
		if err := <-done; err != nil || !d.safe.NamesLocked() {
			t.Fatal("open after the end", err)
		}
	})
	// A device that slept: its monotonic clock stood still.
	d := handheld()
	d.now = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	if err := d.Set([]byte("1234")); err != nil || d.Locked() {
		t.Fatal(err)
	}
	if d.now = d.now.Add(For); !d.Locked() {
		t.Error("open after a night's sleep")
	}
}

// What cannot be put on record is not done.
func TestNothingOffRecord(t *testing.T) {
	d := handheld()
	d.refuse = errors.New("full")
	if err := d.Set([]byte("1234")); !errors.Is(err, d.refuse) || d.safe.HasPIN() {
		t.Fatal("set:", err)
	}
	d.refuse = nil
	if err := errors.Join(d.Set([]byte("1234")), d.Lock.Lock()); err != nil {
		t.Fatal(err)
	}
	d.refuse = errors.New("full")
	if err := d.Unlock([]byte("1234")); !errors.Is(err, d.refuse) || !d.Locked() {
		t.Fatal("unlocked:", err)
	}
}
