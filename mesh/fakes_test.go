package mesh

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/upprop/upprop/mesh/identity"
)

// entry is what the fakeLog replicates.
type entry struct {
	Doc   string
	Actor string
	Seq   uint64
	Body  string
}

// fakeLog is a Log in memory. Its actors are "<node id>/<life>".
type fakeLog struct {
	node  identity.NodeID
	life  int
	clock func() time.Time

	mu      sync.Mutex
	docs    map[string]map[string][][]byte
	own     [][]byte
	changed chan struct{}
	got     int              // bytes handed to Put
	order   []string         // documents in the order of their first entry
	failing error            // what Put returns, when set
	refuse  func(entry) bool // entries dropped for their content
	hold    chan struct{}    // Put waits for it, when set
	lag     time.Duration    // Tail takes that long
}

func newFakeLog(node identity.NodeID) *fakeLog {
	return &fakeLog{node: node, clock: time.Now, docs: map[string]map[string][][]byte{}, changed: make(chan struct{})}
}

func (l *fakeLog) actor() string { return fmt.Sprintf("%s/%d", l.node, l.life) }

// write commits one own entry.
func (l *fakeLog) write(doc, body string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	actor := l.actor()
	raw, _ := json.Marshal(entry{doc, actor, uint64(len(l.docs[doc][actor])) + 1, body})
	l.store(doc, actor, raw)
	l.own = append(l.own, raw)
	close(l.changed)
	l.changed = make(chan struct{})
}

func (l *fakeLog) store(doc, actor string, raw []byte) {
	if l.docs[doc] == nil {
		l.docs[doc] = map[string][][]byte{}
		l.order = append(l.order, doc)
	}
	l.docs[doc][actor] = append(l.docs[doc][actor], raw)
}

// size is the number of entries held.
func (l *fakeLog) size() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, actors := range l.docs {
		for _, raws := range actors {
			n += len(raws)
		}
	}
	return n
}

func (l *fakeLog) received() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.got
}

func (l *fakeLog) edit(fn func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fn()
}

func (l *fakeLog) Digests() ([]DocDigest, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []DocDigest
	for doc := range l.docs {
		text, _ := json.Marshal(l.heads(doc))
		sum := sha256.Sum256(text)
		out = append(out, DocDigest{doc, [16]byte(sum[:16])})
	}
	return out, nil
}

func (l *fakeLog) heads(doc string) []Head {
	var out []Head
	for actor, raws := range l.docs[doc] {
		out = append(out, Head{[]byte(actor), uint64(len(raws))})
	}
	slices.SortFunc(out, func(a, b Head) int { return cmp.Compare(string(a.Actor), string(b.Actor)) })
	return out
}

func (l *fakeLog) Vector(doc string) ([]Head, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.heads(doc), nil
}

func (l *fakeLog) Read(doc string, actor []byte, after uint64, fn func(uint64, []byte) error) error {
	l.mu.Lock()
	raws := slices.Clone(l.docs[doc][string(actor)])
	l.mu.Unlock()
	for i := after; i < uint64(len(raws)); i++ {
		if err := fn(i+1, raws[i]); err != nil {
			return err
		}
	}
	return nil
}

func (l *fakeLog) Put(ctx context.Context, _ identity.NodeID, raws [][]byte) ([]Gap, error) {
	l.mu.Lock()
	hold := l.hold
	l.mu.Unlock()
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failing != nil {
		return nil, l.failing
	}
	var gaps []Gap
	for _, raw := range raws {
		l.got += len(raw)
		var e entry
		if json.Unmarshal(raw, &e) != nil || e.Seq == 0 || l.refuse != nil && l.refuse(e) {
			continue
		}
		have := uint64(len(l.docs[e.Doc][e.Actor]))
		switch {
		case e.Seq <= have:
		case e.Seq == have+1:
			l.store(e.Doc, e.Actor, raw)
		default:
			gaps = append(gaps, Gap{e.Doc, []byte(e.Actor), have})
		}
	}
	return gaps, nil
}

func (l *fakeLog) Tail(cursor uint64, max int) ([][]byte, uint64, error) {
	l.mu.Lock()
	lag := l.lag
	l.mu.Unlock()
	time.Sleep(lag)
	l.mu.Lock()
	defer l.mu.Unlock()
	if cursor > uint64(len(l.own)) {
		return nil, cursor, errors.New("cursor is past the end")
	}
	n := min(max, len(l.own)-int(cursor))
	return slices.Clone(l.own[cursor : int(cursor)+n]), cursor + uint64(n), nil
}

func (l *fakeLog) TailEnd() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return uint64(len(l.own))
}

func (l *fakeLog) Changed() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.changed
}

// position is doc → actor → seq of one node's own actors.
type position map[string]map[string]uint64

func (l *fakeLog) Position() (time.Time, []byte, error) {
	l.mu.Lock()
	clock := l.clock
	l.mu.Unlock()
	at := clock()
	l.mu.Lock()
	defer l.mu.Unlock()
	pos := position{}
	for doc, actors := range l.docs {
		for actor, raws := range actors {
			if actor[:32] == l.node.String() {
				if pos[doc] == nil {
					pos[doc] = map[string]uint64{}
				}
				pos[doc][actor] = uint64(len(raws))
			}
		}
	}
	raw, err := json.Marshal(pos)
	return at, raw, err
}

func (l *fakeLog) Covers(_ identity.NodeID, raw []byte) bool {
	var pos position
	if json.Unmarshal(raw, &pos) != nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for doc, actors := range pos {
		for actor, seq := range actors {
			if uint64(len(l.docs[doc][actor])) < seq {
				return false
			}
		}
	}
	return true
}

func (l *fakeLog) HoldsNamed(node identity.NodeID, raw []byte) bool { return l.Covers(node, raw) }

func (l *fakeLog) Within(_ identity.NodeID, older, newer []byte) bool {
	var old, pos position
	if json.Unmarshal(older, &old) != nil || json.Unmarshal(newer, &pos) != nil {
		return false
	}
	for doc, actors := range old {
		for actor, seq := range actors {
			if pos[doc][actor] < seq {
				return false
			}
		}
	}
	return true
}

// fakeGossip hands payloads to every mesh of a set at once, as long as the
// path to it stands.
type fakeGossip struct {
	self identity.NodeID
	all  *gossips
}

type gossips struct {
	mu     sync.Mutex
	by     map[identity.NodeID]*Mesh
	usable func(a, b identity.NodeID) bool
}

func (g *gossips) of(id identity.NodeID) *Mesh {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.by[id]
}

func (g *gossips) set(id identity.NodeID, m *Mesh) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.by[id] = m
}

func (g *fakeGossip) Join(peers ...identity.NodeID) {
	for _, id := range peers {
		if other := g.all.of(id); other != nil {
			g.all.of(g.self).MergeState(other.LocalState())
		}
	}
}

func (g *fakeGossip) Broadcast(_ string, payload []byte) error {
	g.all.mu.Lock()
	var to []*Mesh
	for id, other := range g.all.by {
		if id != g.self && g.all.usable(g.self, id) {
			to = append(to, other)
		}
	}
	g.all.mu.Unlock()
	for _, other := range to {
		other.HearGossip(payload)
	}
	return nil
}

// beatShelf is a BeatKeeper in memory.
type beatShelf struct {
	mu    sync.Mutex
	beats [][]byte
}

func (b *beatShelf) LoadBeats() ([][]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.beats, nil
}

func (b *beatShelf) SaveBeats(beats [][]byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.beats = beats
	return nil
}
