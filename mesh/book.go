package mesh

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/upprop/upprop/mesh/identity"
)

// BookEntry is where a member was, or is said to be.
type BookEntry struct {
	Node  identity.NodeID
	Addrs []string // "IP:PORT", best first
	At    time.Time
}

// Book keeps addresses over restarts. Calls are serial.
type Book interface {
	Load() ([]BookEntry, error)
	// Save replaces what is kept of a node; without addrs the node is forgotten.
	// addrs is the Book's to keep.
	Save(node identity.NodeID, addrs []string, at time.Time) error
}

// MemBook is a Book that forgets with the process. The zero value is empty.
type MemBook struct {
	mu      sync.Mutex
	entries map[identity.NodeID]BookEntry
}

// Load returns what was saved.
func (b *MemBook) Load() ([]BookEntry, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Collect(maps.Values(b.entries)), nil
}

// Save keeps an entry.
func (b *MemBook) Save(node identity.NodeID, addrs []string, at time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.entries == nil {
		b.entries = map[identity.NodeID]BookEntry{}
	}
	if b.entries[node] = (BookEntry{Node: node, Addrs: addrs, At: at}); len(addrs) == 0 {
		delete(b.entries, node)
	}
	return nil
}

// addressBook is the book in use. Of each node it has two lists: firm is what
// the node itself says or where it was reached, loose is what others say.
// Both are bounded, so nobody can crowd out the firm ones.
type addressBook struct {
	book   Book
	failed func(error)

	mu   sync.Mutex
	by   map[identity.NodeID]*lines
	save sync.Mutex // serialises Save, in the order of the changes
}

type lines struct{ firm, loose []string }

const (
	maxFirm  = maxAddrs
	maxLoose = 8
)

func (l *lines) all() []string {
	all := slices.Clone(l.firm)
	for _, a := range l.loose {
		if !slices.Contains(all, a) {
			all = append(all, a)
		}
	}
	return all
}

func (b *addressBook) load() error {
	entries, err := b.book.Load()
	if err != nil {
		return fmt.Errorf("load address book: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.by == nil {
		b.by = map[identity.NodeID]*lines{}
	}
	for _, e := range entries {
		l := b.lines(e.Node)
		l.firm = front(l.firm, e.Addrs, maxFirm)
	}
	return nil
}

// lines is the entry of a node; the caller holds mu.
func (b *addressBook) lines(node identity.NodeID) *lines {
	if b.by == nil {
		b.by = map[identity.NodeID]*lines{}
	}
	l := b.by[node]
	if l == nil {
		l = &lines{}
		b.by[node] = l
	}
	return l
}

// addrs is where the node may be, best first.
func (b *addressBook) addrs(node identity.NodeID) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if l := b.by[node]; l != nil {
		return l.all()
	}
	return nil
}

// told takes a node's own word, which replaces what it said before. Like
// reached and hearsay it reports whether an address is new here.
func (b *addressBook) told(node identity.NodeID, addrs []string, at time.Time) bool {
	return b.edit(node, addrs, at, func(l *lines, addrs []string) {
		if len(addrs) > 0 {
			l.loose = front(l.loose, without(l.firm, addrs), maxLoose)
			l.firm = front(nil, addrs, maxFirm)
		}
	})
}

// reached notes where a connection stands.
func (b *addressBook) reached(node identity.NodeID, addrs []string, at time.Time) bool {
	return b.edit(node, addrs, at, func(l *lines, addrs []string) { l.firm = front(l.firm, addrs, maxFirm) })
}

// hearsay takes the word of a third.
func (b *addressBook) hearsay(node identity.NodeID, addrs []string, at time.Time) bool {
	return b.edit(node, addrs, at, func(l *lines, addrs []string) {
		l.loose = front(l.loose, without(addrs, l.all()), maxLoose)
	})
}

func (b *addressBook) edit(node identity.NodeID, addrs []string, at time.Time, change func(*lines, []string)) bool {
	addrs = slices.DeleteFunc(slices.Clone(addrs), func(a string) bool { return !dialable(a) })
	b.save.Lock()
	defer b.save.Unlock()
	b.mu.Lock()
	l := b.lines(node)
	was := l.all()
	change(l, addrs)
	now := l.all()
	b.mu.Unlock()
	if slices.Equal(was, now) {
		return false
	}
	if err := b.book.Save(node, slices.Clone(now), at); err != nil {
		b.failed(err)
	}
	return len(without(now, was)) > 0
}

// retain forgets the nodes for which keep is false, here and in the book.
func (b *addressBook) retain(keep func(identity.NodeID) bool, at time.Time) {
	b.save.Lock()
	defer b.save.Unlock()
	b.mu.Lock()
	var gone []identity.NodeID
	for id := range b.by {
		if !keep(id) {
			gone = append(gone, id)
			delete(b.by, id)
		}
	}
	b.mu.Unlock()
	for _, id := range gone {
		if err := b.book.Save(id, nil, at); err != nil {
			b.failed(err)
		}
	}
}

// front puts fresh ahead of old, once each, at most n.
func front(old, fresh []string, n int) []string {
	var out []string
	for _, a := range slices.Concat(fresh, old) {
		if len(out) < n && !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	return out
}

func without(addrs, drop []string) []string {
	var out []string
	for _, a := range addrs {
		if !slices.Contains(drop, a) {
			out = append(out, a)
		}
	}
	return out
}

// dialable reports whether a is an "IP:PORT" that one can connect to.
func dialable(a string) bool {
	if len(a) > maxAddrSize {
		return false
	}
	ap, err := netip.ParseAddrPort(a)
	return err == nil && ap.Port() != 0 && !ap.Addr().IsUnspecified() && !ap.Addr().IsMulticast()
}

// Learn adds addresses of a member from outside the mesh, as a join token.
func (m *Mesh) Learn(node identity.NodeID, addrs []string) {
	if node != m.self && m.book.hearsay(node, addrs, m.cfg.Clock()) {
		m.dialSoon()
	}
}

func (m *Mesh) bookFailed(err error) {
	m.counts.add("book_errors", 1)
	m.cfg.Logger.Error("save addresses", "error", err)
}
