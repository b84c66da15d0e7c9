package mesh

import "github.com/upprop/upprop/mesh/identity"

// Backlog is how much waits for a connected peer.
type Backlog struct {
	Bytes, Limit int
}

// Backlogs are what waits for each connected peer.
func (m *Mesh) Backlogs() map[identity.NodeID]Backlog {
	out := map[identity.NodeID]Backlog{}
	for _, p := range m.connected() {
		p.queue.mu.Lock()
		out[p.id] = Backlog{p.queue.size, p.queue.limit}
		p.queue.mu.Unlock()
	}
	return out
}

// Announced is the position in the newest beat heard of a node, for the Log
// to compare with what it holds; false when none was heard.
func (m *Mesh) Announced(id identity.NodeID) (position []byte, ok bool) {
	b, _, ok := m.table.Newest(id)
	return b.Position, ok
}

// Book is the number of other members for whom an address is known.
func (m *Mesh) Book() (known int) {
	for _, who := range m.cfg.Roster.Members() {
		if who.ID != m.self && who.Revoked == nil && len(m.book.addrs(who.ID)) > 0 {
			known++
		}
	}
	return known
}
