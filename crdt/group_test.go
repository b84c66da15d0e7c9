package crdt

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
)

// refusing is a member that refuses one edit while it is written, not before:
// to repeat what a revoked node set last.
func refusing(t *testing.T) (c *campusOf, a *member, bad Draft) {
	c = newTestCampus(t)
	a, v := judging(t, c, "a")
	b, _ := judging(t, c, "b")
	putSetting(t, b, "campus/name", "Ekudden")
	pull(t, a, b)
	last := lastOf(a, b.cfg.Node)
	putSetting(t, b, "campus/name", "Stolen")
	pull(t, a, b)
	v.learn(t, a, b.cfg.Node, last)
	return c, a, setting("campus/name", "Stolen")
}

func setting(key, value string) Draft {
	return Draft{Setting: &Setting{Key: key, Value: shape.String(value)}}
}

func arrival(n int) Draft {
	return Draft{Event: &record.Event{Kind: record.Arrived, Visit: someone(n)}}
}

// together writes requests as one group and says what each is told.
func (m *member) together(t *testing.T, all ...[]Draft) (ids [][]record.EventID, errs []error) {
	t.Helper()
	var group []*request
	for _, drafts := range all {
		group = append(group, &request{drafts: drafts, reply: make(chan error, 1)})
	}
	m.writing.Lock()
	f, err := m.writeGroup(group)
	if err == nil {
		m.finish <- f
	}
	m.writing.Unlock()
	for _, q := range group {
		errs, ids = append(errs, <-q.reply), append(ids, q.ids)
	}
	return ids, errs
}

// fed is how many entries the feed counts, and whether none is missing.
func (m *member) fed(t *testing.T) (n uint64) {
	t.Helper()
	m.writing.Lock()
	defer m.writing.Unlock()
	for seq := uint64(1); seq <= m.feedEnd; seq++ {
		if _, err := m.store.Get(feedKey(seq)); err != nil {
			t.Fatalf("feed number %d of %d: %v", seq, m.feedEnd, err)
		}
	}
	return m.feedEnd
}

func TestABadDraftFailsAlone(t *testing.T) {
	c, a, bad := refusing(t)
	d := c.node("d")
	actor, before := a.Actor(), a.fed(t)
	ids, errs := a.together(
		t,
		[]Draft{bad},
		[]Draft{arrival(1)},
		[]Draft{setting("zone/1/name", "A")},
		[]Draft{arrival(2), setting("zone/2/name", "B"), arrival(3), setting("zone/1/name", "B"), bad},
		[]Draft{bad},
		[]Draft{setting("zone/1/name", "C"), arrival(4), setting("zone/1/name", "C")},
	)
	for i, ok := range []bool{false, true, true, false, false, true} {
		if ok && errs[i] != nil || !ok && !errors.Is(errs[i], ErrDraft) {
			t.Errorf("request %d: %v", i, errs[i])
		}
	}
	if a.Actor() != actor {
		t.Error("a bad draft made the node a new actor")
	}
	if n := a.fed(t) - before; n != 4 {
		t.Errorf("the feed counts %d entries, 4 were written", n)
	}
	if got := ids[5]; len(got) != 3 || got[0].Seq != 2 || got[1].Seq != 2 || got[2] != (record.EventID{}) {
		t.Errorf("ids of the last request: %v", got)
	}
	check := func(m *member) {
		t.Helper()
		var in []record.VisitID
		for _, p := range m.Open() {
			in = append(in, p.Visit)
		}
		if len(in) != 2 || m.Holds(record.EventID{Doc: ids[1][0].Doc, Actor: actor, Seq: 3}) {
			t.Errorf("%s: %d people are in, 2 came", m.name, len(in))
		}
		one, _ := m.Setting("zone/1/name")
		if _, ok := m.Setting("zone/2/name"); ok || one.Value.String() != "C" {
			t.Errorf("%s: settings %v", m.name, m.Settings(""))
		}
		agree(t, m)
	}
	check(a)
	pull(t, d, a)
	check(d)
	// What was taken back leaves no trace in what is built next.
	putSetting(t, a, "zone/2/name", "D")
	a.arrive(t, someone(5))
	if a.Actor() != actor {
		t.Error("a new actor")
	}
	a.crash(t)
	pull(t, d, a)
	same(t, a, d)
	agree(t, d)
	if diff := cmp.Diff(a.Settings("zone/"), d.Settings("zone/"), cmp.AllowUnexported(shape.Value{})); diff != "" || len(d.Settings("zone/")) != 2 {
		t.Error(diff)
	}
}

// An edit that the core makes into something else is not written, and not left
// in the document either.
func TestASpoiltSettingIsTakenBack(t *testing.T) {
	c := newTestCampus(t)
	a, d := c.node("a"), c.node("d")
	putSetting(t, a, "zone/1/name", "A")
	actor := a.Actor()
	a.writing.Lock()
	if err := a.campus.doc.RootMap().Set("zone/x/name", "two in one"); err != nil {
		t.Fatal(err)
	}
	a.writing.Unlock()
	_, errs := a.together(t, []Draft{arrival(1), setting("zone/2/name", "B")}, []Draft{setting("zone/3/name", "C")}, []Draft{arrival(2)})
	if errs[0] == nil || errs[1] != nil || errs[2] != nil {
		t.Fatal(errs)
	}
	if a.Actor() != actor {
		t.Error("a new actor")
	}
	pull(t, d, a)
	same(t, a, d)
	if n := len(d.Settings("")); n != 2 || len(d.Open()) != 1 {
		t.Errorf("%d settings: %v", n, d.Settings(""))
	}
	doc := a.campus.id
	one, err := a.Snapshot(doc)
	two, err2 := d.Snapshot(doc)
	if err := errors.Join(err, err2); err != nil || string(one) != string(two) {
		t.Error("the documents differ:", err)
	}
}

// A disk that refuses is everybody's trouble, as ever.
func TestAGroupFailsAsAWholeOnDisk(t *testing.T) {
	c := newTestCampus(t)
	a, disk := c.inTrouble("a")
	actor := a.Actor()
	refused := errors.New("refused")
	disk.set(func() { disk.refuse = refused })
	_, errs := a.together(t, []Draft{arrival(1)}, []Draft{setting("zone/1/name", "A")})
	if !errors.Is(errs[0], refused) || !errors.Is(errs[1], refused) || a.Actor() == actor {
		t.Fatal(errs, a.Actor() == actor)
	}
	disk.set(func() { disk.refuse = nil })
	putSetting(t, a, "zone/1/name", "A")
	if n := len(a.Settings("")); n != 1 || len(a.Open()) != 0 || a.fed(t) != 1 {
		t.Errorf("%d settings, feed at %d", n, a.fed(t))
	}
}

// Many at once, some of whom write what cannot be: nobody else notices.
func TestGoodAndBadCommitsAtOnce(t *testing.T) {
	c, a, bad := refusing(t)
	d := c.node("d")
	actor, before := a.Actor(), a.fed(t)
	const writers, each = 8, 40
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range each {
				n := w*each + i
				if _, err := a.Commit(context.Background(), arrival(n), setting("zone/"+string(rune('a'+w))+"/name", string(rune('a'+i%26)))); err != nil {
					t.Error("a good commit:", err)
				}
			}
		})
	}
	for w := range writers / 2 {
		all.Go(func() {
			for i := range each {
				drafts := []Draft{bad}
				if i%2 == 0 {
					drafts = []Draft{arrival(1000000 + w*each + i), setting("zone/bad/name", string(rune('a'+i%26))), bad}
				}
				if _, err := a.Commit(context.Background(), drafts...); !errors.Is(err, ErrDraft) {
					t.Error("a bad commit:", err)
				}
			}
		})
	}
	all.Wait()
	if a.Actor() != actor {
		t.Error("a new actor")
	}
	if n := a.fed(t) - before; n != 2*writers*each {
		t.Errorf("the feed counts %d entries, %d were written", n, 2*writers*each)
	}
	if n := len(a.Open()); n != writers*each {
		t.Errorf("%d people are in, %d came", n, writers*each)
	}
	if _, ok := a.Setting("zone/bad/name"); ok {
		t.Error("a setting of a bad commit stands")
	}
	agree(t, a)
	pull(t, d, a)
	same(t, a, d)
	a.crash(t)
	same(t, a, d)
}
