package crdt

import (
	"bytes"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// ask has to ask from again for what it holds in part, as the mesh does.
func (m *member) ask(t testing.TB, from *member) (n int) {
	t.Helper()
	ids, err := m.Lacking(100)
	if err != nil {
		t.Fatal(err)
	}
	var raws [][]byte
	for _, id := range ids {
		if err := from.Read(id.Doc, id.Actor, id.Seq-1, func(seq uint64, raw []byte) error {
			if seq == id.Seq {
				raws = append(raws, bytes.Clone(raw))
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := m.Put(t.Context(), raws); err != nil {
		t.Fatal(err)
	}
	return len(ids)
}

// lose takes a node's bucket keys of a date, as a vault's file that was put
// back from elsewhere does, and starts it anew.
func (k *keeper) lose(t testing.TB, day record.Day) {
	t.Helper()
	k.vault.edit(func() { delete(k.vault.keys, day) })
	k.crash(t)
}

// What was taken without its wrapped key, because its writer had lost it, is
// filled when somebody comes who has it; at the writer too, and over restarts.
// What was shredded meanwhile is not.
func TestKeysThatComeLaterAreTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTestCampus(t)
		a, b, away := c.keeper("a"), c.keeper("b"), c.keeper("away")
		defer func() { _, _, _ = a.Close(), b.Close(), away.Close() }()
		v, gone, until := someone(1), someone(2), c.today()+30
		a.do(t, sealing(v, 1, until), sealing(gone, 1, until))
		pull(t, away.member, a.member)
		a.lose(t, until)
		synctest.Wait()
		if n := a.ask(t, b.member); n != 2 {
			t.Fatalf("the writer misses the keys of %d entries", n)
		}
		pull(t, b.member, a.member) // asks, and so makes a say it
		time.Sleep(lostAfter + 2*time.Second)
		pull(t, b.member, a.member)
		pull(t, b.member, a.member)
		if n := len(missing(t, a.member, b.member)); n != 0 {
			t.Fatalf("%d entries are still missing", n)
		}
		if _, err := b.Sealed(card(v)); err == nil {
			t.Fatal("it opens without its key")
		}
		b.crash(t)
		b.do(t, shredding(1, gone))
		if n := b.ask(t, a.member); n != 1 {
			t.Fatalf("asks for %d", n)
		}
		if _, err := b.Sealed(card(v)); !errors.Is(err, ErrExpired) {
			t.Fatal("who has not the key gave it:", err)
		}
		changed := b.Changed()
		for _, m := range []*member{b.member, a.member} {
			m.ask(t, away.member)
			opens(t, m, v, 1)
		}
		select {
		case <-changed:
		default:
			t.Error("nobody is told that a name can be read")
		}
		erased(t, b.member, gone)
		if n := b.ask(t, away.member) + rows(t, b.member, keyWant); n != 0 {
			t.Errorf("%d are still asked for", n)
		}
		// They are at rest like any others: shredding them is possible, and
		// keeps the rest.
		b.crash(t)
		opens(t, b.member, v, 1)
		b.do(t, shredding(2, v))
		synctest.Wait()
		erased(t, b.member, v)
		if len(b.ShredPending()) != 0 {
			t.Error("not destroyed")
		}
	})
}

// Nobody is asked for what is outranked, shredded, over, or dropped.
func TestWhatIsNotAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTestCampus(t)
		a := c.keeper("a")
		defer func() { _ = a.Close() }()
		until := c.today() + 30
		for i := range 4 {
			a.do(t, sealing(someone(i), 1, until+record.Day(i)))
		}
		for i := range 4 {
			a.lose(t, until+record.Day(i))
		}
		synctest.Wait()
		lacks := func(want int) {
			t.Helper()
			if ids, err := a.Lacking(100); err != nil || len(ids) != want {
				t.Errorf("lacks %d, not %d; %v", len(ids), want, err)
			}
		}
		lacks(4)
		a.do(t, sealing(someone(3), 2, until+3))
		lacks(3)
		a.do(t, shredding(1, someone(2)))
		lacks(2)
		c.advance(30 * dayLong)
		lacks(1)
		c.advance(5 * dayLong)
		lacks(0)
		a.dropBefore(t, c.today()-30)
		if n := rows(t, a.member, keyWant); n != 0 {
			t.Errorf("%d rows stay", n)
		}
	})
}

// What is gone is found behind any number of keys that are not.
func TestWhatIsGoneIsFoundBehindManyThatAreNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTestCampus(t)
		a := c.keeper("a")
		defer func() { _ = a.Close() }()
		until := c.today() + 30
		for i := range 2*lookSlice + 3 {
			a.do(t, sealing(someone(i), 1, until))
		}
		a.do(t, sealing(someone(5000), 1, until+1))
		a.lose(t, until+1)
		synctest.Wait()
		time.Sleep(time.Second)
		synctest.Wait()
		if ids, err := a.Lacking(100); err != nil || len(ids) != 1 {
			t.Fatalf("%d are lacking, %v", len(ids), err)
		}
	})
}
