package evac

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
)

// truth is the one line on top of everything, in the reader's language. It
// never is a bare number: it says what is not known as well.
type truth struct {
	// Figure is how many the list holds as inside; Inside says it in words.
	Figure int
	Inside string
	// Left says how many have probably left; empty for none.
	Left string
	// Doubt says how many are not sure, and why; empty when all is well.
	Doubt string
}

// tell puts the truth of a list into words.
func (s *Service) tell(r *webkit.Request, l List) truth {
	t := truth{Figure: l.Counts.Inside + l.Counts.Unconfirmed}
	switch {
	case l.Counts.Total == 0:
		t.Inside = r.Text("warden.empty", nil)
	case t.Figure == 0:
		t.Inside = r.Text("warden.none_sure", nil)
	default:
		t.Inside = r.Text("warden.inside", map[string]any{"Count": t.Figure})
	}
	if n := l.Counts.ProbablyLeft; n > 0 {
		t.Left = r.Text("warden.left", map[string]any{"Count": n})
	}
	why := s.why(r, l)
	switch n := l.Counts.NotSure; {
	case n > 0 && why == "":
		t.Doubt = r.Text("warden.not_sure", map[string]any{"Count": n, "Why": r.Text("warden.why_people", nil)})
	case n > 0:
		t.Doubt = r.Text("warden.not_sure", map[string]any{"Count": n, "Why": why})
	case why != "":
		t.Doubt = r.Text("warden.not_all", map[string]any{"Why": why})
	}
	return t
}

// why names the entrance whose news is missed most: the one that most people
// in doubt were last seen at, then the one not heard for longest.
func (s *Service) why(r *webkit.Request, l List) string {
	late := slices.DeleteFunc(slices.Clone(l.Entrances), func(d Door) bool { return d.News.UpToDate() })
	if len(late) == 0 {
		return ""
	}
	worst := slices.MinFunc(late, func(a, b Door) int {
		return cmp.Or(cmp.Compare(b.Doubt, a.Doubt), a.LastHeard.Compare(b.LastHeard), cmp.Compare(a.Name, b.Name))
	})
	why := s.missed(r, worst, l.AsOf)
	if n := len(late) - 1; n > 0 {
		why += r.Text("warden.and_more", map[string]any{"Count": n})
	}
	return why
}

// missed says in a few words what is missing from one entrance.
func (s *Service) missed(r *webkit.Request, d Door, now time.Time) string {
	key, at := "warden.heard", d.LastHeard
	switch {
	case d.News == Never:
		key = "warden.never_heard"
	case d.News == Stale && d.CompleteAsOf.IsZero():
		key = "warden.incomplete"
	case d.News == Stale:
		key, at = "warden.complete", d.CompleteAsOf
	}
	args := map[string]any{"Door": d.Name, "Time": s.moment(r.Locale, at, now)}
	return strings.TrimSpace(r.Text(key, args))
}

// says is what an entrance's line says of its news.
func (s *Service) says(r *webkit.Request, d Door, now time.Time) string {
	at := func(t time.Time) map[string]any { return map[string]any{"Time": s.moment(r.Locale, t, now)} }
	switch {
	case d.News == Here:
		return r.Text("warden.here", nil)
	case d.CompleteAsOf.IsZero():
		return r.Text("warden.never_complete", nil)
	case d.News == Silent:
		return r.Text("warden.complete_as_of", at(d.CompleteAsOf)) + " · " + r.Text("warden.last_heard", at(d.LastHeard))
	}
	return r.Text("warden.complete_as_of", at(d.CompleteAsOf))
}

// hour is when somebody came: no seconds, and the date when it was not today.
func (s *Service) hour(l lang.Locale, t, now time.Time) string {
	t, now = t.In(s.cfg.Zone), now.In(s.cfg.Zone)
	if sameDay(t, now) {
		return l.Clock(t)
	}
	return l.ShortDate(t) + " " + l.Clock(t)
}

func sameDay(t, u time.Time) bool { return t.YearDay() == u.YearDay() && t.Year() == u.Year() }

// moment is the time of day and, when that is not today, the date.
func (s *Service) moment(l lang.Locale, t, now time.Time) string {
	t, now = t.In(s.cfg.Zone), now.In(s.cfg.Zone)
	if sameDay(t, now) {
		return l.ClockSeconds(t)
	}
	return l.ShortDate(t) + " " + l.ClockSeconds(t)
}
