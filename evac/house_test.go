package evac_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/evac"
	"github.com/upprop/upprop/kiosk/lang"
)

// at is a Sunday in Stockholm, 10:02:14.
var at = time.Date(2026, 11, 22, 9, 2, 14, 0, time.UTC)

func node(n byte) record.NodeID { return record.NodeID{n, 7} }

// visitOf is a visit with a badge of its own.
func visitOf(n uint32) (v record.VisitID) {
	binary.BigEndian.PutUint32(v[:], n*2654435761+1)
	binary.BigEndian.PutUint32(v[8:], n)
	return v
}

func present(n, by byte, zone record.ZoneID) record.Presence {
	return presentAt(uint32(n), by, zone, 1)
}

func presentAt(n uint32, by byte, zone record.ZoneID, t record.HLC) record.Presence {
	f := record.Fact{
		ID: record.EventID{Actor: record.NewActor(node(by), 1, [8]byte{}), Seq: uint64(n) + 1},
		At: t, Place: record.Place{Zone: zone},
	}
	return record.Presence{Visit: visitOf(n), State: record.Present, Since: t, Arrived: f, Seen: f}
}

func with(p record.Presence, change func(*record.Presence)) record.Presence {
	change(&p)
	return p
}

// house is a real, small House in memory.
type house struct {
	mu        sync.Mutex
	open      []record.Presence
	left      []record.Presence
	said      map[record.BadgeCode][]record.Stated
	sweeps    record.Sweeps
	calls     record.Calls
	cards     map[record.VisitID]record.Card
	entrances []evac.Entrance
	starts    record.Evacuations
	feeds     []evac.Feed
	samples   []evac.Sample
	// waits: cards open during an evacuation only.
	waits  bool
	asking bool
	// seq numbers what is said here; disk is what keeps it from being saved.
	seq     uint64
	disk    atomic.Pointer[lang.Problem]
	unknown time.Time
	// lock, if any, is the lock on names.
	lock                  *lock
	changed, changedNames chan struct{}
	now                   func() time.Time
}

func newHouse() *house {
	return &house{said: map[record.BadgeCode][]record.Stated{}, cards: map[record.VisitID]record.Card{}, changed: make(chan struct{}), changedNames: make(chan struct{}), now: func() time.Time { return at }}
}

func (h *house) Open() []record.Presence {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]record.Presence(nil), h.open...)
}

func (h *house) LeftSince(at record.HLC) (out []record.Presence) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range h.left {
		if p.Left.At >= at || len(p.Marks) > 0 {
			out = append(out, p)
		}
	}
	return out
}

func (h *house) Evacuations() record.Evacuations {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.starts
}

// evacuate replaces the starts that are known.
func (h *house) evacuate(all ...record.Start) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.starts = all
	close(h.changed)
	h.changed = make(chan struct{})
}

func (h *house) Card(p record.Presence) (record.Card, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if e, on := h.starts.Running(""); h.waits && (!on || !e.Covers(p.Seen.Place.Site)) {
		return record.Card{}, evac.ErrNotNow
	}
	if h.asking {
		return record.Card{}, evac.ErrAsking
	}
	if h.lock != nil && h.lock.State().Locked {
		return record.Card{}, evac.ErrLocked
	}
	c, ok := h.cards[p.Visit]
	if !ok {
		return c, errors.New("not for this node")
	}
	return c, nil
}

func (h *house) Entrances() []evac.Entrance {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]evac.Entrance(nil), h.entrances...)
}

func (h *house) Samples(time.Time) ([]evac.Sample, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]evac.Sample(nil), h.samples...), nil
}

func (h *house) Feeds() []evac.Feed {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]evac.Feed(nil), h.feeds...)
}

func (h *house) Changed() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.changed
}

func (h *house) Names() (bool, time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.asking, h.unknown
}

func (h *house) NamesChanged() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.changedNames
}

// gate says whether names may be shown, and since when erasures are unknown.
func (h *house) gate(asking bool, unknown time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asking, h.unknown = asking, unknown
	close(h.changedNames)
	h.changedNames = make(chan struct{})
}

func (h *house) Sweeps() record.Sweeps {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.sweeps
}

func (h *house) Calls() record.Calls {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.calls
}

func (h *house) Evidence(b record.BadgeCode) ([]record.Stated, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.said[b], nil
}

func (h *house) Visits(fn func(record.Presence) error) error {
	h.mu.Lock()
	all := slices.Concat(h.open, h.left)
	h.mu.Unlock()
	for _, p := range all {
		if err := fn(p); err != nil {
			return err
		}
	}
	return nil
}

func (h *house) Now() time.Time { return h.now() }

// add lets somebody in; a nil card is one that does not open here.
func (h *house) add(p record.Presence, c *record.Card) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open = append(h.open, p)
	h.said[p.Badge()] = append(h.said[p.Badge()], record.Stated{ID: p.Arrived.ID, Event: record.Event{
		Kind: record.Arrived, At: p.Arrived.At, Visit: p.Visit, Place: p.Arrived.Place, How: "kiosk",
	}})
	if c != nil {
		h.cards[p.Visit] = *c
	}
	close(h.changed)
	h.changed = make(chan struct{})
}

// remove lets somebody out.
func (h *house) remove(v record.VisitID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, p := range h.open {
		if p.Visit == v {
			h.open = append(h.open[:i], h.open[i+1:]...)
			break
		}
	}
	close(h.changed)
	h.changed = make(chan struct{})
}

// hear replaces the news of the entrances, without a change of presence.
func (h *house) hear(e ...evac.Entrance) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.entrances = e
}

// shred makes a card unreadable, without a change of presence.
func (h *house) shred(v record.VisitID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.cards, v)
}

func stockholm(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Skipf("no time zones on this machine: %v", err)
	}
	return zone
}

// logs is a buffer that several requests may write to.
type logs struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// muster is a service over a house, with a captured log.
func muster(t testing.TB, h *house, change ...func(*evac.Config)) (*evac.Service, *logs) {
	t.Helper()
	l := &logs{}
	cfg := evac.Config{
		House: h, NodeName: "Handenhet 2", Site: "Norra området", CampusName: "Lindholmen", Zone: stockholm(t),
		Logger: slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, f := range change {
		f(&cfg)
	}
	s, err := evac.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s, l
}

func jsonRequest(path, body string) *http.Request {
	r := httptest.NewRequest("POST", "http://localhost"+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	return r
}

func answer(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}
