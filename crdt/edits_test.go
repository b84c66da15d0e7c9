package crdt

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
)

// verdict is a roster that knows of one revocation, or not yet.
type verdict struct {
	mu    sync.Mutex
	of    record.NodeID
	last  map[slot]uint64
	known bool
}

func (v *verdict) standing(id record.EventID) record.Standing {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.known && id.Actor.Node() == v.of && id.Seq > v.last[slot{id.Doc, id.Actor}] {
		return record.Late
	}
	return record.Counted
}

func (v *verdict) learn(t rapid.TB, m *member, of record.NodeID, last map[slot]uint64) {
	v.mu.Lock()
	v.of, v.last, v.known = of, last, true
	v.mu.Unlock()
	if err := m.Rejudge(); err != nil {
		t.Fatal(err)
	}
}

func judging(t *testing.T, c *campusOf, name string) (*member, *verdict) {
	m, v := c.node(name), &verdict{}
	_ = m.Close()
	m.cfg.Standing = v.standing
	m.store = m.store.Reopen()
	m.open(t)
	return m, v
}

func putSetting(t rapid.TB, m *member, key, value string) {
	t.Helper()
	if _, err := m.Commit(context.Background(), Draft{Setting: &Setting{Key: key, Value: shape.String(value)}}); err != nil {
		t.Fatal(err)
	}
}

func lastOf(m *member, of record.NodeID) map[slot]uint64 {
	last := map[slot]uint64{}
	for doc := range m.Digests() {
		for _, h := range m.Vector(doc) {
			if h.Actor.Node() == of {
				last[slot{doc, h.Actor}] = h.Seq
			}
		}
	}
	return last
}

func TestARevokedNodesLateSettingGivesWayToTheOneBefore(t *testing.T) {
	for _, first := range []string{"revocation", "setting"} {
		t.Run(first+" first", func(t *testing.T) {
			c := newTestCampus(t)
			a, av := judging(t, c, "a")
			b, _ := judging(t, c, "b")
			putSetting(t, b, "campus/name", "Ekudden")
			pull(t, a, b)
			last := lastOf(a, b.cfg.Node)
			putSetting(t, b, "campus/name", "Stolen")
			putSetting(t, b, "zone/x/name", "Late")
			if first == "setting" {
				pull(t, a, b)
			}
			av.learn(t, a, b.cfg.Node, last)
			pull(t, a, b)
			check := func() {
				t.Helper()
				if s, _ := a.Setting("campus/name"); s.Value.String() != "Ekudden" || len(a.Settings("")) != 1 {
					t.Fatalf("what a revoked node wrote late stands: %v", a.Settings(""))
				}
			}
			check()
			a.crash(t)
			check()
			// To repeat what the revoked node wrote is not taken for unchanged.
			again := Draft{Setting: &Setting{Key: "campus/name", Value: shape.String("Stolen")}}
			var over *OverruledError
			if _, err := a.Commit(context.Background(), again); !errors.Is(err, ErrDraft) || !errors.As(err, &over) || over.Key != "campus/name" {
				t.Fatalf("an edit that changes nothing was acknowledged: %v", err)
			}
			putSetting(t, a, "campus/name", "Other")
			putSetting(t, a, "campus/name", "Stolen")
			if s, _ := a.Setting("campus/name"); s.Value.String() != "Stolen" {
				t.Fatal("an edit upon one that does not count is lost")
			}
		})
	}
}

// Whatever the order in which edits and the revocation reach whom, all show
// the same settings in the end, and none that does not count.
func TestAllJudgeSettingsAlike(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := newTestCampus(t)
		var nodes [3]*member
		var verdicts [3]*verdict
		for i := range nodes {
			nodes[i], verdicts[i] = judging(t, c, fmt.Sprint("n", i))
		}
		revoked := nodes[2].cfg.Node
		var last map[slot]uint64
		counted := map[string]bool{}
		for n := range rapid.IntRange(1, 25).Draw(rt, "steps") {
			i := rapid.IntRange(0, 2).Draw(rt, "node")
			switch rapid.SampledFrom([]string{"put", "put", "pull", "revoke", "crash"}).Draw(rt, "what") {
			case "put":
				key := rapid.SampledFrom([]string{"zone/a/name", "zone/b/name"}).Draw(rt, "key")
				putSetting(rt, nodes[i], key, fmt.Sprintf("%d from %d", n, i))
				if i != 2 {
					counted[key] = true
				}
			case "pull":
				pull(t, nodes[i], nodes[(i+rapid.IntRange(1, 2).Draw(rt, "from"))%3])
			case "revoke":
				if last == nil && i != 2 {
					last = lastOf(nodes[i], revoked)
				}
				if last != nil {
					verdicts[i].learn(rt, nodes[i], revoked, last)
				}
			case "crash":
				nodes[i].crash(t)
			}
		}
		if last == nil {
			last = map[slot]uint64{}
		}
		for range 2 {
			for i := range nodes {
				pull(t, nodes[i], nodes[(i+1)%3])
				pull(t, nodes[i], nodes[(i+2)%3])
			}
		}
		for i := range nodes {
			verdicts[i].learn(rt, nodes[i], revoked, last)
			if d := cmp.Diff(nodes[0].Settings(""), nodes[i].Settings(""), cmp.AllowUnexported(shape.Value{})); d != "" {
				rt.Fatal(d)
			}
		}
		for key := range counted {
			if _, ok := nodes[0].Setting(key); !ok {
				rt.Fatalf("%s has edits that count, and no value", key)
			}
		}
		if len(last) == 0 {
			for _, s := range nodes[0].Settings("") {
				if strings.HasSuffix(s.Value.String(), "from 2") {
					rt.Fatalf("%s is what a node wrote of which nothing counts", s.Key)
				}
			}
		}
	})
}
