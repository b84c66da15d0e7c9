package invitations

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// Repeat says on which days besides the first somebody is expected.
type Repeat struct {
	// Every is Weekly, Weekdays (Monday to Friday) or Listed; or Once.
	Every string
	// Until is the last day of Weekly and Weekdays; Days are the others of Listed.
	Until time.Time
	Days  []time.Time
}

// How something may repeat.
const (
	Once     = ""
	Weekly   = "weekly"
	Weekdays = "weekdays"
	Listed   = "listed"
)

// ParseRepeat reads how something repeats: until is a date, days are dates apart
// by spaces, commas or lines. Errors: *Problem.
func ParseRepeat(every, until, days string, zone *time.Location) (r Repeat, err error) {
	switch r.Every = every; every {
	case Once:
	case Weekly, Weekdays:
		if r.Until, err = time.ParseInLocation(time.DateOnly, strings.TrimSpace(until), zone); err != nil {
			return r, problem("invitations.until", "until", "say until when it repeats: write a date like 2026-12-31")
		}
	case Listed:
		for _, f := range strings.FieldsFunc(days, func(c rune) bool { return c == ',' || c == ';' || c <= ' ' }) {
			d, err := time.ParseInLocation(time.DateOnly, f, zone)
			if err != nil {
				return r, problem("invitations.days", "days", "one of the dates could not be read: write each like 2026-12-31")
			}
			r.Days = append(r.Days, d)
		}
		if len(r.Days) == 0 {
			return r, problem("invitations.days", "days", "there is no other date: write each like 2026-12-31, or choose that it does not repeat")
		}
	default:
		return r, problem("invitations.repeat", "repeat", "it repeats weekly, weekdays or listed: choose one of them, or none")
	}
	return r, nil
}

// times are the occasions in order, one at least; by the clock on the wall, so
// that eight stays eight when summer time ends. Errors: *Problem.
func (r *Request) times(zone *time.Location) ([]record.Span, error) {
	from := r.From.In(zone)
	on := func(d time.Time) record.Span {
		at := time.Date(d.Year(), d.Month(), d.Day(), from.Hour(), from.Minute(), from.Second(), 0, zone)
		end := r.To.In(zone)
		to := time.Date(d.Year(), d.Month(), d.Day(), end.Hour(), end.Minute(), end.Second(), 0, zone)
		if !to.After(at) { // over midnight
			to = to.AddDate(0, 0, 1)
		}
		return record.Span{From: at.Unix(), To: to.Unix()}
	}
	if r.Repeat.Every == Once {
		return []record.Span{{From: r.From.Unix(), To: r.To.Unix()}}, nil
	}
	if r.To.Sub(r.From) > 24*time.Hour {
		return nil, problem("invitations.long", "when", "each time of what repeats is a day at most: choose when it ends on the first day")
	}
	days := append([]time.Time{from}, r.Repeat.Days...)
	if r.Repeat.Every != Listed {
		days = r.Repeat.days(from)
	}
	var out []record.Span
	for _, d := range days {
		out = append(out, on(d))
	}
	slices.SortFunc(out, func(a, b record.Span) int { return cmp.Compare(a.From, b.From) })
	out = slices.Compact(out)
	if len(out) > record.MaxTimes {
		p := problem("invitations.too_many", "until", fmt.Sprintf("it repeats more than %d times: choose an earlier last day", record.MaxTimes))
		p.Limit = record.MaxTimes
		return nil, p
	}
	return out, nil
}

// days are those of a rule, one more than may be at most.
func (r Repeat) days(from time.Time) []time.Time {
	out := []time.Time{from}
	step := 7
	if r.Every == Weekdays {
		step = 1
	}
	for d := from.AddDate(0, 0, step); !d.After(r.Until.AddDate(0, 0, 1).Add(-time.Second)) && len(out) <= record.MaxTimes; d = d.AddDate(0, 0, step) {
		if w := d.Weekday(); r.Every == Weekly || w != time.Saturday && w != time.Sunday {
			out = append(out, d)
		}
	}
	return out
}
