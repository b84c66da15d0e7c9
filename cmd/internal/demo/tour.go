package demo

import (
	"context"
	"sync"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// The steps of the tour, in the order in which they are shown.
const (
	stepCut = iota
	stepCame
	stepUnsure
	stepLeft
	stepAgreed
	steps
)

// tour watches a reader go through the steps, and ticks them off when they
// have come true, whichever button or screen made them so.
type tour struct {
	d    *Demo
	mu   sync.Mutex
	done [steps]bool
	// guest is who came in while cut off.
	guest record.BadgeCode
	// apart: the lists have differed while links were cut.
	apart bool
	// healed is when the last cut link was healed.
	healed time.Time
}

func newTour(d *Demo) *tour { return &tour{d: d} }

// star is the node that the tour is about, and exit where its guest leaves.
const (
	star = "east"
	exit = "west"
	// warden and warden2 are the handhelds, which read names while an evacuation
	// runs.
	warden, warden2 = "warden", "warden2"
)

// look is the tour's state for the page.
func (t *tour) look() (done [steps]bool, guest record.BadgeCode) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.done, t.guest
}

// linksChanged is called after links were cut or healed.
func (t *tour) linksChanged() {
	isolated, severed := t.d.isolated(star), t.d.severed()
	t.mu.Lock()
	defer t.mu.Unlock()
	if isolated && (!t.done[stepCut] || t.done[stepAgreed]) {
		t.done, t.guest = [steps]bool{stepCut: true}, 0
	}
	if severed == 0 {
		t.healed = time.Now()
	}
}

// happened is called for every event written at a node.
func (t *tour) happened(h happening) {
	isolated := t.d.isolated(star)
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case !t.done[stepCut]:
	case h.Key == "log.came" && h.Nodes[0].slot == star && isolated && h.ByHand && !t.done[stepCame]:
		t.done[stepCame], t.guest = true, h.Badge
	case h.Badge == t.guest && t.guest != 0 && h.Key == "log.left_unheard":
		t.done[stepLeft] = true
	}
}

// run watches for what comes true by time alone, until ctx ends.
func (t *tour) run(ctx context.Context) {
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for {
		agree := t.d.lists().agree()
		t.watch(agree)
		if err := t.d.meeting.watch(agree); err != nil {
			t.d.log.Warn("the handhelds' lists cannot be read", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (t *tour) watch(agree bool) {
	severed, unsure := t.d.severed(), t.d.unsureOf(star)
	t.mu.Lock()
	var told *happening
	if severed > 0 {
		t.apart = t.apart || !agree
		if t.done[stepCut] && unsure && !t.done[stepUnsure] {
			t.done[stepUnsure] = true
			defer t.d.bell.ring()
		}
	} else if agree {
		if t.apart {
			t.apart = false
			told = &happening{Key: "log.agree", Took: time.Since(t.healed)}
		}
		if t.done[stepCut] && !t.done[stepAgreed] {
			t.done[stepAgreed] = true
			defer t.d.bell.ring()
		}
	}
	t.mu.Unlock()
	if told != nil {
		t.d.story.add(*told)
	}
}

// unsureOf reports whether the first node other than slot finds its news of
// slot too old.
func (d *Demo) unsureOf(slot string) bool {
	l, err := d.nodes[0].muster.Muster("")
	if err != nil {
		return false
	}
	for _, e := range l.Entrances {
		if m := d.byID(e.Node); m != nil && m.slot == slot {
			return !e.News.UpToDate()
		}
	}
	return false
}
