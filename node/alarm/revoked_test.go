package alarm

import (
	"slices"
	"testing"

	"github.com/upprop/upprop/crdt/record"
)

// An alarm that is sounded where another's runs already stays when that one
// turns out to have been revoked, with the marks that were made in it.
func TestAnAlarmOutlivesTheRevocationOfWhoSoundedFirst(t *testing.T) {
	panel := func(w *warden) record.Evacuation {
		e, on, started, err := w.StartAs(t.Context(), record.EvacID{7}, false, "North")
		if err != nil || !on || started {
			t.Fatal(e, on, started, err)
		}
		return e
	}
	for name, c := range map[string]struct {
		first func(*warden) record.Evacuation
		press func(*warden) record.Evacuation
	}{
		"a desk":                      {func(w *warden) record.Evacuation { return w.starts(false, "") }, func(w *warden) record.Evacuation { return w.starts(false, "") }},
		"a desk, for a site":          {func(w *warden) record.Evacuation { return w.starts(false, "") }, func(w *warden) record.Evacuation { return w.starts(false, "North") }},
		"a fire panel":                {func(w *warden) record.Evacuation { return w.starts(false, "") }, panel},
		"a fire panel at both":        {func(w *warden) record.Evacuation { return startedAs(t, w, 7, false, "North") }, panel},
		"a drill":                     {func(w *warden) record.Evacuation { return w.starts(true, "North") }, func(w *warden) record.Evacuation { return w.starts(true, "North") }},
		"an alarm where drills began": {func(w *warden) record.Evacuation { w.starts(true, ""); return w.starts(false, "") }, func(w *warden) record.Evacuation { return w.starts(false, "") }},
	} {
		h := newHouse(t)
		e, c1, c2 := h.warden("Echo"), h.warden("Charlie"), h.warden("Delta")
		v := visitOf(1)
		c1.arrives(v, "North")
		first := c.first(e)
		meet(e, c1)
		c1.says(bare(v), record.Refuge)
		if got := c.press(c1); got.ID != first.ID || got.At != first.At || got.Drill != first.Drill {
			t.Errorf("%s: %+v is not %+v", name, got, first)
		}
		n := len(c1.log.events)
		for range 3 {
			c.press(c1)
		}
		if len(c1.log.events) != n {
			t.Errorf("%s: pressed again here, and %d more were written", name, len(c1.log.events)-n)
		}
		meet(c1, c2)
		before, _ := c2.Running("")
		h.revoke(e, c1, c2)
		for _, w := range []*warden{c1, c2} {
			got, on := w.Running("North")
			if !on || got.ID != first.ID || got.At != first.At || got.Drill != first.Drill {
				t.Errorf("%s: after the revocation: %v %+v", name, on, got)
			}
			if s := w.stands(bare(v)); s.Mark != record.Refuge {
				t.Errorf("%s: what was said in it: %+v", name, s)
			}
		}
		if len(before.Starts) != len(first.Starts) {
			t.Errorf("%s: one press is %d starts", name, len(before.Starts))
		}
		if _, err := c2.End(t.Context(), "all out"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, on := c2.Running(""); on {
			t.Errorf("%s: it runs on", name)
		}
	}
}

// However many press, and however often, each node writes one event, and nothing
// looks otherwise than after the first.
func TestAnAlarmPressedEverywhere(t *testing.T) {
	h := newHouse(t)
	var all []*warden
	for _, name := range []string{"Alfa", "Bravo", "Charlie", "Delta"} {
		all = append(all, h.warden(name))
	}
	first := all[0].starts(false, "")
	for range 3 {
		for _, w := range all {
			meet(all[0], w)
			w.starts(false, "North")
			w.starts(false, "")
			w.starts(true, "")
		}
	}
	for _, w := range all {
		meet(all[0], w)
		got, _ := w.Running("")
		if len(w.log.events) != 1 || len(got.Starts) != 1 || len(got.Starts[0].Told) != len(all) {
			t.Errorf("%d events, %+v", len(w.log.events), got)
		}
		if got.ID != first.ID || got.At != first.At || got.Starts[0].By != all[0].id || got.Starts[0].Site != "" {
			t.Errorf("%+v is not %+v", got, first)
		}
	}
	// A drill that is asked for during an alarm is not begun, nor is the alarm told.
	other := h.warden("Echo")
	meet(all[0], other)
	if got := other.starts(true, ""); got.ID != first.ID || len(other.log.events) != 0 {
		t.Errorf("%d events, %+v", len(other.log.events), got)
	}
}

func startedAs(t *testing.T, w *warden, id byte, drill bool, site record.SiteID) record.Evacuation {
	t.Helper()
	e, _, _, err := w.StartAs(t.Context(), record.EvacID{id}, drill, site)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// An act that was delivered to a node which turns out to have been revoked, and
// to another, counts by the other's word: what stood instead of it, and what took
// it back, still does.
func TestAnActOutlivesTheRevocationOfWhoTookItFirst(t *testing.T) {
	once := func(n byte, change ...func(*MarkRequest)) func(*MarkRequest) {
		return func(r *MarkRequest) {
			r.Blind, r.Once = true, record.OnceID{n}
			for _, f := range change {
				f(r)
			}
		}
	}
	v := visitOf(1)
	for name, c := range map[string]struct {
		acts func(e, c *warden) // both have met before each
		mark record.Mark
	}{
		"told twice": {func(_, c *warden) {
			for range 2 {
				if got := c.says(bare(v), record.Safe, once(1)); !got.Already || got.Mark != record.Safe {
					t.Errorf("%+v", got)
				}
			}
		}, record.Safe},
		"after somebody who knew of it said otherwise": {func(_, c *warden) {
			c.says(bare(v), record.Inside)
			c.says(bare(v), record.Safe, once(1))
		}, record.Inside},
		"said otherwise after it": {func(_, c *warden) {
			c.says(bare(v), record.Safe, once(1))
			c.says(bare(v), record.Missing)
		}, record.Missing},
		"taken back by another": {func(_, c *warden) {
			c.says(bare(v), record.Safe, once(1))
			if u, err := c.Undo(t.Context(), bare(v), record.OnceID{8}); err != nil || u.Now != "" {
				t.Error(u, err)
			}
		}, ""},
		"taken back where it was told first": {func(e, c *warden) {
			if u, err := e.Retract(t.Context(), bare(v), record.OnceID{1}, record.OnceID{2}); err != nil || u.Now != "" {
				t.Error(u, err)
			}
			c.says(bare(v), record.Safe, once(1))
			meet(e, c)
			for range 2 {
				if _, err := c.Retract(t.Context(), bare(v), record.OnceID{1}, record.OnceID{2}); err != nil {
					t.Error(err)
				}
			}
		}, ""},
		"and the phone's next": {func(_, c *warden) {
			c.says(bare(v), record.Safe, once(1))
			c.says(bare(v), record.Missing, once(2, func(r *MarkRequest) { r.OverActs = []record.OnceID{{1}} }))
		}, record.Missing},
	} {
		h := newHouse(t)
		e, c1, c2 := h.warden("Echo"), h.warden("Charlie"), h.warden("Delta")
		c1.arrives(v, "North")
		c1.starts(false, "")
		meet(e, c1)
		e.says(bare(v), record.Safe, once(1))
		meet(e, c1)
		c.acts(e, c1)
		n := len(c1.log.events)
		c1.says(bare(v), record.Safe, once(1))
		if len(c1.log.events) != n {
			t.Errorf("%s: written twice here", name)
		}
		meet(c1, c2)
		meet(e, c2)
		for _, w := range []*warden{c1, c2} {
			if s := w.stands(bare(v)); s.Mark != c.mark || s.Disputed {
				t.Errorf("%s: before the revocation: %+v", name, s)
			}
		}
		h.revoke(e, c1, c2)
		for _, w := range []*warden{c1, c2} {
			if s := w.stands(bare(v)); s.Mark != c.mark || s.Disputed {
				t.Errorf("%s: after the revocation: %+v", name, s)
			}
		}
	}
}

// What is told of somebody who is on no list is taken anew where only a node that
// turns out to have been revoked had taken it.
func TestAnAddingOutlivesTheRevocationOfWhoTookItFirst(t *testing.T) {
	h := newHouse(t)
	e, c := h.warden("Echo"), h.warden("Charlie")
	c.starts(false, "")
	meet(e, c)
	r := AddRequest{Text: "Red jacket", Point: "Car park", Once: record.OnceID{3}}
	first, err := e.Add(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	meet(e, c)
	for range 2 {
		if again, err := c.Add(t.Context(), r); err != nil || again.Visit != first.Visit || !again.Already {
			t.Errorf("%+v %v", again, err)
		}
	}
	if kinds := kindsOf(c.log.events); !slices.Equal(kinds, []record.Kind{record.EvacStarted, record.Added, record.Marked}) {
		t.Errorf("%v", kinds)
	}
	h.revoke(e, c)
	p, err := c.log.Presence(first.Visit)
	if err != nil || !p.Added || c.stands(whole(first.Visit)).Mark != record.Safe {
		t.Errorf("%+v %v", p, err)
	}
}

// So is that they turned out to be somebody, and what was heard from a refuge.
func TestAJoinOutlivesTheRevocationOfWhoSaidItFirst(t *testing.T) {
	h := newHouse(t)
	e, c := h.warden("Echo"), h.warden("Bravo")
	v := visitOf(1)
	c.arrives(v, "North")
	c.starts(false, "")
	added, err := c.Add(t.Context(), AddRequest{Text: "Red jacket"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Part(t.Context(), whole(added.Visit)); err != nil || len(c.log.events) != 2 {
		t.Errorf("never joined, and parted: %v %v", kindsOf(c.log.events), err)
	}
	meet(e, c)
	if _, _, err := e.Join(t.Context(), whole(added.Visit), bare(v)); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Hear(t.Context(), HearRequest{Count: 3}); err != nil {
		t.Fatal(err)
	}
	meet(e, c)
	for range 2 {
		if _, _, err := c.Join(t.Context(), whole(added.Visit), bare(v)); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Hear(t.Context(), HearRequest{Count: 3}); err != nil {
			t.Fatal(err)
		}
	}
	if kinds := kindsOf(c.log.events[2:]); !slices.Equal(kinds, []record.Kind{record.Joined, record.RefugeHeard}) {
		t.Errorf("%v", kinds)
	}
	h.revoke(e, c)
	if p, err := c.log.Presence(added.Visit); err != nil || p.Joined != v {
		t.Errorf("%+v %v", p, err)
	}
	if talk, ok := c.Talk("", ""); !ok || talk.Heard.Count != 3 {
		t.Errorf("%+v", talk)
	}
}

func kindsOf(events []record.Event) (out []record.Kind) {
	for _, e := range events {
		out = append(out, e.Kind)
	}
	return out
}
