package crdt

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// Everything at once: commits, entries from two peers, drops, judgements and
// readers. The race detector watches; in the end the feed has told of every
// entry that is held, in order, and the index agrees with the documents.
func TestEverythingAtOnce(t *testing.T) {
	c := newTestCampus(t)
	n, p1, p2 := c.node("n"), c.node("p1"), c.node("p2")
	for i := range 60 {
		p1.arrive(t, someone(1000+i))
		p2.arrive(t, someone(2000+i))
		if i%2 == 0 {
			p1.leave(t, someone(2000+i/2))
		}
	}
	c.advance(40 * dayLong)
	for i := range 60 {
		p1.arrive(t, someone(3000+i))
		p2.leave(t, someone(3000+i))
	}
	ctx, cancel := context.WithCancel(context.Background())
	var writers, readers sync.WaitGroup
	for w := range 4 {
		writers.Go(func() {
			for i := range 40 {
				if _, err := n.Commit(ctx, Draft{Event: &record.Event{Kind: record.Arrived, Visit: someone(100*w + i)}}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i, p := range []*member{p1, p2, p1, p2} {
		writers.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 1))
			all := missing(t, p, n)
			for range 60 {
				lo := r.IntN(len(all))
				if _, err := n.Put(ctx, all[lo:min(lo+r.IntN(30)+1, len(all))]); err != nil {
					t.Error(err)
				}
			}
			if _, err := n.Put(ctx, all); err != nil {
				t.Error(err)
			}
		})
	}
	writers.Go(func() {
		for day := c.today() - 45; day <= c.today()-30; day++ {
			if err := n.DropBefore(ctx, day); err != nil {
				t.Error(err)
			}
		}
	})
	var seen []Change
	last, told := someone(9999), make(chan struct{})
	readers.Go(func() {
		var at Cursor
		for {
			changed := n.Changed()
			got, err := n.Feed(at, 7)
			if err != nil {
				t.Error(err)
				return
			}
			for _, ch := range got {
				at = ch.Cursor
				seen = append(seen, ch)
				if ch.Event.Visit == last {
					close(told)
				}
				if d, _ := record.ParseDocID(string(ch.ID.Doc)); !n.Holds(ch.ID) && d.Day >= c.today()-30 {
					t.Error("the feed tells of what is not held")
				}
			}
			if len(got) > 0 {
				continue
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return
			}
		}
	})
	for range 2 {
		readers.Go(func() {
			var last time.Time
			for ctx.Err() == nil {
				at, pos := n.Position()
				if at.Before(last) {
					t.Error("the time of a position went back")
				}
				last = at
				// A position from before a day was dropped is not covered after
				// it: the next one is.
				for tries := 0; !n.Covers(n.cfg.Node, pos) || !n.Within(n.cfg.Node, pos, second(n.Position())); tries++ {
					if tries == 5 {
						t.Error("a node does not cover itself")
						break
					}
					_, pos = n.Position()
				}
				_ = n.Open()
				if err := n.Rejudge(); err != nil {
					t.Error(err)
				}
				for doc := range n.Digests() {
					if _, err := n.Snapshot(doc); err != nil && !errors.Is(err, errNotAutomerge) {
						t.Error(err)
					}
				}
			}
		})
	}
	writers.Wait()
	n.arrive(t, last)
	<-told
	cancel()
	readers.Wait()
	heard := map[record.EventID]bool{}
	for i, ch := range seen {
		heard[ch.ID] = true
		if i > 0 && ch.Cursor <= seen[i-1].Cursor {
			t.Fatal("the feed went back")
		}
	}
	held, err := n.Feed(0, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	for _, ch := range held {
		if !heard[ch.ID] {
			t.Fatalf("the feed never told of %+v", ch.ID)
		}
	}
	agree(t, n)
	stay := map[record.VisitID]bool{}
	for i := range 60 {
		stay[someone(1000+i)] = true
	}
	for _, ch := range seen {
		if ch.Event.Kind != record.Arrived || !stay[ch.Event.Visit] {
			continue
		}
		if p, err := n.Presence(ch.Event.Visit); err != nil || !p.Open() {
			t.Fatalf("an open visit did not outlive its day: %+v %v", p, err)
		}
	}
}

func second[A, B any](_ A, b B) B { return b }
