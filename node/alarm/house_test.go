package alarm

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// log is the real Replica of one node, whose writes a test can refuse.
type log struct {
	*crdt.Replica
	mu     sync.Mutex
	events []record.Event
	refuse error
}

func (l *log) Commit(ctx context.Context, drafts ...crdt.Draft) ([]record.EventID, error) {
	l.mu.Lock()
	refuse := l.refuse
	for _, d := range drafts {
		if d.Event != nil && refuse == nil {
			l.events = append(l.events, *d.Event)
		}
	}
	l.mu.Unlock()
	if refuse != nil {
		return nil, refuse
	}
	return l.Replica.Commit(ctx, drafts...)
}

// warden is one node with its alarm.
type warden struct {
	*Service
	t   testing.TB
	id  record.NodeID
	log *log
	// acts are what was put on record, and sealed what Describe was given.
	acts   []string
	sealed []record.Private
	drawn  byte
}

// house is the nodes of one campus and their clock.
type house struct {
	t   testing.TB
	mu  sync.Mutex
	pub map[record.NodeID]ed25519.PublicKey
	now time.Time
	// revoked is the node whose word counts no more, and heard who knows.
	revoked record.NodeID
	heard   map[record.NodeID]bool
}

func newHouse(t testing.TB) *house {
	return &house{t: t, pub: map[record.NodeID]ed25519.PublicKey{}, heard: map[record.NodeID]bool{}, now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
}

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(time.Millisecond)
	return h.now
}

func (h *house) check(n record.NodeID, root, sig []byte) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	k, ok := h.pub[n]
	return ok && ed25519.Verify(k, root, sig)
}

// standing is how a node judges the writer of an event.
func (h *house) standing(at record.NodeID, e record.EventID) record.Standing {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.heard[at] && e.Actor.Node() == h.revoked {
		return record.Late
	}
	return record.Counted
}

// revoke lets nodes hear that nothing that one of them wrote counts.
func (h *house) revoke(who *warden, heard ...*warden) {
	h.t.Helper()
	h.mu.Lock()
	h.revoked = who.id
	for _, w := range heard {
		h.heard[w.id] = true
	}
	h.mu.Unlock()
	for _, w := range heard {
		if err := w.log.Rejudge(); err != nil {
			h.t.Fatal(err)
		}
	}
}

func (h *house) warden(name string) *warden {
	h.t.Helper()
	seed := sha256.Sum256([]byte(name))
	priv := ed25519.NewKeyFromSeed(seed[:])
	sum := sha256.Sum256(priv.Public().(ed25519.PublicKey))
	id := record.NodeID(sum[:16])
	h.mu.Lock()
	h.pub[id] = priv.Public().(ed25519.PublicKey)
	h.mu.Unlock()
	r, err := crdt.Open(crdt.Config{
		Store: store.NewMem(1), Node: id, Site: "North", Now: h.clock, Check: h.check,
		Sign:     func(root []byte) []byte { return ed25519.Sign(priv, root) },
		Standing: func(e record.EventID) record.Standing { return h.standing(id, e) },
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = r.Close() })
	w := &warden{t: h.t, id: id, log: &log{Replica: r}, drawn: sum[0]}
	w.Service = New(Config{
		Replica: w.log, Node: id, Sealer: w, Place: func() record.Place { return record.Place{Site: "North"} },
		Now:        h.clock,
		Known:      func(s record.SiteID) bool { return s == "North" || s == "South" },
		KnownPoint: func(p record.PointName) bool { return p == "Car park" },
		Forged:     func(q record.QR) bool { return q.Sig[0] == 0xbad&0xff },
		Record: func(what string, v record.VisitID, note string) {
			w.acts = append(w.acts, strings.TrimSpace(what+" "+v.Short()+" "+note))
		},
	})
	return w
}

func (w *warden) Draw() (v record.VisitID, err error) {
	w.drawn++
	v[0], v[15] = w.drawn, 1
	return v, nil
}

func (w *warden) Describe(v record.VisitID, text record.Private) ([]record.SealedEntry, func(), record.Day, error) {
	w.sealed = append(w.sealed, text)
	return []record.SealedEntry{
		{Kind: record.PartPut, Visit: v, Audience: record.CardAudience, Version: 1, Box: []byte("sealed")},
		{Kind: record.KeyPut, Visit: v, Audience: record.CardAudience, Version: 1, Box: []byte("key")},
	}, func() {}, 20000, nil
}

func visitOf(n uint32) (v record.VisitID) {
	binary.BigEndian.PutUint32(v[:], n*2654435761+1)
	binary.BigEndian.PutUint32(v[8:], n)
	return v
}

func whole(v record.VisitID) record.Code { return record.Code{Visit: v, Badge: v.Badge()} }

func bare(v record.VisitID) record.Code { return record.Code{Badge: v.Badge()} }

func (w *warden) write(e record.Event) record.EventID {
	w.t.Helper()
	ids, err := w.log.Replica.Commit(w.t.Context(), crdt.Draft{Event: &e})
	if err != nil {
		w.t.Fatal(err)
	}
	return ids[0]
}

func (w *warden) arrives(v record.VisitID, site record.SiteID) {
	w.t.Helper()
	w.write(record.Event{Kind: record.Arrived, Visit: v, Place: record.Place{Site: site}})
}

func (w *warden) starts(drill bool, site record.SiteID) record.Evacuation {
	w.t.Helper()
	e, err := w.Start(w.t.Context(), drill, site)
	if err != nil {
		w.t.Fatal(err)
	}
	return e
}

func (w *warden) says(code record.Code, m record.Mark, change ...func(*MarkRequest)) Marked {
	w.t.Helper()
	r := MarkRequest{Code: code, Mark: m, How: "command"}
	for _, f := range change {
		f(&r)
	}
	got, err := w.Mark(w.t.Context(), r)
	if err != nil {
		w.t.Fatal(err)
	}
	return got
}

// stands is what stands of a person here.
func (w *warden) stands(code record.Code) record.Verdict {
	w.t.Helper()
	p, err := w.find(code)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.verdict(p)
}

// meet brings both all that either holds.
func meet(a, b *warden) {
	a.t.Helper()
	for _, pair := range [][2]*warden{{a, b}, {b, a}} {
		to, from := pair[0].log.Replica, pair[1].log.Replica
		var raws [][]byte
		for doc := range from.Digests() {
			have := map[record.ActorID]uint64{}
			for _, h := range to.Vector(doc) {
				have[h.Actor] = h.Seq
			}
			for _, h := range from.Vector(doc) {
				if err := from.Read(doc, h.Actor, have[h.Actor], func(_ uint64, raw []byte) error {
					raws = append(raws, bytes.Clone(raw))
					return nil
				}); err != nil {
					a.t.Fatal(err)
				}
			}
		}
		if _, err := to.Put(a.t.Context(), raws); err != nil {
			a.t.Fatal(err)
		}
	}
}

func problem(t testing.TB, err error, key string) *Problem {
	t.Helper()
	var p *Problem
	if !errors.As(err, &p) || p.Key != key || !strings.Contains(p.Error(), ":") {
		t.Fatalf("%v, want %s in words", err, key)
	}
	return p
}
