package lang

import (
	"fmt"
	"time"
)

var (
	weekdays = map[Locale][7]string{
		Swedish: {"söndag", "måndag", "tisdag", "onsdag", "torsdag", "fredag", "lördag"},
		English: {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
	}
	months = map[Locale][12]string{
		Swedish: {
			"januari", "februari", "mars", "april", "maj", "juni",
			"juli", "augusti", "september", "oktober", "november", "december",
		},
		English: {
			"January", "February", "March", "April", "May", "June",
			"July", "August", "September", "October", "November", "December",
		},
	}
)

// Clock is the time of day by the 24-hour clock, "10:02", in both languages:
// on a muster list nobody should have to look for "am". The caller picks the
// zone with t.In.
func (l Locale) Clock(t time.Time) string { return t.Format("15:04") }

// ClockSeconds is Clock with seconds, "10:02:14".
func (l Locale) ClockSeconds(t time.Time) string { return t.Format("15:04:05") }

// Date is the date in words, "söndag 22 november 2026".
func (l Locale) Date(t time.Time) string {
	return fmt.Sprintf("%s %d %s %d", weekdays[l][t.Weekday()], t.Day(), months[l][t.Month()-1], t.Year())
}

// ShortDate is the date in figures, "2026-11-22", in both languages.
func (l Locale) ShortDate(t time.Time) string { return t.Format(time.DateOnly) }
