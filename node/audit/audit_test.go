package audit

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/upprop/upprop/crdt/record"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// disk takes entries of acts, or fails.
type disk struct {
	mu   sync.Mutex
	acts []record.Act
	n    int
	fail error
}

func (d *disk) write(_ context.Context, acts []record.Act) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fail != nil {
		return d.fail
	}
	if len(acts) > maxEntryActs {
		return errors.New("an entry of too many acts")
	}
	d.acts = append(d.acts, acts...)
	d.n++
	return nil
}

func (d *disk) visits(what string) (out []record.VisitID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, a := range d.acts {
		if a.What == what {
			out = append(out, a.Visits...)
		}
	}
	return out
}

func visit(n int) record.VisitID { return record.VisitID{byte(n >> 8), byte(n), 1} }

func TestActsAreGathered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{}
		l := New(Config{Write: d.write, By: "operator"})
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- l.Run(ctx) }()
		for range 3 {
			for n := range 1000 {
				if err := l.Act("opened", []record.VisitID{visit(n)}, "evac 1"); err != nil {
					t.Fatal(err)
				}
			}
		}
		for range 2 {
			if err := l.Act("unlocked", nil, ""); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Sync(ctx); err != nil {
			t.Fatal(err)
		}
		if got := d.visits("opened"); len(got) != 1000 || len(slices.Compact(got)) != 1000 {
			t.Error(len(got), "openings")
		}
		unlocked := 0
		for _, a := range d.acts {
			if a.What == "unlocked" {
				unlocked++
			}
			if a.Kind != record.ActAudit || a.By != "operator" || len(a.Visits) > maxActVisits {
				t.Errorf("%+v", a)
			}
		}
		if unlocked != 2 || d.n > 2 {
			t.Error(unlocked, "acts without a visit,", d.n, "entries")
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestNothingTakenIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{fail: errors.New("the disk")}
		l := New(Config{Write: d.write})
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- l.Run(ctx) }()
		taken := 0
		for n := range 2 * maxWaiting {
			err := l.Act("opened", []record.VisitID{visit(n % (1 << 16))}, string(rune('a'+n>>16)))
			if err == nil {
				taken++
			} else if !errors.Is(err, ErrFull) {
				t.Fatal(err)
			}
			if n%1000 == 0 {
				time.Sleep(time.Second)
			}
		}
		if taken != maxWaiting {
			t.Error("taken:", taken)
		}
		short, stop := context.WithTimeout(ctx, time.Second)
		if err := l.Sync(short); err == nil {
			t.Error("what is not written is called durable")
		}
		stop()
		d.mu.Lock()
		d.fail = nil
		d.mu.Unlock()
		if err := l.Act("refused before", nil, ""); !errors.Is(err, ErrFull) {
			t.Error(err)
		}
		time.Sleep(3 * time.Second)
		if err := l.Act("last", nil, ""); err != nil {
			t.Error(err)
		}
		cancel() // what waits is written at the end
		if err := <-done; err != nil {
			t.Error(err)
		}
		if got := len(d.visits("opened")); got != taken {
			t.Error(got, "of", taken)
		}
		if d.acts[len(d.acts)-1].What != "last" {
			t.Error("the last act is lost")
		}
	})
}

// chain is n entries of one node, some a day.
func chain(node byte, from, n int, actor record.ActorID) (out []Entry) {
	var prev [32]byte
	seq := map[record.DocID]uint64{}
	for i := 1; i < from+n; i++ {
		doc := record.Doc{Kind: record.DocActs, Day: record.Day(20000 + i/4), Site: "north"}.ID()
		a := record.Acts{N: uint64(i), Prev: prev, Acts: []record.Act{{Kind: record.ActAudit, What: "did", At: record.HLC(i) << 16, Visits: []record.VisitID{visit(i)}}}}
		e := seal(a)
		seq[doc]++
		e.ID = record.EventID{Doc: doc, Actor: actor, Seq: seq[doc]}
		e.ID.Actor[0] = node
		prev = sha256.Sum256(e.Payload)
		if i >= from {
			out = append(out, e)
		}
	}
	return out
}

// filedAhead are entries as a clock that was decades ahead filed them.
func filedAhead(some []Entry) []Entry {
	some = slices.Clone(some)
	for i := range some {
		some[i].ID.Doc = record.Doc{Kind: record.DocActs, Day: 40000, Site: "north"}.ID()
	}
	return some
}

func seal(a record.Acts) Entry {
	b, err := json.Marshal(a)
	if err != nil {
		panic(err)
	}
	return Entry{Acts: a, Payload: b, Proved: true}
}

func reading(all ...Entry) Read {
	return func(fn func(Entry) error) error {
		for _, e := range all {
			if err := fn(e); err != nil {
				return err
			}
		}
		return nil
	}
}

func TestVerify(t *testing.T) {
	whole := func() []Entry { return chain(1, 1, 12, record.ActorID{}) }
	type faults = []Kind
	for name, c := range map[string]struct {
		horizon record.Day
		spoil   func(all []Entry) []Entry
		want    faults
		n       uint64
	}{
		"whole":         {0, func(all []Entry) []Entry { return all }, nil, 0},
		"any order":     {0, func(all []Entry) []Entry { slices.Reverse(all); return all }, nil, 0},
		"two nodes":     {0, func(all []Entry) []Entry { return append(all, chain(2, 1, 7, record.ActorID{})...) }, nil, 0},
		"one missing":   {0, func(all []Entry) []Entry { return slices.Delete(all, 5, 6) }, faults{Missing}, 6},
		"three missing": {0, func(all []Entry) []Entry { return slices.Delete(all, 5, 8) }, faults{Missing}, 6},
		"first missing": {0, func(all []Entry) []Entry { return all[1:] }, faults{Missing}, 1},
		"dropped":       {20001, func(all []Entry) []Entry { return all[3:] }, nil, 0},
		"dropped, and one more": {20001, func(all []Entry) []Entry {
			return all[4:]
		}, faults{Missing}, 1},
		// A clock that was far ahead filed the first one: it stays when the day goes on
		// which that clock was right again.
		"dropped after one far ahead": {20001, func(all []Entry) []Entry {
			return append(filedAhead(all[:1]), all[3:]...)
		}, nil, 0},
		"dropped after one far ahead, and one more": {20001, func(all []Entry) []Entry {
			return append(filedAhead(all[:1]), all[4:]...)
		}, faults{Missing}, 2},
		"a day missing after one far ahead": {20001, func(all []Entry) []Entry {
			return append(append(filedAhead(all[:1]), all[3:7]...), all[11:]...)
		}, faults{Missing}, 8},
		"one missing after one far ahead, nothing dropped": {0, func(all []Entry) []Entry {
			return append(filedAhead(all[:1]), all[3:]...)
		}, faults{Missing}, 2},
		"signature": {0, func(all []Entry) []Entry { all[5].Proved = false; return all }, faults{Altered}, 6},
		"content, signed anew": {0, func(all []Entry) []Entry {
			a := all[5].Acts
			a.Acts = []record.Act{{Kind: record.ActAudit, What: "did nothing"}}
			id := all[5].ID
			all[5] = seal(a)
			all[5].ID = id
			return all
		}, faults{Altered}, 7},
		"exchanged": {0, func(all []Entry) []Entry {
			all[4].ID, all[5].ID = all[5].ID, all[4].ID
			return all
		}, faults{Reordered}, 6},
		"put back": {0, func(all []Entry) []Entry {
			a := all[8].Acts
			a.Acts = []record.Act{{Kind: record.ActAudit, What: "did another"}}
			other := seal(a)
			other.ID = all[8].ID
			other.ID.Actor[30] = 9
			other.ID.Seq = 1
			return append(all, other)
		}, faults{Forked}, 9},
		// What was done before the copy was made, in a start of the node that has been
		// dropped since, is done again after it was put back.
		"put back, what was first dropped": {20001, func(all []Entry) []Entry {
			a := all[3].Acts
			a.Acts = []record.Act{{Kind: record.ActAudit, What: "did another"}}
			other := seal(a)
			other.ID = all[3].ID
			other.ID.Actor[30], other.ID.Seq = 9, 1
			return append([]Entry{other}, all[4:]...)
		}, faults{Forked}, 5},
		"number one with a past": {0, func(all []Entry) []Entry { all[0].Acts.Prev[3] = 1; return all }, faults{Altered}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := Verify(reading(c.spoil(whole())...), c.horizon, nil)
			if err != nil {
				t.Fatal(err)
			}
			var got faults
			for _, f := range r.Faults {
				got = append(got, f.Kind)
			}
			if !slices.Equal(got, c.want) || r.OK != (len(c.want) == 0) || len(got) > 0 && r.Faults[0].N != c.n {
				t.Errorf("%+v", r)
			}
			if dropped := r.Chains[0].Dropped; dropped != slices.Contains([]string{"dropped", "put back, what was first dropped", "dropped after one far ahead", "a day missing after one far ahead"}, name) {
				t.Error("dropped:", dropped)
			}
		})
	}
}

func TestVerifyKnowsWhatHadBeenTakenIn(t *testing.T) {
	all := chain(1, 1, 12, record.ActorID{})
	heads := map[record.DocID]Held{}
	for _, e := range all {
		heads[e.ID.Doc] = Held{e.ID.Doc, e.ID.Actor, e.ID.Seq}
	}
	var held []Held
	for _, h := range heads {
		held = append(held, h)
	}
	for what, some := range map[string][]Entry{"the last": all[:10], "all": nil} {
		r, err := Verify(reading(some...), 0, held)
		if err != nil || r.OK || len(r.Faults) != 1 || r.Faults[0].Kind != Missing {
			t.Errorf("%s: %+v %v", what, r, err)
		}
	}
	if r, err := Verify(reading(all...), 0, held); err != nil || !r.OK {
		t.Errorf("%+v %v", r, err)
	}
	fail := errors.New("the disk")
	if _, err := Verify(func(func(Entry) error) error { return fail }, 0, nil); !errors.Is(err, fail) {
		t.Error(err)
	}
}

func TestList(t *testing.T) {
	all := append(chain(2, 1, 3, record.ActorID{}), chain(1, 1, 3, record.ActorID{})...)
	all[0].Acts.Acts = append(all[0].Acts.Acts, record.Act{Kind: record.ActShred, At: 9 << 16})
	got, err := List(reading(all...))
	if err != nil || len(got) != 7 || got[6].What != "shred" || got[0].What != "did" || got[0].At.After(got[1].At) {
		t.Errorf("%+v %v", got, err)
	}
}
