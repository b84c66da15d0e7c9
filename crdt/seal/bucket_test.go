package seal

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/upprop/upprop/crdt/record"
)

// A Vault is all that a replica asks of its Locker.
var _ interface {
	Lock(date record.Day, ad, plain []byte) ([]byte, error)
	Unlock(date record.Day, ad, locked []byte) ([]byte, error)
	Renew(date record.Day) error
	Retire(date record.Day) error
	Unfinished() []record.Day
} = (*Vault)(nil)

func mustLock(t testing.TB, v *Vault, d record.Day, ad, plain string) []byte {
	t.Helper()
	l, err := v.Lock(d, []byte(ad), []byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func wantUnlock(t testing.TB, v *Vault, d record.Day, ad string, locked []byte, plain string) {
	t.Helper()
	if got, err := v.Unlock(d, []byte(ad), locked); err != nil || string(got) != plain {
		t.Fatalf("unlock: %q, %v; want %q", got, err, plain)
	}
}

// TestShred follows one date through a shredding: what was put to rest anew
// opens, the rest and all copies do not, and other dates notice nothing.
func TestShred(t *testing.T) {
	v := NewVault()
	gone, stays := mustLock(t, v, until, "1", "one"), mustLock(t, v, until, "2", "two")
	next := mustLock(t, v, until+1, "3", "three")
	if err := v.Renew(until); err != nil {
		t.Fatal(err)
	}
	wantUnlock(t, v, until, "1", gone, "one")
	again := mustLock(t, v, until, "2", "two")
	if got := v.Unfinished(); !slices.Equal(got, []record.Day{until}) {
		t.Fatalf("unfinished %v", got)
	}
	// A record shredded after the renewal rests under the newer key: it takes
	// one more.
	if err := v.Renew(until); err != nil {
		t.Fatal(err)
	}
	last := mustLock(t, v, until, "2", "two")
	dropped := v.cur.Load().buckets[until][0]
	if err := v.Retire(until); err != nil {
		t.Fatal(err)
	}
	if *dropped.raw != [keySize]byte{} {
		t.Error("a destroyed key is not cleared in memory")
	}
	for _, l := range [][]byte{gone, stays, again} {
		if _, err := v.Unlock(until, []byte("2"), l); !errors.Is(err, ErrShredded) {
			t.Errorf("after the shredding: %v, want ErrShredded", err)
		}
	}
	wantUnlock(t, v, until, "2", last, "two")
	wantUnlock(t, v, until+1, "3", next, "three")
	if got := v.Unfinished(); len(got) != 0 {
		t.Errorf("unfinished %v", got)
	}
	if err := errors.Join(v.Retire(until), v.Renew(until+500), v.Retire(until+500)); err != nil {
		t.Errorf("nothing to do: %v", err)
	}
}

// TestRenewAgain makes no key that nothing needs.
func TestRenewAgain(t *testing.T) {
	v := NewVault()
	mustLock(t, v, until, "", "")
	for range 3 {
		if err := v.Renew(until); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(v.cur.Load().buckets[until]); n != 2 {
		t.Errorf("%d keys after renewals that locked nothing, want 2", n)
	}
	for range 3 {
		mustLock(t, v, until, "", "")
		if err := v.Renew(until); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(v.cur.Load().buckets[until]); n != 5 {
		t.Errorf("%d keys after three renewals that did, want 5", n)
	}
}

// TestRestNeverUnlocks puts records at rest in every wrong place, and flips
// every bit.
func TestRestNeverUnlocks(t *testing.T) {
	v := NewVault()
	l := mustLock(t, v, until, "visit 1", "a key record")
	other := mustLock(t, v, until, "visit 2", "a key record")
	mustLock(t, v, until+1, "", "")
	tries := map[string][]byte{"another's": other, "nothing": nil, "doubled": slices.Concat(l, l)}
	for i := range 8 * len(l) {
		b := bytes.Clone(l)
		b[i/8] ^= 1 << (i % 8)
		tries[fmt.Sprintf("bit %d", i)] = b
	}
	for n := range l {
		tries[fmt.Sprintf("cut to %d", n)] = l[:n]
	}
	// Generations are bound, though they could be exchanged within a date.
	if err := v.Renew(until); err != nil {
		t.Fatal(err)
	}
	newer := mustLock(t, v, until, "visit 1", "a key record")
	tries["generation of another"] = slices.Concat(newer[:5], l[5:])
	for name, b := range tries {
		got, err := v.Unlock(until, []byte("visit 1"), b)
		if got != nil || !errors.Is(err, ErrAltered) && !errors.Is(err, ErrShredded) && !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	for _, d := range []record.Day{until - 1, until + 1, until + 400, -1} {
		if got, err := v.Unlock(d, []byte("visit 1"), l); got != nil || !errors.Is(err, ErrShredded) {
			t.Errorf("date %v: %q, %v; want ErrShredded", d, got, err)
		}
	}
	if got, err := v.Unlock(until, []byte("visit"), l); got != nil || !errors.Is(err, ErrAltered) {
		t.Errorf("other data: %q, %v; want ErrAltered", got, err)
	}
	wantUnlock(t, v, until, "visit 1", l, "a key record")
	again := mustLock(t, v, until, "visit 1", "a key record")
	if bytes.Equal(again, newer) || len(again) != len("a key record")+RestExtra {
		t.Error("a record rests twice in the same bytes, or in another length than said")
	}
}

// TestDateBound moves a key to another date, as a damaged or forged file
// might, and finds that what rested under it does not open there.
func TestDateBound(t *testing.T) {
	v := NewVault()
	l := mustLock(t, v, until, "", "x")
	s := v.cur.Load()
	s.buckets[until+1] = s.buckets[until]
	if _, err := v.Unlock(until+1, nil, l); !errors.Is(err, ErrAltered) {
		t.Errorf("record of another date: %v, want ErrAltered", err)
	}
}

func TestExpire(t *testing.T) {
	v := NewVault()
	old, gone, lasting := mustKey(t, card, ""), mustKey(t, card, DateOf(until)), mustKey(t, card, DateOf(until+1))
	if err := v.Add(old, gone, lasting); err != nil {
		t.Fatal(err)
	}
	early, late := mustLock(t, v, until-20, "", "early"), mustLock(t, v, until+1, "", "late")
	mustLock(t, v, until, "", "")
	if got := v.Expirable(); len(got) != 2*keysAhead+1 || got[0] != until-20 || !slices.IsSorted(got) {
		t.Errorf("dates %v", got)
	}
	if err := v.Expire(until); err != nil {
		t.Fatal(err)
	}
	if v.Has(gone.pub.ID) || !v.Has(lasting.pub.ID) || !v.Has(old.pub.ID) {
		t.Error("expiry destroyed other deadline keys than those of the date")
	}
	if _, err := v.Unlock(until-20, nil, early); !errors.Is(err, ErrShredded) {
		t.Errorf("record of an earlier date: %v, want ErrShredded", err)
	}
	wantUnlock(t, v, until+1, "", late, "late")
	if got := v.Dates(); got[0] != until+1 {
		t.Errorf("dates left: %v", got)
	}
}

func TestVaultBounds(t *testing.T) {
	v := NewVault()
	for _, d := range []record.Day{-1, lastDay + 1} {
		if _, err := v.Lock(d, nil, nil); !errors.Is(err, ErrFormat) {
			t.Errorf("lock for day %d: %v, want ErrFormat", int32(d), err)
		}
	}
	mustLock(t, v, lastDay, "", "")
	mustLock(t, v, 0, "", "")
	s := v.cur.Load()
	for d := record.Day(100); s.bucketCount() < maxBuckets; d++ {
		s.gen++
		s.buckets[d] = []*bucketKey{newBucketKey(s.gen, make([]byte, keySize))}
	}
	if _, err := v.Lock(lastDay-keysAhead, nil, nil); !errors.Is(err, ErrFull) {
		t.Errorf("one more date: %v, want ErrFull", err)
	}
	if err := v.Renew(lastDay); !errors.Is(err, ErrFull) {
		t.Errorf("one more renewal: %v, want ErrFull", err)
	}
	mustLock(t, v, lastDay, "", "") // what is there still works
	raw, err := encodeState(v.cur.Load())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := decodeState(raw); err != nil {
		t.Errorf("a full vault: %v", err)
	}
}

func BenchmarkLock(b *testing.B) {
	v := NewVault()
	ad, plain := make([]byte, 40), make([]byte, 90)
	for b.Loop() {
		if _, err := v.Lock(until, ad, plain); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUnlock(b *testing.B) {
	v := NewVault()
	ad := make([]byte, 40)
	l, err := v.Lock(until, ad, make([]byte, 90))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := v.Unlock(until, ad, l); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkShred4000 renews and retires the key of a date in a file, and puts
// its 4,000 records to rest anew in between, without the database's part.
func BenchmarkShred4000(b *testing.B) {
	v, err := OpenVault(b.TempDir()+"/vault", VaultOptions{})
	if err != nil {
		b.Fatal(err)
	}
	for i := range 92 { // as on a desk
		for _, a := range []record.Audience{card, dossier} {
			if err := v.Add(mustKey(b, a, DateOf(until+record.Day(i)))); err != nil {
				b.Fatal(err)
			}
		}
	}
	ad := make([]byte, 40)
	var rest [][]byte
	for range 4000 {
		rest = append(rest, mustLock(b, v, until, string(ad), string(make([]byte, 90))))
	}
	for b.Loop() {
		if err := v.Renew(until); err != nil {
			b.Fatal(err)
		}
		for i, l := range rest {
			plain, err := v.Unlock(until, ad, l)
			if err != nil {
				b.Fatal(err)
			}
			if rest[i], err = v.Lock(until, ad, plain); err != nil {
				b.Fatal(err)
			}
		}
		if err := v.Retire(until); err != nil {
			b.Fatal(err)
		}
	}
}
