package crdt

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/crdt/store"
)

// troubled is a store whose writes a test can refuse, hold up or let fail.
type troubled struct {
	*store.Mem
	mu     sync.Mutex
	refuse error         // what Write returns
	full   bool          // Write takes only what frees space
	fail   error         // what wait returns
	hold   chan struct{} // wait returns when it is closed
	unread func(key []byte) error
}

func (s *troubled) Write(b *store.Batch) (func() error, error) {
	s.mu.Lock()
	refuse, full, fail, hold := s.refuse, s.full, s.fail, s.hold
	s.mu.Unlock()
	if refuse != nil {
		return nil, refuse
	}
	if full && !b.Frees() {
		return nil, store.ErrFull
	}
	wait, err := s.Mem.Write(b)
	return func() error {
		if hold != nil {
			<-hold
		}
		return errors.Join(fail, wait())
	}, err
}

func (s *troubled) Apply(b *store.Batch) error {
	wait, err := s.Write(b)
	if err != nil {
		return err
	}
	return wait()
}

func (s *troubled) Get(key []byte) ([]byte, error) {
	s.mu.Lock()
	unread := s.unread
	s.mu.Unlock()
	if unread != nil {
		if err := unread(key); err != nil {
			return nil, err
		}
	}
	return s.Mem.Get(key)
}

func (s *troubled) set(fn func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fn()
}

// inTrouble is a node on a store that the test can trouble.
func (c *campusOf) inTrouble(name string) (*member, *troubled) {
	m := c.node(name)
	_ = m.Close()
	s := &troubled{Mem: m.store.Reopen()}
	m.store, m.cfg.Store = s.Mem, s
	r, err := Open(m.cfg)
	if err != nil {
		c.t.Fatal(err)
	}
	m.Replica = r
	return m, s
}

// agree checks the index against the Automerge documents.
func agree(t testing.TB, m *member) {
	t.Helper()
	for doc := range m.Digests() {
		if d, err := record.ParseDocID(string(doc)); err != nil || d.Kind != record.DocDay {
			continue
		}
		events, err := m.DocumentEvents(doc)
		if err != nil {
			t.Fatal(err)
		}
		held := 0
		for _, h := range m.Vector(doc) {
			for seq := uint64(1); seq <= h.Seq; seq++ {
				held++
				if _, ok := events[record.EventID{Doc: doc, Actor: h.Actor, Seq: seq}.Key()]; !ok {
					t.Fatalf("%s: the index holds entry %d that the document does not", doc, seq)
				}
			}
		}
		if held != len(events) {
			t.Fatalf("%s: %d entries in the index, %d in the document", doc, held, len(events))
		}
	}
}

func TestAFullDiskRefusesWholeAndHealsAfterwards(t *testing.T) {
	c := newTestCampus(t)
	a, disk := c.inTrouble("a")
	b, d := c.node("b"), c.node("d")
	a.arrive(t, someone(1))
	b.arrive(t, someone(2))
	disk.set(func() { disk.refuse = store.ErrFull })
	if _, err := a.Commit(context.Background(), Draft{Event: &record.Event{Kind: record.Arrived, Visit: someone(3)}}); !errors.Is(err, store.ErrFull) {
		t.Fatal(err)
	}
	if _, err := a.Put(context.Background(), missing(t, b, a)); !errors.Is(err, store.ErrFull) {
		t.Fatal(err)
	}
	if n := len(a.Open()); n != 1 {
		t.Fatalf("%d visits are shown, one is saved", n)
	}
	agree(t, a)
	disk.set(func() { disk.refuse = nil })
	a.arrive(t, someone(4))
	pull(t, a, b)
	pull(t, d, a)
	pull(t, b, a)
	same(t, a, d)
	same(t, a, b)
	changes, err := a.Feed(0, 100)
	if err != nil || len(changes) != 3 {
		t.Fatal(len(changes), err)
	}
	agree(t, a)
}

// What was not saved is never covered, shown or acknowledged, also not by what
// the same author wrote after it.
func TestNothingIsAcknowledgedAfterAFailedSync(t *testing.T) {
	c := newTestCampus(t)
	a := c.node("a")
	b, disk := c.inTrouble("b")
	a.arrive(t, someone(1))
	first := missing(t, a, b)
	a.arrive(t, someone(2))
	_, pos := a.Position()
	second := missing(t, a, b)[1:]
	disk.set(func() { disk.fail = store.ErrBroken })
	if _, err := b.Put(context.Background(), first); !errors.Is(err, store.ErrBroken) {
		t.Fatal(err)
	}
	disk.set(func() { disk.fail = nil })
	if _, err := b.Put(context.Background(), second); err == nil {
		t.Error("an entry is acknowledged after one before it was lost")
	}
	if _, err := b.Commit(context.Background(), Draft{Event: &record.Event{Kind: record.Arrived, Visit: someone(3)}}); err == nil {
		t.Error("an arrival is acknowledged after a failed sync")
	}
	if b.Covers(a.cfg.Node, pos) {
		t.Error("covers what was not saved")
	}
	if changes, err := b.Feed(0, 10); err != nil || len(changes) != 0 {
		t.Errorf("the feed tells of %d entries that were not saved (%v)", len(changes), err)
	}
	select {
	case <-b.Failed():
	default:
		t.Error("the failure is not told")
	}
}

// A second peer's copy of an entry that is on its way to the disk is
// acknowledged when the first is.
func TestPutWaitsForWhatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTestCampus(t)
		a := c.node("a")
		b, disk := c.inTrouble("b")
		a.arrive(t, someone(1))
		raws := missing(t, a, b)
		hold := make(chan struct{})
		disk.set(func() { disk.hold = hold })
		var acked atomic.Int32
		for range 2 {
			go func() {
				if _, err := b.Put(context.Background(), raws); err != nil {
					t.Error(err)
				}
				acked.Add(1)
			}()
			synctest.Wait()
		}
		if n := acked.Load(); n != 0 {
			t.Errorf("%d peers were told before it was durable", n)
		}
		close(hold)
		synctest.Wait()
		if acked.Load() != 2 || len(b.Open()) != 1 {
			t.Error("not acknowledged, or not folded")
		}
	})
}

// Documents agree with the index also when one batch touches more of them than
// are kept in memory.
func TestDocumentsAgreeAfterABatchOverManyDays(t *testing.T) {
	c := newTestCampus(t)
	reader := c.node("reader")
	var writers []*member
	for i := range maxUnions + 3 {
		w := c.node(fmt.Sprint("w", i))
		_ = w.Close()
		w.store = w.store.Reopen()
		w.cfg.Site = record.SiteID(fmt.Sprint("Site ", i))
		w.open(t)
		w.arrive(t, someone(10*i))
		w.arrive(t, someone(10*i+1))
		writers = append(writers, w)
	}
	var raws [][]byte
	for i := range 2 {
		for _, w := range writers {
			raws = append(raws, missing(t, w, reader)[i])
		}
	}
	if _, err := reader.Put(context.Background(), raws); err != nil {
		t.Fatal(err)
	}
	agree(t, reader)
}

func TestSnapshotOfTheSettingsIsNotStale(t *testing.T) {
	c := newTestCampus(t)
	a := c.node("a")
	set := func(v string) []byte {
		t.Helper()
		ids, err := a.Commit(context.Background(), Draft{Setting: &Setting{Key: "campus/name", Value: shape.String(v)}})
		if err != nil {
			t.Fatal(err)
		}
		snap, err := a.Snapshot(ids[0].Doc)
		if err != nil {
			t.Fatal(err)
		}
		return snap
	}
	if cmp.Equal(set("one"), set("two")) {
		t.Fatal("the snapshot did not follow the setting")
	}
}

// A shred that cannot be read is not taken for none.
func TestAnUnreadableStoreDoesNotUndoAShred(t *testing.T) {
	c := newTestCampus(t)
	a, disk := c.inTrouble("a")
	v := someone(1)
	k := record.PartKey{Visit: v, Audience: record.CardAudience}
	if _, err := a.Commit(context.Background(), Draft{Sealed: []record.SealedEntry{{Kind: record.Shred, Visit: v, Audience: record.CardAudience}}}); err != nil {
		t.Fatal(err)
	}
	disk.set(func() {
		disk.unread = func(key []byte) error {
			if key[0] == keyKey {
				return errors.New("read fails")
			}
			return nil
		}
	})
	key := Draft{Sealed: []record.SealedEntry{{Kind: record.KeyPut, Visit: v, Audience: record.CardAudience, Version: 1, Box: []byte("wrapped")}}}
	if _, err := a.Commit(context.Background(), key); err == nil {
		t.Error("a key record was taken without knowing what stands")
	}
	disk.set(func() { disk.unread = nil })
	if _, err := a.Commit(context.Background(), key); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Sealed(k); !errors.Is(err, ErrErased) {
		t.Fatal("a shredded key is back:", err)
	}
}
