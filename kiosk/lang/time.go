package lang

import (
	"fmt"
	"time"
)

// calendar is how a language writes days.
type calendar struct {
	weekdays [7]string
	months   [12]string
	// words are the date in words: weekday, day, month, year in this order.
	words string
	// figures and clock are layouts of the time package; empty: ISO 8601.
	figures, clock string
}

var calendars = map[Locale]calendar{
	Swedish: swedish,
	English: {
		weekdays: [7]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
		months: [12]string{
			"January", "February", "March", "April", "May", "June",
			"July", "August", "September", "October", "November", "December",
		},
		words: "%s %d %s %d",
	},
	EasySwedish: swedish,
	Finnish: {
		weekdays: [7]string{"sunnuntai", "maanantai", "tiistai", "keskiviikko", "torstai", "perjantai", "lauantai"},
		months: [12]string{
			"tammikuuta", "helmikuuta", "maaliskuuta", "huhtikuuta", "toukokuuta", "kesäkuuta",
			"heinäkuuta", "elokuuta", "syyskuuta", "lokakuuta", "marraskuuta", "joulukuuta",
		},
		words: "%s %d. %s %d", figures: "2.1.2006", clock: "15.04",
	},
	Norwegian: {
		weekdays: [7]string{"søndag", "mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag"},
		months: [12]string{
			"januar", "februar", "mars", "april", "mai", "juni",
			"juli", "august", "september", "oktober", "november", "desember",
		},
		words: "%s %d. %s %d", figures: "02.01.2006",
	},
	Danish: {
		weekdays: [7]string{"søndag", "mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag"},
		months: [12]string{
			"januar", "februar", "marts", "april", "maj", "juni",
			"juli", "august", "september", "oktober", "november", "december",
		},
		words: "%s den %d. %s %d", figures: "02.01.2006", clock: "15.04",
	},
	German: {
		weekdays: [7]string{"Sonntag", "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag"},
		months: [12]string{
			"Januar", "Februar", "März", "April", "Mai", "Juni",
			"Juli", "August", "September", "Oktober", "November", "Dezember",
		},
		words: "%s, %d. %s %d", figures: "02.01.2006",
	},
	Arabic: {
		weekdays: [7]string{"الأحد", "الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت"},
		months: [12]string{
			"يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو",
			"يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر",
		},
		words: "%s، %d %s %d",
	},
}

var swedish = calendar{
	weekdays: [7]string{"söndag", "måndag", "tisdag", "onsdag", "torsdag", "fredag", "lördag"},
	months: [12]string{
		"januari", "februari", "mars", "april", "maj", "juni",
		"juli", "augusti", "september", "oktober", "november", "december",
	},
	words: "%s %d %s %d",
}

// Clock is the time of day by the 24-hour clock, "10:02", in every language: on
// a muster list nobody should have to look for "am". Finnish and Danish write it
// with a full stop. The caller picks the zone with t.In.
func (l Locale) Clock(t time.Time) string {
	if f := calendars[l].clock; f != "" {
		return t.Format(f)
	}
	return t.Format("15:04")
}

// ClockSeconds is Clock with seconds, "10:02:14".
func (l Locale) ClockSeconds(t time.Time) string {
	if f := calendars[l].clock; f != "" {
		return t.Format(f + ".05")
	}
	return t.Format("15:04:05")
}

// Date is the date in words, "söndag 22 november 2026"; in figures in a language
// whose days are not known here.
func (l Locale) Date(t time.Time) string {
	c, ok := calendars[l]
	if !ok {
		return l.ShortDate(t)
	}
	return fmt.Sprintf(c.words, c.weekdays[t.Weekday()], t.Day(), c.months[t.Month()-1], t.Year())
}

// ShortDate is the date in figures, "2026-11-22" or as the language writes it.
func (l Locale) ShortDate(t time.Time) string {
	if f := calendars[l].figures; f != "" {
		return t.Format(f)
	}
	return t.Format(time.DateOnly)
}
