package invitations

import (
	"cmp"
	"fmt"
	"html"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/skip2/go-qrcode"

	"github.com/upprop/upprop/crdt/record"
)

// Letter is a mail about an invitation, in plain text and in HTML, with what
// calendars read and, inline, the picture of the QR.
type Letter struct {
	Visit               record.VisitID
	To                  record.Private
	Subject, Text, HTML string
	// Calendar is iCalendar (RFC 5545) by Method (RFC 5546).
	Calendar, Method string
	// QR is a PNG, called "qr" in HTML; nil for none.
	QR []byte
	// Until is when the mail is of no use any more.
	Until time.Time
}

// words are the sentences of mails in one language.
type words struct {
	subject, off, hello, text, offText                 string
	when, where, meets, code, show, calendar, nameless string
}

var languages = map[string]words{
	"sv": {
		subject: "Välkommen till %s", off: "Besöket hos %s är inställt", hello: "Hej %s!",
		text: "Du är väntad hos %s.", offText: "Ditt besök hos %s är inställt, och inbjudan gäller inte längre.",
		when: "När", where: "Var", meets: "Du träffar", code: "Kod",
		show:     "Visa QR-koden vid dörren, på telefonen eller på papper, eller skriv koden och ditt namn. Den är personlig: dela den inte.",
		calendar: "Besök: %s", nameless: "oss",
	},
	"en": {
		subject: "Welcome to %s", off: "The visit to %s is cancelled", hello: "Hello %s,",
		text: "You are expected at %s.", offText: "Your visit to %s is cancelled, and the invitation is no longer valid.",
		when: "When", where: "Where", meets: "You will meet", code: "Code",
		show:     "Show the QR code at the door, on your phone or on paper, or type the code and your name. It is personal: do not share it.",
		calendar: "Visit: %s", nameless: "us",
	},
}

// speak are the words of a language; Swedish where it has none here.
func speak(lang string) words {
	if w, ok := languages[lang]; ok {
		return w
	}
	return languages["sv"]
}

// tell takes down the mail to who is invited, or was; false where there is
// nowhere to send it.
func (s *Service) tell(i record.Invitation, invite record.Invite, qr string, off bool) bool {
	if s.cfg.Tell == nil || invite.Email == "" {
		return false
	}
	l := Letter{Visit: i.ID, To: invite.Email, Until: time.Unix(i.To, 0)}
	w, campus := speak(invite.Lang), s.cfg.Campus()
	campus = cmp.Or(campus, w.nameless)
	from, to := time.Unix(i.From, 0).In(s.cfg.Zone), time.Unix(i.To, 0).In(s.cfg.Zone)
	where := campus
	for _, part := range []string{string(i.Place.Site), string(i.Place.Entrance)} {
		if part != "" && part != campus {
			where += ", " + part
		}
	}
	lines := [][2]string{{w.when, span(from, to)}, {w.where, where}}
	if invite.Host != "" {
		lines = append(lines, [2]string{w.meets, invite.Host.Reveal()})
	}
	if !off {
		lines = append(lines, [2]string{w.code, Grouped(invite.Code.Reveal())})
	}
	note := invite.Note.Reveal()
	if !off && s.cfg.House != nil {
		text, rows := s.cfg.House(i.Type, invite.Lang)
		lines = append(lines, rows...)
		if text != "" && note != "" {
			text = "\n\n" + text
		}
		note += text
	}
	l.Subject, l.Method = fmt.Sprintf(w.subject, campus), "REQUEST"
	first, last := fmt.Sprintf(w.text, campus), w.show
	if off {
		l.Subject, l.Method, first, last = fmt.Sprintf(w.off, campus), "CANCEL", fmt.Sprintf(w.offText, campus), ""
	}
	l.Text, l.HTML = bodies(fmt.Sprintf(w.hello, invite.Name.Reveal()), first, lines, note, last, !off)
	if !off {
		if code, err := qrcode.New(qr, qrcode.Medium); err == nil {
			l.QR, _ = code.PNG(480)
		}
	}
	if l.QR == nil {
		l.HTML = strings.Replace(l.HTML, picture, "", 1)
	}
	l.Calendar = calendar(i, invite, l.Method, fmt.Sprintf(w.calendar, campus), where, s.cfg.Now())
	return s.cfg.Tell(l) == nil
}

// span is a time from and until, with the date once where both are on one day.
func span(from, to time.Time) string {
	const day, clock = "2006-01-02", "15:04"
	if from.Format(day) == to.Format(day) {
		return from.Format(day+" "+clock) + "–" + to.Format(clock)
	}
	return from.Format(day+" "+clock) + " – " + to.Format(day+" "+clock)
}

const picture = `<p><img src="cid:qr" width="240" height="240" alt="QR"></p>`

func bodies(hello, first string, lines [][2]string, note, last string, qr bool) (text, page string) {
	var t, h strings.Builder
	e := html.EscapeString
	fmt.Fprintf(&t, "%s\n\n%s\n\n", hello, first)
	fmt.Fprintf(&h, `<!doctype html><html><body style="font-family:sans-serif;font-size:16px;line-height:1.5"><p>%s</p><p>%s</p><table>`, e(hello), e(first))
	for _, l := range lines {
		fmt.Fprintf(&t, "%s: %s\n", l[0], l[1])
		fmt.Fprintf(&h, `<tr><th align="left" style="padding-right:1em">%s</th><td>%s</td></tr>`, e(l[0]), e(l[1]))
	}
	h.WriteString("</table>")
	if note != "" {
		fmt.Fprintf(&t, "\n%s\n", note)
		fmt.Fprintf(&h, "<p>%s</p>", strings.ReplaceAll(e(note), "\n", "<br>"))
	}
	if qr {
		h.WriteString(picture)
	}
	if last != "" {
		fmt.Fprintf(&t, "\n%s\n", last)
		fmt.Fprintf(&h, "<p>%s</p>", e(last))
	}
	h.WriteString("</body></html>")
	return t.String(), h.String()
}

// calendar is an event that calendars keep under one id, whichever of the
// invitations that stand one instead of another it is about.
func calendar(i record.Invitation, invite record.Invite, method, summary, where string, now time.Time) string {
	const stamp = "20060102T150405Z"
	turn, status := invite.Turn*2, "CONFIRMED"
	if method == "CANCEL" {
		turn, status = turn+1, "CANCELLED"
	}
	lines := []string{
		"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Upprop//Upprop//EN", "METHOD:" + method, "BEGIN:VEVENT",
		"UID:" + strings.ToLower(invite.Thread) + "@upprop", fmt.Sprintf("SEQUENCE:%d", turn), "STATUS:" + status,
		"DTSTAMP:" + now.UTC().Format(stamp), "DTSTART:" + time.Unix(i.From, 0).UTC().Format(stamp), "DTEND:" + time.Unix(i.To, 0).UTC().Format(stamp),
		"SUMMARY:" + inCalendar(summary), "LOCATION:" + inCalendar(where),
	}
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
