package privacy

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const actsDoc = record.DocID("acts/20270115/0/north")

// world is what a Gate sees: acts here, members with acts of theirs.
type world struct {
	t *testing.T
	*Gate

	mu      sync.Mutex
	ours    uint64
	theirs  map[identity.NodeID]uint64
	deaf    bool
	pulled  []identity.NodeID
	changed chan struct{}
	others  bool
	kept    time.Time
	asks    int
	dropped bool
	// off: this device's networks are off.
	off bool
}

func (w *world) ActsVectors() map[record.DocID][]crdt.Head {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ours == 0 {
		return nil
	}
	return map[record.DocID][]crdt.Head{actsDoc: {{Actor: record.ActorID{1}, Seq: w.ours}}}
}

func (w *world) Wants(record.DocID) bool { return !w.dropped }

func (w *world) Changed() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.changed
}

func (w *world) Peers() (out []identity.NodeID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id := range w.theirs {
		out = append(out, id)
	}
	return out
}

func (w *world) Ask(ctx context.Context, p identity.NodeID) (Answer, error) {
	w.mu.Lock()
	w.asks++
	seq, deaf := w.theirs[p], w.deaf
	w.mu.Unlock()
	if deaf {
		select {
		case <-ctx.Done():
		case <-time.After(4 * time.Second):
		}
		return Answer{}, errors.New("no answer")
	}
	time.Sleep(10 * time.Millisecond)
	if seq == 0 {
		return Answer{}, nil
	}
	return Answer{Heads: map[record.DocID][]crdt.Head{actsDoc: {{Actor: record.ActorID{1}, Seq: seq}}}}, nil
}

func (w *world) Pull(p identity.NodeID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pulled = append(w.pulled, p)
}

func (w *world) LoadConfirmed() (time.Time, error)   { return w.kept, nil }
func (w *world) SaveConfirmed(t time.Time) error     { w.with(func() { w.kept = t }); return nil }
func (w *world) connect(p identity.NodeID, s uint64) { w.with(func() { w.theirs[p] = s }); w.Wake() }

func (w *world) cut() { w.with(func() { clear(w.theirs) }); w.Wake() }

func (w *world) with(fn func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	fn()
}

func (w *world) heard(seq uint64) {
	w.with(func() {
		w.ours = seq
		close(w.changed)
		w.changed = make(chan struct{})
	})
}

// at lets time pass and says what Names says.
func (w *world) at(d time.Duration, what string, ok, unknown bool) {
	w.t.Helper()
	time.Sleep(d)
	synctest.Wait()
	if got, since := w.Names(); got != ok || since.IsZero() == unknown {
		w.t.Errorf("%s: names %v, unknown since %v", what, got, since)
	}
}

var joined = time.Unix(900_000_000, 0)

func inWorld(t *testing.T, before, fn func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, theirs: map[identity.NodeID]uint64{}, changed: make(chan struct{}), others: true}
		if before != nil {
			before(w)
		}
		g, err := OpenGate(GateConfig{
			Acts: w, Peers: w, Keeper: w,
			Others: func() bool { return w.others }, Offline: w.offline, Joined: func() time.Time { return joined },
		})
		if err != nil {
			t.Fatal(err)
		}
		w.Gate = g
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- g.Run(ctx) }()
		fn(w)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

var alfa, bravo = identity.NodeID{0xa}, identity.NodeID{0xb}

func TestNamesWaitForWhatAMemberKnows(t *testing.T) {
	inWorld(t, func(w *world) { w.theirs[alfa] = 3 }, func(w *world) {
		w.at(100*time.Millisecond, "not all is here", false, true)
		w.with(func() {
			if !slices.Equal(w.pulled, []identity.NodeID{alfa}) {
				t.Error("nothing was fetched", w.pulled)
			}
		})
		w.heard(2)
		w.at(time.Second, "almost all", false, true)
		w.heard(3)
		w.at(time.Millisecond, "all is here", true, false)
		w.with(func() {
			if !w.kept.Equal(time.Now().Add(-time.Millisecond)) {
				t.Error("not saved", w.kept)
			}
		})
		w.at(time.Hour, "an hour on", true, false)
	})
}

func TestNamesWaitFiveSecondsAtMost(t *testing.T) {
	for name, set := range map[string]func(w *world){
		"never covered": func(w *world) { w.theirs[alfa] = 3 },
		"no answer":     func(w *world) { w.theirs[alfa], w.deaf = 3, true },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, set, func(w *world) {
				w.at(4900*time.Millisecond, "before", false, true)
				before := w.Gate.Changed()
				w.at(100*time.Millisecond, "after", true, true)
				select {
				case <-before:
				default:
					t.Error("nobody was told")
				}
				if _, since := w.Names(); !since.Equal(joined) {
					t.Error(since)
				}
				w.with(func() { w.deaf = false })
				w.heard(3)
				w.at(11*time.Second, "heard at last", true, false)
			})
		})
	}
}

func TestAloneNamesAreServed(t *testing.T) {
	told := time.Unix(946_000_000, 0)
	inWorld(t, func(w *world) { w.kept = told }, func(w *world) {
		w.at(1900*time.Millisecond, "somebody may come", false, true)
		w.at(100*time.Millisecond, "nobody came", true, true)
		if _, since := w.Names(); !since.Equal(told) {
			t.Error(since)
		}
		time.Sleep(time.Hour)
		w.connect(alfa, 0)
		w.at(time.Second, "and confirms", true, false)
	})
}

func (w *world) offline() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.off
}

// With all networks off there is nobody to wait for; whoever is there all the same
// is asked.
func TestNamesAreServedAtOnceWithAllNetworksOff(t *testing.T) {
	inWorld(t, func(w *world) { w.off = true }, func(w *world) {
		w.at(0, "at once", true, true)
		w.at(3*time.Second, "later", true, true)
		// A network comes long after: names do not blink for it.
		w.with(func() { w.off = false })
		w.at(3*time.Second, "a network", true, true)
	})
	inWorld(t, func(w *world) { w.off, w.theirs[alfa] = true, 3 }, func(w *world) {
		w.at(100*time.Millisecond, "a member is connected all the same", false, true)
		w.heard(3)
		w.at(time.Millisecond, "all is here", true, false)
	})
}

// A network that comes within the time in which members may appear is waited for,
// and one that goes is not.
func TestANetworkThatComesIsWaitedFor(t *testing.T) {
	inWorld(t, func(w *world) { w.off = true }, func(w *world) {
		w.at(500*time.Millisecond, "off", true, true)
		before := w.Gate.Changed()
		w.with(func() { w.off = false })
		w.at(110*time.Millisecond, "on, and slow to connect", false, true)
		select {
		case <-before:
		default:
			t.Error("nobody was told")
		}
		w.at(1300*time.Millisecond, "still slow", false, true)
		w.at(100*time.Millisecond, "nobody came", true, true)
	})
	inWorld(t, nil, func(w *world) {
		w.at(500*time.Millisecond, "slow to connect", false, true)
		w.with(func() { w.off = true })
		w.at(110*time.Millisecond, "switched off", true, true)
	})
}

func TestACampusOfOneKnowsAll(t *testing.T) {
	inWorld(t, func(w *world) { w.others = false }, func(w *world) {
		w.at(0, "at once", true, false)
		w.at(time.Hour, "later", true, false)
	})
}

func TestCutOffAndBack(t *testing.T) {
	inWorld(t, func(w *world) { w.theirs[alfa] = 0 }, func(w *world) {
		w.at(time.Second, "confirmed", true, false)
		w.cut()
		w.at(20*time.Second, "a short cut", true, false)
		w.connect(alfa, 5)
		w.at(time.Second, "back after a short cut", true, false)
		w.heard(5)
		w.at(time.Second, "heard", true, false)
		last := time.Now()
		w.cut()
		w.at(time.Minute, "a long cut", true, true)
		if _, since := w.Names(); last.Sub(since) > 2*time.Second || since.After(last) {
			t.Error(since, last)
		}
		w.connect(bravo, 9)
		w.at(time.Second, "back after a long cut", false, true)
		w.heard(9)
		w.at(time.Second, "heard again", true, false)
		w.cut()
		time.Sleep(time.Hour)
		w.connect(bravo, 12)
		w.at(4*time.Second, "again", false, true)
		w.at(2*time.Second, "but not for ever", true, true)
	})
}

// What any of the members holds may be an erasure that the others have not heard
// of: all who answer are waited for, but not for ever.
func TestEveryWordCounts(t *testing.T) {
	inWorld(t, func(w *world) { w.theirs[alfa], w.theirs[bravo] = 3, 0 }, func(w *world) {
		w.at(100*time.Millisecond, "one of two", false, true)
		w.heard(3)
		w.at(100*time.Millisecond, "both", true, false)
	})
	inWorld(t, func(w *world) { w.theirs[alfa], w.theirs[bravo] = 3, 0 }, func(w *world) {
		w.at(withholdFor+time.Second, "one keeps to itself what it has", true, true)
	})
	inWorld(t, func(w *world) { w.theirs[alfa], w.dropped = 3, true }, func(w *world) {
		w.at(100*time.Millisecond, "what is dropped here is not waited for", true, false)
	})
}

// A busy campus does not make the gate ask without end.
func TestAskingIsBounded(t *testing.T) {
	inWorld(t, func(w *world) { w.theirs[alfa], w.deaf = 3, true }, func(w *world) {
		for i := range 2000 {
			w.heard(uint64(i%2) + 1)
			w.Wake()
			time.Sleep(10 * time.Millisecond)
		}
		w.with(func() {
			if w.asks > 22 {
				t.Error(w.asks, "questions in 20 s")
			}
		})
	})
}
