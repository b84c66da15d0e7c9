package mesh

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/memnet"
)

func ids(nodes ...*testNode) []identity.NodeID {
	var out []identity.NodeID
	for _, n := range nodes {
		out = append(out, n.id())
	}
	return out
}

func TestOneOfThreeIsCutAndHeals(t *testing.T) {
	inCampus(t, 3, nil, func(c *campus) {
		c.meshed()
		a, b, far := c.nodes[0], c.nodes[1], c.nodes[2]
		c.net.Partition(memnet.BlackHole, ids(a, b), ids(far))
		for i := range 50 {
			c.nodes[i%3].log.write(fmt.Sprint("day", i%4), fmt.Sprint(i))
			time.Sleep(time.Second)
		}
		if far.log.size() >= 50 || a.log.size() >= 50 {
			t.Fatal("entries crossed a partition")
		}
		if n := a.news(far); n.State != Silent || time.Since(n.LastHeard) < 30*time.Second {
			t.Fatalf("a node that is cut off shows as %+v", n)
		}
		c.net.Heal()
		took := c.within(20*time.Second, "agreement", c.all(50))
		t.Logf("healed in %v", took)
	})
}

func TestAnEntryTravelsThroughAThirdNode(t *testing.T) {
	calm := func(cfg *Config) { cfg.RepairEvery = time.Hour }
	inCampus(t, 3, calm, func(c *campus) {
		c.meshed()
		a, b, far := c.nodes[0], c.nodes[1], c.nodes[2]
		c.net.Cut(memnet.Closing, a.id(), far.id())
		time.Sleep(10 * time.Second)
		for i := range 10 {
			a.log.write("day", fmt.Sprint(i))
			took := c.within(2*time.Second+100*time.Millisecond, "the entry within one beat", c.all(i+1))
			t.Logf("entry %d took %v", i, took)
			time.Sleep(700 * time.Millisecond)
		}
		n := far.news(a)
		if n.State != ReachableVia || n.Via != b.id() || n.Direct {
			t.Fatalf("news through a third node says %+v", n)
		}
		if age := time.Since(n.AsOf); age > 3*time.Second {
			t.Fatalf("news through a third node is %v old", age)
		}
		if far.Counts()["pulls"] > 60 {
			t.Fatalf("%d pulls for 10 entries", far.Counts()["pulls"])
		}
	})
}

func TestABrokenPullGoesOnWhereItWas(t *testing.T) {
	inCampus(t, 2, nil, func(c *campus) {
		c.meshed()
		a, b := c.nodes[0], c.nodes[1]
		c.net.Partition(memnet.Closing, ids(a), ids(b))
		const count, size = 4000, 1000
		for range count {
			a.log.write("day", strings.Repeat("x", size))
		}
		total := a.log.docsBytes()
		before := b.log.received()
		c.net.Delay(a.id(), b.id(), 20*time.Millisecond, 0)
		c.net.Heal()
		drops := 0
		for b.log.size() < count && drops < 8 {
			held := b.log.size()
			c.within(2*time.Minute, "the next chunk", func() bool { return b.log.size() > held })
			if b.log.size() < count {
				c.net.Drop(a.id(), b.id())
				drops++
			}
		}
		c.within(2*time.Minute, "all entries", c.all(count))
		if drops < 3 {
			t.Fatalf("the pull was broken %d times only", drops)
		}
		if sent := b.log.received() - before; sent > total+total/10 {
			t.Fatalf("%d bytes put for %d bytes of entries over %d breaks", sent, total, drops)
		}
	})
}

func (l *fakeLog) docsBytes() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, actors := range l.docs {
		for _, raws := range actors {
			for _, raw := range raws {
				n += len(raw)
			}
		}
	}
	return n
}

func TestImportantDocumentsComeFirst(t *testing.T) {
	first := func(cfg *Config) {
		cfg.Priority = func(doc string) int {
			if strings.HasPrefix(doc, "zz-today") {
				return 0
			}
			return 1
		}
	}
	inCampus(t, 2, first, func(c *campus) {
		c.meshed()
		a, b := c.nodes[0], c.nodes[1]
		c.net.Partition(memnet.Closing, ids(a), ids(b))
		time.Sleep(time.Second)
		for i := range 100 {
			a.log.write(fmt.Sprintf("day-%03d", i), "old")
		}
		a.log.write("zz-today", "new")
		c.net.Heal()
		c.within(30*time.Second, "all documents", c.all(101))
		if order := b.log.order; order[0] != "zz-today" || !slices.IsSorted(order[1:]) {
			t.Fatalf("documents came in the order %v", order)
		}
	})
}

func TestPullsFromManyDoNotFetchTwice(t *testing.T) {
	inCampus(t, 6, nil, func(c *campus) {
		c.meshed()
		late := c.nodes[5]
		late.stop()
		const count = 300
		for i := range count {
			c.nodes[i%5].log.write("day", strings.Repeat("x", 2000))
		}
		c.within(10*time.Second, "the others", func() bool { return c.nodes[4].log.size() == count })
		for _, n := range c.nodes[:5] {
			c.net.Delay(n.id(), late.id(), 20*time.Millisecond, 0)
			c.net.Delay(late.id(), n.id(), 20*time.Millisecond, 0)
		}
		late.start()
		c.within(60*time.Second, "the late node", c.all(count))
		total := c.nodes[0].log.docsBytes()
		if got := late.log.received(); got > total*5/4 {
			t.Fatalf("%d bytes for %d bytes of entries, from five nodes", got, total)
		}
	})
}

// Each of four peers that hold the same sends a part of it, and a fifth that
// is stuck holds nothing up for long.
func TestPeersDivideWhatANodeLacks(t *testing.T) {
	inCampus(t, 6, nil, func(c *campus) {
		c.meshed()
		late, stuck := c.nodes[5], c.nodes[4]
		late.stop()
		const each, docs = 1000, 4
		for _, n := range c.nodes[:4] {
			for i := range docs * each {
				n.log.write(fmt.Sprint("day", i%docs), strings.Repeat("x", 300))
			}
		}
		const count = 4 * docs * each
		c.within(2*time.Minute, "the others", func() bool { return stuck.log.size() == count })
		before := map[*testNode]uint64{}
		for _, n := range c.nodes[:5] {
			before[n] = n.Counts()["entries_out"]
			c.net.Delay(n.id(), late.id(), 20*time.Millisecond, 0)
			c.net.Delay(late.id(), n.id(), 20*time.Millisecond, 0)
		}
		c.net.Delay(stuck.id(), late.id(), time.Hour, 0)
		late.start()
		took := c.within(30*time.Second, "the late node", c.all(count))
		total := c.nodes[0].log.docsBytes()
		if got := late.log.received(); got > total*11/10 {
			t.Fatalf("%d bytes for %d bytes of entries", got, total)
		}
		for i, n := range c.nodes[:4] {
			out := n.Counts()["entries_out"] - before[n]
			t.Logf("node %d sent %d of %d entries", i, out, count)
			if out < count/8 || out > count/2 {
				t.Fatalf("node %d sent %d of %d entries", i, out, count)
			}
		}
		t.Logf("took %v", took)
	})
}

func TestARefusedEntryIsNotAskedForOverAndOver(t *testing.T) {
	inCampus(t, 2, nil, func(c *campus) {
		c.meshed()
		a, b := c.nodes[0], c.nodes[1]
		b.log.edit(func() { b.log.refuse = func(e entry) bool { return e.Body == "poison" } })
		a.log.write("day", "poison")
		for range 20 {
			a.log.write("day", "behind it")
		}
		a.log.write("other", "fine")
		c.within(5*time.Second, "what is not behind the poison", func() bool { return b.log.size() == 1 })
		time.Sleep(time.Minute)
		synctest.Wait()
		before := b.log.received()
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		perPull := 21 * len(`{"Doc":"day","Actor":"00000000000000000000000000000000/0","Seq":10,"Body":"behind it"}`)
		if got := b.log.received() - before; got > 6*perPull {
			t.Fatalf("%d bytes in ten minutes for entries that are refused", got)
		}
		if asOf := a.news(b).AsOf; time.Since(asOf) > 5*time.Second {
			t.Fatalf("the poisoned node's own news is %v old", time.Since(asOf))
		}
	})
}

// Who offers ever more ranges of which nothing is taken has no others forgotten
// at once, and fills nobody's memory.
func TestStallsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var st stalls
		peer := identity.NodeID{1}
		all := make([]span, maxStalls+1)
		for i := range all {
			all[i] = span{Doc: fmt.Sprint(i), Upto: whole}
			st.note(peer, all[i], 0, time.Minute)
		}
		asked := slices.DeleteFunc(all, func(s span) bool { return st.skip(peer, s) })
		if len(asked) != 1 || len(st.by) != maxStalls {
			t.Fatalf("%d are asked for at once, and %d remembered; want 1 and %d", len(asked), len(st.by), maxStalls)
		}
	})
}
