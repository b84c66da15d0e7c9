package crdt

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/crdt/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// member is one node of a test campus.
type member struct {
	*Replica
	name  string
	store *store.Mem
	cfg   Config
}

type campusOf struct {
	t    testing.TB
	mu   sync.Mutex
	keys map[record.NodeID]ed25519.PublicKey
	now  time.Time
}

func newTestCampus(t testing.TB) *campusOf {
	return &campusOf{t: t, keys: map[record.NodeID]ed25519.PublicKey{}, now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
}

func (c *campusOf) clock() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *campusOf) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// keyOf is a node's public key.
type keyOf = ed25519.PublicKey

func privateKey(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

// key makes a node known to the campus and returns its id.
func (c *campusOf) key(name string) record.NodeID {
	pub := privateKey(name).Public().(ed25519.PublicKey)
	sum := sha256.Sum256(pub)
	id := record.NodeID(sum[:16])
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keys[id] = pub
	return id
}

func (c *campusOf) config(name string) Config {
	priv := privateKey(name)
	return Config{
		Node: c.key(name), Site: "North",
		Sign: func(root []byte) []byte { return ed25519.Sign(priv, root) },
		Check: func(n record.NodeID, root, sig []byte) bool {
			c.mu.Lock()
			defer c.mu.Unlock()
			k, ok := c.keys[n]
			return ok && ed25519.Verify(k, root, sig)
		},
		Now: c.clock,
	}
}

func (c *campusOf) node(name string) *member {
	c.key(name)
	m := &member{name: name, store: store.NewMem(1), cfg: c.config(name)}
	m.open(c.t)
	c.t.Cleanup(func() { _ = m.Close() })
	return m
}

func (m *member) open(t testing.TB) {
	t.Helper()
	m.cfg.Store = m.store
	r, err := Open(m.cfg)
	if err != nil {
		t.Fatal(err)
	}
	m.Replica = r
}

// crash ends the node as a power cut would and starts it again.
func (m *member) crash(t testing.TB) {
	t.Helper()
	next := m.store.Crash()
	_ = m.Close()
	m.store = next
	m.open(t)
}

func (m *member) arrive(t testing.TB, v record.VisitID) record.EventID {
	t.Helper()
	ids, err := m.Commit(context.Background(), Draft{Event: &record.Event{
		Kind: record.Arrived, Visit: v, Place: record.Place{Site: "North", Entrance: record.EntranceID(m.name)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return ids[0]
}

func (m *member) leave(t testing.TB, v record.VisitID) {
	t.Helper()
	if _, err := m.Commit(context.Background(), Draft{Event: &record.Event{Kind: record.Left, Visit: v}}); err != nil {
		t.Fatal(err)
	}
}

// missing are the encoded entries that from holds and to does not.
func missing(t testing.TB, from, to *member) (raws [][]byte) {
	t.Helper()
	for doc := range from.Digests() {
		have := map[record.ActorID]uint64{}
		for _, h := range to.Vector(doc) {
			have[h.Actor] = h.Seq
		}
		for _, h := range from.Vector(doc) {
			err := from.Read(doc, h.Actor, have[h.Actor], func(_ uint64, raw []byte) error {
				raws = append(raws, bytes.Clone(raw))
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	return raws
}

func pull(t testing.TB, to, from *member) {
	t.Helper()
	if _, err := to.Put(context.Background(), missing(t, from, to)); err != nil {
		t.Fatal(err)
	}
}

func someone(n int) (v record.VisitID) {
	sum := sha256.Sum256([]byte(fmt.Sprint("visit", n)))
	return record.VisitID(sum[:16])
}

func same(t testing.TB, a, b *member) {
	t.Helper()
	if d := cmp.Diff(a.Open(), b.Open()); d != "" {
		t.Fatalf("%s and %s differ:\n%s", a.name, b.name, d)
	}
	if d := cmp.Diff(a.Digests(), b.Digests()); d != "" {
		t.Fatalf("%s and %s hold different entries:\n%s", a.name, b.name, d)
	}
}

func TestOutAtAnotherDoorWhileCutOff(t *testing.T) {
	c := newTestCampus(t)
	east, west := c.node("east"), c.node("west")
	east.arrive(t, someone(1))
	east.arrive(t, someone(2))
	// West has heard of nobody; it has only the code of a badge.
	if _, err := west.Commit(context.Background(), Draft{Event: &record.Event{Kind: record.Left, Badge: someone(1).Badge()}}); err != nil {
		t.Fatal(err)
	}
	pull(t, west, east)
	pull(t, east, west)
	same(t, east, west)
	open := east.Open()
	if len(open) != 1 || open[0].Visit != someone(2) {
		t.Fatalf("%+v", open)
	}
	p, err := west.Presence(someone(1))
	if err != nil || p.State != record.Gone || p.Left.By() != west.cfg.Node {
		t.Fatalf("%+v %v", p, err)
	}
}

// Any order, duplication and split of the same entries gives the same replica,
// also when entries come before those they follow.
func TestSameEntriesSameList(t *testing.T) {
	c := newTestCampus(t)
	writers := []*member{c.node("a"), c.node("b"), c.node("d")}
	r := rand.New(rand.NewPCG(7, 7))
	var all [][]byte
	reader0 := c.node("reader")
	for i := range 120 {
		w := writers[r.IntN(3)]
		switch {
		case r.IntN(3) > 0:
			w.arrive(t, someone(i))
		default:
			w.leave(t, someone(r.IntN(i+1)))
		}
		if r.IntN(40) == 0 {
			w.crash(t)
		}
	}
	for _, w := range writers {
		all = append(all, missing(t, w, reader0)...)
	}
	if _, err := reader0.Put(context.Background(), all); err != nil {
		t.Fatal(err)
	}
	for n := range 6 {
		reader := c.node(fmt.Sprint("reader", n))
		r := rand.New(rand.NewPCG(uint64(n), 3))
		for tries := 0; len(missing(t, reader0, reader)) > 0; tries++ {
			if tries > 5000 {
				t.Fatal("does not converge")
			}
			batch := make([][]byte, 0, 20)
			for range r.IntN(20) + 1 {
				batch = append(batch, all[r.IntN(len(all))])
			}
			if _, err := reader.Put(context.Background(), batch); err != nil {
				t.Fatal(err)
			}
			if r.IntN(25) == 0 {
				reader.crash(t)
			}
		}
		same(t, reader0, reader)
	}
}

func TestNothingAcknowledgedIsLostInACrash(t *testing.T) {
	c := newTestCampus(t)
	n := c.node("east")
	var mu sync.Mutex
	acked := map[record.VisitID]bool{}
	for round := range 12 {
		var wg sync.WaitGroup
		for g := range 8 {
			wg.Go(func() {
				for i := range 5 {
					v := someone(round*1000 + g*100 + i)
					_, err := n.Commit(context.Background(), Draft{Event: &record.Event{Kind: record.Arrived, Visit: v}})
					if err != nil {
						return
					}
					mu.Lock()
					acked[v] = true
					mu.Unlock()
				}
			})
		}
		if round%2 == 0 {
			wg.Wait()
		}
		next := n.store.Crash()
		wg.Wait()
		_ = n.Close()
		n.store = next
		n.open(t)
		open := map[record.VisitID]bool{}
		for _, p := range n.Open() {
			open[p.Visit] = true
		}
		for v := range acked {
			if !open[v] {
				t.Fatalf("round %d: an acknowledged arrival is gone", round)
			}
		}
	}
}

func TestRestartKeepsThePast(t *testing.T) {
	c := newTestCampus(t)
	n, other := c.node("east"), c.node("west")
	n.arrive(t, someone(1))
	first := n.Actor()
	n.crash(t)
	if n.Actor() == first {
		t.Fatal("a restarted node writes as the same actor")
	}
	n.arrive(t, someone(2))
	pull(t, other, n)
	same(t, n, other)
	if len(n.Open()) != 2 {
		t.Fatal("lost")
	}
}

// What the index says is what the Automerge documents hold.
func TestIndexAgreesWithDocuments(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.node("a"), c.node("b")
	for i := range 30 {
		a.arrive(t, someone(i))
		b.arrive(t, someone(i+100))
	}
	pull(t, a, b)
	pull(t, b, a)
	for doc := range a.Digests() {
		ea, err := a.DocumentEvents(doc)
		if err != nil {
			t.Fatal(err)
		}
		eb, err := b.DocumentEvents(doc)
		if err != nil {
			t.Fatal(err)
		}
		if len(ea) != 60 || !cmp.Equal(ea, eb) {
			t.Fatalf("%d and %d events", len(ea), len(eb))
		}
	}
}

func TestForeignAndAlteredEntriesAreRefused(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.node("a"), c.node("b")
	a.arrive(t, someone(1))
	a.arrive(t, someone(2))
	raws := missing(t, a, b)
	for i := range raws[0] {
		raw := bytes.Clone(raws[0])
		raw[i] ^= 0x40
		if _, err := b.Put(context.Background(), [][]byte{raw}); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(b.Open()); n != 0 {
		t.Fatalf("%d altered entries were taken", n)
	}
	stranger := newTestCampus(t).node("stranger")
	stranger.arrive(t, someone(9))
	if _, err := b.Put(context.Background(), missing(t, stranger, b)); err != nil {
		t.Fatal(err)
	}
	if len(b.Open()) != 0 || b.Refused()[record.NodeID{}]["signature"] == 0 {
		t.Fatal("a stranger's entry was taken, or not counted")
	}
	if _, err := b.Put(context.Background(), raws); err != nil || len(b.Open()) != 2 {
		t.Fatal("the right entries are refused after the wrong ones", err)
	}
}

func TestPositionCoversJustWhatIsHeld(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.node("a"), c.node("b")
	a.arrive(t, someone(1))
	a.crash(t)
	a.arrive(t, someone(2))
	_, early := a.Position()
	a.arrive(t, someone(3))
	_, late := a.Position()
	raws := missing(t, a, b)
	if b.Covers(a.cfg.Node, early) {
		t.Fatal("covers what it does not hold")
	}
	for i := range raws {
		if _, err := b.Put(context.Background(), raws[i:i+1]); err != nil {
			t.Fatal(err)
		}
		holds := len(missing(t, a, b)) == 0
		if got := b.Covers(a.cfg.Node, late); got != holds {
			t.Fatalf("after %d: covers %v, holds all %v", i+1, got, holds)
		}
	}
	if !b.Covers(a.cfg.Node, early) {
		t.Fatal("a later state does not cover an earlier position")
	}
	c.advance(49 * time.Hour)
	a.arrive(t, someone(4))
	_, pos := a.Position()
	pull(t, b, a)
	if !b.Covers(a.cfg.Node, pos) {
		t.Fatal("closed days are not covered")
	}
	if b.Covers(b.cfg.Node, pos) {
		t.Fatal("covers another node's position")
	}
}

// A node that comes back from an old copy is noticed by what it says of
// itself; one that merely restarts is not.
func TestPositionTellsAnOldCopyFromARestart(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.node("a"), c.node("b")
	a.arrive(t, someone(1))
	copied := a.store.Reopen()
	a.arrive(t, someone(2))
	_, before := a.Position()
	a.crash(t)
	a.arrive(t, someone(3))
	_, restarted := a.Position()
	if !b.Within(a.cfg.Node, before, restarted) {
		t.Fatal("a restart is taken for a loss")
	}
	if !a.HoldsNamed(a.cfg.Node, before) || !a.HoldsNamed(a.cfg.Node, restarted) {
		t.Fatal("a node that was started again is said to lack what it wrote")
	}
	old := missing(t, a, b)
	_ = a.Close()
	a.store = copied
	a.open(t)
	a.arrive(t, someone(4))
	_, restored := a.Position()
	if a.HoldsNamed(a.cfg.Node, before) || a.HoldsNamed(a.cfg.Node, restarted) || !a.HoldsNamed(a.cfg.Node, restored) {
		t.Fatal("what an old copy lacks is not seen")
	}
	if b.Within(a.cfg.Node, before, restored) || b.Within(a.cfg.Node, restarted, restored) {
		t.Fatal("an old copy is not noticed")
	}
	if _, err := a.Put(context.Background(), old); err != nil {
		t.Fatal(err)
	}
	if !a.HoldsNamed(a.cfg.Node, before) || !a.HoldsNamed(a.cfg.Node, restarted) {
		t.Fatal("what came back is said to be lacking")
	}
}

func TestSettingsMergeFieldByField(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.node("a"), c.node("b")
	set := func(m *member, k, v string) {
		t.Helper()
		if _, err := m.Commit(context.Background(), Draft{Setting: &Setting{Key: k, Value: shape.String(v)}}); err != nil {
			t.Fatal(err)
		}
	}
	set(a, "campus/name", "Ekudden")
	pull(t, b, a)
	set(a, "zone/b2/name", "Building 2")
	set(b, "zone/b3/name", "Building 3")
	set(a, "campus/name", "Ekudden A")
	set(b, "campus/name", "Ekudden B")
	set(b, "campus/name", "Ekudden B2")
	set(b, "campus/name", "Ekudden B2") // unchanged: no entry
	pull(t, a, b)
	pull(t, b, a)
	same(t, a, b)
	if d := cmp.Diff(a.Settings(""), b.Settings(""), cmp.AllowUnexported(shape.Value{})); d != "" {
		t.Fatal(d)
	}
	// A setting cannot be taken away, but it can be emptied.
	for _, v := range []string{"key", ""} {
		if _, err := a.Commit(context.Background(), Draft{Setting: &Setting{Key: "audience/x", Value: shape.Bytes([]byte(v))}}); err != nil {
			t.Fatal(err)
		}
	}
	pull(t, b, a)
	if s := b.Settings("audience/"); len(s) != 1 || s[0].Value.Kind() != shape.KindBytes || len(s[0].Value.Bytes()) != 0 {
		t.Fatalf("%+v", s)
	}
	if n := len(a.Settings("zone/")); n != 2 {
		t.Fatalf("%d zones", n)
	}
	a.crash(t)
	if d := cmp.Diff(a.Settings(""), b.Settings(""), cmp.AllowUnexported(shape.Value{})); d != "" {
		t.Fatal(d)
	}
	set(a, "campus/name", "Ekudden C")
	pull(t, b, a)
	if s, _ := b.Setting("campus/name"); s.Value.String() != "Ekudden C" {
		t.Fatal("a later edit does not stand")
	}
}

func TestDroppedDayDoesNotComeBack(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.node("a"), c.node("b")
	a.arrive(t, someone(1))
	a.arrive(t, someone(2))
	a.leave(t, someone(2))
	pull(t, b, a)
	old := missing(t, a, c.node("empty"))
	c.advance(100 * 24 * time.Hour)
	today := record.DayOf(c.clock())
	for _, m := range []*member{a, b} {
		if err := m.DropBefore(context.Background(), today-60); err != nil {
			t.Fatal(err)
		}
		if _, err := m.Put(context.Background(), old); err != nil {
			t.Fatal(err)
		}
	}
	pull(t, a, b)
	pull(t, b, a)
	for _, m := range []*member{a, b} {
		m.crash(t)
		open := m.Open()
		if len(open) != 1 || open[0].Visit != someone(1) {
			t.Fatalf("%+v", open)
		}
		if _, err := m.Presence(someone(2)); !errors.Is(err, ErrUnknownVisit) {
			t.Fatal("a dropped visit is still known", err)
		}
	}
	if a.Open()[0].Since.Time().After(c.clock().Add(-90 * 24 * time.Hour)) {
		t.Fatal("the carried visit forgot when it began")
	}
	same(t, a, b)
}

func TestShreddedWinsInAnyOrder(t *testing.T) {
	c := newTestCampus(t)
	v := someone(1)
	both := Draft{Sealed: []record.SealedEntry{
		{Kind: record.KeyPut, Visit: v, Audience: record.CardAudience, Version: 1, Box: []byte("wrapped")},
		{Kind: record.PartPut, Visit: v, Audience: record.CardAudience, Version: 1, Box: []byte("sealed")},
	}}
	shred := Draft{Sealed: []record.SealedEntry{{Kind: record.Shred, Visit: v, Audience: record.CardAudience}}}
	a, b := c.node("a"), c.node("b")
	if _, err := a.Commit(context.Background(), both); err != nil {
		t.Fatal(err)
	}
	k := record.PartKey{Visit: v, Audience: record.CardAudience}
	if p, err := a.Sealed(k); err != nil || string(p.Box) != "sealed" || string(p.Key) != "wrapped" {
		t.Fatal(err)
	}
	if _, err := b.Commit(context.Background(), shred); err != nil {
		t.Fatal(err)
	}
	pull(t, a, b)
	pull(t, b, a)
	for _, m := range []*member{a, b} {
		if _, err := m.Sealed(k); !errors.Is(err, ErrErased) {
			t.Fatalf("%s: %v", m.name, err)
		}
	}
}

func TestFeedResumesWhereItStopped(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.node("a"), c.node("b")
	for i := range 5 {
		a.arrive(t, someone(i))
		b.arrive(t, someone(50+i))
	}
	pull(t, a, b)
	first, err := a.Feed(0, 4)
	if err != nil || len(first) != 4 {
		t.Fatal(len(first), err)
	}
	a.crash(t)
	rest, err := a.Feed(first[3].Cursor, 100)
	if err != nil || len(rest) != 6 || rest[0].Event == nil {
		t.Fatal(len(rest), err)
	}
	seen := map[record.VisitID]bool{}
	for _, ch := range append(first, rest...) {
		seen[ch.Event.Visit] = true
	}
	if len(seen) != 10 {
		t.Fatalf("%d of 10 changes", len(seen))
	}
}

func FuzzPosition(f *testing.F) {
	f.Add(position{since: 5, heads: []positionHead{{slot{"day/20261122/0/s", record.ActorID{1}}, 9}}}.encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := parsePosition(b); err == nil && !bytes.Equal(p.encode(), b) {
			t.Fatal("another form")
		}
	})
}
