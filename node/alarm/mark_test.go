package alarm

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

func TestMark(t *testing.T) {
	w := newHouse(t).warden("Alfa")
	v := visitOf(1)
	w.arrives(v, "North")
	_, err := w.Mark(t.Context(), MarkRequest{Code: bare(v), Mark: record.Safe})
	if p := problem(t, err, "evacuation.not_covered"); !strings.Contains(p.Hint, "start one first: upprop evac start") {
		t.Error(p.Hint)
	}
	e := w.starts(false, "")
	got := w.says(bare(v), record.Missing)
	if got.Visit != v || !got.Known || !got.PointKnown || got.At == 0 || got.Already {
		t.Errorf("%+v", got)
	}
	safe := w.says(whole(v), record.Safe, func(r *MarkRequest) { r.Point = " Bus stop " })
	if safe.PointKnown || safe.Point != "Bus stop" {
		t.Errorf("a point nobody has set up: %+v", safe)
	}
	last := w.log.events[len(w.log.events)-1]
	if !slices.Equal(last.Starts, []record.EvacID{e.ID}) || !slices.Equal(last.Over, []record.EventID{got.ID}) || last.How != "command" || last.Place.Site != "North" {
		t.Errorf("%+v", last)
	}
	// What a device says of the time is kept as it says, if it can be a time.
	at := time.Date(2026, 11, 27, 10, 2, 14, 0, time.UTC)
	for said, want := range map[time.Time]record.HLC{at: record.HLCOf(at), {}: 0, time.Unix(0, 0).UTC(): 0, time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC): 0} {
		w.says(whole(v), record.Safe, func(r *MarkRequest) { r.Said = said })
		if got := w.log.events[len(w.log.events)-1].Said; got != want {
			t.Errorf("said %v, kept %v", said, got)
		}
	}
	if v := w.stands(bare(v)); v.Mark != record.Safe || v.Disputed {
		t.Errorf("%+v", v)
	}
	if want := "mark.safe " + v.Short() + " " + e.ID.String(); !slices.Contains(w.acts, want) {
		t.Errorf("on record: %q", w.acts)
	}
}

func TestMarksOfWhomNobodyHasTold(t *testing.T) {
	w := newHouse(t).warden("Alfa")
	w.starts(true, "")
	byCode := w.says(bare(visitOf(1)), record.Safe)
	if byCode.Known || !byCode.Visit.IsZero() || byCode.Badge != visitOf(1).Badge() {
		t.Errorf("a badge code: %+v", byCode)
	}
	// Its arrival comes; the mark is its own, and what comes now stands instead.
	w.arrives(visitOf(1), "North")
	if v := w.stands(bare(visitOf(1))); v.Mark != record.Safe {
		t.Errorf("%+v", v)
	}
	w.says(bare(visitOf(1)), record.Missing)
	if v := w.stands(whole(visitOf(1))); v.Mark != record.Missing {
		t.Errorf("%+v", v)
	}
	byQR := w.says(whole(visitOf(2)), record.Refuge)
	if byQR.Known || byQR.Visit != visitOf(2) {
		t.Errorf("a whole visit: %+v", byQR)
	}
	// That it was marked is not to have heard of it.
	if again := w.says(whole(visitOf(2)), record.Refuge); again.Known {
		t.Errorf("a whole visit, marked before: %+v", again)
	}
	if v := w.stands(bare(visitOf(2))); v.Mark != record.Refuge {
		t.Errorf("%+v", v)
	}
}

func TestCodesThatMeanNobody(t *testing.T) {
	w := newHouse(t).warden("Alfa")
	a := visitOf(1)
	b := a
	b[15]++
	w.arrives(a, "North")
	w.arrives(b, "North")
	w.starts(false, "")
	_, err := w.Mark(t.Context(), MarkRequest{Code: bare(a), Mark: record.Safe})
	if p := problem(t, err, "badge.ambiguous"); !strings.Contains(p.Hint, a.String()) || !strings.Contains(p.Hint, b.String()) {
		t.Error("both ids are not named:", p.Hint)
	}
	w.says(whole(a), record.Safe)
	if w.stands(whole(a)).Mark != record.Safe || w.stands(whole(b)).Mark != "" {
		t.Error("the wrong one is safe")
	}
	forged := whole(a)
	forged.QR = &record.QR{Visit: a, Sig: [64]byte{0xad}}
	_, err = w.Mark(t.Context(), MarkRequest{Code: forged, Mark: record.Safe})
	problem(t, err, "badge.forged")
	for _, text := range []string{"nonsense", "UP9" + strings.Repeat("A", 40), "0000-0000"} {
		if _, err := ParseCode(text); err == nil {
			t.Errorf("%q is a code", text)
		} else if key := "badge.malformed"; text[0] == 'U' {
			problem(t, err, "badge.newer")
		} else {
			problem(t, err, key)
		}
	}
	for point, key := range map[record.PointName]string{"-x": "evacuation.no_point", "a\nb": "evacuation.no_point", record.PointName(strings.Repeat("å", 65)): "evacuation.no_point"} {
		_, err := w.Mark(t.Context(), MarkRequest{Code: whole(a), Mark: record.Safe, Point: point})
		problem(t, err, key)
	}
	_, err = w.Mark(t.Context(), MarkRequest{Code: whole(a), Mark: "fine"})
	problem(t, err, "evacuation.no_mark")
}

func TestASiteThatIsNotEvacuated(t *testing.T) {
	w := newHouse(t).warden("Alfa")
	w.arrives(visitOf(1), "South")
	w.starts(false, "North")
	_, err := w.Mark(t.Context(), MarkRequest{Code: bare(visitOf(1)), Mark: record.Safe})
	if !errors.Is(err, ErrNotCovered) {
		t.Error(err)
	}
	if err := w.Sweep(t.Context(), "South", "2", true); !errors.Is(err, ErrNotCovered) {
		t.Error(err)
	}
}

func TestOnce(t *testing.T) {
	h := newHouse(t)
	a, b := h.warden("Alfa"), h.warden("Bravo")
	v := visitOf(1)
	a.arrives(v, "North")
	e := a.starts(false, "")
	meet(a, b)
	once := func(r *MarkRequest) { r.Once = record.OnceID{7} }
	first := a.says(bare(v), record.Safe, once)
	if again := a.says(bare(v), record.Safe, once); !again.Already || again.ID != first.ID || again.At != first.At {
		t.Errorf("%+v after %+v", again, first)
	}
	b.says(bare(v), record.Safe, once)
	meet(a, b)
	if u, err := b.Undo(t.Context(), bare(v), record.OnceID{8}); err != nil || u.Mark != record.Safe || u.Now != "" {
		t.Errorf("%+v %v", u, err)
	}
	meet(a, b)
	if v := a.stands(bare(v)); v.Mark != "" {
		t.Errorf("undone in one copy only: %+v", v)
	}
	a.says(bare(v), record.Missing)
	if u, err := b.Undo(t.Context(), bare(v), record.OnceID{8}); err != nil || !u.Already {
		t.Errorf("undone twice: %+v %v", u, err)
	}
	// A phone that was away delivers when it is over.
	if _, err := a.End(t.Context(), "all out"); err != nil {
		t.Fatal(err)
	}
	late := a.says(whole(visitOf(3)), record.Safe, once, func(r *MarkRequest) { r.Once, r.Starts = record.OnceID{9}, []record.EvacID{e.ID} })
	if late.Already {
		t.Errorf("%+v", late)
	}
}

// What a device says that has not seen this node's list stands against it.
func TestBlind(t *testing.T) {
	w := newHouse(t).warden("Alfa")
	w.arrives(visitOf(1), "North")
	w.starts(false, "")
	w.says(bare(visitOf(1)), record.Refuge)
	w.says(bare(visitOf(1)), record.Safe, func(r *MarkRequest) { r.Blind = true })
	if v := w.stands(bare(visitOf(1))); v.Mark != record.Refuge || !v.Disputed {
		t.Errorf("%+v", v)
	}
}

func TestUndo(t *testing.T) {
	h := newHouse(t)
	a, b := h.warden("Alfa"), h.warden("Bravo")
	v := visitOf(1)
	a.arrives(v, "North")
	a.starts(false, "")
	_, err := a.Undo(t.Context(), bare(v), record.OnceID{})
	problem(t, err, "evacuation.nothing_to_undo")
	a.says(bare(v), record.Refuge)
	meet(a, b)
	b.says(bare(v), record.Safe)
	meet(a, b)
	// Any warden takes back what another said; what it stood instead of stands.
	if u, err := a.Undo(t.Context(), bare(v), record.OnceID{}); err != nil || u.Mark != record.Safe || u.Now != record.Refuge || u.Visit != v {
		t.Errorf("%+v %v", u, err)
	}
	meet(a, b)
	if v := b.stands(bare(v)); v.Mark != record.Refuge {
		t.Errorf("%+v", v)
	}
	said, err := b.log.Evidence(v.Badge())
	if err != nil || len(said) != 4 {
		t.Errorf("%d facts, %v: something was erased", len(said), err)
	}
	// Of a badge code that nobody knows as well.
	a.says(bare(visitOf(2)), record.Inside)
	if u, err := a.Undo(t.Context(), bare(visitOf(2)), record.OnceID{}); err != nil || u.Mark != record.Inside || u.Now != "" {
		t.Errorf("%+v %v", u, err)
	}
}

func TestMarksThatAreRefused(t *testing.T) {
	w := newHouse(t).warden("Alfa")
	w.arrives(visitOf(1), "North")
	w.starts(false, "")
	before := len(w.log.events)
	for cause, want := range map[error]string{store.ErrFull: "disk.full", store.ErrBroken: "store.broken"} {
		w.log.refuse = cause
		_, err := w.Mark(t.Context(), MarkRequest{Code: bare(visitOf(1)), Mark: record.Safe})
		problem(t, err, want)
	}
	w.log.refuse = nil
	barred := errors.New("revoked")
	w.cfg.Barred = func() error { return barred }
	for _, act := range []func() error{
		func() error { _, err := w.Mark(t.Context(), MarkRequest{}); return err },
		func() error { _, err := w.Undo(t.Context(), bare(visitOf(1)), record.OnceID{}); return err },
		func() error { _, err := w.Add(t.Context(), AddRequest{}); return err },
		func() error { _, _, err := w.Join(t.Context(), bare(visitOf(1)), bare(visitOf(1))); return err },
		func() error { return w.Sweep(t.Context(), "", "2", true) },
	} {
		if err := act(); !errors.Is(err, barred) {
			t.Error("a revoked node speaks:", err)
		}
	}
	if len(w.log.events) != before {
		t.Error("something was written")
	}
}

// Who checked out and is on the list again is found by the badge.
func TestWhoLeftIsMarked(t *testing.T) {
	h := newHouse(t)
	w := h.warden("Alfa")
	v := visitOf(1)
	w.arrives(v, "North")
	w.starts(false, "")
	out := w.write(record.Event{Kind: record.Left, Visit: v})
	h.mu.Lock()
	h.now = h.now.Add(time.Minute)
	h.mu.Unlock()
	w.says(bare(v), record.Inside)
	if last := w.log.events[len(w.log.events)-1]; !slices.Equal(last.Over, []record.EventID{out}) {
		t.Errorf("%+v", last)
	}
	if s := w.stands(bare(v)); s.Mark != record.Inside || s.Disputed {
		t.Errorf("%+v", s)
	}
}
