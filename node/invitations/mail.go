package invitations

import (
	"cmp"
	"fmt"
	"html"
	"strings"
	"time"

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
	// QR and Logo are PNGs, called "qr" and "logo" in HTML; nil for none.
	QR, Logo []byte
	// Until is when the mail is of no use any more.
	Until time.Time
	// Once names what it is about: another of that name is not sent again. Empty:
	// it is one of its own.
	Once string
}

// words are the sentences of mails in one language.
type words struct {
	subject, off, changed, hello, text                 string
	offText, oneText, changedText                      string
	when, where, meets, code, show, calendar, nameless string
	link, wontCome, comesLater                         string
	// why goes before the reason for which a host has refused, and reasons are those
	// there are.
	why     string
	reasons map[string]string
	// rtl: it is written from the right.
	rtl bool
}

var languages = map[string]words{
	"sv": {
		subject: "Välkommen till %s", off: "Besöket hos %s är inställt", changed: "Ändrade tider hos %s", hello: "Hej %s!",
		text: "Du är väntad hos %s.", offText: "Ditt besök hos %s är inställt, och inbjudan gäller inte längre.",
		oneText: "Ditt besök hos %s är inställt den här gången. De andra gångerna gäller.", changedText: "Tiderna för ditt besök hos %s är ändrade. De här gäller nu.",
		when: "När", where: "Var", meets: "Du träffar", code: "Kod",
		show:     "Visa QR-koden vid dörren, på telefonen eller på papper, eller skriv koden och ditt namn. Den är personlig: dela den inte.",
		calendar: "Besök: %s", nameless: "oss", link: "Ändra tid eller lämna återbud",
		wontCome: "Du har lämnat återbud. Ångrar du dig, öppna länken i inbjudan igen.", comesLater: "Vi har sett att du kommer en annan tid.",
		why: "Anledning", reasons: map[string]string{record.NotExpected: "Besöket var inte väntat", record.AnotherTime: "Tiden passar inte", record.NotAllowed: "Besöket kan inte tillåtas"},
	},
	"en": {
		subject: "Welcome to %s", off: "The visit to %s is cancelled", changed: "Changed times at %s", hello: "Hello %s,",
		text: "You are expected at %s.", offText: "Your visit to %s is cancelled, and the invitation is no longer valid.",
		oneText: "Your visit to %s is cancelled this time. The other times stand.", changedText: "The times of your visit to %s have changed. These are the times now.",
		when: "When", where: "Where", meets: "You will meet", code: "Code",
		show:     "Show the QR code at the door, on your phone or on paper, or type the code and your name. It is personal: do not share it.",
		calendar: "Visit: %s", nameless: "us", link: "Come later, or not at all",
		wontCome: "You have said that you cannot come. If you change your mind, open the link in the invitation again.", comesLater: "We have seen that you come at another time.",
		why: "Reason", reasons: map[string]string{record.NotExpected: "The visit was not expected", record.AnotherTime: "The time does not suit", record.NotAllowed: "The visit cannot be allowed"},
	},
	"sv-simple": {
		subject: "Välkommen till %s", off: "Ditt besök hos %s är inställt", changed: "Nya tider hos %s", hello: "Hej %s!",
		text: "Vi väntar på dig hos %s.", offText: "Ditt besök hos %s är inställt. Inbjudan går inte att använda.",
		oneText: "Ditt besök hos %s är inställt den här gången. Du kan komma de andra gångerna.", changedText: "Ditt besök hos %s har nya tider. De här tiderna gäller nu.",
		when: "När", where: "Var", meets: "Du ska träffa", code: "Kod",
		show:     "Visa QR-koden vid dörren. Du kan visa den på telefonen eller på papper. Du kan också skriva koden och ditt namn. Koden är bara din. Ge den inte till någon annan.",
		calendar: "Besök: %s", nameless: "oss", link: "Ändra tid eller säg att du inte kommer",
		wontCome: "Du har sagt att du inte kan komma. Har du ändrat dig? Öppna länken i inbjudan igen.", comesLater: "Vi har sett att du kommer en annan tid.",
		why: "Varför", reasons: map[string]string{record.NotExpected: "Vi väntade inte på dig", record.AnotherTime: "Tiden passar inte", record.NotAllowed: "Du kan inte få komma in"},
	},
	"fi": {
		subject: "Tervetuloa: %s", off: "Käynti on peruttu: %s", changed: "Ajat ovat muuttuneet: %s", hello: "Hei %s,",
		text: "Sinua odotetaan: %s.", offText: "Käyntisi on peruttu: %s. Kutsu ei ole enää voimassa.",
		oneText: "Käyntisi on peruttu tällä kertaa: %s. Muut kerrat ovat voimassa.", changedText: "Käyntisi ajat ovat muuttuneet: %s. Nämä ajat ovat nyt voimassa.",
		when: "Milloin", where: "Missä", meets: "Tapaat", code: "Koodi",
		show:     "Näytä QR-koodi ovella puhelimesta tai paperilta, tai kirjoita koodi ja nimesi. Koodi on henkilökohtainen: älä anna sitä muille.",
		calendar: "Käynti: %s", nameless: "luoksemme", link: "Muuta aikaa tai peru tulosi",
		wontCome: "Olet ilmoittanut, ettet pääse tulemaan. Jos muutat mielesi, avaa kutsussa oleva linkki uudelleen.", comesLater: "Olemme nähneet, että tulet toiseen aikaan.",
		why: "Syy", reasons: map[string]string{record.NotExpected: "Käyntiä ei odotettu", record.AnotherTime: "Aika ei sovi", record.NotAllowed: "Käyntiä ei voida sallia"},
	},
	"nb": {
		subject: "Velkommen til %s", off: "Besøket hos %s er avlyst", changed: "Endrede tider hos %s", hello: "Hei %s!",
		text: "Du er ventet hos %s.", offText: "Besøket ditt hos %s er avlyst, og invitasjonen gjelder ikke lenger.",
		oneText: "Besøket ditt hos %s er avlyst denne gangen. De andre gangene gjelder.", changedText: "Tidene for besøket ditt hos %s er endret. Disse gjelder nå.",
		when: "Når", where: "Hvor", meets: "Du skal treffe", code: "Kode",
		show:     "Vis QR-koden ved døren, på telefonen eller på papir, eller skriv koden og navnet ditt. Den er personlig: ikke del den.",
		calendar: "Besøk: %s", nameless: "oss", link: "Endre tid eller meld avbud",
		wontCome: "Du har meldt avbud. Ombestemmer du deg, åpne lenken i invitasjonen igjen.", comesLater: "Vi har sett at du kommer på et annet tidspunkt.",
		why: "Grunn", reasons: map[string]string{record.NotExpected: "Besøket var ikke ventet", record.AnotherTime: "Tidspunktet passer ikke", record.NotAllowed: "Besøket kan ikke tillates"},
	},
	"da": {
		subject: "Velkommen til %s", off: "Besøget hos %s er aflyst", changed: "Ændrede tider hos %s", hello: "Hej %s!",
		text: "Du er ventet hos %s.", offText: "Dit besøg hos %s er aflyst, og invitationen gælder ikke længere.",
		oneText: "Dit besøg hos %s er aflyst denne gang. De andre gange gælder.", changedText: "Tiderne for dit besøg hos %s er ændret. Disse gælder nu.",
		when: "Hvornår", where: "Hvor", meets: "Du skal møde", code: "Kode",
		show:     "Vis QR-koden ved døren, på telefonen eller på papir, eller skriv koden og dit navn. Den er personlig: del den ikke.",
		calendar: "Besøg: %s", nameless: "os", link: "Skift tid, eller meld afbud",
		wontCome: "Du har meldt afbud. Fortryder du, så åbn linket i invitationen igen.", comesLater: "Vi har set, at du kommer på et andet tidspunkt.",
		why: "Årsag", reasons: map[string]string{record.NotExpected: "Besøget var ikke ventet", record.AnotherTime: "Tidspunktet passer ikke", record.NotAllowed: "Besøget kan ikke tillades"},
	},
	"de": {
		subject: "Willkommen bei %s", off: "Der Besuch bei %s ist abgesagt", changed: "Geänderte Zeiten bei %s", hello: "Guten Tag, %s,",
		text: "Sie werden bei %s erwartet.", offText: "Ihr Besuch bei %s ist abgesagt, und die Einladung gilt nicht mehr.",
		oneText: "Ihr Besuch bei %s ist dieses Mal abgesagt. Die anderen Termine gelten.", changedText: "Die Zeiten Ihres Besuchs bei %s haben sich geändert. Diese gelten jetzt.",
		when: "Wann", where: "Wo", meets: "Sie treffen", code: "Code",
		show:     "Zeigen Sie den QR-Code am Eingang, auf dem Telefon oder auf Papier, oder geben Sie den Code und Ihren Namen ein. Er ist persönlich: Geben Sie ihn nicht weiter.",
		calendar: "Besuch: %s", nameless: "uns", link: "Zeit ändern oder absagen",
		wontCome: "Sie haben abgesagt. Wenn Sie doch kommen möchten, öffnen Sie den Link in der Einladung noch einmal.", comesLater: "Wir haben gesehen, dass Sie zu einer anderen Zeit kommen.",
		why: "Grund", reasons: map[string]string{record.NotExpected: "Der Besuch wurde nicht erwartet", record.AnotherTime: "Die Zeit passt nicht", record.NotAllowed: "Der Besuch kann nicht zugelassen werden"},
	},
	// What is put among Arabic words is set apart, so that it reads in its own
	// direction (Unicode's first strong isolate).
	"ar": {
		subject: "أهلًا بك في \u2068%s\u2069", off: "أُلغيت الزيارة إلى \u2068%s\u2069", changed: "تغيّرت المواعيد في \u2068%s\u2069", hello: "مرحبًا \u2068%s\u2069،",
		text: "نحن في انتظارك في \u2068%s\u2069.", offText: "أُلغيت زيارتك إلى \u2068%s\u2069، ولم تعد الدعوة صالحة.",
		oneText: "أُلغيت زيارتك إلى \u2068%s\u2069 هذه المرة. وتبقى المواعيد الأخرى سارية.", changedText: "تغيّرت مواعيد زيارتك إلى \u2068%s\u2069. هذه هي المواعيد السارية الآن.",
		when: "الموعد", where: "المكان", meets: "ستلتقي", code: "الرمز",
		show:     "يُرجى إظهار رمز QR عند المدخل، على الهاتف أو على الورق، أو كتابة الرمز والاسم. الرمز شخصي: يُرجى عدم مشاركته.",
		calendar: "زيارة: \u2068%s\u2069", nameless: "مقرّنا", link: "تغيير الموعد أو الاعتذار عن الحضور",
		wontCome: "لقد اعتذرت عن الحضور. إن غيّرت رأيك، فيُرجى فتح الرابط الذي في الدعوة مرة أخرى.", comesLater: "علمنا أنك ستحضر في وقت آخر.", rtl: true,
		why: "السبب", reasons: map[string]string{record.NotExpected: "لم تكن الزيارة متوقعة", record.AnotherTime: "الموعد غير مناسب", record.NotAllowed: "لا يمكن السماح بالزيارة"},
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

// news is what a mail tells besides that somebody is invited.
type news struct {
	// off: it is called off, the whole, or only one occasion of it.
	off  bool
	only *record.Span
	// changed: it is not for all of its times any more.
	changed bool
	// answer: its bearer has said when they come to one occasion.
	answer *record.Answer
	// once names the mail, where another of that name is not to be sent; reason is why
	// a host has refused.
	once, reason string
}

// send takes down the mail to who is invited, or was; false where there is
// nowhere to send it.
func (s *Service) send(i record.Invitation, invite record.Invite, qr string, what news) bool {
	if s.cfg.Tell == nil || invite.Email == "" {
		return false
	}
	l := Letter{Visit: i.ID, To: invite.Email, Until: time.Unix(i.To, 0), Once: what.once}
	w, campus := speak(invite.Lang), s.cfg.Campus()
	campus = cmp.Or(campus, w.nameless)
	where := campus
	for _, part := range []string{string(i.Place.Site), string(i.Place.Entrance)} {
		if part != "" && part != campus {
			where += ", " + part
		}
	}
	lines := [][2]string{{w.when, s.times(i, what.only)}, {w.where, where}}
	if invite.Host != "" {
		lines = append(lines, [2]string{w.meets, invite.Host.Reveal()})
	}
	if why := w.reasons[what.reason]; why != "" {
		lines = append(lines, [2]string{w.why, why})
	}
	if !what.off {
		lines = append(lines, [2]string{w.code, Grouped(invite.Code.Reveal())})
	}
	note := invite.Note.Reveal()
	if !what.off && s.cfg.House != nil {
		text, rows := s.cfg.House(i.Type, invite.Lang)
		lines = append(lines, rows...)
		if text != "" && note != "" {
			text = "\n\n" + text
		}
		note += text
	}
	if link := s.link(i, invite.Secret); link != "" && !(what.off && what.answer == nil) {
		lines = append(lines, [2]string{w.link, link})
	}
	subject, first, last := w.subject, w.text, w.show
	l.Method = "REQUEST"
	switch {
	case what.off:
		subject, first, last, l.Method = w.off, w.offText, "", "CANCEL"
		if what.only != nil {
			first, l.Until = w.oneText, time.Unix(what.only.To, 0)
		}
	case what.changed:
		subject, first = w.changed, w.changedText
	}
	first = strings.ReplaceAll(first, "%s", campus)
	if a := what.answer; a != nil {
		l.Once = onceOf(*a, "visitor")
		if first = w.comesLater; a.At == 0 {
			first = w.wontCome
		}
	}
	l.Subject = fmt.Sprintf(subject, campus)
	l.Text, l.HTML = bodies(w.rtl, fmt.Sprintf(w.hello, invite.Name.Reveal()), first, lines, note, last, !what.off)
	if !what.off {
		if code, err := qrcode.New(qr, qrcode.Medium); err == nil {
			l.QR, _ = code.PNG(480)
		}
	}
	if l.QR == nil {
		l.HTML = strings.Replace(l.HTML, picture, "", 1)
	}
	if s.cfg.Look != nil {
		look := s.cfg.Look()
		l.Logo = look.Logo
		l.HTML = look.on(l.HTML, campus)
	}
	l.Calendar = s.calendar(i, invite, what, fmt.Sprintf(w.calendar, campus), where)
	return s.cfg.Tell(l) == nil
}

// mostTimes is how many times a mail names before it names the last.
const mostTimes = 8

// times are the occasions that stand, or the one that is meant.
func (s *Service) times(i record.Invitation, only *record.Span) string {
	say := func(o record.Span) string {
		return span(time.Unix(o.From, 0).In(s.cfg.Zone), time.Unix(o.To, 0).In(s.cfg.Zone))
	}
	if only != nil {
		return say(*only)
	}
	if len(i.Times) == 0 {
		return say(record.Span{From: i.From, To: i.To})
	}
	var all []string
	for _, o := range i.Times {
		if o.Off.IsZero() {
			all = append(all, say(o.Span))
		}
	}
	if n := len(all); n > mostTimes {
		all = append(all[:mostTimes-1:mostTimes-1], fmt.Sprintf("… %s (%d)", all[n-1], n))
	}
	return strings.Join(all, "; ")
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
		cell := e(l[1])
		if strings.HasPrefix(l[1], "https://") || strings.HasPrefix(l[1], "http://") {
			cell = `<a href="` + cell + `">` + cell + `</a>`
		}
		fmt.Fprintf(&h, `<tr><th align="%s" style="padding-inline-end:1em">%s</th><td><bdi>%s</bdi></td></tr>`, side, e(l[0]), cell)
	}
	h.WriteString("</table>")
	if note != "" {
		fmt.Fprintf(&t, "\n%s\n", note)
		fmt.Fprintf(&h, `<p dir="auto">%s</p>`, strings.ReplaceAll(e(note), "\n", "<br>"))
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
