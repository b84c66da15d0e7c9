package crdt

import (
	"errors"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/upprop/upprop/crdt/record"
)

// everything lets every entry of a node count, revoked or not.
const everything = 1 << 32

// judge is a keeper that knows of a node's revocation: what it wrote counts up to
// a last entry of each document.
type judge struct {
	*keeper
	last *atomic.Uint64
}

func (c *campusOf) judge(t testing.TB, name string, revoked *keeper) judge {
	j := judge{c.keeper(name), new(atomic.Uint64)}
	j.last.Store(everything)
	j.cfg.Standing = func(id record.EventID) record.Standing {
		if id.Actor.Node() == revoked.cfg.Node && id.Seq > j.last.Load() {
			return record.Late
		}
		return record.Counted
	}
	j.crash(t)
	return j
}

// hears tells it of a revocation; cut ends it before it has judged anything by that.
func (j judge) hears(t testing.TB, last uint64, cut bool) {
	t.Helper()
	j.last.Store(last)
	if cut {
		j.crash(t)
	} else if err := j.Rejudge(); err != nil {
		t.Fatal(err)
	}
}

// deskApart is a campus in which a desk, revoked elsewhere, has shredded a visit
// and sealed another anew, and corrected a third; other heard all of it while it counted.
func deskApart(t testing.TB, c *campusOf, desk, other *keeper, holds ...judge) {
	until := c.today() + 30
	other.do(t, sealing(someone(1), 1, until), sealing(someone(2), 1, until), sealing(someone(3), 1, until))
	pull(t, desk.member, other.member)
	for _, j := range holds {
		pull(t, j.member, other.member)
	}
	desk.do(t, shredding(7, someone(1)), sealing(someone(2), 2, until))
	pull(t, other.member, desk.member)
}

// A shred or a correction that was passed over, since a revocation let it not
// count, is carried out when another revocation does: in whatever order word of
// the three comes, and when the node is cut in between.
func TestWhatCountsLaterIsCarriedOut(t *testing.T) {
	const (
		acts = iota // what the desk did
		none        // a revocation by which it does not count
		more        // one by which it does
	)
	for _, order := range [][]int{{acts, none, more}, {acts, more, none}, {none, acts, more}, {none, more, acts}, {more, acts, none}, {more, none, acts}} {
		for _, cut := range []bool{false, true} {
			c := newTestCampus(t)
			desk, other := c.keeper("desk"), c.keeper("other")
			b := c.judge(t, "b", desk)
			deskApart(t, c, desk, other, b)
			var last []uint64 // by each revocation that is known
			for _, step := range order {
				switch step {
				case acts:
					pull(t, b.member, other.member)
				case none:
					last = append(last, 0)
					b.hears(t, slices.Max(last), cut)
				case more:
					last = append(last, 1)
					b.hears(t, slices.Max(last), cut)
				}
				if cut {
					b.crash(t)
				}
				if _, err := b.Sealed(card(someone(2))); err != nil {
					t.Fatalf("%v, cut %v: nobody's name is gone before another has come: %v", order, cut, err)
				}
			}
			receipted(t, b.member, someone(1), b.cfg.Node)
			erased(t, b.member, someone(1))
			if _, _, _, ok, err := b.Erasure(record.ErasureID{7}); !ok || err != nil {
				t.Errorf("%v, cut %v: the erasure is not known: %v", order, cut, err)
			}
			b.ask(t, other.member)
			opens(t, b.member, someone(2), 2)
			opens(t, b.member, someone(3), 1)
			b.crash(t)
			erased(t, b.member, someone(1))
			opens(t, b.member, someone(2), 2)
			if n := b.ask(t, other.member); n != 0 {
				t.Errorf("%v, cut %v: %d entries are asked for again", order, cut, n)
			}
		}
	}
}

// What one revocation lets count may grow; what it does not, stays passed over.
func TestWhatDoesNotCountStaysPassedOver(t *testing.T) {
	c := newTestCampus(t)
	desk, other := c.keeper("desk"), c.keeper("other")
	b := c.judge(t, "b", desk)
	deskApart(t, c, desk, other, b)
	more := desk.do(t, shredding(8, someone(3)))[0].Seq
	pull(t, other.member, desk.member)
	b.hears(t, 0, false)
	pull(t, b.member, other.member)
	opens(t, b.member, someone(1), 1)
	b.hears(t, 1, false)
	receipted(t, b.member, someone(1), b.cfg.Node)
	erased(t, b.member, someone(1))
	opens(t, b.member, someone(3), 1)
	// What has been destroyed comes back by no revocation.
	b.hears(t, 0, false)
	erased(t, b.member, someone(1))
	b.hears(t, more, true)
	receipted(t, b.member, someone(3), b.cfg.Node)
	erased(t, b.member, someone(3))
}

// A disk that is full carries nothing out and ends nobody; when there is room again
// it is done without anybody asking for it.
func TestWhatCountsLaterWaitsForRoomOnTheDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTestCampus(t)
		desk, other := c.keeper("desk"), c.keeper("other")
		b := c.judge(t, "b", desk)
		defer func() { _, _, _ = desk.Close(), other.Close(), b.Close() }()
		deskApart(t, c, desk, other, b)
		b.hears(t, 0, false)
		pull(t, b.member, other.member)
		_ = b.Close()
		disk := &troubled{Mem: b.store.Reopen()}
		b.store, b.cfg.Store = disk.Mem, disk
		var err error
		if b.Replica, err = Open(b.cfg); err != nil {
			t.Fatal(err)
		}
		disk.set(func() { disk.full = true })
		b.hears(t, 1, false)
		time.Sleep(time.Minute)
		opens(t, b.member, someone(1), 1)
		disk.set(func() { disk.full = false })
		time.Sleep(2 * lastShredPause)
		erased(t, b.member, someone(1))
		receipted(t, b.member, someone(1), b.cfg.Node)
	})
}

// Nothing of it stays when its day has been dropped.
func TestWhatWasPassedOverGoesWithItsDay(t *testing.T) {
	c := newTestCampus(t)
	desk, other := c.keeper("desk"), c.keeper("other")
	b := c.judge(t, "b", desk)
	deskApart(t, c, desk, other, b)
	b.hears(t, 0, false)
	pull(t, b.member, other.member)
	desk.do(t, sealing(someone(3), 2, c.today()+30), shredding(9, someone(3)))
	pull(t, b.member, desk.member)
	b.hears(t, 1, false) // of the correction nobody gives the key
	c.advance(40 * dayLong)
	b.dropBefore(t, c.today()-30)
	for _, prefix := range []byte{keyPassed, keyNext, keyWant, keyLost} {
		if n := rows(t, b.member, prefix); n != 0 {
			t.Errorf("%d rows of %q stay", n, prefix)
		}
	}
}

// In whatever order entries and revocations come, who has heard all in the end
// has what they have for whom all counted from the beginning.
func TestWhatCountsInTheEndStandsInAnyOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := newTestCampus(t)
		desk, gate, other := c.keeper("desk"), c.keeper("gate"), c.keeper("other")
		b := c.judge(t, "b", desk)
		defer func() { _, _, _, _ = desk.Close(), gate.Close(), other.Close(), b.Close() }()
		b.hears(t, 0, false)
		shredded := map[record.VisitID]bool{}
		hear := func() {
			for range 4 {
				pull(t, other.member, desk.member)
				pull(t, other.member, gate.member)
			}
		}
		last := uint64(0)
		for range rapid.IntRange(1, 16).Draw(rt, "steps") {
			v := someone(rapid.IntRange(1, 3).Draw(rt, "visit"))
			switch rapid.IntRange(0, 6).Draw(rt, "what") {
			case 0, 1:
				m := rapid.SampledFrom([]*keeper{desk, gate}).Draw(rt, "who")
				m.do(t, sealing(v, uint32(rapid.IntRange(1, 3).Draw(rt, "version")), c.today()+record.Day(rapid.IntRange(28, 31).Draw(rt, "until"))))
			case 2:
				desk.do(t, shredding(1, v))
				shredded[v] = true
			case 3:
				last += uint64(rapid.IntRange(0, 2).Draw(rt, "more"))
				b.hears(t, last, rapid.Bool().Draw(rt, "cut"))
			case 4:
				b.crash(t)
			default:
				hear()
				raws, order := missing(t, other.member, b.member), rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "order"), 0))
				order.Shuffle(len(raws), func(i, j int) { raws[i], raws[j] = raws[j], raws[i] })
				b.put(t, raws[:order.IntN(len(raws)+1)]...)
			}
		}
		hear()
		b.hears(t, everything, rapid.Bool().Draw(rt, "cut at last"))
		for range 4 {
			pull(t, b.member, other.member)
		}
		for v := range shredded {
			receipted(t, b.member, v, b.cfg.Node)
		}
		b.worked(t)
		b.ask(t, other.member)
		for doc, sum := range other.Digests() {
			if sealedDoc(doc) && b.Digests()[doc] != sum {
				rt.Fatal("entries are waited for")
			}
		}
		for i := 1; i <= 3; i++ {
			v := someone(i)
			want, err := other.Sealed(card(v))
			got, gotErr := b.Sealed(card(v))
			if !errors.Is(gotErr, err) || got.Version != want.Version || string(got.Key) != string(want.Key) || string(got.Box) != string(want.Box) {
				rt.Fatalf("visit %d: %+v %v, not %+v %v", i, got, gotErr, want, err)
			}
		}
	})
}

// New acts that do not count are not read; when they do, they are, once.
func TestNewActsAreReadWhenTheyCount(t *testing.T) {
	c := newTestCampus(t)
	desk := c.keeper("desk")
	b := c.judge(t, "b", desk)
	have := map[record.DocID]map[record.ActorID]uint64{}
	read := func(last uint64, want ...string) {
		t.Helper()
		b.hears(t, last, false)
		var got []string
		if err := b.ReadNewActs(c.today(), have, func(_ record.EventID, acts record.Acts) error {
			for _, a := range acts.Acts {
				got = append(got, a.What)
			}
			return nil
		}); err != nil || !slices.Equal(got, want) {
			t.Fatalf("%v, not %v: %v", got, want, err)
		}
	}
	desk.do(t, audit("one"), audit("two"), audit("three"))
	pull(t, b.member, desk.member)
	read(0)
	read(1, "one")
	read(1)
	read(everything, "two", "three")
	read(everything)
}
