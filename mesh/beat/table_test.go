package beat

import (
	"encoding/binary"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/upprop/upprop/mesh/identity"
)

// held is a replica in which a position is one count of entries per node.
type held map[identity.NodeID]uint64

func at(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func (h held) Covers(node identity.NodeID, pos []byte) bool {
	return binary.BigEndian.Uint64(pos) <= h[node]
}

func (h held) Within(_ identity.NodeID, older, newer []byte) bool {
	return binary.BigEndian.Uint64(older) <= binary.BigEndian.Uint64(newer)
}

var east, gate = identity.NodeID{1}, identity.NodeID{2}

func direct(t time.Time) Source { return Source{At: t, From: east, Direct: true} }

func only(t *testing.T, tab *Table) News {
	t.Helper()
	news := tab.Snapshot()
	if len(news) != 1 {
		t.Fatalf("%d nodes known, want 1", len(news))
	}
	return news[0]
}

func TestABeatCountsOnlyOnceCovered(t *testing.T) {
	h := held{}
	tab := NewTable(h)
	inc := NewIncarnation(epoch)
	out := tab.Offer(Beat{Node: east, Incarnation: inc, N: 1, At: epoch, Position: at(3)}, direct(epoch.Add(time.Second)))
	if out.Covered || !only(t, tab).AsOf.IsZero() {
		t.Fatal("a beat counted before its entries were held")
	}
	h[east] = 3
	covered, changed := tab.Judge()
	if !changed || len(covered) != 1 || covered[0] != east {
		t.Fatalf("Judge says %v, %v", covered, changed)
	}
	if n := only(t, tab); !n.AsOf.Equal(epoch) || !n.Covered {
		t.Fatalf("as of %v, want %v", n.AsOf, epoch)
	}
}

func TestAsOfIsCappedAtReceiptAndNeverGoesBack(t *testing.T) {
	tab := NewTable(held{})
	inc := NewIncarnation(epoch)
	tab.Offer(Beat{Node: east, Incarnation: inc, N: 1, At: epoch.Add(time.Hour), Position: at(0)}, direct(epoch))
	n := only(t, tab)
	if !n.AsOf.Equal(epoch) || !n.Suspect || n.ClockOffset != time.Hour {
		t.Fatalf("a clock an hour ahead gives %+v", n)
	}
	tab.Offer(Beat{Node: east, Incarnation: inc, N: 2, At: epoch.Add(-time.Hour), Position: at(0)}, direct(epoch.Add(time.Second)))
	if got := only(t, tab).AsOf; !got.Equal(epoch) {
		t.Fatalf("as of went back to %v", got)
	}
}

func TestARelayedBeatIsNotFreshNews(t *testing.T) { synctest.Test(t, relayedBeat) }

func relayedBeat(t *testing.T) {
	tab := NewTable(held{})
	b := Beat{Node: east, Incarnation: NewIncarnation(epoch), N: 1, At: epoch, Position: at(0)}
	tab.Offer(b, Source{At: epoch.Add(time.Hour), From: gate})
	if n := only(t, tab); !n.LastHeard.Equal(epoch) || n.Direct || n.Via != gate {
		t.Fatalf("an hour-old beat from a third node gives %+v", n)
	}
	out := tab.Offer(b, direct(epoch.Add(time.Hour)))
	if n := only(t, tab); out.Newer || !out.Changed || !n.Direct || !n.LastHeard.Equal(epoch.Add(time.Hour)) {
		t.Fatalf("the same beat from its own node gives %+v, %+v", out, n)
	}
}

// A node with a fast clock is put right while all are off. What it said before
// and says again, as if it were new, is no measure of its clock now.
func TestABeatHeldForLongMeasuresNoClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tab, began := NewTable(held{}), time.Now()
		old := Beat{Node: east, Incarnation: NewIncarnation(epoch), N: 7, At: began.AddDate(9, 0, 0), Position: at(0)}
		tab.Restore(Kept{Beat: old, Got: began}, began.AddDate(0, 0, 42))
		time.Sleep(2 * time.Second)
		now := began.AddDate(0, 0, 42).Add(2 * time.Second)
		tab.Offer(old, direct(now))
		if n := only(t, tab); !n.Direct || !n.LastHeard.Equal(began) {
			t.Fatalf("an old word said again counts as new: %+v", n)
		}
		tab.Offer(Beat{Node: east, Incarnation: old.Incarnation.After(now), N: 1, At: now, Position: at(0)}, direct(now))
		if n := only(t, tab); n.ClockOffset != 0 || !n.LastHeard.Equal(now) {
			t.Fatalf("its new word gives %+v", n)
		}
	})
}

func TestALossIsNoticedDatedAndHealed(t *testing.T) {
	h := held{east: 100}
	tab := NewTable(h)
	old := NewIncarnation(epoch)
	for i := uint64(1); i <= 5; i++ {
		now := epoch.Add(time.Duration(i) * time.Second)
		tab.Offer(Beat{Node: east, Incarnation: old, N: i, At: now, Position: at(i)}, direct(now))
	}
	later := epoch.Add(time.Minute)
	restored := old.After(later)
	out := tab.Offer(Beat{Node: east, Incarnation: restored, N: 1, At: later, Position: at(2)}, direct(later))
	want := Regressed{From: epoch.Add(2 * time.Second), To: epoch.Add(5 * time.Second)}
	if got := only(t, tab).Regressed; !out.Regressed || got != want {
		t.Fatalf("a node restored from an old copy gives %+v, want %+v", got, want)
	}
	later = later.Add(time.Second)
	out = tab.Offer(Beat{Node: east, Incarnation: restored, N: 2, At: later, Position: at(5)}, direct(later))
	if got := only(t, tab).Regressed; out.Regressed || got != (Regressed{}) {
		t.Fatalf("after getting its entries back the node shows %+v", got)
	}
}

func TestAPositionThatShrinksInOneLifeIsALoss(t *testing.T) {
	tab := NewTable(held{east: 9})
	inc := NewIncarnation(epoch)
	tab.Offer(Beat{Node: east, Incarnation: inc, N: 1, At: epoch, Position: at(9)}, direct(epoch))
	now := epoch.Add(time.Second)
	if out := tab.Offer(Beat{Node: east, Incarnation: inc, N: 2, At: now, Position: at(8)}, direct(now)); !out.Regressed {
		t.Fatal("a shrinking position went unnoticed")
	}
}

func TestAnOlderLifeDoesNotComeBack(t *testing.T) {
	tab := NewTable(held{east: 9})
	old := NewIncarnation(epoch)
	now := epoch.Add(time.Second)
	tab.Offer(Beat{Node: east, Incarnation: old.After(now), N: 1, At: now, Position: at(9)}, direct(now))
	stale := Beat{Node: east, Incarnation: old, N: 1000, At: now.Add(time.Hour), Position: at(9)}
	if out := tab.Offer(stale, direct(now)); out.Newer {
		t.Fatal("a beat of an earlier life replaced one of a later")
	}
	if !tab.Stale(stale) || tab.Known(stale) {
		t.Fatal("a beat of an earlier life is not called stale")
	}
}

func TestANodeThatIsAlwaysBehindStillProgresses(t *testing.T) {
	h := held{}
	tab := NewTable(h)
	inc := NewIncarnation(epoch)
	for i := uint64(1); i <= 100; i++ {
		now := epoch.Add(time.Duration(i) * time.Second)
		tab.Offer(Beat{Node: east, Incarnation: inc, N: i, At: now, Position: at(i)}, direct(now))
		if i > 20 {
			h[east] = i - 20
			tab.Judge()
		}
	}
	if got := only(t, tab).AsOf; got.Before(epoch.Add(30 * time.Second)) {
		t.Fatalf("twenty beats behind all the time, as of stands at %v after start", got.Sub(epoch))
	}
}

func TestKeepRestoresTheTable(t *testing.T) {
	h := held{east: 2}
	tab := NewTable(h)
	inc := NewIncarnation(epoch)
	tab.Offer(Beat{Node: east, Incarnation: inc, N: 1, At: epoch, Position: at(2)}, direct(epoch))
	now := epoch.Add(time.Second)
	tab.Offer(Beat{Node: east, Incarnation: inc, N: 2, At: now, Position: at(3)}, direct(now))
	again := NewTable(h)
	for _, k := range tab.Keep() {
		again.Restore(k, now.Add(time.Hour))
	}
	if n := only(t, again); !n.AsOf.Equal(epoch) || n.Covered {
		t.Fatalf("restored table says %+v", n)
	}
	again.Retain(func(identity.NodeID) bool { return false })
	if len(again.Snapshot()) != 0 {
		t.Fatal("a node forgotten is still known")
	}
}

// TestFreshnessIsNeverAheadOfWhatIsHeld delivers the beats and entries of one
// node in any order, duplicated, lost and late, over restarts of its clock's
// offset, and checks the law after every step.
func TestFreshnessIsNeverAheadOfWhatIsHeld(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := held{}
		tab := NewTable(h)
		offset := time.Duration(rapid.Int64Range(-int64(2*time.Hour), int64(2*time.Hour)).Draw(t, "offset"))
		now := epoch
		inc, n := NewIncarnation(epoch), uint64(0)
		var acked []time.Time // by the node's clock; entry i+1
		var beats []Beat
		last := time.Time{}
		t.Repeat(map[string]func(*rapid.T){
			"tick": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.IntRange(1, 5000).Draw(t, "ms")) * time.Millisecond)
			},
			"write": func(*rapid.T) { acked = append(acked, now.Add(offset)) },
			"beat": func(*rapid.T) {
				n++
				beats = append(beats, Beat{Node: east, Incarnation: inc, N: n, At: now.Add(offset), Position: at(uint64(len(acked))), Sig: make([]byte, sigSize)})
			},
			"restart": func(*rapid.T) { inc, n = inc.After(now), 0 },
			"restart here": func(t *rapid.T) {
				again := NewTable(h)
				for _, k := range tab.Keep() {
					raw, err := k.Encode()
					if err != nil {
						t.Fatal(err)
					}
					if k, err = DecodeKept(raw); err != nil {
						t.Fatal(err)
					}
					again.Restore(k, now)
				}
				tab = again
				last = last.Truncate(time.Millisecond)
			},
			"hear": func(t *rapid.T) {
				if len(beats) == 0 {
					t.Skip("nothing said yet")
				}
				b := rapid.SampledFrom(beats).Draw(t, "beat")
				tab.Offer(b, Source{At: now, From: gate, Direct: rapid.Bool().Draw(t, "direct")})
			},
			"fold": func(t *rapid.T) {
				h[east] = uint64(rapid.IntRange(int(h[east]), len(acked)).Draw(t, "held"))
				tab.Judge()
			},
			"": func(t *rapid.T) {
				for _, news := range tab.Snapshot() {
					for i, when := range acked {
						if when.Before(news.AsOf) && uint64(i) >= h[east] {
							t.Fatalf("complete as of %v, but entry %d of %v is not held", news.AsOf, i+1, when)
						}
					}
					if news.AsOf.Before(last) || news.AsOf.After(now) {
						t.Fatalf("as of %v, was %v, now %v", news.AsOf, last, now)
					}
					if news.Regressed != (Regressed{}) {
						t.Fatalf("a loss is reported where nothing was lost: %+v", news.Regressed)
					}
					last = news.AsOf
				}
			},
		})
	})
}

// Once our own clock has been set back by years, who is heard is heard now.
func TestHeardAfterOurClockWasSetBack(t *testing.T) {
	table := NewTable(held{})
	b := Beat{Incarnation: NewIncarnation(time.Unix(1, 0)), N: 1, At: time.Unix(100, 0), Position: make([]byte, 8)}
	table.Offer(b, Source{At: time.Unix(100, 0).AddDate(73, 0, 0), Direct: true})
	b.N++
	table.Offer(b, Source{At: time.Unix(101, 0), Direct: true})
	if got := table.Snapshot()[0].LastHeard; !got.Equal(time.Unix(101, 0)) {
		t.Fatalf("heard last at %v", got)
	}
}
