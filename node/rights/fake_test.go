package rights

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
)

var (
	noon  = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	desk  = record.NodeID{1}
	south = record.NodeID{2}
	alfa  = record.NodeID{3}
	aVis  = record.VisitID{7}
)

// book is a Register in memory that folds what it is given.
type book struct {
	stated   []record.Stated
	acts     []record.Act
	settings map[string]crdt.Setting
	edits    map[string][]crdt.Edit
	erased   map[record.VisitID]bool
	receipts map[record.NodeID]record.HLC
	fail     error
	// late are values of settings that a node has set whose word does not count.
	late map[string]string
	now  func() time.Time
}

func (b *book) add(node record.NodeID, e record.Event) {
	if e.At == 0 {
		e.At = record.HLCOf(b.now()) + record.HLC(len(b.stated))
	}
	id := record.EventID{Doc: "day", Seq: uint64(len(b.stated) + 1)}
	copy(id.Actor[:], node[:])
	b.stated = append(b.stated, record.Stated{ID: id, Event: e})
}

func (b *book) Evidence(code record.BadgeCode) (out []record.Stated, err error) {
	for _, s := range b.stated {
		if s.Event.BadgeOf() == code {
			out = append(out, s)
		}
	}
	return out, b.fail
}

func (b *book) Presence(v record.VisitID) (record.Presence, error) {
	for _, p := range record.FoldBadge(b.stated) {
		if p.Visit == v {
			return p, b.fail
		}
	}
	return record.Presence{}, crdt.ErrUnknownVisit
}

func (b *book) Visits(fn func(record.Presence) error) error {
	for _, p := range record.FoldBadge(b.stated) {
		if err := fn(p); err != nil {
			return err
		}
	}
	return b.fail
}

func (b *book) Shredded(v record.VisitID) bool { return b.erased[v] }

func (b *book) Receipts(record.VisitID) (map[record.NodeID]record.HLC, error) {
	return b.receipts, b.fail
}

func (b *book) ReadActs(fn func(crdt.StoredActs) error) error {
	s := crdt.StoredActs{Acts: record.Acts{Acts: b.acts}}
	copy(s.ID.Actor[:], desk[:])
	return fn(s)
}

func (b *book) Settings(prefix string) (out []crdt.Setting) {
	for k, s := range b.settings {
		if strings.HasPrefix(k, prefix) {
			out = append(out, s)
		}
	}
	return out
}

func (b *book) History(key string) (out []crdt.Edit) { return b.edits[key] }

func (b *book) Commit(_ context.Context, drafts ...crdt.Draft) ([]record.EventID, error) {
	if b.fail != nil {
		return nil, b.fail
	}
	late := maps.Clone(b.late)
	for _, d := range drafts {
		if d.Setting == nil {
			continue
		}
		if v, ok := late[d.Setting.Key]; ok && v == d.Setting.Value.String() {
			return nil, fmt.Errorf("commit: %w", &crdt.OverruledError{Key: d.Setting.Key})
		}
		delete(late, d.Setting.Key)
	}
	for _, d := range drafts {
		switch {
		case d.Event != nil:
			b.add(desk, *d.Event)
		case d.Setting != nil:
			b.settings[d.Setting.Key] = *d.Setting
			b.edits[d.Setting.Key] = append(b.edits[d.Setting.Key], crdt.Edit{Setting: *d.Setting, Counts: true})
		default:
			for _, a := range d.Acts {
				a.At = record.HLCOf(b.now())
				b.acts = append(b.acts, a)
			}
		}
	}
	return nil, nil
}

// house is a Service over a book, at a desk.
type house struct {
	*Service
	*book
	clock   time.Time
	members []Member
	card    record.Card
	dossier record.Dossier
	shut    error
}

func newHouse(t *testing.T) *house {
	h := &house{
		clock: noon, card: record.Card{Name: "Astrid Ek", Host: "Sven"}, dossier: record.Dossier{Email: "astrid@ek.test", Phone: "070-123 45"},
		members: []Member{
			{ID: desk, Name: "Reception", Role: "desk", Self: true, Desk: true, Joined: noon.Add(-time.Hour)},
			{ID: south, Name: "South", Role: "desk", Desk: true, Joined: noon.Add(-time.Hour)},
			{ID: alfa, Name: "Alfa", Role: "warden", Joined: noon.Add(time.Hour)},
		},
	}
	h.book = &book{settings: map[string]crdt.Setting{}, edits: map[string][]crdt.Edit{}, erased: map[record.VisitID]bool{}, now: func() time.Time { return h.clock }}
	h.Service = New(Config{
		Register: h.book,
		Open:     func(record.VisitID) (record.Card, record.Dossier, error) { return h.card, h.dossier, h.shut },
		Members:  func() []Member { return slices.Clone(h.members) },
		Campus:   func() string { return "Ekudden" }, Now: func() time.Time { return h.clock },
	})
	h.add(desk, record.Event{Kind: record.Arrived, Visit: aVis, How: "kiosk", Ends: record.DayOf(noon) + 30, Place: record.Place{Entrance: "East"}})
	return h
}

func (h *house) open(t *testing.T, k Kind) Case {
	t.Helper()
	c, _, err := h.OpenCase(context.Background(), aVis, k, "asked by letter")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (h *house) restricted() bool {
	p, err := h.Presence(aVis)
	return err == nil && len(p.Restricted) > 0
}

// onRecord counts the acts of a name.
func (h *house) onRecord(what string) (n int) {
	for _, a := range h.acts {
		if a.What == what {
			n++
		}
	}
	return n
}

var errDisk = errors.New("the disk")
