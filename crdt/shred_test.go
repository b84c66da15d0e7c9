package crdt

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/envelope"
	"github.com/upprop/upprop/crdt/record"
)

func TestAWrappedKeyRestsLockedAndTravelsBeside(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.keeper("a"), c.keeper("b")
	v := someone(1)
	_, end := a.tail(0, 0)
	a.do(t, sealing(v, 1, c.today()+30))
	opens(t, a.member, v, 1)
	if raws, _ := a.Tail(end, 10); len(raws) != 1 || !bytes.Contains(raws[0], wrapOf(v, record.CardAudience, 1)) {
		t.Fatal("what is pushed comes without its wrapped keys")
	}
	pull(t, b.member, a.member)
	opens(t, b.member, v, 1)
	same(t, a.member, b.member)
	for _, m := range []*member{a.member, b.member} {
		if err := m.cfg.Store.Scan(nil, nil, func(k, val []byte) error {
			if bytes.Contains(val, wrapOf(v, record.CardAudience, 1)) {
				t.Errorf("%s: a wrapped key rests in the clear under %q", m.name, k[:1])
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		for _, raw := range m.state.tail {
			if bytes.Contains(raw, wrapOf(v, record.CardAudience, 1)) {
				t.Errorf("%s: a wrapped key is kept in memory for pushing", m.name)
			}
		}
	}
	a.crash(t)
	opens(t, a.member, v, 1)
}

func TestAShredIsDestroyedAndReceipted(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.keeper("a"), c.keeper("b")
	v, w := someone(1), someone(2)
	a.do(t, sealing(v, 1, c.today()+30), sealing(w, 1, c.today()+30))
	pull(t, b.member, a.member)
	ids := b.do(t, shredding(7, v))
	receipted(t, b.member, v, b.cfg.Node)
	pull(t, a.member, b.member)
	receipted(t, a.member, v, a.cfg.Node, b.cfg.Node)
	for _, k := range []*keeper{a, b} {
		erased(t, k.member, v)
		opens(t, k.member, w, 1)
		if k.vault.retired == 0 || len(k.ShredPending()) > 0 {
			t.Fatalf("%s gave a receipt before it destroyed anything", k.name)
		}
		if n := rows(t, k.member, keyPart); n != 2 {
			t.Fatalf("%d parts are left of one visit", n)
		}
		shreds, err := k.Shreds()
		if err != nil || len(shreds) != 1 || shreds[0].Visit != v || shreds[0].Until != c.today()+30 ||
			len(shreds[0].Erasures) != 1 || shreds[0].Erasures[0].By != b.cfg.Node {
			t.Fatalf("%+v %v", shreds, err)
		}
		visits, at, by, ok, err := k.Erasure(record.ErasureID{7})
		if err != nil || !ok || !slices.Equal(visits, []record.VisitID{v}) || at == 0 || by != b.cfg.Node {
			t.Fatal(visits, at, by, ok, err)
		}
	}
	// The sealing comes again, as a later version, from one who has not heard.
	late := c.keeper("late")
	late.do(t, sealing(v, 9, c.today()+31))
	pull(t, a.member, late.member)
	erased(t, a.member, v)
	if shreds, _ := a.Shreds(); shreds[0].Until != c.today()+31 {
		t.Fatal("the shred may be dropped before what it is to stand against")
	}
	if n := rows(t, a.member, keyPart); n != 2 {
		t.Fatal("parts of a shredded visit are kept")
	}
	feed, err := a.Feed(0, 100)
	if err != nil || !slices.ContainsFunc(feed, func(ch Change) bool {
		return ch.ID == ids[0] && ch.Acts != nil && ch.Acts.Acts[0].Kind == record.ActShred
	}) {
		t.Fatal("the feed does not tell of the shred", err)
	}
}

func TestShredAndKeyConvergeInAnyOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := newTestCampus(t)
		writers := []*keeper{c.keeper("a"), c.keeper("b"), c.keeper("c")}
		reader := c.keeper("reader")
		defer func() {
			for _, k := range append(writers, reader) {
				_ = k.Close()
			}
		}()
		shredded := map[record.VisitID]bool{}
		for range rapid.IntRange(1, 14).Draw(rt, "steps") {
			m := rapid.SampledFrom(writers).Draw(rt, "who")
			v := someone(rapid.IntRange(1, 3).Draw(rt, "visit"))
			switch rapid.IntRange(0, 3).Draw(rt, "what") {
			case 0, 1:
				m.do(t, sealing(v, uint32(rapid.IntRange(1, 3).Draw(rt, "version")), c.today()+record.Day(rapid.IntRange(28, 31).Draw(rt, "until"))))
			case 2:
				m.do(t, shredding(1, v))
				shredded[v] = true
			default:
				pull(t, m.member, rapid.SampledFrom(writers).Draw(rt, "from").member)
			}
		}
		// Everything to everyone, piece by piece in any order, some of it twice.
		all := append(slices.Clone(writers), reader)
		for round := 0; ; round++ {
			left := 0
			for _, to := range all {
				var raws [][]byte
				for _, from := range all {
					raws = append(raws, missing(t, from.member, to.member)...)
				}
				left += len(raws)
				raws = rapid.Permutation(raws).Draw(rt, "order")
				for len(raws) > 0 {
					n := rapid.IntRange(1, len(raws)).Draw(rt, "piece")
					if _, err := to.Put(context.Background(), raws[:n]); err != nil {
						rt.Fatal(err)
					}
					raws = raws[n:]
				}
			}
			if left == 0 {
				break
			}
			if round > 60 {
				rt.Fatal("they never hold the same")
			}
		}
		for v := range shredded {
			for _, m := range all {
				receipted(t, m.member, v)
				erased(t, m.member, v)
			}
		}
		for i := 1; i <= 3; i++ {
			v := someone(i)
			want, err := reader.Sealed(card(v))
			for _, m := range writers {
				got, gotErr := m.Sealed(card(v))
				if !errors.Is(gotErr, err) || got.Version != want.Version || !bytes.Equal(got.Key, want.Key) || !bytes.Equal(got.Box, want.Box) {
					rt.Fatalf("visit %d: %s has %+v %v, the reader %+v %v", i, m.name, got, gotErr, want, err)
				}
			}
		}
	})
}

// stripped are entries as one sends them who has no wrapped keys.
func stripped(t testing.TB, raws [][]byte) (out [][]byte) {
	t.Helper()
	for _, raw := range raws {
		e, err := envelope.Decode(raw)
		if err != nil {
			t.Fatal(err)
		}
		e.Aside = nil
		out = append(out, e.Encode())
	}
	return out
}

func (k *keeper) put(t testing.TB, raws ...[]byte) []Gap {
	t.Helper()
	gaps, err := k.Put(context.Background(), raws)
	if err != nil {
		t.Fatal(err)
	}
	return gaps
}

func TestAnEntryWithoutItsWrappedKeysIsTakenLater(t *testing.T) {
	c := newTestCampus(t)
	a, other, b := c.keeper("a"), c.keeper("other"), c.keeper("b")
	v := someone(1)
	ids := a.do(t, sealing(v, 1, c.today()+30))
	other.do(t, sealing(someone(2), 1, c.today()+30))
	gaps := b.put(t, slices.Concat(stripped(t, missing(t, a.member, b.member)), missing(t, other.member, b.member))...)
	if len(gaps) != 1 || gaps[0] != (Gap{ids[0].Doc, ids[0].Actor, 0}) {
		t.Fatalf("gaps %+v", gaps)
	}
	opens(t, b.member, someone(2), 1)
	if b.Holds(ids[0]) || len(b.Refused()) > 0 {
		t.Fatal("taken, or somebody blamed:", b.Refused())
	}
	// A made-up wrapped key is no better, and nobody's fault.
	raw := missing(t, a.member, b.member)[0]
	e, err := envelope.Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	for i := range e.Aside {
		bent := bytes.Clone(e.Aside)
		bent[i] ^= 1
		forged := *e
		forged.Aside = bent
		b.put(t, forged.Encode())
		if b.Holds(ids[0]) {
			t.Fatalf("an aside altered at %d is taken", i)
		}
	}
	if refused := b.Refused(); len(refused) != 1 || refused[record.NodeID{}]["aside"] != uint64(len(e.Aside)) {
		t.Fatalf("%+v", refused)
	}
	pull(t, b.member, a.member)
	opens(t, b.member, v, 1)
}

// The shred comes first, and then what it is about from one who has destroyed
// it; and the other way round to one who held it.
func TestANewNodeTakesWhatHasBeenDestroyed(t *testing.T) {
	c := newTestCampus(t)
	a, fresh := c.keeper("a"), c.keeper("fresh")
	v := someone(1)
	a.do(t, sealing(v, 1, c.today()+30), sealing(someone(2), 1, c.today()+30))
	a.do(t, shredding(1, v))
	receipted(t, a.member, v, a.cfg.Node)
	raws := missing(t, a.member, fresh.member)
	slices.SortStableFunc(raws, func(x, y []byte) int { // acts last
		ex, _ := envelope.Decode(x)
		ey, _ := envelope.Decode(y)
		return -bytes.Compare([]byte(ex.ID.Doc), []byte(ey.ID.Doc))
	})
	fresh.put(t, raws...)
	opensNot := func() bool { _, err := fresh.Sealed(card(v)); return err != nil }
	if !opensNot() {
		t.Fatal("a shredded card opens")
	}
	pull(t, fresh.member, a.member)
	receipted(t, fresh.member, v, fresh.cfg.Node)
	pull(t, a.member, fresh.member)
	same(t, a.member, fresh.member)
	erased(t, fresh.member, v)
	opens(t, fresh.member, someone(2), 1)
}

// What outranks a missing key may lie behind it in its author's document, or
// in that of one who waits likewise.
func TestWhatOutranksAMissingKeyLiesBehindIt(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.keeper("a"), c.keeper("b")
	v, w := someone(1), someone(2)
	until := c.today() + 30
	a.do(t, sealing(v, 1, until))
	b.do(t, sealing(w, 1, until))
	pull(t, b.member, a.member)
	pull(t, a.member, b.member)
	a.do(t, sealing(w, 2, until))
	b.do(t, sealing(v, 2, until))
	a.do(t, sealing(someone(3), 1, until))
	a.do(t, sealing(someone(3), 2, until))
	pull(t, b.member, a.member)
	pull(t, a.member, b.member)
	a.do(t, sealing(someone(4), 1, until))
	a.do(t, Draft{Sealed: []record.SealedEntry{
		{Kind: record.Shred, Visit: someone(4), Audience: record.CardAudience},
		{Kind: record.Shred, Visit: someone(4), Audience: record.DossierAudience},
	}})
	for _, piece := range []int{1, 2, 100} {
		fresh := c.keeper("fresh" + string(rune('0'+piece%10)))
		for range 2 { // it is asked for again and again
			raws := missing(t, a.member, fresh.member)
			for lo := 0; lo < len(raws); lo += piece {
				fresh.put(t, raws[lo:min(lo+piece, len(raws))]...)
			}
		}
		same(t, a.member, fresh.member)
		for i := 1; i <= 3; i++ {
			opens(t, fresh.member, someone(i), 2)
		}
		if _, err := fresh.Sealed(card(someone(4))); !errors.Is(err, ErrErased) {
			t.Fatal(err)
		}
	}
}

func TestWhatExpiredComesWithoutItsKeys(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.keeper("a"), c.keeper("b")
	v := someone(1)
	a.do(t, sealing(v, 1, c.today()+5))
	a.vault.expire(c.today() + 5)
	if _, err := a.Sealed(card(v)); !errors.Is(err, ErrExpired) {
		t.Fatal(err)
	}
	c.advance(4 * dayLong)
	pull(t, b.member, a.member)
	if _, err := b.Sealed(card(v)); !errors.Is(err, ErrUnknownVisit) {
		t.Fatal("what has not expired here is taken without its key:", err)
	}
	c.advance(dayLong)
	pull(t, b.member, a.member)
	if _, err := b.Sealed(card(v)); !errors.Is(err, ErrExpired) {
		t.Fatal(err)
	}
	same(t, a.member, b.member)
}

func TestAFailingVaultHoldsBackItsOwnAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTestCampus(t)
		a, b := c.keeper("a"), c.keeper("b")
		v := someone(1)
		until := c.today() + 30
		a.do(t, sealing(v, 1, until), sealing(someone(2), 1, until))
		pull(t, b.member, a.member)
		broken := errors.New("the vault's disk is full")
		a.vault.edit(func() { a.vault.trouble = broken })
		a.do(t, shredding(1, v))
		synctest.Wait()
		erased(t, a.member, v)
		if got := a.ShredPending(); !slices.Equal(got, []record.Day{until}) {
			t.Fatal("pending:", got)
		}
		if got, _ := a.Receipts(v); len(got) > 0 {
			t.Fatal("a receipt for what is not destroyed")
		}
		// One that needs no destroying is receipted meanwhile.
		a.do(t, shredding(2, someone(77)))
		receipted(t, a.member, someone(77), a.cfg.Node)
		a.vault.edit(func() { a.vault.trouble = nil })
		receipted(t, a.member, v, a.cfg.Node)
		if len(a.ShredPending()) > 0 {
			t.Fatal("still pending")
		}

		a.vault.edit(func() { a.vault.locking = broken })
		if _, err := a.Commit(context.Background(), sealing(someone(3), 1, until)); !errors.Is(err, broken) {
			t.Fatal(err)
		}
		a.arrive(t, someone(3))
		b.do(t, sealing(someone(4), 1, until))
		b.arrive(t, someone(4))
		if gaps := a.put(t, missing(t, b.member, a.member)...); len(gaps) != 1 || len(a.Open()) != 2 {
			t.Fatalf("%+v, %d inside", gaps, len(a.Open()))
		}
		a.vault.edit(func() { a.vault.locking = nil })
		pull(t, a.member, b.member)
		opens(t, a.member, someone(4), 1)
		if a.Failure() != nil {
			t.Fatal("the replica has failed")
		}
		_ = a.Close()
		_ = b.Close()
	})
}

func TestOutrankedKeysAreDestroyedToo(t *testing.T) {
	c := newTestCampus(t)
	a := c.keeper("a")
	v := someone(1)
	until := c.today() + 30
	a.do(t, sealing(v, 1, until), sealing(someone(2), 1, until))
	locked, err := a.store.Get(partKey(keyKey, card(v)))
	if err != nil {
		t.Fatal(err)
	}
	a.do(t, sealing(v, 2, until+1))
	a.settled(t)
	w, _ := parseKeyRow(locked)
	if _, err := a.vault.Unlock(until, lockData(card(v), 1), w.box); !errors.Is(err, ErrExpired) {
		t.Fatal("the old wrapped key still opens:", err)
	}
	opens(t, a.member, v, 2)
	opens(t, a.member, someone(2), 1)
	if n := rows(t, a.member, keyUntil); n != 4 {
		t.Fatalf("%d dates of 4 keys", n)
	}
}

// lateVault calls late, once, when a date is rewritten and not yet retired.
type lateVault struct {
	*fakeVault
	late func()
}

func (v *lateVault) Retire(d record.Day) error {
	if late := v.late; late != nil {
		v.late = nil
		late()
	}
	return v.fakeVault.Retire(d)
}

// What is shredded after it was written anew must be destroyed as well.
func TestAShredBetweenRewritingAndRetiring(t *testing.T) {
	c := newTestCampus(t)
	a := c.keeper("a")
	_ = a.Close()
	vault := &lateVault{fakeVault: a.vault}
	a.store, a.cfg.Locker = a.store.Reopen(), vault
	a.open(t)
	until := c.today() + 30
	a.do(t, sealing(someone(1), 1, until), sealing(someone(2), 1, until), sealing(someone(3), 1, until))
	var w keyRow
	vault.late = func() {
		row, err := a.store.Get(partKey(keyKey, card(someone(2))))
		if err != nil {
			t.Error(err)
		}
		w, _ = parseKeyRow(row)
		a.do(t, shredding(2, someone(2)))
		a.do(t, sealing(someone(4), 1, until))
	}
	a.do(t, shredding(1, someone(1)))
	receipted(t, a.member, someone(1), a.cfg.Node)
	receipted(t, a.member, someone(2), a.cfg.Node)
	if _, err := vault.Unlock(until, lockData(card(someone(2)), 1), w.box); !errors.Is(err, ErrExpired) {
		t.Fatal("receipted, and opens all the same:", err)
	}
	opens(t, a.member, someone(3), 1)
	opens(t, a.member, someone(4), 1)
}

// worked waits until the worker has had its turn.
func (k *keeper) worked(t testing.TB) {
	t.Helper()
	v := record.VisitID{0xff, byte(rows(t, k.member, keyReceipt))}
	k.do(t, shredding(99, v)) // its receipt comes after all that
	receipted(t, k.member, v, k.cfg.Node)
}

// settled waits until nothing is to be destroyed any more.
func (k *keeper) settled(t testing.TB) {
	t.Helper()
	k.worked(t)
	if got := k.ShredPending(); len(got) > 0 {
		t.Fatal("pending:", got)
	}
}

// Of an older release's inline keys the log itself holds a copy.
func TestAnInlineKeyIsNotReceipted(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.keeper("a"), c.keeper("b")
	v := someone(1)
	a.do(t, sealing(v, 1, 0))
	opens(t, a.member, v, 1)
	pull(t, b.member, a.member)
	opens(t, b.member, v, 1)
	a.do(t, shredding(1, v))
	a.settled(t)
	erased(t, a.member, v)
	if got, _ := a.Receipts(v); len(got) > 0 {
		t.Fatal("a receipt although the log holds the key")
	}
	// It is when the last document goes that holds one, of two sealings too.
	w := someone(2)
	first := c.today()
	a.do(t, sealing(w, 1, 0))
	c.advance(dayLong)
	a.do(t, sealing(w, 2, 0))
	c.advance(dayLong)
	a.do(t, shredding(2, w))
	a.dropBefore(t, first+1)
	a.settled(t)
	if got, _ := a.Receipts(w); len(got) > 0 {
		t.Fatal("a receipt although the log holds one of two keys")
	}
	a.dropBefore(t, first+2)
	receipted(t, a.member, w, a.cfg.Node)
}

// A shred stands on a node whose word would not carry it over, until its last
// date is over, and no longer.
func TestAShredStandsWhereNobodyCarriesItOver(t *testing.T) {
	c := newTestCampus(t)
	desk, gate := c.keeper("desk"), c.keeper("gate")
	gate.cfg.MayEdit = func(n record.NodeID) bool { return n == desk.cfg.Node }
	gate.crash(t)
	v, until := someone(1), c.today()+60
	gate.do(t, sealing(v, 1, until))
	pull(t, desk.member, gate.member)
	desk.do(t, shredding(1, v))
	pull(t, gate.member, desk.member)
	gate.settled(t)
	c.advance(40 * dayLong)
	gate.dropBefore(t, c.today()-30)
	erased(t, gate.member, v)
	gate.do(t, sealing(v, 2, until)) // by who has never heard of it
	erased(t, gate.member, v)
	c.advance(60 * dayLong)
	gate.dropBefore(t, c.today()-30)
	if n := rows(t, gate.member, keyTomb) + rows(t, gate.member, keyKey); n != 0 {
		t.Errorf("%d rows stay for ever", n)
	}
}

// Shreds of the form that older releases wrote, by nodes that may not shred,
// take nothing: not when they come, not when others wait, and not when their
// day is dropped.
func TestAnOldShredByWhoMayNot(t *testing.T) {
	c := newTestCampus(t)
	desk, gate, bad := c.keeper("desk"), c.keeper("gate"), c.keeper("bad")
	for _, k := range []*keeper{desk, gate, bad} {
		k.cfg.MayEdit = func(n record.NodeID) bool { return n == desk.cfg.Node }
		k.crash(t)
	}
	v := someone(1)
	old := func() Draft {
		var d Draft
		for _, a := range []record.Audience{record.CardAudience, record.DossierAudience} {
			d.Sealed = append(d.Sealed, record.SealedEntry{Kind: record.Shred, Visit: v, Audience: a})
		}
		return d
	}
	bad.do(t, old())
	gate.do(t, sealing(v, 1, c.today()+60))
	raws := slices.Concat(missing(t, bad.member, desk.member), stripped(t, missing(t, gate.member, desk.member)))
	if gaps := desk.put(t, raws...); len(gaps) != 1 {
		t.Fatalf("a key is done without for it: %v", gaps)
	}
	for _, k := range []*keeper{desk, bad} {
		pull(t, k.member, gate.member)
		opens(t, k.member, v, 1)
		pull(t, k.member, bad.member)
		opens(t, k.member, v, 1)
	}
	c.advance(dayLong)
	desk.do(t, sealing(v, 2, c.today()+60))
	c.advance(30 * dayLong)
	desk.dropBefore(t, c.today()-30)
	opens(t, desk.member, v, 2)

	// By who may, it takes what stood, and nothing else.
	w := someone(2)
	desk.do(t, sealing(w, 1, c.today()+30))
	mine := old()
	for i := range mine.Sealed {
		mine.Sealed[i].Visit = w
	}
	desk.do(t, mine)
	if _, err := desk.Sealed(card(w)); !errors.Is(err, ErrErased) {
		t.Error(err)
	}
}

func TestKeyDraftsThatAreRefused(t *testing.T) {
	c := newTestCampus(t)
	a := c.keeper("a")
	day := c.today()
	for _, until := range []record.Day{day - 2, day + maxUntil + 1, -5} {
		if _, err := a.Commit(context.Background(), sealing(someone(1), 1, until)); !errors.Is(err, ErrDraft) || errors.Is(err, ErrExpired) != (until < day) {
			t.Errorf("until %d of %d: %v", until, day, err)
		}
	}
	for _, until := range []record.Day{day - 1, day + maxUntil} {
		a.do(t, sealing(someone(1), 1, until))
	}
	long := sealing(someone(2), 1, day)
	long.Sealed[1].Box = make([]byte, envelope.MaxAside)
	empty := sealing(someone(2), 1, day)
	empty.Sealed[1].Box = nil
	for _, d := range []Draft{long, empty, {Acts: []record.Act{}}, {Acts: []record.Act{{Kind: record.ActShred}}}} {
		if _, err := a.Commit(context.Background(), d); !errors.Is(err, ErrDraft) {
			t.Error(err)
		}
	}
}

func FuzzAside(f *testing.F) {
	f.Add(encodeAside([][]byte{[]byte("one"), nil, []byte("three")}))
	f.Fuzz(func(t *testing.T, b []byte) {
		wraps, ok := decodeAside(b, codec.MaxRecords)
		if ok && !bytes.Equal(encodeAside(wraps), b) {
			t.Fatal("another form")
		}
	})
}
