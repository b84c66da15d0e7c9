package evac_test

import (
	"context"
	"slices"
	"sync/atomic"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/evac"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/node/points"
)

// bell is a real, small Alarm over a house.
type bell struct {
	h *house
	// disk, if any, says why nothing can be saved.
	disk *atomic.Pointer[lang.Problem]
}

func (b bell) Start(_ context.Context, drill bool, site record.SiteID) error {
	all := b.h.Evacuations()
	b.h.evacuate(append(all, record.Start{ID: record.EvacID{byte(len(all) + 1)}, At: record.HLCOf(at), Drill: drill, Site: site})...)
	return nil
}

func (b bell) End(_ context.Context, reason string) error {
	if reason == "" {
		return lang.Problem{Key: lang.ReasonEmpty}
	}
	if len(b.h.Evacuations()) == 0 {
		return lang.Problem{Key: lang.EvacuationNone}
	}
	b.h.evacuate()
	return nil
}

// fact is what this node says now.
func (b bell) fact(how string) record.Fact {
	b.h.seq++
	return record.Fact{ID: record.EventID{Actor: record.NewActor(node(4), 1, [8]byte{}), Seq: 1000 + b.h.seq}, At: record.HLCOf(b.h.now()) + record.HLC(b.h.seq), How: how}
}

// edit changes the one whom a code means, or adds them.
func (b bell) edit(code string, change func(*record.Presence, []record.EvacID) error) error {
	if b.disk != nil {
		if p := b.disk.Load(); p != nil {
			return *p
		}
	}
	c, err := record.ParseCode(code)
	if err != nil {
		return lang.Problem{Key: lang.BadgeMalformed}
	}
	e, on := b.h.Evacuations().Running("")
	if !on {
		return lang.Problem{Key: lang.EvacuationNone}
	}
	var starts []record.EvacID
	for _, s := range e.Starts {
		starts = append(starts, s.ID)
	}
	b.h.mu.Lock()
	defer b.h.mu.Unlock()
	i := slices.IndexFunc(b.h.open, func(p record.Presence) bool {
		return p.Badge() == c.Badge && (c.Visit.IsZero() || p.Visit == c.Visit)
	})
	if i < 0 {
		b.h.open = append(b.h.open, record.Presence{Visit: c.Visit, Code: c.Badge, State: record.Unknown, MarkedOnly: true})
		i = len(b.h.open) - 1
	}
	p := b.h.open[i]
	p.Marks = slices.Clone(p.Marks)
	if err := change(&p, starts); err != nil {
		return err
	}
	b.h.open = slices.Clone(b.h.open)
	b.h.open[i] = p
	close(b.h.changed)
	b.h.changed = make(chan struct{})
	return nil
}

func (b bell) Mark(_ context.Context, code string, mark record.Mark, point record.PointName, how string, once record.OnceID) error {
	return b.edit(code, func(p *record.Presence, starts []record.EvacID) error {
		if !once.IsZero() && slices.ContainsFunc(p.Marks, func(m record.MarkFact) bool { return m.Once == once }) {
			return nil
		}
		f := b.fact(how)
		if p.Seen.IsZero() {
			p.Seen = f
		}
		b.h.said[p.Badge()] = append(b.h.said[p.Badge()], record.Stated{ID: f.ID, Event: record.Event{
			Kind: record.Marked, At: f.At, Visit: p.Visit, Mark: mark, Point: point, How: how,
		}})
		p.Marks = append(p.Marks, record.MarkFact{Fact: f, Mark: mark, Point: point, Once: once, Starts: starts, Over: record.StillStanding(p.Marks, p.Departures)})
		return nil
	})
}

func (b bell) Undo(_ context.Context, code string, _ record.OnceID) error {
	return b.edit(code, func(p *record.Presence, _ []record.EvacID) error {
		if len(p.Marks) == 0 {
			return lang.Problem{Key: lang.BadgeMalformed}
		}
		p.Marks = p.Marks[:len(p.Marks)-1]
		return nil
	})
}

func (b bell) Add(_ context.Context, text string, point record.PointName) (string, error) {
	if text == "" {
		return "", lang.Problem{Key: lang.NameEmpty}
	}
	v := visitOf(uint32(500 + len(b.h.Open())))
	err := b.edit(v.String(), func(p *record.Presence, starts []record.EvacID) error {
		f := b.fact("screen")
		p.Added, p.Seen, p.MarkedOnly = true, f, false
		p.Marks = append(p.Marks, record.MarkFact{Fact: b.fact("screen"), Mark: record.Safe, Point: point, Starts: starts})
		b.h.cards[v] = record.Card{Name: record.Private(text)}
		return nil
	})
	return v.Badge().String(), err
}

func (b bell) Join(_ context.Context, added, visit string) error {
	c, err := record.ParseCode(visit)
	if err != nil {
		return lang.Problem{Key: lang.BadgeMalformed}
	}
	return b.edit(added, func(p *record.Presence, _ []record.EvacID) error { p.Joined = c.Visit; return nil })
}

func (b bell) Sweep(_ context.Context, site record.SiteID, zone record.ZoneID, clear bool) error {
	e, _ := b.h.Evacuations().Running("")
	b.h.mu.Lock()
	defer b.h.mu.Unlock()
	f := b.fact("screen")
	f.Place = record.Place{Site: site, Zone: zone}
	w := record.Sweep{Fact: f, Clear: clear}
	for _, s := range e.Starts {
		w.Starts = append(w.Starts, s.ID)
	}
	b.h.sweeps = append(b.h.sweeps, w)
	return nil
}

func (b bell) Tell(_ context.Context, at record.RefugeAt, help record.Help) error {
	if !help.Valid() {
		return lang.Problem{Key: lang.NoHelp}
	}
	b.h.call(at, record.Call{Fact: b.fact("screen"), Help: help})
	return nil
}

// call takes down what was said to or from a refuge by who knew of all before.
func (h *house) call(at record.RefugeAt, c record.Call) {
	e, _ := h.Evacuations().Running("")
	h.mu.Lock()
	defer h.mu.Unlock()
	c.Point, c.Place.Site, c.Starts = at.Point, at.Site, e.IDs()
	c.Over = h.calls.Latest(nil)
	h.calls = append(slices.Clone(h.calls), c)
	close(h.changed)
	h.changed = make(chan struct{})
}

func withBell(h *house) func(*evac.Config) {
	return func(c *evac.Config) {
		c.Alarm = bell{h: h, disk: &h.disk}
		c.Plans = drawn{}
		c.Points = func() []evac.Point {
			return []evac.Point{
				{Name: "Parkeringen", Site: "Norra", Position: "Norr om huset", Capacity: 300, Place: &points.Place{X: 200, Y: 910}},
				{Name: "Fotbollsplanen", Position: "Bortom vägen"},
				{Name: "Trapphus B, plan 3", Site: "Norra", Refuge: true, Capacity: 4, Place: &points.Place{X: 455, Y: 500}},
				{Name: "Hissbryggan", Refuge: true},
			}
		}
	}
}
