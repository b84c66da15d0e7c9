package seal

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// dated gives a campus keys for these dates, and a choice of the nearest
// earlier one.
func dated(t testing.TB, days ...record.Day) *campus {
	t.Helper()
	c := newCampus(t)
	keys := map[record.Day]PublicKey{}
	for _, d := range days {
		k := mustKey(t, card, DateOf(d))
		if err := c.vault.Add(k); err != nil {
			t.Fatal(err)
		}
		keys[d] = k.Public()
	}
	c.sealer = NewSealer(func(_ record.Audience, until record.Day) (PublicKey, bool) {
		for d := until; d > until-100; d-- {
			if k, ok := keys[d]; ok {
				return k, true
			}
		}
		return PublicKey{}, false
	}, func() time.Time { return c.now })
	return c
}

func sealUntil(t testing.TB, c *campus, v record.VisitID, d record.Day) Sealed {
	t.Helper()
	s, err := c.sealer.Seal(v, 1, d, map[record.Audience][]byte{card: []byte("Anna Berg")})
	if err != nil {
		t.Fatal(err)
	}
	c.store(s)
	return s
}

// TestSealUntil seals to several dates in turn: each has a context of its own,
// which lasts.
func TestSealUntil(t *testing.T) {
	c := dated(t, until, until+1)
	contexts := map[record.Day]ContextID{}
	for i := range 12 {
		d := until + record.Day(i%3)
		s := sealUntil(t, c, visit(byte(i)), d)
		w := s.Wraps[0]
		if w.Until != d {
			t.Errorf("wrap until %v, want %v", w.Until, d)
		}
		if w.Hash() != sha256.Sum256(w.Encode()) {
			t.Error("the hash is not of what is encoded")
		}
		if i >= 3 && contexts[d] != w.Context {
			t.Errorf("the context of %v was renewed", d)
		}
		contexts[d] = w.Context
		c.wantOpen(t, visit(byte(i)), s, map[record.Audience][]byte{card: []byte("Anna Berg")})
	}
	if contexts[until+1] != contexts[until+2] || contexts[until] == contexts[until+1] {
		t.Error("a context for each key, and no more")
	}
	// A wrap does not move to the key of another date.
	a, b := sealUntil(t, c, visit(50), until), sealUntil(t, c, visit(51), until+1)
	moved := a.Wraps[0]
	moved.KeyID = b.Wraps[0].KeyID
	if _, err := c.opener.Open(visit(50), a.Parts[0], moved); !errors.Is(err, ErrAltered) {
		t.Errorf("a wrap under the key of another date: %v, want ErrAltered", err)
	}
	moved.Context = b.Wraps[0].Context
	if _, err := c.opener.Open(visit(50), a.Parts[0], moved); !errors.Is(err, ErrAltered) {
		t.Errorf("and its context: %v, want ErrAltered", err)
	}
	_, err := c.sealer.Seal(visit(1), 1, until-1, map[record.Audience][]byte{card: nil})
	if !errors.Is(err, ErrNoKey) {
		t.Errorf("no key of the date or before: %v, want ErrNoKey", err)
	}
	late := mustKey(t, card, DateOf(until+1)).Public()
	s := NewSealer(func(record.Audience, record.Day) (PublicKey, bool) { return late, true }, time.Now)
	if _, err := s.Seal(visit(1), 1, until, map[record.Audience][]byte{card: nil}); !errors.Is(err, ErrNoKey) {
		t.Errorf("a key that outlives the date: %v, want ErrNoKey", err)
	}
}

// TestSendingBound seals to more dates than there may be contexts at work.
func TestSendingBound(t *testing.T) {
	var days []record.Day
	for i := range record.Day(maxSending + 10) {
		days = append(days, until+i)
	}
	c := dated(t, days...)
	first := sealUntil(t, c, visit(1), until)
	for i, d := range days {
		sealUntil(t, c, visit(byte(i)), d)
		// Used all the time, the first stays.
		if s := sealUntil(t, c, visit(byte(100+i)), until); s.Wraps[0].Context != first.Wraps[0].Context {
			t.Fatalf("the context used last was dropped for the %dth date", i)
		}
	}
	if n := len(c.sealer.current); n > maxSending {
		t.Errorf("%d contexts at work, of at most %d", n, maxSending)
	}
	c.now = c.now.Add(2 * contextAge)
	sealUntil(t, c, visit(200), until)
	if n := len(c.sealer.current); n != 1 {
		t.Errorf("%d contexts at work after two hours, want 1", n)
	}
}

// TestOpenerForgets: secrets leave an opener's memory with their key, at once.
func TestOpenerForgets(t *testing.T) {
	c := dated(t, until, until+1)
	c.vault.kdf = cheap
	if err := c.vault.SetPIN([]byte("1")); err != nil {
		t.Fatal(err)
	}
	a, b := sealUntil(t, c, visit(1), until), sealUntil(t, c, visit(2), until+1)
	open := func(wantA, wantB error) {
		t.Helper()
		for _, x := range []struct {
			v    record.VisitID
			s    Sealed
			want error
		}{{visit(1), a, wantA}, {visit(2), b, wantB}} {
			got, err := c.opener.Open(x.v, x.s.Parts[0], x.s.Wraps[0])
			if !errors.Is(err, x.want) || x.want == nil && (err != nil || !bytes.Equal(got, []byte("Anna Berg"))) {
				t.Errorf("open: %q, %v; want %v", got, err, x.want)
			}
		}
	}
	remembers := func(n int) {
		t.Helper()
		if got := len(c.opener.opened); got != n {
			t.Errorf("%d secrets in memory, want %d", got, n)
		}
	}
	open(nil, nil)
	remembers(2)
	held := c.opener.opened[a.Wraps[0].Context].secret
	c.vault.LockNames()
	remembers(0)
	if *held != (secret{}) {
		t.Error("a forgotten secret is not cleared")
	}
	open(ErrLocked, ErrLocked)
	if err := c.vault.UnlockNames([]byte("1")); err != nil {
		t.Fatal(err)
	}
	open(nil, nil)
	if err := c.vault.Expire(until); err != nil {
		t.Fatal(err)
	}
	remembers(1)
	open(ErrNotForUs, nil)
	if err := c.vault.Drop(b.Wraps[0].KeyID); err != nil {
		t.Fatal(err)
	}
	remembers(0)
	open(ErrNotForUs, ErrNotForUs)
}

// TestDead: the clock alone stops the use of a key and destroys nothing.
func TestDead(t *testing.T) {
	c := dated(t, until, until+1)
	horizon := until - 1
	o := NewOpener(c.vault, c.opener.lookup, WithDead(func(d record.Day) bool { return d <= horizon }))
	a, b := sealUntil(t, c, visit(1), until), sealUntil(t, c, visit(2), until+1)
	for _, x := range []struct {
		horizon record.Day
		a, b    error
	}{{until - 1, nil, nil}, {until, ErrExpired, nil}, {until + 9000, ErrExpired, ErrExpired}, {until - 1, nil, nil}} {
		horizon = x.horizon
		if _, err := o.Open(visit(1), a.Parts[0], a.Wraps[0]); !errors.Is(err, x.a) || x.a == nil && err != nil {
			t.Errorf("horizon %v: %v, want %v", x.horizon, err, x.a)
		}
		if err := o.Check(a.Wraps[0]); !errors.Is(err, x.a) {
			t.Errorf("horizon %v: what was opened may be kept: %v, want %v", x.horizon, err, x.a)
		}
		if _, err := o.Open(visit(2), b.Parts[0], b.Wraps[0]); !errors.Is(err, x.b) || x.b == nil && err != nil {
			t.Errorf("horizon %v: %v, want %v", x.horizon, err, x.b)
		}
	}
	if err := c.vault.Drop(b.Wraps[0].KeyID); err != nil {
		t.Fatal(err)
	}
	if err := o.Check(b.Wraps[0]); !errors.Is(err, ErrNotForUs) {
		t.Errorf("what was opened with a destroyed key may be kept: %v", err)
	}
	if !c.vault.Has(a.Wraps[0].KeyID) {
		t.Error("the clock destroyed a key")
	}
}

// TestSealedToAKeyThatIsOver: what is sealed when only keys of past dates are known
// opens until its own date, while the key is there.
func TestSealedToAKeyThatIsOver(t *testing.T) {
	c := dated(t, until)
	var today record.Day
	o := NewOpener(c.vault, c.opener.lookup, WithDead(func(d record.Day) bool { return d <= today }))
	s := sealUntil(t, c, visit(1), until+30)
	for day, want := range map[record.Day]error{until - 1: nil, until: nil, until + 29: nil, until + 30: ErrExpired} {
		today = day
		if _, err := o.Open(visit(1), s.Parts[0], s.Wraps[0]); !errors.Is(err, want) {
			t.Errorf("on %s: %v, want %v", day, err, want)
		}
		if err := o.Check(s.Wraps[0]); !errors.Is(err, want) {
			t.Errorf("on %s: what was opened may be kept: %v, want %v", day, err, want)
		}
	}
	today = until
	bare := s.Wraps[0]
	bare.Until = 0
	if _, err := o.Open(visit(1), s.Parts[0], bare); !errors.Is(err, ErrExpired) {
		t.Errorf("without a date of its own it outlives its key: %v", err)
	}
	if err := c.vault.Expire(until); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Open(visit(1), s.Parts[0], s.Wraps[0]); !errors.Is(err, ErrNotForUs) {
		t.Errorf("it opens without its key: %v", err)
	}
}

// TestOpenersGo: a vault does not keep openers that nobody else does.
func TestOpenersGo(t *testing.T) {
	v := NewVault()
	for range 100 {
		NewOpener(v, nil)
	}
	runtime.GC()
	v.install(v.cur.Load().clone())
	if n := len(v.openers); n > 5 {
		t.Errorf("%d openers kept", n)
	}
}

// TestLockAndOpenTogether locks and unlocks names while others open.
func TestLockAndOpenTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := dated(t, until)
		c.vault.kdf = cheap
		if err := c.vault.SetPIN([]byte("1")); err != nil {
			t.Fatal(err)
		}
		s := sealUntil(t, c, visit(1), until)
		done := make(chan error)
		for range 3 {
			go func() {
				for range 200 {
					got, err := c.opener.Open(visit(1), s.Parts[0], s.Wraps[0])
					if err == nil && string(got) != "Anna Berg" || err != nil && !errors.Is(err, ErrLocked) {
						done <- fmt.Errorf("open: %q, %w", got, err)
						return
					}
				}
				done <- nil
			}()
		}
		for range 100 {
			c.vault.LockNames()
			if err := c.vault.UnlockNames([]byte("1")); err != nil {
				t.Fatal(err)
			}
		}
		for range 3 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		c.vault.LockNames()
		if len(c.opener.opened) != 0 {
			t.Error("names are locked, and an opener remembers")
		}
	})
}
