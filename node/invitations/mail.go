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
	// rtl: it is written from the right.
	rtl bool
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
	"sv-simple": {
		subject: "Välkommen till %s", off: "Ditt besök hos %s är inställt", hello: "Hej %s!",
		text: "Vi väntar på dig hos %s.", offText: "Ditt besök hos %s är inställt. Inbjudan går inte att använda.",
		when: "När", where: "Var", meets: "Du ska träffa", code: "Kod",
		show:     "Visa QR-koden vid dörren. Du kan visa den på telefonen eller på papper. Du kan också skriva koden och ditt namn. Koden är bara din. Ge den inte till någon annan.",
		calendar: "Besök: %s", nameless: "oss",
	},
	"fi": {
		subject: "Tervetuloa: %s", off: "Käynti on peruttu: %s", hello: "Hei %s,",
		text: "Sinua odotetaan: %s.", offText: "Käyntisi on peruttu: %s. Kutsu ei ole enää voimassa.",
		when: "Milloin", where: "Missä", meets: "Tapaat", code: "Koodi",
		show:     "Näytä QR-koodi ovella puhelimesta tai paperilta, tai kirjoita koodi ja nimesi. Koodi on henkilökohtainen: älä anna sitä muille.",
		calendar: "Käynti: %s", nameless: "luoksemme",
	},
	"nb": {
		subject: "Velkommen til %s", off: "Besøket hos %s er avlyst", hello: "Hei %s!",
		text: "Du er ventet hos %s.", offText: "Besøket ditt hos %s er avlyst, og invitasjonen gjelder ikke lenger.",
		when: "Når", where: "Hvor", meets: "Du skal treffe", code: "Kode",
		show:     "Vis QR-koden ved døren, på telefonen eller på papir, eller skriv koden og navnet ditt. Den er personlig: ikke del den.",
		calendar: "Besøk: %s", nameless: "oss",
	},
	"da": {
		subject: "Velkommen til %s", off: "Besøget hos %s er aflyst", hello: "Hej %s!",
		text: "Du er ventet hos %s.", offText: "Dit besøg hos %s er aflyst, og invitationen gælder ikke længere.",
		when: "Hvornår", where: "Hvor", meets: "Du skal møde", code: "Kode",
		show:     "Vis QR-koden ved døren, på telefonen eller på papir, eller skriv koden og dit navn. Den er personlig: del den ikke.",
		calendar: "Besøg: %s", nameless: "os",
	},
	"de": {
		subject: "Willkommen bei %s", off: "Der Besuch bei %s ist abgesagt", hello: "Guten Tag, %s,",
		text: "Sie werden bei %s erwartet.", offText: "Ihr Besuch bei %s ist abgesagt, und die Einladung gilt nicht mehr.",
		when: "Wann", where: "Wo", meets: "Sie treffen", code: "Code",
		show:     "Zeigen Sie den QR-Code am Eingang, auf dem Telefon oder auf Papier, oder schreiben Sie den Code und Ihren Namen. Er ist persönlich: Geben Sie ihn nicht weiter.",
		calendar: "Besuch: %s", nameless: "uns",
	},
	// What is put among Arabic words is set apart, so that it reads in its own
	// direction (Unicode's first strong isolate).
	"ar": {
		subject: "أهلًا بك في \u2068%s\u2069", off: "أُلغيت الزيارة إلى \u2068%s\u2069", hello: "مرحبًا \u2068%s\u2069،",
		text: "نحن في انتظارك في \u2068%s\u2069.", offText: "أُلغيت زيارتك إلى \u2068%s\u2069، ولم تعد الدعوة صالحة.",
		when: "الموعد", where: "المكان", meets: "ستلتقي", code: "الرمز",
		show:     "يُرجى إظهار رمز QR عند المدخل، على الهاتف أو على الورق، أو كتابة الرمز والاسم. الرمز شخصي: يُرجى عدم مشاركته.",
		calendar: "زيارة: \u2068%s\u2069", nameless: "مقرّنا", rtl: true,
	},
}

// speak are the words of a language; where it has none here, English, and Swedish
// where nobody has chosen one.
func speak(lang string) words {
	w, ok := languages[lang]
	if ok {
		return w
	}
	if lang != "" {
		return languages["en"]
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
	l.Subject, l.Method = fmt.Sprintf(w.subject, campus), "REQUEST"
	first, last := fmt.Sprintf(w.text, campus), w.show
	if off {
		l.Subject, l.Method, first, last = fmt.Sprintf(w.off, campus), "CANCEL", fmt.Sprintf(w.offText, campus), ""
	}
	l.Text, l.HTML = bodies(w.rtl, fmt.Sprintf(w.hello, invite.Name.Reveal()), first, lines, invite.Note.Reveal(), last, !off)
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

// bodies are a mail as plain text and as a page; rtl: it is written from the
// right, and what stands after a colon is set apart from it.
func bodies(rtl bool, hello, first string, lines [][2]string, note, last string, qr bool) (text, page string) {
	var t, h strings.Builder
	e := html.EscapeString
	fmt.Fprintf(&t, "%s\n\n%s\n\n", hello, first)
	dir, side, open, shut := "ltr", "left", "", ""
	if rtl {
		dir, side, open, shut = "rtl", "right", "\u2068", "\u2069"
	}
	fmt.Fprintf(&h, `<!doctype html><html dir="%s"><body style="font-family:sans-serif;font-size:16px;line-height:1.5"><p>%s</p><p>%s</p><table>`, dir, e(hello), e(first))
	for _, l := range lines {
		fmt.Fprintf(&t, "%s: %s%s%s\n", l[0], open, l[1], shut)
		fmt.Fprintf(&h, `<tr><th align="%s" style="padding-inline-end:1em">%s</th><td><bdi>%s</bdi></td></tr>`, side, e(l[0]), e(l[1]))
	}
	h.WriteString("</table>")
	if note != "" {
		fmt.Fprintf(&t, "\n%s\n", note)
		fmt.Fprintf(&h, `<p dir="auto">%s</p>`, e(note))
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
