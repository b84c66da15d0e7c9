package mesh

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/mesh/memnet"
)

// crowdedLog is a fakeLog that one member has filled.
type crowdedLog struct {
	*fakeLog
	docs  []DocDigest
	heads []Head // in the document "day"
}

func (l crowdedLog) Digests() ([]DocDigest, error) {
	own, err := l.fakeLog.Digests()
	return slices.Concat(l.docs, own), err
}

func (l crowdedLog) Vector(doc string) ([]Head, error) {
	own, err := l.fakeLog.Vector(doc)
	if doc == "day" {
		own = slices.Concat(l.heads, own)
	}
	return own, err
}

const nobody = "00000000000000000000000000000000"

// pickyLog is a fakeLog that takes nothing more of a crowd.
type pickyLog struct{ *fakeLog }

func (pickyLog) Wants(string) bool { return true }
func (l pickyLog) Takes(_ string, actor []byte) bool {
	return !strings.HasPrefix(string(actor), nobody)
}

// One member that fills everybody with documents, or with heads of one, does
// not end the repair between the others.
func TestACrowdDoesNotEndRepair(t *testing.T) {
	const crowd = maxDocs + 5000
	docs, heads := make([]DocDigest, crowd), make([]Head, crowd)
	for i := range crowd {
		docs[i].Doc = fmt.Sprint("day/", i, "/x")
		heads[i] = Head{fmt.Append(nil, "crowd", i), 1}
	}
	for name, filled := range map[string]crowdedLog{"documents": {docs: docs}, "heads": {heads: heads}} {
		t.Run(name, func(t *testing.T) {
			tune := func(cfg *Config) {
				cfg.RepairEvery = time.Hour
				cfg.Log = crowdedLog{cfg.Log.(*fakeLog), filled.docs, filled.heads}
			}
			inCampus(t, 2, tune, func(c *campus) {
				c.meshed()
				a, b := c.nodes[0], c.nodes[1]
				c.net.Partition(memnet.Closing, ids(a), ids(b))
				for range 20 {
					a.log.write("day", "what b lacks")
					a.log.write("last", "what b lacks")
				}
				c.net.Heal()
				c.within(time.Minute, "a connection", func() bool { return b.peer(a.id()) != nil })
				// What there is no room for in one comparison is in another.
				c.within(10*time.Minute, "all", func() bool {
					b.Fetch(a.id())
					time.Sleep(10 * time.Second)
					synctest.Wait()
					return b.log.size() == 40
				})
				if n := b.Counts()["pulls_failed"]; n != 0 {
					t.Fatalf("%d pulls failed", n)
				}
				if lacks := b.Lacks()[a.id()]; lacks.Entries != 0 {
					t.Fatalf("%d entries are said to be lacking", lacks.Entries)
				}
			})
		})
	}
}

// What the Log would not take of a member anyway is not asked for.
func TestACrowdIsNotAskedFor(t *testing.T) {
	picky := func(cfg *Config) { cfg.Log = pickyLog{cfg.Log.(*fakeLog)} }
	inCampus(t, 2, picky, func(c *campus) {
		c.meshed()
		a, b := c.nodes[0], c.nodes[1]
		a.log.edit(func() {
			for i := range 100 {
				actor := fmt.Sprint(nobody, "/", i)
				raw, _ := json.Marshal(entry{"day", actor, 1, "x"})
				a.log.store("day", actor, raw)
			}
		})
		a.log.write("day", "what b lacks")
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if n := b.log.size(); n != 1 {
			t.Fatalf("%d entries are held, want 1", n)
		}
		if n := a.Counts()["entries_out"]; n > 1 {
			t.Fatalf("%d entries were sent", n)
		}
	})
}

func TestAnyOfIsFair(t *testing.T) {
	items := []int{0, 1, 2, 3, 4}
	seen := map[int]int{}
	for range 1000 {
		got := anyOf(items, 2)
		if len(got) != 2 || got[1] != (got[0]+1)%5 {
			t.Fatal(got)
		}
		seen[got[0]]++
	}
	for i, n := range seen {
		if n < 100 || len(seen) != 5 {
			t.Fatalf("%d came first %d times in 1000: %v", i, n, seen)
		}
	}
	if got := anyOf(items, 5); len(got) != 5 || got[0] != 0 {
		t.Fatal(got)
	}
}
