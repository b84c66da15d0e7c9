package evac_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/evac"
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
	cards     map[record.VisitID]record.Card
	entrances []evac.Entrance
	changed   chan struct{}
	now       func() time.Time
}

func newHouse() *house {
	return &house{cards: map[record.VisitID]record.Card{}, changed: make(chan struct{}), now: func() time.Time { return at }}
}

func (h *house) Open() []record.Presence {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]record.Presence(nil), h.open...)
}

func (h *house) Card(v record.VisitID) (record.Card, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c, ok := h.cards[v]
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

func (h *house) Changed() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.changed
}

func (h *house) Now() time.Time { return h.now() }

// add lets somebody in; a nil card is one that does not open here.
func (h *house) add(p record.Presence, c *record.Card) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open = append(h.open, p)
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

// campus is a house as a warden may meet it: 23 people, two entrances that are
// not up to date, doubt, help needed and a name that does not open.
func campus() *house {
	h := newHouse()
	h.hear(
		evac.Entrance{Node: node(1), Name: "Huvudentrén", Site: "Norra", Role: "entrance", CompleteAsOf: at.Add(-time.Second), LastHeard: at.Add(-time.Second)},
		evac.Entrance{Node: node(2), Name: "Östra grinden", Site: "Norra", Role: "entrance", CompleteAsOf: at.Add(-13 * time.Minute), LastHeard: at.Add(-13*time.Minute + 2*time.Second)},
		evac.Entrance{Node: node(3), Name: "Receptionen", Site: "Norra", Role: "desk", CompleteAsOf: at.Add(-2 * time.Second), LastHeard: at},
		evac.Entrance{Node: node(4), Name: "Handenhet 2", Site: "Norra", Role: "warden", Here: true},
		evac.Entrance{Node: node(5), Name: "Lastkajen", Site: "Norra", Role: "entrance", CompleteAsOf: at.Add(-31 * time.Second), LastHeard: at.Add(-time.Second)},
	)
	people := []struct {
		name, company, host, assist string
		zone                        record.ZoneID
		by                          byte
	}{
		{"Anna-Lena Öberg", "Ekström & Söner AB", "Karin Lindqvist", "", "Plan 3", 1},
		{"Åke Bengtsson", "", "Ali Rezaei", "", "Plan 3", 1},
		{"Zainab Yusuf", "Region Väst", "Karin Lindqvist", "", "Plan 3", 3},
		{"Maximilian von Hohenlohe-Waldenburg-Schillingsfürst", "Institutet för sällsynta jordartsmetaller", "Konferensgruppen", "", "Plan 3", 1},
		{"Örjan Nyström", "Hisservice Norden", "Fastighet", "", "Plan 10", 2},
		{"Maja Ek", "", "", "", "Plan 10", 1},
		{"Tove Dahl", "Chalmers", "Per Holm", "Rullstol, kan inte gå i trappor", "Plan 10", 1},
		{"Li Wei", "Volvo", "Per Holm", "", "Plan 10", 1},
		{"Sven Å", "Posten", "Godsmottagning", "", "Lastzon", 5},
		{"Ines Duarte", "DHL", "Godsmottagning", "", "Lastzon", 5},
		{"Bo Falk", "", "Karin Lindqvist", "Hör inte larmet", "Plan 3", 2},
		{"Eva Grahn", "SKF", "Ali Rezaei", "", "Plan 2", 1},
		{"Nils Grahn", "SKF", "Ali Rezaei", "", "Plan 2", 1},
		{"Olof Hall", "SKF", "Ali Rezaei", "", "Plan 2", 1},
		{"Pia Iversen", "SKF", "Ali Rezaei", "", "Plan 2", 3},
		{"Rut Jansson", "SKF", "Ali Rezaei", "", "Plan 2", 3},
		{"Saga Kvist", "", "", "", "Plan 2", 1},
		{"Tor Lind", "", "", "", "Plan 2", 1},
		{"Ulla Mård", "Kommunen", "Per Holm", "", "Plan 2", 1},
		{"Vera Norén", "Kommunen", "Per Holm", "", "Plan 2", 1},
	}
	for i, c := range people {
		p := presentAt(uint32(i), c.by, c.zone, record.HLCOf(at.Add(-time.Duration(20+7*i)*time.Minute)))
		p.Seen.Place.Site = "Norra"
		if c.name == "Maja Ek" {
			p.State = record.Timed
		}
		if c.name == "Tor Lind" {
			p.Doubtful = true
		}
		h.add(p, &record.Card{Name: record.Private(c.name), Company: record.Private(c.company), Host: record.Private(c.host), Assist: record.Private(c.assist)})
	}
	for i := uint32(50); i < 54; i++ {
		p := presentAt(i, 1, "Plan 2", record.HLCOf(at.Add(-time.Hour)))
		p.Seen.Place.Site = "Norra"
		if i == 53 {
			p.State = record.Unknown
		}
		h.add(p, nil)
	}
	return h
}
