package evac

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// truth is the one line on top of everything, in the reader's language. It
// never is a bare number: it says what is not known as well.
type truth struct {
	// Figure is how many the list does not hold as out; Inside says it in words.
	Figure int
	Inside string
	// Left says how many have probably left, are safe or have left; none for
	// nobody.
	Left []part
	// Doubt says how many are not sure, and why; empty when all is well.
	Doubt string
}

// part is a part of the truth. OnTab: the tabs give that number too, so that a
// small screen need not show it twice.
type part struct {
	Says  string
	OnTab bool
}

// tell puts the truth of a list into words.
func (r Reader) tell(l List) truth {
	c := l.Counts
	t := truth{Figure: c.Inside + c.Unconfirmed + c.Missing + c.Refuge}
	staff := l.Scope == ScopeStaff
	switch {
	case c.Total == 0 && staff:
		t.Inside = r.Text("warden.empty_staff", nil)
	case c.Total == 0:
		t.Inside = r.Text("warden.empty", nil)
	case t.Figure == 0 && staff:
		t.Inside = r.Text("warden.none_sure_staff", nil)
	case t.Figure == 0:
		t.Inside = r.Text("warden.none_sure", nil)
	default:
		t.Inside = r.Text("warden.inside", map[string]any{"Count": t.Figure})
	}
	for _, of := range []struct {
		key   string
		n     int
		onTab bool
	}{
		{"warden.missing", c.Missing, false},
		{"warden.refuge", c.Refuge, true},
		{"warden.safe", c.Safe, true},
		{"warden.gone", c.Left, true},
		{"warden.left", c.ProbablyLeft, false},
	} {
		if of.n > 0 {
			t.Left = append(t.Left, part{r.Text(of.key, map[string]any{"Count": of.n}), of.onTab})
		}
	}
	why := r.why(l)
	switch n := l.Counts.NotSure; {
	case n > 0 && why == "":
		t.Doubt = r.Text("warden.not_sure", map[string]any{"Count": n, "Why": r.Text("warden.why_people", nil)})
	case n > 0:
		t.Doubt = r.Text("warden.not_sure", map[string]any{"Count": n, "Why": why})
	case why != "":
		t.Doubt = r.Text("warden.not_all", map[string]any{"Why": why})
	}
	if fed := r.feedDoubt(l); fed != "" {
		if t.Doubt != "" && !strings.HasSuffix(t.Doubt, ".") {
			t.Doubt += "."
		}
		t.Doubt = strings.TrimSpace(t.Doubt + " " + fed)
	}
	return t
}

// why names the entrance whose news is missed most: the one that most people
// in doubt were last seen at, then the one not heard for longest.
func (r Reader) why(l List) string {
	late := slices.DeleteFunc(slices.Clone(l.Entrances), func(d Door) bool { return d.News.UpToDate() })
	if len(late) == 0 {
		return ""
	}
	worst := slices.MinFunc(late, func(a, b Door) int {
		return cmp.Or(cmp.Compare(b.Doubt, a.Doubt), a.LastHeard.Compare(b.LastHeard), cmp.Compare(a.Name, b.Name))
	})
	why := r.Late(worst, l.AsOf)
	if n := len(late) - 1; n > 0 {
		why += r.Text("warden.and_more", map[string]any{"Count": n})
	}
	return why
}

// Late says in a few words what is missing from one entrance.
func (r Reader) Late(d Door, now time.Time) string {
	key, at := "warden.heard", d.LastHeard
	switch {
	case d.News == Never:
		key = "warden.never_heard"
	case d.News == Stale && d.CompleteAsOf.IsZero():
		key = "warden.incomplete"
	case d.News == Stale:
		key, at = "warden.complete", d.CompleteAsOf
	}
	args := map[string]any{"Door": d.Name, "Time": r.Moment(at, now)}
	return strings.TrimSpace(r.Text(key, args))
}

// Door is what an entrance's line says of its news.
func (r Reader) Door(d Door, now time.Time) string {
	at := func(t time.Time) map[string]any { return map[string]any{"Time": r.Moment(t, now)} }
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
