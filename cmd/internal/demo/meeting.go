package demo

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/evac"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/node/alarm"
)

// The steps of the meeting, in the order in which they are shown.
const (
	stepAlone = iota
	stepMarked
	stepMet
	stepKnown
	meetings
)

const (
	// atLeast is how many there are to be found in either warden's part.
	atLeast = 2
	// hearing is for how long the handhelds may take to hear of the alarm before
	// they are cut off. One that has not heard starts it by itself.
	hearing = 5 * time.Second
)

// meeting is the second thing to try: an alarm, two handhelds that have lost
// everybody, and what each knows when they meet. Like the tour it ticks a step
// off when it has come true, whichever button or screen made it so.
type meeting struct {
	d *Demo
	// acting: its buttons do one thing at a time.
	acting sync.Mutex

	mu   sync.Mutex
	done [meetings]bool
	// joined is when the link between the two was healed.
	joined time.Time
}

// said is one mark that stands on a list.
type said struct {
	visit record.VisitID
	badge record.BadgeCode
	by    string
	at    int64
}

// handhelds are the two wardens.
func (d *Demo) handhelds() (a, b *member) { return d.at(warden), d.at(warden2) }

// between is the link of the two handhelds.
func (d *Demo) between() *link { return d.find(warden + "-" + warden2) }

// ofHandhelds reports whether a link is one of either handheld's.
func ofHandhelds(l *link) bool { return l.touches(warden) || l.touches(warden2) }

// out reports whether neither handheld is connected with anybody but perhaps
// with the other.
func (d *Demo) out() bool {
	return !slices.ContainsFunc(d.links, func(l *link) bool { return ofHandhelds(l) && l != d.between() && l.state() != cut })
}

func (m *member) alarmed() bool {
	_, on := m.app.Node().Alarm().Running("")
	return on
}

// marks are those that stand on a node's list.
func (m *member) marks() (map[said]bool, error) {
	l, err := m.muster.Muster("")
	if err != nil {
		return nil, err
	}
	all := map[said]bool{}
	for _, p := range l.People {
		if p.MarkedBy != "" {
			all[said{p.Visit, p.Badge, p.MarkedBy, p.MarkedAt.UnixMicro()}] = true
		}
	}
	return all, nil
}

// ownMarks reports whether a list has marks of its own node's that another
// lacks.
func ownMarks(m *member, mine, others map[said]bool) bool {
	for s := range mine {
		if s.by == m.name && !others[s] {
			return true
		}
	}
	return false
}

// look is the meeting's state for the page.
func (t *meeting) look() [meetings]bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.done
}

// linksChanged is called after links were cut or healed.
func (t *meeting) linksChanged() {
	if t.d.between().state() == cut {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.joined = time.Now()
}

// watch ticks off what has come true. agree says that all lists are the same.
func (t *meeting) watch(agree bool) error {
	a, b := t.d.handhelds()
	here, err := a.marks()
	if err != nil {
		return err
	}
	there, err := b.marks()
	if err != nil {
		return err
	}
	out, between := t.d.out(), t.d.between().state()
	alone := out && a.alarmed() && b.alarmed()
	whole := agree && t.d.severed() == 0

	t.mu.Lock()
	was := t.done
	switch {
	case alone && between == cut && (!t.done[stepMet] || t.done[stepKnown]):
		marked := t.done[stepMarked] && !t.done[stepMet]
		t.done = [meetings]bool{stepAlone: true, stepMarked: marked || ownMarks(a, here, there) && ownMarks(b, there, here)}
	case alone && between == up && t.done[stepMarked] && maps.Equal(here, there):
		t.done[stepMet] = true
	case !alone && !t.done[stepMet]:
		t.done = [meetings]bool{}
	case !out && t.done[stepMet] && whole:
		t.done[stepKnown] = true
	}
	is, took := t.done, time.Since(t.joined)
	t.mu.Unlock()

	if is[stepMet] && !was[stepMet] {
		t.d.story.add(happening{Key: "log.met", Nodes: []*member{a, b}, Count: len(here), Took: took})
	} else if is != was {
		t.d.bell.ring()
	}
	return nil
}

// alarm sounds the alarm at the reception and, when both handhelds have heard
// of it, cuts them off from everybody and from one another.
func (t *meeting) alarm(ctx context.Context) error {
	t.acting.Lock()
	defer t.acting.Unlock()
	d := t.d
	a, b := d.handhelds()
	if d.out() && d.between().state() == cut && a.alarmed() && b.alarmed() {
		return nil
	}
	d.crowd.pause(true)
	d.several(false, ofHandhelds, happening{Key: "log.handhelds_on", Nodes: []*member{a, b}})
	for _, m := range []*member{a, b} {
		if err := t.fill(ctx, m.part); err != nil {
			return err
		}
	}
	if _, err := d.nodes[0].app.Node().Alarm().Start(ctx, false, ""); err != nil {
		return inWords(err)
	}
	for _, m := range []*member{a, b} {
		if err := t.await(ctx, m); err != nil {
			return err
		}
	}
	d.several(true, ofHandhelds, happening{Key: "log.handhelds_off", Nodes: []*member{a, b}})
	return nil
}

// fill lets people in until there is somebody to find in a part.
func (t *meeting) fill(ctx context.Context, part string) error {
	door := t.d.nodes[slices.IndexFunc(t.d.nodes, func(m *member) bool { return m.door() && m.zone == part })]
	l, err := door.muster.Muster("")
	if err != nil {
		return err
	}
	for n := len(toFind(l, part)); n < atLeast; n++ {
		if err := t.d.crowd.arrive(ctx, door); err != nil {
			return err
		}
	}
	return nil
}

// toFind are those on a list who were last seen in a part and of whom nobody
// has said anything.
func toFind(l evac.List, part string) []evac.Person {
	return slices.DeleteFunc(l.People, func(p evac.Person) bool { return p.Zone != part || p.MarkedBy != "" || p.State == evac.Left })
}

// await waits until a handheld has heard of the alarm and of everybody whom any
// node knows, names and all. One that does not hear of it sounds the alarm
// by itself, as any node may.
func (t *meeting) await(ctx context.Context, m *member) error {
	soon, cancel := context.WithTimeout(ctx, hearing)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		_, unheard := t.d.lists().differ(slices.Index(t.d.nodes, m))
		l, err := m.muster.Muster("")
		if err != nil {
			return err
		}
		closed := slices.ContainsFunc(l.People, func(p evac.Person) bool { return !p.Opened })
		if l.Evacuation != nil && len(unheard) == 0 && (!closed || l.Locked) {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-soon.Done():
			_, err := m.app.Node().Alarm().Start(ctx, false, "")
			return inWords(err)
		case <-tick.C:
		}
	}
}

// mark has each warden mark those safe who were last seen in their part and
// whom nobody has marked.
func (t *meeting) mark(ctx context.Context) error {
	t.acting.Lock()
	defer t.acting.Unlock()
	a, b := t.d.handhelds()
	found := 0
	for _, m := range []*member{a, b} {
		l, err := m.muster.Muster("")
		if err != nil {
			return err
		}
		n := 0
		for _, p := range toFind(l, m.part) {
			if _, err := m.app.Node().Alarm().Mark(ctx, alarm.MarkRequest{
				Code: record.Code{Badge: p.Badge, Visit: p.Visit}, Mark: record.Safe, Point: record.PointName(m.zone), How: "screen",
			}); err != nil {
				return inWords(err)
			}
			n++
		}
		if n > 0 {
			t.d.story.add(happening{Key: "log.marked", Nodes: []*member{m}, Count: n})
		}
		found += n
	}
	if found == 0 {
		return lang.Problem{Key: "demo.all_marked"}
	}
	return nil
}
