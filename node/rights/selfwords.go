package rights

import (
	"cmp"
	"fmt"
	"html"
	"strings"
	"time"
)

// LinkMail is what a mail with links to pages of one's own says. It names nobody.
type LinkMail struct{ Subject, Text, HTML string }

// LinkLine is a link to the page of a visit that began at a time; zero: unknown.
type LinkLine struct {
	At  time.Time
	URL string
}

// linkWords are the sentences of the mail in one language.
type linkWords struct {
	subject, first, visit, last, ignore, nameless string
	// rtl: it is written from the right.
	rtl bool
}

var linkLanguages = map[string]linkWords{
	"sv": {
		subject: "Det som sparas om dig hos %s", first: "Här ser du vad som sparas om dig hos %s. Du kan rätta det, ta tillbaka det du har samtyckt till eller be om att det raderas.",
		visit: "Ditt besök", last: "Länken gäller i ett dygn och kan öppnas en gång. Den är personlig: skicka den inte vidare.",
		ignore: "Har du inte bett om den behöver du inte göra något.", nameless: "oss",
	},
	"en": {
		subject: "What is kept about you at %s", first: "Here you see what is kept about you at %s. You can correct it, take back what you have agreed to, or ask to have it erased.",
		visit: "Your visit", last: "The link is good for a day and can be opened once. It is personal: do not pass it on.",
		ignore: "If you did not ask for it, you need not do anything.", nameless: "our place",
	},
	"sv-simple": {
		subject: "Det vi har sparat om dig hos %s", first: "Här kan du läsa vad vi har sparat om dig hos %s. Du kan ändra det. Du kan be oss ta bort det.",
		visit: "Ditt besök", last: "Länken fungerar en gång, och bara i dag och i morgon. Länken är bara din. Skicka den inte till någon annan.",
		ignore: "Har du inte bett om länken? Då behöver du inte göra något.", nameless: "oss",
	},
	"fi": {
		subject: "Mitä sinusta on tallennettu: %s", first: "Tästä näet, mitä sinusta on tallennettu: %s. Voit oikaista tiedot, perua suostumuksesi tai pyytää poistamista.",
		visit: "Käyntisi", last: "Linkki on voimassa vuorokauden, ja sen voi avata kerran. Se on henkilökohtainen: älä lähetä sitä eteenpäin.",
		ignore: "Jos et ole pyytänyt linkkiä, sinun ei tarvitse tehdä mitään.", nameless: "luonamme",
	},
	"nb": {
		subject: "Dette er lagret om deg hos %s", first: "Her ser du hva som er lagret om deg hos %s. Du kan rette det, trekke tilbake det du har samtykket til, eller be om at det slettes.",
		visit: "Besøket ditt", last: "Lenken gjelder i et døgn og kan åpnes én gang. Den er personlig: ikke send den videre.",
		ignore: "Har du ikke bedt om den, trenger du ikke gjøre noe.", nameless: "oss",
	},
	"da": {
		subject: "Det er gemt om dig hos %s", first: "Her ser du, hvad der er gemt om dig hos %s. Du kan rette det, trække tilbage, hvad du har samtykket til, eller bede om at få det slettet.",
		visit: "Dit besøg", last: "Linket gælder i et døgn og kan åbnes én gang. Det er personligt: send det ikke videre.",
		ignore: "Har du ikke bedt om det, behøver du ikke gøre noget.", nameless: "os",
	},
	"de": {
		subject: "Was bei %s über Sie gespeichert ist", first: "Hier sehen Sie, was bei %s über Sie gespeichert ist. Sie können es berichtigen, Ihre Einwilligung widerrufen oder um Löschung bitten.",
		visit: "Ihr Besuch", last: "Der Link gilt einen Tag und kann einmal geöffnet werden. Er ist persönlich: Geben Sie ihn nicht weiter.",
		ignore: "Wenn Sie nicht darum gebeten haben, müssen Sie nichts tun.", nameless: "uns",
	},
	// What is put among Arabic words is set apart, so that it reads in its own
	// direction (Unicode's first strong isolate).
	"ar": {
		subject: "ما نحفظه عنك في \u2068%s\u2069", first: "هنا ترى ما نحفظه عنك في \u2068%s\u2069. يمكنك تصحيحه وسحب موافقتك أو طلب محوه.",
		visit: "زيارتك", last: "الرابط صالح ليوم واحد ويُفتح مرة واحدة. هو شخصي: يُرجى عدم إرساله إلى غيرك.",
		ignore: "إن لم تطلبه، فلا حاجة إلى فعل شيء.", nameless: "مقرّنا", rtl: true,
	},
}

// linkMail is the mail for a reader of a language; where it has no words here, in
// English, and in Swedish where nobody has chosen one.
func linkMail(lang, campus string, links []LinkLine) LinkMail {
	w, ok := linkLanguages[lang]
	switch {
	case lang == "":
		w = linkLanguages["sv"]
	case !ok:
		w = linkLanguages["en"]
	}
	campus = cmp.Or(campus, w.nameless)
	first := fmt.Sprintf(w.first, campus)
	dir := "ltr"
	if w.rtl {
		dir = "rtl"
	}
	var t, h strings.Builder
	e := html.EscapeString
	fmt.Fprintf(&t, "%s\n\n", first)
	fmt.Fprintf(&h, `<!doctype html><html dir="%s"><body style="font-family:sans-serif;font-size:16px;line-height:1.5"><p>%s</p><ul>`, dir, e(first))
	for _, l := range links {
		visit := w.visit
		if !l.At.IsZero() && l.At.Unix() > 0 {
			visit += " " + l.At.Local().Format("2006-01-02 15:04")
		}
		fmt.Fprintf(&t, "%s:\n%s\n\n", visit, l.URL) // on a line of its own, for who reads from the right
		fmt.Fprintf(&h, `<li>%s:<br><a href="%s"><bdi>%s</bdi></a></li>`, e(visit), e(l.URL), e(l.URL))
	}
	fmt.Fprintf(&t, "%s\n\n%s\n", w.last, w.ignore)
	fmt.Fprintf(&h, "</ul><p>%s</p><p>%s</p></body></html>", e(w.last), e(w.ignore))
	return LinkMail{Subject: fmt.Sprintf(w.subject, campus), Text: t.String(), HTML: h.String()}
}
