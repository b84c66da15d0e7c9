package alarm

import (
	"errors"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

func (w *warden) tells(p record.PointName, h record.Help) record.Talk {
	w.t.Helper()
	got, err := w.Tell(w.t.Context(), TellRequest{Point: p, Help: h, How: "command"})
	if err != nil {
		w.t.Fatal(err)
	}
	return got
}

func (w *warden) hears(p record.PointName, n int, seen *record.EventID) record.Talk {
	w.t.Helper()
	got, err := w.Hear(w.t.Context(), HearRequest{Point: p, Count: n, How: "screen", Seen: seen})
	if err != nil {
		w.t.Fatal(err)
	}
	return got
}

func TestRefugeIsToldAndAnswers(t *testing.T) {
	h := newHouse(t)
	a, b := h.warden("Alfa"), h.warden("Beta")
	if _, err := a.Tell(t.Context(), TellRequest{Point: "Stair B", Help: record.HelpTold}); !errors.Is(err, ErrNotCovered) {
		t.Fatal("told while nothing runs:", err)
	}
	a.starts(false, "")
	told := a.tells("Stair B", record.HelpTold)
	meet(a, b)
	// The screen still shows what was said before.
	coming := b.tells("Stair B", record.HelpComing)
	if got := b.hears("Stair B", 3, &told.Stands.ID); got.Read || got.Heard.Count != 3 || got.Stands.Help != record.HelpComing {
		t.Errorf("%+v", got)
	}
	if got := b.hears("Stair B", 3, &coming.Stands.ID); got.Read {
		t.Error("the same again within seconds is written anew")
	}
	if got := b.hears("Stair B", 2, &coming.Stands.ID); !got.Read || got.Heard.Count != 2 {
		t.Errorf("%+v", got)
	}
	meet(a, b)
	if got, ok := a.Talk("Stair B", ""); !ok || !got.Read || got.Stands.Help != record.HelpComing || len(got.Beside) != 0 || len(got.Calls) != 4 {
		t.Errorf("%v %+v", ok, got)
	}
	if got := a.tells("Stair B", record.HelpFetched); got.Still {
		t.Errorf("%+v", got)
	}
	if got := a.hears("Stair B", 1, nil); !got.Still {
		t.Error("somebody is heard who is said to have been fetched")
	}
}

func TestTheSameFromARefugeIsWrittenAgainLater(t *testing.T) {
	h := newHouse(t)
	a := h.warden("Alfa")
	a.starts(false, "")
	first := a.hears("Stair B", 2, nil)
	h.mu.Lock()
	h.now = h.now.Add(time.Minute)
	h.mu.Unlock()
	if again := a.hears("Stair B", 2, nil); again.Heard.ID == first.Heard.ID {
		t.Error("that they are heard a minute later is not on record")
	}
}

func TestThoseOfWhomNobodySaidWhere(t *testing.T) {
	h := newHouse(t)
	a := h.warden("Alfa")
	a.starts(false, "")
	a.tells("", record.HelpComing)
	if _, err := a.Tell(t.Context(), TellRequest{Site: "South", Help: record.HelpStay}); err != nil {
		t.Fatal(err)
	}
	if got, _ := a.Talk("", ""); got.Stands.Help != record.HelpComing || got.Site != "North" {
		t.Errorf("%+v", got)
	}
	if got, _ := a.Talk("", "South"); got.Stands.Help != record.HelpStay {
		t.Errorf("%+v", got)
	}
	if len(a.acts) != 3 || a.acts[1][:14] != "refuge.coming " {
		t.Errorf("%q", a.acts)
	}
}

func TestRefugeProblems(t *testing.T) {
	h := newHouse(t)
	a := h.warden("Alfa")
	a.starts(false, "")
	for want, r := range map[string]TellRequest{
		"evacuation.no_help":  {Point: "Stair B", Help: "beamed"},
		"evacuation.no_point": {Point: "a\nb", Help: record.HelpTold},
		"evacuation.no_site":  {Site: "Nroth", Help: record.HelpTold},
	} {
		_, err := a.Tell(t.Context(), r)
		problem(t, err, want)
	}
	_, err := a.Hear(t.Context(), HearRequest{Point: "Stair B", Count: -1})
	problem(t, err, "evacuation.no_count")
	barred := errors.New("revoked")
	a.cfg.Barred = func() error { return barred }
	if _, err := a.Tell(t.Context(), TellRequest{Point: "Stair B", Help: record.HelpTold}); !errors.Is(err, barred) {
		t.Error(err)
	}
	// A link names the evacuation, also where it has not been heard of.
	b := h.warden("Beta")
	got, err := b.Hear(t.Context(), HearRequest{Point: "Stair B", Count: 1, Starts: []record.EvacID{{7}}})
	if err != nil || got.Heard.Count != 1 {
		t.Error(got, err)
	}
}
