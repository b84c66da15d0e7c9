package nodetest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/alarm"
	"github.com/upprop/upprop/node/visits"
)

// said is what a mark says, or which one a correction takes back.
type said struct {
	id record.EventID
	// at is its own time: a clock that was behind has its node write it anew, and
	// that stays.
	at     record.HLC
	mark   record.Mark
	starts []record.EvacID
	// of is the mark that a correction takes back.
	of record.EventID
	// over: somebody who may have known of it said something else since, or
	// tried to.
	over bool
}

// holds reports whether a running house has an event of a visit, on disk or
// shown ahead of its turn.
func holds(h *House, v *visit, f said) bool {
	r, id := h.Node().Replica(), f.id
	stated, err := r.Evidence(v.id.Badge())
	if err == nil && slices.ContainsFunc(stated, func(s record.Stated) bool { return f.is(s.ID, s.Event.At) }) {
		return true
	}
	ps, err := r.ByBadge(v.id.Badge())
	return err == nil && slices.ContainsFunc(ps, func(p record.Presence) bool {
		return slices.ContainsFunc(p.Marks, func(m record.MarkFact) bool { return m.ID == id || slices.Contains(m.Copies, id) })
	})
}

// is reports whether an event is this, or this written anew by its node.
func (f said) is(id record.EventID, at record.HLC) bool {
	return id == f.id || f.at != 0 && at == f.at && id.Actor.Node() == f.id.Actor.Node()
}

// timeOf is an event's own time, as the node that has just written it says.
func timeOf(l *life, b record.BadgeCode, id record.EventID) (at record.HLC) {
	stated, _ := l.node.Replica().Evidence(b)
	for _, s := range stated {
		if s.ID == id {
			at = s.Event.At
		}
	}
	return at
}

// overrules notes that somebody at a house says something else of a person now:
// what the house knows of stands no more.
func (c *Campus) overrules(h *House, v *visit) {
	for _, f := range v.said {
		f.said.over = f.said.over || holds(h, v, f.said)
	}
}

// alarm starts a real evacuation of the campus.
func (c *Campus) alarm(s Step) (string, error) {
	h := c.pick(s.A)
	if h == nil || h.revoked {
		return "", nil
	}
	c.drills++
	l, began := h.now(), time.Now()
	e, err := l.node.Alarm().Start(context.Background(), false, "")
	h.mu.Lock()
	defer h.mu.Unlock()
	done := h.Name + " sounds the alarm"
	if h.life != l {
		return done + ", unacknowledged", nil
	}
	if err := inTime(h, began, "the alarm"); err != nil {
		return done, err
	}
	if err != nil {
		return done + ", in vain", c.refused(h, err)
	}
	for _, x := range e.Starts { // one that ran already is this node's word too
		if slices.Contains(x.Told, h.NodeID()) && !slices.ContainsFunc(c.truth.starts, func(f *fact) bool { return f.evac == x.ID && f.by == h }) {
			c.truth.starts = append(c.truth.starts, &fact{
				kind: sounded, by: h, at: time.Now(), clock: h.Clock.Timeline(), back: h.back, evac: x.ID, shaky: h.revoked,
			})
		}
	}
	return done, nil
}

func (c *Campus) allClear(s Step) (string, error) { return c.endDrill(s) }

// known is somebody to say something of, who is inside or has just left: one of
// few, so that several who have not heard of each other speak of the same.
func (c *Campus) known(s Step) *visit {
	var all []*visit
	for _, v := range slices.Concat(c.truth.visits, c.truth.added) {
		if n := len(v.left); !v.gone() || n > 0 && time.Since(v.left[n-1].at) < time.Hour {
			all = append(all, v)
		}
	}
	if len(all) == 0 {
		return nil
	}
	all = all[max(0, len(all)-3):]
	return all[s.B%len(all)]
}

var marks = []record.Mark{record.Safe, record.Safe, record.Missing, record.Inside, record.Refuge}

func (c *Campus) mark(s Step) (string, error) {
	h, v := c.pick(s.A), c.known(s)
	if h == nil || v == nil {
		return "", nil
	}
	return c.markAt(h, v, marks[s.X/3%uint64(len(marks))], s.X%3 == 0)
}

// markAt has somebody marked at a house, by the code on the badge alone or by
// the whole visit.
func (c *Campus) markAt(h *House, v *visit, m record.Mark, byCode bool) (string, error) {
	code := record.Code{Badge: v.id.Badge()}
	if !byCode {
		code.Visit = v.id
	}
	l := h.now()
	if l == nil {
		return "", nil
	}
	e, on := l.node.Alarm().Running("")
	if !on {
		return "", nil
	}
	c.overrules(h, v)
	began := time.Now()
	got, err := l.node.Alarm().Mark(context.Background(), alarm.MarkRequest{Code: code, Mark: m, Point: "Car park", How: "command"})
	h.mu.Lock()
	defer h.mu.Unlock()
	done := fmt.Sprintf("v%d is marked %s at %s", v.n, m, h.Name)
	if h.life != l {
		return done + ", unacknowledged", nil
	}
	if err := inTime(h, began, "a mark"); err != nil {
		return done, err
	}
	if err != nil {
		return done + ", in vain", c.refused(h, err, uncovered(e))
	}
	v.said = append(v.said, &fact{
		kind: marked, by: h, id: got.ID, at: time.Now(), clock: h.Clock.Timeline(), back: h.back, shaky: h.revoked,
		said: said{id: got.ID, at: got.At, mark: m, starts: e.IDs()},
	})
	return done, nil
}

// markTwice has the alarm sound, the campus fall in two, and different things
// said of the same person in the halves: of one whom the second half may not
// have heard of, by the code on the badge.
func (c *Campus) markTwice(s Step) (string, error) {
	on := c.on()
	if len(on) < 2 {
		return "", nil
	}
	a, b := on[s.A%len(on)], on[(s.A+1)%len(on)]
	if _, runs := b.Node().Alarm().Running(""); !runs {
		if _, err := c.alarm(Step{A: s.A}); err != nil {
			return "", err
		}
		time.Sleep(2 * repairEvery)
	}
	var halves [2][]identity.NodeID
	for j, h := range c.Houses {
		in := int(s.X>>uint(8+j)) & 1
		if h == a || h == b {
			in = map[*House]int{a: 0, b: 1}[h]
		}
		halves[in] = append(halves[in], h.ID)
	}
	c.fallApart(mode(s.X>>32), halves[0], halves[1])
	if s.X>>40&1 == 0 {
		defer c.whole()
	}
	v, stranger := c.known(s), s.X>>41&1 == 0
	if stranger {
		var err error
		if v, err = c.arrive(a); err != nil {
			return "", err
		}
	}
	if v == nil {
		return "", nil
	}
	did := fmt.Sprintf("the campus falls in two, and different things are said of v%d at %s and at %s", v.n, a.Name, b.Name)
	if _, err := c.markAt(a, v, []record.Mark{record.Refuge, record.Inside}[s.X>>42&1], false); err != nil {
		return did, err
	}
	time.Sleep(time.Second)
	second := []record.Mark{record.Safe, record.Missing, record.Refuge}[s.X>>43%3]
	_, err := c.markAt(b, v, second, stranger)
	time.Sleep(time.Second)
	return did, err
}

func (c *Campus) unmark(s Step) (string, error) {
	h, v := c.pick(s.A), c.known(s)
	if h == nil || v == nil || len(v.said) == 0 {
		return "", nil
	}
	l, began := h.now(), time.Now()
	c.overrules(h, v)
	may := []string{"evacuation.not_covered", "evacuation.nothing_to_undo"}
	if is, e, _ := verdict(h, v); is.Mark != "" {
		may = []string{uncovered(e)}
	}
	got, err := l.node.Alarm().Undo(context.Background(), record.Code{Badge: v.id.Badge(), Visit: v.id}, record.OnceID{})
	h.mu.Lock()
	defer h.mu.Unlock()
	done := fmt.Sprintf("the mark on v%d is taken back at %s", v.n, h.Name)
	if h.life != l {
		return done + ", unacknowledged", nil
	}
	if err := inTime(h, began, "taking a mark back"); err != nil {
		return done, err
	}
	if err != nil {
		return "", c.refused(h, err, may...)
	}
	v.said = append(v.said, &fact{
		kind: undone, by: h, id: got.ID, at: time.Now(), clock: h.Clock.Timeline(), back: h.back, shaky: h.revoked,
		said: said{id: got.ID, at: timeOf(l, got.Badge, got.ID), of: got.Of, over: true},
	})
	return done, nil
}

func (c *Campus) add(s Step) (string, error) {
	h := c.pick(s.A)
	if h == nil {
		return "", nil
	}
	l, text := h.now(), c.aName(h)+" in a red jacket"
	r := alarm.AddRequest{Text: record.Private(text), How: "command"}
	if s.X%2 == 0 {
		r.Point = "Car park"
	}
	e, _ := l.node.Alarm().Running("")
	ends := l.node.Replica().FilingDay() + visits.Retention
	began := time.Now()
	got, err := l.node.Alarm().Add(context.Background(), r)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.life != l {
		c.truth.tried[text] = true
		return h.Name + " adds somebody, unacknowledged", nil
	}
	if err := inTime(h, began, "adding somebody"); err != nil {
		return "", err
	}
	if err != nil {
		if broke(l) {
			c.truth.tried[text] = true
		}
		return "", c.refused(h, err, uncovered(e))
	}
	f := fact{kind: addition, by: h, id: lastOf(l, h.NodeID(), got.Visit.Badge(), record.Added), at: time.Now(), clock: h.Clock.Timeline(), back: h.back, shaky: h.revoked}
	v := &visit{n: 1000 + len(c.truth.added), id: got.Visit, arrived: f, ends: ends, names: []string{text}}
	if r.Point != "" {
		// Which event its mark is, its own node says.
		if p, err := l.node.Replica().Presence(v.id); err == nil && len(p.Marks) > 0 {
			f.kind, f.id, f.said = marked, p.Marks[0].ID, said{id: p.Marks[0].ID, at: p.Marks[0].At, mark: record.Safe, starts: e.IDs()}
			v.said = append(v.said, &f)
		}
	}
	c.truth.added = append(c.truth.added, v)
	return fmt.Sprintf("v%d is added at %s", v.n, h.Name), nil
}
