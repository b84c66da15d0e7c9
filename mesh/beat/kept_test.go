package beat

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/upprop/upprop/mesh/identity"
)

// forgetful is a log that can show no cover any more.
type forgetful struct{ held }

func (forgetful) Covers(identity.NodeID, []byte) bool { return false }

// reopen is the table after a restart.
func reopen(t *testing.T, tab *Table, log Log, now time.Time) *Table {
	t.Helper()
	again := NewTable(log)
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
	return again
}

func TestAFastClockGainsNothingByOurRestart(t *testing.T) {
	tab := NewTable(held{})
	tab.Offer(Beat{Node: east, Incarnation: NewIncarnation(epoch), N: 1, At: epoch.Add(48 * time.Hour), Position: at(0), Sig: make([]byte, sigSize)}, direct(epoch))
	for i := range 3 {
		tab = reopen(t, tab, held{}, epoch.Add(time.Duration(i+1)*time.Hour))
		if got := only(t, tab).AsOf; !got.Equal(epoch) {
			t.Fatalf("restart %d: as of %v after the only word from the node", i+1, got.Sub(epoch))
		}
	}
}

func TestADeadNodesAsOfOutlivesTheProofOfIt(t *testing.T) {
	tab := NewTable(held{east: 2})
	tab.Offer(Beat{Node: east, Incarnation: NewIncarnation(epoch), N: 1, At: epoch, Position: at(2), Sig: make([]byte, sigSize)}, direct(epoch))
	for i := range 3 {
		tab = reopen(t, tab, forgetful{}, epoch.Add(time.Duration(i+2)*24*time.Hour))
		if n := only(t, tab); !n.AsOf.Equal(epoch) {
			t.Fatalf("restart %d: as of %v, want when it died", i+1, n.AsOf)
		}
	}
}

// What a node lost is said after a restart of who saw it too, and no longer
// once the node has it all again.
func TestALossOutlivesOurRestart(t *testing.T) {
	said := func(n uint64, life time.Time, entries int) Beat {
		return Beat{Node: east, Incarnation: NewIncarnation(life), N: n, At: life, Position: at(uint64(entries)), Sig: make([]byte, sigSize)}
	}
	later := epoch.Add(time.Hour)
	tab := NewTable(held{east: 5})
	tab.Offer(said(1, epoch, 5), direct(epoch))
	tab.Offer(said(1, later, 3), direct(later))
	want := only(t, tab).Regressed
	if want.To.IsZero() {
		t.Fatal("the loss is not seen")
	}
	for range 2 {
		tab = reopen(t, tab, held{east: 5}, later.Add(time.Hour))
		if got := only(t, tab).Regressed; !got.From.Equal(want.From) || !got.To.Equal(want.To) {
			t.Fatalf("after a restart: lost %v, not %v", got, want)
		}
	}
	tab.Offer(said(1, later.Add(time.Hour), 4), direct(later))
	if only(t, tab).Regressed.To.IsZero() {
		t.Fatal("the loss is forgotten before it is made good")
	}
	tab.Offer(said(1, later.Add(2*time.Hour), 5), direct(later))
	tab = reopen(t, tab, held{east: 5}, later.Add(time.Hour))
	if got := only(t, tab).Regressed; !got.To.IsZero() {
		t.Fatalf("made good, and still lost %v", got)
	}
}

func TestABeatKeptByAnEarlierReleaseIsRead(t *testing.T) {
	want := sample()
	raw, _ := want.Encode()
	k, err := DecodeKept(raw)
	if err != nil || !k.Beat.Same(want) || !k.Got.IsZero() || !k.AsOf.IsZero() {
		t.Fatalf("%+v, %v", k, err)
	}
}

func FuzzDecodeKept(f *testing.F) {
	good, _ := Kept{Beat: sample(), Got: epoch, AsOf: epoch}.Encode()
	bare, _ := sample().Encode()
	f.Add(good)
	f.Add(bare)
	f.Add([]byte{keptVersion})
	lost, _ := Kept{Beat: sample(), Got: epoch, Loss: Regressed{To: epoch}, lost: []Beat{{Node: sample().Node, N: 1, At: epoch, Position: at(2), Sig: make([]byte, sigSize)}}}.Encode()
	f.Add(lost)
	f.Fuzz(func(t *testing.T, raw []byte) {
		k, err := DecodeKept(raw)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Fatal(err)
			}
			return
		}
		again, err := k.Encode()
		switch raw[0] {
		case keptVersion, keptBeats:
		case keptLost:
			return // of an earlier release; written in another form
		default:
			again, err = k.Beat.Encode()
		}
		if err != nil || !bytes.Equal(again, raw) {
			t.Fatalf("a second form was let through: %x, canonical %x (%v)", raw, again, err)
		}
	})
}
