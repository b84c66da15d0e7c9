// Package consent is the words by which people consent: for what, in which
// language, which version, and how a version is recognised later. It keeps no
// consent and knows no visitor; who takes one in asks it for the words.
//
// Invariant: a version and a hash name one text for good. Two desks that edit
// while they do not hear each other may give two texts one version; their hashes
// differ.
package consent

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/shape"
)

// Purpose is what a consent is for.
type Purpose string

// The purposes. What rests on another ground than consent is not asked for.
const (
	// Assist is the help that somebody needs to get out: a datum of health, kept
	// by Article 9(2)(a) alone.
	Assist Purpose = "assist"
	// Notify is to be told of an alarm by text message or mail.
	Notify Purpose = "notify"
	// Photo is that a photograph is taken and kept.
	Photo Purpose = "photo"
)

// Purposes are all purposes.
var Purposes = []Purpose{Assist, Notify, Photo}

// Langs are the languages that there are words in.
var Langs = []string{"sv", "en", "sv-simple", "fi", "nb", "da", "de", "ar"}

// Prefix is that of the settings: a purpose and a language follow.
const Prefix = "consent/"

// MaxText bounds the words, in characters.
const MaxText = 500

// Problem is what a person can do something about.
type Problem struct{ Key, Hint string }

func (p *Problem) Error() string { return p.Hint }

// Problems, matched with errors.Is.
var (
	ErrPurpose = &Problem{"consent.purpose", "nothing is asked for by consent but help in an evacuation, being told of an alarm, and a photo: write assist, notify or photo"}
	ErrLang    = &Problem{"consent.lang", "there are no words in that language: write sv, en, sv-simple, fi, nb, da, de or ar"}
	ErrText    = &Problem{"consent.text", fmt.Sprintf("words of consent are one line of 1 to %d characters: write them so", MaxText)}
)

// Words are the words of one version.
type Words struct {
	Purpose Purpose
	Lang    string
	// Version counts from 1, which are the words that this program comes with.
	Version int
	Text    string
}

// Hash names the words: the first half of their SHA-256, in hexadecimal.
func (w Words) Hash() string {
	sum := sha256.Sum256([]byte(w.Text))
	return hex.EncodeToString(sum[:16])
}

var first = map[Purpose]map[string]string{
	Assist: {
		"sv":        "När du kryssar i rutan samtycker du till att vi sparar det här. Det visas för utrymningsledare och reception, raderas med besöket, och du kan när som helst ångra dig i receptionen. För den som är under 16 år bestämmer en vårdnadshavare.",
		"en":        "By ticking the box you agree that we keep this. Wardens and the reception see it, it is erased with your visit, and you can change your mind at the reception at any time. For somebody under 16 a guardian decides.",
		"sv-simple": "Kryssa i rutan om du säger ja till att vi sparar det här. Utrymningsledare och receptionen kan se det. Vi tar bort det när vi tar bort ditt besök. Du kan ändra dig när du vill. Säg det i receptionen. Är du under 16 år bestämmer din vårdnadshavare.",
		"fi":        "Kun rastitat ruudun, suostut siihen, että tallennamme tämän tiedon. Poistumisen ohjaajat ja vastaanotto näkevät sen, se poistetaan käynnin tietojen mukana, ja voit perua suostumuksesi milloin tahansa vastaanotossa. Alle 16-vuotiaan puolesta päättää huoltaja.",
		"nb":        "Når du krysser av, samtykker du til at vi lagrer dette. Evakueringsledere og resepsjonen ser det, det slettes sammen med besøket, og du kan når som helst ombestemme deg i resepsjonen. For den som er under 16 år, bestemmer en foresatt.",
		"da":        "Når du sætter kryds, samtykker du til, at vi gemmer dette. Evakueringsledere og reception ser det, det slettes sammen med besøget, og du kan til enhver tid fortryde i receptionen. For den, der er under 16 år, bestemmer en forælder eller værge.",
		"de":        "Mit dem Ankreuzen willigen Sie ein, dass wir diese Angabe speichern. Evakuierungshelfer und Empfang sehen sie, sie wird mit dem Besuch gelöscht, und Sie können Ihre Einwilligung jederzeit am Empfang widerrufen. Für Personen unter 16 entscheidet eine sorgeberechtigte Person.",
		"ar":        "بوضع علامة في هذا المربع توافق على أن نحفظ هذه المعلومة. يراها مسؤولو الإخلاء والاستقبال، وتُمحى مع الزيارة، ويمكنك التراجع في أي وقت لدى الاستقبال. إذا كان العمر أقل من 16 سنة فالقرار لوليّ الأمر.",
	},
	Notify: {
		"sv":        "Du samtycker till att vi skickar sms eller e-post till dig om larmet går medan du är här. Adressen används inte till något annat med stöd av samtycket, raderas med besöket, och du kan när som helst ångra dig.",
		"en":        "You agree that we send you a text message or an e-mail if the alarm goes while you are here. The address is used for nothing else on that ground, it is erased with your visit, and you can change your mind at any time.",
		"sv-simple": "Du säger ja till att vi skickar sms eller e-post till dig om larmet går när du är här. Vi använder inte adressen till något annat av det skälet. Vi tar bort den när vi tar bort ditt besök. Du kan ändra dig när du vill.",
		"fi":        "Suostut siihen, että lähetämme sinulle tekstiviestin tai sähköpostin, jos hälytys soi, kun olet täällä. Osoitetta ei käytetä tällä perusteella muuhun, se poistetaan käynnin tietojen mukana, ja voit perua suostumuksesi milloin tahansa.",
		"nb":        "Du samtykker til at vi sender deg SMS eller e-post hvis alarmen går mens du er her. Adressen brukes ikke til noe annet på det grunnlaget, slettes sammen med besøket, og du kan når som helst ombestemme deg.",
		"da":        "Du samtykker til, at vi sender dig en sms eller e-mail, hvis alarmen går, mens du er her. Adressen bruges ikke til andet på det grundlag, slettes sammen med besøget, og du kan til enhver tid fortryde.",
		"de":        "Sie willigen ein, dass wir Ihnen eine SMS oder E-Mail senden, wenn der Alarm ausgelöst wird, während Sie hier sind. Die Adresse wird auf dieser Grundlage für nichts anderes verwendet, wird mit dem Besuch gelöscht, und Sie können Ihre Einwilligung jederzeit widerrufen.",
		"ar":        "توافق على أن نرسل إليك رسالة نصية أو بريدًا إلكترونيًا إذا انطلق الإنذار أثناء وجودك هنا. لا يُستخدم العنوان لغير ذلك على هذا الأساس، ويُمحى مع الزيارة، ويمكنك التراجع في أي وقت.",
	},
	Photo: {
		"sv":        "När du kryssar i rutan samtycker du till att vi tar ett foto av dig, sparar det och skriver det på din bricka. Receptionen kan se det. Det raderas av sig självt, senast med ditt besök, och du kan när som helst få det borttaget här eller i receptionen. Du är lika välkommen utan foto. För den som är under 16 år bestämmer en vårdnadshavare.",
		"en":        "By ticking the box you agree that we take a photo of you, keep it and print it on your badge. The reception can see it. It is erased by itself, with your visit at the latest, and you can have it removed at any time, here or at the reception. You are as welcome without a photo. For somebody under 16 a guardian decides.",
		"sv-simple": "Kryssa i rutan om du säger ja till att vi tar ett foto av dig. Vi sparar fotot och skriver det på din bricka. Receptionen kan se det. Vi tar bort fotot senast när vi tar bort ditt besök. Vill du ta bort det tidigare? Säg det här eller i receptionen. Du är lika välkommen utan foto. Är du under 16 år bestämmer din vårdnadshavare.",
		"fi":        "Kun rastitat ruudun, suostut siihen, että otamme sinusta valokuvan, tallennamme sen ja tulostamme sen vierailijakorttiisi. Vastaanotto näkee kuvan. Se poistetaan itsestään viimeistään käynnin tietojen mukana, ja voit milloin tahansa pyytää sen poistamista täällä tai vastaanotossa. Olet yhtä tervetullut ilman kuvaa. Alle 16-vuotiaan puolesta päättää huoltaja.",
		"nb":        "Når du krysser av, samtykker du til at vi tar et bilde av deg, lagrer det og skriver det ut på besøkskortet ditt. Resepsjonen kan se det. Det slettes av seg selv, senest sammen med besøket, og du kan når som helst få det fjernet her eller i resepsjonen. Du er like velkommen uten bilde. For den som er under 16 år, bestemmer en foresatt.",
		"da":        "Når du sætter kryds, samtykker du til, at vi tager et billede af dig, gemmer det og trykker det på dit gæstekort. Receptionen kan se det. Det slettes af sig selv, senest sammen med besøget, og du kan til enhver tid få det fjernet her eller i receptionen. Du er lige så velkommen uden billede. For den, der er under 16 år, bestemmer en forælder eller værge.",
		"de":        "Mit dem Ankreuzen willigen Sie ein, dass wir ein Foto von Ihnen aufnehmen, speichern und auf Ihren Besucherausweis drucken. Der Empfang kann es sehen. Es wird von selbst gelöscht, spätestens mit dem Besuch, und Sie können es jederzeit hier oder am Empfang entfernen lassen. Ohne Foto sind Sie genauso willkommen. Für Personen unter 16 entscheidet eine sorgeberechtigte Person.",
		"ar":        "بوضع علامة في هذا المربع توافق على أن نلتقط لك صورة ونحفظها ونطبعها على شارتك. يمكن للاستقبال رؤيتها. تُمحى تلقائيًا، على أبعد تقدير مع الزيارة، ويمكنك طلب إزالتها في أي وقت هنا أو لدى الاستقبال. نرحب بك بالقدر نفسه من دون صورة. إذا كان العمر أقل من 16 سنة فالقرار لوليّ الأمر.",
	},
}

// Book are the words of a campus as they stand.
type Book struct{ edited map[string]Words }

// Of reads the words out of settings; what cannot be read counts for nothing.
func Of(settings []crdt.Setting) Book {
	b := Book{map[string]Words{}}
	for _, s := range settings {
		if w, ok := read(s); ok {
			b.edited[s.Key] = w
		}
	}
	return b
}

func key(p Purpose, lang string) string { return Prefix + string(p) + "/" + lang }

func read(s crdt.Setting) (w Words, ok bool) {
	rest, ours := strings.CutPrefix(s.Key, Prefix)
	purpose, lang, split := strings.Cut(rest, "/")
	version, text, written := strings.Cut(s.Value.String(), " ")
	n, err := strconv.Atoi(version)
	if !ours || !split || !written || err != nil || n < 2 || first[Purpose(purpose)][lang] == "" || !plain(text) {
		return w, false
	}
	return Words{Purpose(purpose), lang, n, text}, true
}

// Words are those that stand for a purpose, in a language or, where there are
// none in it, in English; in Swedish where nobody has chosen one.
func (b Book) Words(p Purpose, lang string) Words {
	switch {
	case lang == "":
		lang = "sv"
	case first[p][lang] == "":
		lang = "en"
	}
	if w, ok := b.edited[key(p, lang)]; ok {
		return w
	}
	return Words{p, lang, 1, first[p][lang]}
}

// Edit is the setting by which other words stand from now on, under the next
// version. Errors: *Problem.
func (b Book) Edit(p Purpose, lang, text string) (crdt.Setting, error) {
	switch {
	case first[p] == nil:
		return crdt.Setting{}, ErrPurpose
	case first[p][lang] == "":
		return crdt.Setting{}, ErrLang
	case !plain(text):
		return crdt.Setting{}, ErrText
	}
	next := b.Words(p, lang).Version + 1
	return crdt.Setting{Key: key(p, lang), Value: shape.String(strconv.Itoa(next) + " " + text)}, nil
}

// Versions are all words that have stood for a purpose in a language, by the
// history of their setting, the oldest first: those by which somebody may have
// consented.
func Versions(p Purpose, lang string, history func(key string) []crdt.Edit) []Words {
	if first[p][lang] == "" {
		return nil
	}
	out := []Words{{p, lang, 1, first[p][lang]}}
	for _, e := range history(key(p, lang)) {
		if w, ok := read(e.Setting); ok && e.Counts && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}

// plain reports whether a text is one line that shows as it is written.
func plain(s string) bool {
	return strings.TrimSpace(s) == s && s != "" && utf8.ValidString(s) && utf8.RuneCountInString(s) <= MaxText &&
		!strings.ContainsFunc(s, func(r rune) bool {
			return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == '\ufeff' || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
		})
}
