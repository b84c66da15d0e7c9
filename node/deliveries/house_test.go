package deliveries

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
	"github.com/upprop/upprop/node/sheet/sheettest"
)

// paper is a Vault that seals with a mark instead of a cipher.
type paper struct{ desk bool }

var mark = []byte("sealed ")

func (paper) Seal(v record.VisitID, version uint32, until record.Day, parts map[record.Audience][]byte) (out []record.SealedEntry, stored func(), err error) {
	for a, b := range parts {
		out = append(out,
			record.SealedEntry{Kind: record.PartPut, Visit: v, Audience: a, Version: version, Box: append(bytes.Clone(mark), b...)},
			record.SealedEntry{Kind: record.KeyPut, Visit: v, Audience: a, Version: version, Until: until, Box: []byte("key")})
	}
	return out, func() {}, nil
}

func (p paper) Open(_ record.PartKey, part crdt.SealedPart) ([]byte, error) {
	if !p.desk {
		return nil, errors.New("not for this node")
	}
	return bytes.TrimPrefix(bytes.Clone(part.Box), mark), nil
}

// house is the nodes of one campus and their clock.
type house struct {
	t *testing.T
	// passed are days; a replica asks for the time beside the test.
	passed atomic.Int64
}

func newHouse(t *testing.T) *house { return &house{t: t} }

func (h *house) pass(days int) { h.passed.Add(int64(days)) }

func (h *house) now() time.Time {
	return sheettest.At.Add(time.Duration(h.passed.Load()) * 24 * time.Hour)
}

// spot is one node: its replica, and its deliveries.
type spot struct {
	*Service
	sheettest.Desk
	t      *testing.T
	next   byte
	mails  map[string]Letter
	mute   error // why no mail is taken down
	acts   []string
	erased []record.VisitID
	days   record.Day
	remind int
	unsure bool
	asking error // why no name is shown
}

func (h *house) spot(name string, desk bool) *spot {
	h.t.Helper()
	id := sha256.Sum256([]byte(name))
	r, err := crdt.Open(crdt.Config{
		Store: store.NewMem(1), Node: record.NodeID(id[:16]), Site: "North", Now: h.now,
		Sign:  func([]byte) []byte { return make([]byte, ed25519.SignatureSize) },
		Check: func(record.NodeID, []byte, []byte) bool { return true },
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = r.Close() })
	s := &spot{Desk: sheettest.Desk{Replica: r}, t: h.t, mails: map[string]Letter{}, days: 30, remind: 3}
	s.Service = New(Config{
		Replica: r, Vault: paper{desk}, Now: h.now, Zone: time.UTC,
		Draw: func() (record.VisitID, error) {
			s.next++
			return record.VisitID{name[0], s.next, 0xff, 0xff, 0xff, s.next}, nil
		},
		Desk: func() bool { return desk }, Place: func() record.Place { return record.Place{Site: "North", Entrance: record.EntranceID(name)} },
		Today: func() record.Day { return record.DayOf(h.now()) }, Sure: func() (record.Day, bool) { return record.DayOf(h.now()), !s.unsure }, Days: func() record.Day { return s.days },
		Withheld:    func() error { return s.asking },
		Mine:        func(id record.VisitID) bool { return id[0] == name[0] },
		RemindAfter: func() int { return s.remind },
		Act: func(by, what string, _ []record.VisitID) error {
			s.acts = append(s.acts, by+" "+what)
			return nil
		},
		HostMail: func(_ context.Context, name record.Private) record.Private {
			if name == "Sven Ask" {
				return "sven@example.org"
			}
			return ""
		},
		Tell: func(l Letter) error {
			if s.mute != nil {
				return s.mute
			}
			s.mails[l.Delivery.String()+" "+l.Once] = l
			return nil
		},
		Erase: func(_ context.Context, ids []record.VisitID) error {
			s.erased = append(s.erased, ids...)
			return nil
		},
	})
	return s
}

func (s *spot) take(change func(*Request)) record.VisitID {
	s.t.Helper()
	r := Request{For: "Sven Ask", From: "PostNord", Kept: "Hylla 3", Note: "ömtåligt <glas>", Items: 2, Cold: true}
	if change != nil {
		change(&r)
	}
	out, err := s.Take(s.t.Context(), "op", r)
	if err != nil {
		s.t.Fatal(err)
	}
	return out.ID
}

func (s *spot) end(id record.VisitID, how State, to record.Private) {
	s.t.Helper()
	if err := s.End(s.t.Context(), "op", id, how, to); err != nil {
		s.t.Fatal(err)
	}
}

func (s *spot) get(id record.VisitID) Item {
	s.t.Helper()
	x, err := s.Get(id)
	if err != nil {
		s.t.Fatal(err)
	}
	return x
}

// until is the date of what is sealed of a delivery, and its version.
func (s *spot) until(id record.VisitID) (record.Day, uint32) {
	s.t.Helper()
	part, err := s.Sealed(record.PartKey{Visit: id, Audience: record.DossierAudience})
	if err != nil {
		s.t.Fatal(err)
	}
	return part.Until, part.Version
}

func (h *house) heal(all ...*spot) {
	var desks []sheettest.Desk
	for _, s := range all {
		desks = append(desks, s.Desk)
	}
	sheettest.Heal(h.t, desks...)
}

func wants(t *testing.T, what string, err error, key string) {
	t.Helper()
	if p := IsProblem(err); p == nil || p.Key != key {
		t.Errorf("%s: %v, want %q", what, err, key)
	}
}
