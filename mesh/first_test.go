package mesh

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/upprop/upprop/mesh/memnet"
)

// hastyLog is a fakeLog in which what begins with "open" matters first.
type hastyLog struct {
	*fakeLog
	mu    sync.Mutex
	early []string
	held  []int // how many entries were held when each came
}

func (l *hastyLog) First(wanted func(doc string, actor []byte, seq uint64) bool, fn func([]byte) error) error {
	l.fakeLog.mu.Lock()
	var raws [][]byte
	for doc, actors := range l.docs {
		for actor, all := range actors {
			for i, raw := range all {
				if strings.Contains(string(raw), `"Body":"open`) && wanted(doc, []byte(actor), uint64(i+1)) {
					raws = append(raws, raw)
				}
			}
		}
	}
	l.fakeLog.mu.Unlock()
	for _, raw := range raws {
		if err := fn(raw); err != nil {
			return err
		}
	}
	return nil
}

func (l *hastyLog) Early(raws [][]byte) {
	held := l.size()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, raw := range raws {
		var e entry
		_ = json.Unmarshal(raw, &e)
		l.early, l.held = append(l.early, e.Body), append(l.held, held)
	}
}

// After a long split what matters first comes before all the history, over a
// slow link, and comes again in its turn.
func TestWhatMattersComesFirst(t *testing.T) {
	logs := map[*fakeLog]*hastyLog{}
	hasty := func(cfg *Config) {
		l := cfg.Log.(*fakeLog)
		if logs[l] == nil {
			logs[l] = &hastyLog{fakeLog: l}
		}
		cfg.Log = logs[l]
	}
	inCampus(t, 3, hasty, func(c *campus) {
		c.meshed()
		a, b, far := c.nodes[0], c.nodes[1], c.nodes[2]
		c.net.Partition(memnet.Closing, ids(a, b), ids(far))
		far.log.write("day", "open at far")
		const count = 4000
		for i := range count {
			body := strings.Repeat("x", 1000)
			if i%1000 == 999 {
				body = fmt.Sprint("open ", i)
			}
			a.log.write("day", body)
		}
		c.within(time.Minute, "the half", func() bool { return b.log.size() == count })
		c.net.Delay(a.id(), far.id(), 50*time.Millisecond, 0)
		c.net.Delay(b.id(), far.id(), 50*time.Millisecond, 0)
		c.net.Heal()
		c.within(time.Minute, "all", c.all(count+1))
		l := logs[far.log]
		slices.Sort(l.early)
		if got := slices.Compact(l.early); !slices.Equal(got, []string{"open 1999", "open 2999", "open 3999", "open 999"}) {
			t.Fatalf("early: %v", got)
		}
		if l.held[0] > count/4 {
			t.Fatalf("%d entries were held when what matters came", l.held[0])
		}
		if n := far.Counts()["entries_early"]; n > 8 {
			t.Fatalf("%d entries came early, of 4", n)
		}
	})
}
