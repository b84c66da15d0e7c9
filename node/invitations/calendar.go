package invitations

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/upprop/upprop/crdt/record"
)

// stamp is a time in UTC, and wall one by the clock on the wall.
const (
	stamp = "20060102T150405Z"
	wall  = "20060102T150405"
)

// calendar is an event that calendars keep under one id, whichever of the
// invitations that stand one instead of another it is about. A series is a rule
// where calendars have one for it, else a list of dates; by the clock of the
// campus, so that it stays at its hour when summer time ends.
func (s *Service) calendar(i record.Invitation, invite record.Invite, what news, summary, where string) string {
	turn, method, status := (invite.Turn+moves(i))*2, "REQUEST", "CONFIRMED"
	if what.off {
		method, status = "CANCEL", "CANCELLED"
		if what.only == nil {
			turn++
		}
	}
	lines := []string{"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Upprop//Upprop//EN", "METHOD:" + method}
	if len(i.Times) > 0 {
		lines = append(lines, zoneLines(s.cfg.Zone, i.From, i.To)...)
	}
	lines = append(
		lines, "BEGIN:VEVENT", "UID:"+strings.ToLower(invite.Thread)+"@upprop", fmt.Sprintf("SEQUENCE:%d", turn), "STATUS:"+status,
		"DTSTAMP:"+s.cfg.Now().UTC().Format(stamp))
	lines = append(lines, s.when(i, what)...)
	lines = append(lines, "SUMMARY:"+inCalendar(summary), "LOCATION:"+inCalendar(where))
	if invite.HostMail != "" {
		lines = append(lines, "ORGANIZER;CN="+parameter(invite.Host.Reveal())+":mailto:"+invite.HostMail.Reveal())
	} else {
		lines = append(lines, "ORGANIZER:urn:upprop:"+strings.ToLower(invite.Thread))
	}
	lines = append(lines, "ATTENDEE;ROLE=REQ-PARTICIPANT;CN="+parameter(invite.Name.Reveal())+":mailto:"+invite.Email.Reveal(), "END:VEVENT", "END:VCALENDAR")
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(fold(l))
	}
	return b.String()
}

// when are the lines that say when: of one occasion, of the only one, or of a
// series.
func (s *Service) when(i record.Invitation, what news) []string {
	only := what.only
	if len(i.Times) == 0 {
		if a := what.answer; a != nil && a.At != 0 {
			i.To, i.From = max(i.To, a.At+3600), a.At
		}
		return []string{"DTSTART:" + time.Unix(i.From, 0).UTC().Format(stamp), "DTEND:" + time.Unix(i.To, 0).UTC().Format(stamp)}
	}
	at := func(name string, unix int64) string {
		if s.cfg.Zone == time.UTC {
			return name + ":" + time.Unix(unix, 0).UTC().Format(stamp)
		}
		return name + ";TZID=" + zoneID + ":" + time.Unix(unix, 0).In(s.cfg.Zone).Format(wall)
	}
	if only != nil {
		from, to := only.From, only.To
		if a := what.answer; a != nil && a.At != 0 {
			from, to = a.At, max(to, a.At+3600)
		}
		return []string{at("RECURRENCE-ID", only.From), at("DTSTART", from), at("DTEND", to)}
	}
	first, last := i.Times[0], i.Times[len(i.Times)-1]
	// After the first of those that are called off to the end, none is left: the
	// rule ends before them.
	stands := i.Times
	for len(stands) > 1 && !stands[len(stands)-1].Off.IsZero() {
		stands = stands[:len(stands)-1]
		last = stands[len(stands)-1]
	}
	out := []string{at("DTSTART", first.From), at("DTEND", first.To)}
	if days := rule(stands, s.cfg.Zone); days != "" {
		out = append(out, "RRULE:FREQ=WEEKLY;BYDAY="+days+";UNTIL="+time.Unix(last.From, 0).UTC().Format(stamp))
	} else {
		for _, o := range stands[1:] {
			out = append(out, at("RDATE", o.From))
		}
	}
	for _, o := range stands {
		if !o.Off.IsZero() {
			out = append(out, at("EXDATE", o.From))
		}
	}
	return out
}

var weekdays = [...]string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}

// rule are the days of the week of a series that leaves none of them out from
// its first to its last, at one hour and of one length; empty where it is none.
func rule(times []record.Occasion, zone *time.Location) string {
	on := map[time.Weekday]bool{}
	dates := map[string]bool{}
	first := time.Unix(times[0].From, 0).In(zone)
	for _, o := range times {
		t := time.Unix(o.From, 0).In(zone)
		if t.Format("150405") != first.Format("150405") {
			return ""
		}
		on[t.Weekday()], dates[t.Format(time.DateOnly)] = true, true
	}
	last := time.Unix(times[len(times)-1].From, 0).In(zone)
	for d := first; !d.After(last); d = d.AddDate(0, 0, 1) {
		if on[d.Weekday()] && !dates[d.Format(time.DateOnly)] {
			return ""
		}
	}
	var out []string
	for _, w := range []time.Weekday{1, 2, 3, 4, 5, 6, 0} {
		if on[w] {
			out = append(out, weekdays[w])
		}
	}
	return strings.Join(out, ",")
}

const zoneID = "Campus"

// zoneLines describe the campus's clock from a time until another: each change
// to or from summer time is a part of its own.
func zoneLines(zone *time.Location, from, to int64) []string {
	if zone == time.UTC {
		return nil
	}
	out := []string{"BEGIN:VTIMEZONE", "TZID:" + zoneID}
	for t := time.Unix(from, 0).In(zone); ; {
		begins, ends := t.ZoneBounds()
		_, offset := t.Zone()
		before := offset
		if !begins.IsZero() {
			_, before = begins.Add(-time.Second).Zone()
		} else {
			begins = time.Unix(0, 0).In(zone)
		}
		kind := "STANDARD"
		if t.IsDST() {
			kind = "DAYLIGHT"
		}
		// By the clock on the wall as it was until then.
		onset := begins.UTC().Add(time.Duration(before) * time.Second)
		out = append(
			out, "BEGIN:"+kind, "DTSTART:"+onset.Format(wall), "TZOFFSETFROM:"+offsetOf(before), "TZOFFSETTO:"+offsetOf(offset), "END:"+kind)
		if ends.IsZero() || ends.Unix() > to {
			return append(out, "END:VTIMEZONE")
		}
		t = ends
	}
}

func offsetOf(seconds int) string {
	sign := "+"
	if seconds < 0 {
		sign, seconds = "-", -seconds
	}
	return fmt.Sprintf("%s%02d%02d", sign, seconds/3600, seconds/60%60)
}

var escapeCalendar = strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\n", `\n`)

func inCalendar(s string) string { return escapeCalendar.Replace(s) }

// parameter is a value in quotes, in which there can be none.
func parameter(s string) string { return `"` + strings.ReplaceAll(s, `"`, "'") + `"` }

// fold breaks a line of more than 75 bytes, between characters.
func fold(l string) string {
	var b strings.Builder
	n := 0
	for _, r := range l {
		if size := utf8.RuneLen(r); n+size > 74 {
			b.WriteString("\r\n ")
			n = 1
		}
		n += utf8.RuneLen(r)
		b.WriteRune(r)
	}
	return b.String() + "\r\n"
}
