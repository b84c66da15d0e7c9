package demo

import (
	"slices"
	"sync"
	"time"
)

// link is the way between two nodes.
type link struct {
	a, b *member
	mu   sync.Mutex
	cut  bool
	// since is when it was last cut or healed.
	since time.Time
}

// name is what forms and the page call it.
func (l *link) name() string { return l.a.slot + "-" + l.b.slot }

func (l *link) touches(slot string) bool { return l.a.slot == slot || l.b.slot == slot }

// allLinks are the links between every two nodes.
func allLinks(nodes []*member) []*link {
	var all []*link
	for i, a := range nodes {
		for _, b := range nodes[i+1:] {
			all = append(all, &link{a: a, b: b})
		}
	}
	return all
}

// set cuts or heals a link at both of its ends, and reports whether that
// changed anything.
func (l *link) set(cut bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut == cut {
		return false
	}
	l.cut, l.since = cut, time.Now()
	l.a.app.Node().Mesh().Sever(l.b.id(), cut)
	l.b.app.Node().Mesh().Sever(l.a.id(), cut)
	return true
}

// linkState is how a link stands.
type linkState string

const (
	// up: both ends hold the connection.
	up linkState = "up"
	// cut: severed here by hand.
	cut linkState = "cut"
	// seeking: healed, and the ends are finding each other again.
	seeking linkState = "seeking"
)

func (l *link) state() linkState {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.cut:
		return cut
	case l.a.connected(l.b) && l.b.connected(l.a):
		return up
	}
	return seeking
}

func (m *member) connected(to *member) bool {
	return slices.Contains(m.app.Node().Network().Peers(), to.id())
}

// find is the link of a name, or nil.
func (d *Demo) find(name string) *link {
	for _, l := range d.links {
		if l.name() == name {
			return l
		}
	}
	return nil
}

// at is the node of a slot, or nil.
func (d *Demo) at(slot string) *member {
	for _, m := range d.nodes {
		if m.slot == slot {
			return m
		}
	}
	return nil
}

// isolated reports whether every link of a node is cut.
func (d *Demo) isolated(slot string) bool {
	for _, l := range d.links {
		if l.touches(slot) && l.state() != cut {
			return false
		}
	}
	return true
}

// severed is how many links are cut.
func (d *Demo) severed() (n int) {
	for _, l := range d.links {
		if l.state() == cut {
			n++
		}
	}
	return n
}

// toggle cuts or heals one link.
func (d *Demo) toggle(l *link, sever bool) {
	if !l.set(sever) {
		return
	}
	key := "log.link_healed"
	if sever {
		key = "log.link_cut"
	}
	d.story.add(happening{Key: key, Nodes: []*member{l.a, l.b}})
	d.linksChanged()
}

// linksChanged tells those who watch that links were cut or healed.
func (d *Demo) linksChanged() {
	d.tour.linksChanged()
	d.meeting.linksChanged()
}

// cutOff cuts every link of one node.
func (d *Demo) cutOff(m *member) {
	d.several(true, func(l *link) bool { return l.touches(m.slot) }, happening{Key: "log.cut_off", Nodes: []*member{m}})
}

// split cuts the campus in two: the reception, the west gate and a handheld on
// one side, the east gate and the other handheld on the other.
func (d *Demo) split() {
	side := map[string]bool{"reception": true, "west": true, warden: true}
	d.several(true, func(l *link) bool { return side[l.a.slot] != side[l.b.slot] }, happening{Key: "log.split"})
}

// heal restores every link.
func (d *Demo) heal() {
	d.several(false, func(*link) bool { return true }, happening{Key: "log.healed"})
}

// several cuts or heals the links that which names, and tells of it once.
func (d *Demo) several(sever bool, which func(*link) bool, h happening) {
	changed := false
	for _, l := range d.links {
		if which(l) && l.set(sever) {
			changed = true
		}
	}
	if changed {
		d.story.add(h)
		d.linksChanged()
	}
}
