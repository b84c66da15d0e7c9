package evac

import (
	"strings"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
)

// Reader is for whom a list is put into words: Text answers the keys of this
// package's catalog in Locale, and times are those of Zone.
type Reader struct {
	Text   func(key string, args map[string]any) string
	Locale lang.Locale
	Zone   *time.Location
}

func (s *Service) reader(r *webkit.Request) Reader { return Reader{r.Text, r.Locale, s.cfg.Zone} }

// Truth says how many are inside and how sure that is; it never is a bare
// number.
func (r Reader) Truth(l List) string {
	t := r.tell(l)
	all := []string{t.Inside}
	for _, p := range t.Left {
		all = append(all, p.Says)
	}
	return strings.TrimSpace(strings.Join(append(all, t.Doubt), " "))
}

// Alarm says in words what runs, and whether it is real.
func (r Reader) Alarm(e record.Evacuation, now time.Time) string {
	args := map[string]any{"Time": r.Moment(e.At.Time(), now), "Where": r.where(e)}
	if e.Drill {
		return r.Text("alarm.is_drill", args)
	}
	return r.Text("alarm.is_real", args)
}

func (r Reader) where(e record.Evacuation) string {
	if len(e.Sites) == 0 {
		return r.Text("alarm.campus", nil)
	}
	names := make([]string, len(e.Sites))
	for i, site := range e.Sites {
		names[i] = string(site)
	}
	return strings.Join(names, ", ")
}

// State says where somebody stands.
func (r Reader) State(p Person) string { return r.Text(stateWord(p), nil) }

// Why says what is in doubt about somebody beyond their entrance's news;
// empty: nothing is.
func (r Reader) Why(p Person) string {
	if key := whyNot(p); key != "" {
		return r.Text(key, nil)
	}
	return ""
}

// Marked says whose mark stands and where it was made; empty: none does.
func (r Reader) Marked(p Person, now time.Time) string {
	if p.MarkedAt.IsZero() {
		return ""
	}
	return r.Text(markedKey(p), map[string]any{"Node": p.MarkedBy, "Time": r.Hour(p.MarkedAt, now), "Point": string(p.Point)})
}

// NoNames says what keeps names from being shown, each reason by itself.
func (r Reader) NoNames(l List) []string { return r.whyNoNames(l, false) }

// Hour is the time of day without seconds and, when that is not today, the date.
func (r Reader) Hour(t, now time.Time) string {
	t, now = t.In(r.Zone), now.In(r.Zone)
	if sameDay(t, now) {
		return r.Locale.Clock(t)
	}
	return r.Locale.ShortDate(t) + " " + r.Locale.Clock(t)
}

// Moment is the time of day and, when that is not today, the date.
func (r Reader) Moment(t, now time.Time) string {
	t, now = t.In(r.Zone), now.In(r.Zone)
	if sameDay(t, now) {
		return r.Locale.ClockSeconds(t)
	}
	return r.Locale.ShortDate(t) + " " + r.Locale.ClockSeconds(t)
}

func sameDay(t, u time.Time) bool { return t.YearDay() == u.YearDay() && t.Year() == u.Year() }
