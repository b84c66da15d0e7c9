package node

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh"
	"github.com/upprop/upprop/mesh/beat"
	"github.com/upprop/upprop/mesh/memnet"
)

// What a clock wrong by decades wrote goes at the same time everywhere, also
// where nobody could note when it came: at its own node, whose clock was wrong,
// and at one that was off. All nodes are closed for weeks before either could.
func TestDaysFarAheadGoEverywhereAtOnce(t *testing.T) {
	inTheLongRunOnly(t)
	synctest.Test(t, func(t *testing.T) {
		w := newTownIn(t, 26*365*24*time.Hour, "Reception", "East gate", "West gate", "North gate", "South gate")
		defer w.close()
		w.sleep(1)
		wrong, off, id := w.houses[4], w.houses[3], w.houses[4].key.ID()
		wrong.shut()
		off.shut()
		for _, h := range w.houses[:3] {
			w.net.Cut(memnet.Closing, h.key.ID(), id)
		}
		wrong.ahead.Store(int64(73 * 365 * 24 * time.Hour))
		wrong.on()
		time.Sleep(time.Minute)
		mine, gone := wrong.arrive("Mine"), wrong.arrive("Gone")
		wrong.leave(gone)
		w.net.Heal()
		time.Sleep(2 * time.Minute)
		wrong.shut()
		time.Sleep(2 * retentionTick)
		for _, h := range w.houses[:3] {
			if len(h.Replica().HeldAhead()) == 0 {
				t.Fatalf("%s has not noted what came of a clock far ahead", h.name)
			}
			h.shut()
		}
		w.leap.Add(int64(40 * 24 * time.Hour))
		wrong.ahead.Store(0)
		for _, h := range w.houses {
			h.on()
		}
		time.Sleep(3 * retentionTick)
		for _, h := range w.houses {
			if !h.lists(mine) || h.lists(gone) {
				t.Errorf("%s lists mine %v, gone %v", h.name, h.lists(mine), h.lists(gone))
			}
			for doc := range h.Replica().Digests() {
				d, err := record.ParseDocID(string(doc))
				if err == nil && d.Kind != record.DocCampus && d.Day > record.DayOf(h.now()) {
					t.Errorf("%s still holds %s", h.name, doc)
				}
			}
			for _, n := range h.Mesh().Freshness() {
				if !n.Covered || n.AsOf.Before(h.now().Add(-time.Minute)) {
					t.Errorf("%s: of %s: covered %v, as of %v", h.name, n.Node.Short(), n.Covered, n.AsOf)
				}
			}
		}
	})
}

// One member's word makes nothing old: two must have noted it by then.
func TestOneWordMakesNothingOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTownIn(t, 26*365*24*time.Hour, "Reception", "East gate", "West gate")
		defer w.close()
		w.sleep(1)
		wrong, id := w.houses[2], w.houses[2].key.ID()
		wrong.shut()
		for _, h := range w.houses[:2] {
			w.net.Cut(memnet.Closing, h.key.ID(), id)
		}
		wrong.ahead.Store(int64(73 * 365 * 24 * time.Hour))
		wrong.on()
		time.Sleep(time.Minute)
		wrong.arrive("Mine")
		wrong.shut()
		wrong.ahead.Store(0)
		w.net.Heal()
		wrong.on()
		time.Sleep(2 * time.Minute)
		today := record.DayOf(wrong.now())
		for i, h := range w.houses {
			if err := h.Replica().NoteAhead(today); err != nil {
				t.Fatal(err)
			}
			held := h.Replica().HeldAhead()
			if len(held) == 0 {
				t.Fatalf("%s holds nothing ahead", h.name)
			}
			for id := range held {
				held[id] = today - record.Day(10-5*i) // 10 days ago, 5, today
			}
			if err := h.Replica().HeldSince(held); err != nil {
				t.Fatal(err)
			}
		}
		for i, want := range []record.Day{today - 10, today - 5, today - 5} {
			h := w.houses[i]
			if err := h.agreeOnAhead(t.Context(), h.mesh.Freshness(), h.now()); err != nil {
				t.Fatal(err)
			}
			for id, since := range h.Replica().HeldAhead() {
				if since != want {
					t.Errorf("%s: %s is held since %v, want %v", h.name, id, since, want)
				}
			}
		}
	})
}

// Where clocks are off by hours what all of them call past is past, and nothing
// where as many are off by more.
func TestTheEarliestOfClocksThatAreOffByHours(t *testing.T) {
	now := time.Date(2026, 11, 22, 1, 0, 0, 0, time.UTC)
	today := record.DayOf(now)
	at := func(offs ...time.Duration) (news []mesh.NodeNews) {
		for _, off := range offs {
			news = append(news, mesh.NodeNews{News: beat.News{Direct: true, LastHeard: now, ClockOffset: off}})
		}
		return news
	}
	const far = 40 * 24 * time.Hour
	for name, c := range map[string]struct {
		news []mesh.NodeNews
		want record.Day
		ok   bool
	}{
		"behind ours":              {at(-2*time.Hour, -2*time.Hour), today - 1, true},
		"ahead of ours":            {at(26*time.Hour-3*time.Hour, 2*time.Hour), today, true},
		"one far off":              {at(-2*time.Hour, far), today - 1, true},
		"more are far off":         {at(-2*time.Hour, far, far), today - 1, false},
		"all are far off":          {at(far, -far), today, false},
		"nobody":                   {at(), today, false},
		"just more than a day off": {at(25*time.Hour, 25*time.Hour), today, false},
	} {
		if day, ok := almost(c.news, now); ok != c.ok || ok && day != c.want {
			t.Errorf("%s: %v %v, want %v %v", name, day, ok, c.want, c.ok)
		}
	}
}

// A node whose clock is hours off among others that agree drops its days like
// any other, and stays complete to them.
func TestAClockOffByHoursKeepsNoDaysForEver(t *testing.T) {
	inTheLongRunOnly(t)
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, "Reception", "East gate", "West gate")
		defer w.close()
		off := w.houses[2]
		off.ahead.Store(int64(5 * time.Hour))
		stays := off.arrive("Stays")
		for range 38 {
			w.steady()
			v := off.arrive("Passes")
			time.Sleep(time.Second)
			w.houses[0].leave(v)
			w.sleep(1)
		}
		for _, h := range w.houses {
			if first := h.oldest(); first < record.DayOf(w.houses[0].now())-31 {
				t.Errorf("%s holds days since %v", h.name, first)
			}
			if !h.lists(stays) {
				t.Errorf("%s: a person vanished", h.name)
			}
			for _, n := range h.Mesh().Freshness() {
				if !n.Covered {
					t.Errorf("%s does not call %s complete", h.name, n.Node.Short())
				}
			}
		}
	})
}

// FuzzAhead: whatever members ask and answer about documents far ahead is in
// one form, or refused.
func FuzzAhead(f *testing.F) {
	ids := []record.DocID{"day/20991122/0/South", "sealed/20991122/3/North", "campus/2026"}
	f.Add(encodeNames(ids), encodeDays([]record.Day{0, 20781, lastDay}))
	f.Add([]byte{200}, encodeDays([]record.Day{lastDay + 1, -1}))
	f.Add([]byte{0}, []byte{1})
	f.Add(encodeNames(slices.Repeat(ids, maxAhead)), []byte{})
	f.Fuzz(func(t *testing.T, names, days []byte) {
		docs, err := decodeNames(names)
		switch {
		case err != nil && (!errors.Is(err, errAhead) || docs != nil):
			t.Fatalf("refused with %v, %v", docs, err)
		case err == nil && (len(docs) > maxAhead || !bytes.Equal(encodeNames(docs), names)):
			t.Fatalf("%d documents, or a second form", len(docs))
		}
		all, err := decodeDays(days, len(days)/4)
		switch {
		case err != nil && (!errors.Is(err, errAhead) || all != nil):
			t.Fatalf("refused with %v, %v", all, err)
		case err == nil && !bytes.Equal(encodeDays(all), days):
			t.Fatal("a second form")
		}
	})
}
