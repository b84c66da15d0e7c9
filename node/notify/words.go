package notify

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// words are the sentences of messages in one language; those to hosts are in
// Swedish and English only. Texts of alarms name nobody: a message shows on a
// locked screen.
type words struct {
	real, drill         string // time, where
	realTitle           string
	drillTitle          string
	muster              string // points
	answer              string // link
	noAnswer            string
	campus              string
	hostTitle, hostText string // who, door, time, badge
	from                string // name, company
	remindTitle         string
	remindText          string // badge, since, door
	watchTitle          string
	watchText           string // door, time, page
	deskTitle           string
	deskAbout           string // badge
	deskFoot            string
}

var languages = map[string]words{
	"sv": {
		real:       "SKARPT LARM kl. %s, %s. Gå ut nu!",
		drill:      "ÖVNING kl. %s, %s. Gå ut nu.",
		realTitle:  "SKARPT LARM: gå ut nu",
		drillTitle: "ÖVNING: gå ut nu",
		muster:     " Samling: %s.",
		answer:     " Svara här om du är i säkerhet eller behöver hjälp: %s",
		noAnswer:   " Säg till utrymningsledaren att du är ute. Ring 112 om du behöver hjälp.",
		campus:     "hela området",
		hostTitle:  "Din besökare är här",
		hostText:   "%s väntar vid %s sedan kl. %s (bricka %s).\n\nDet här meddelandet skickades av besökssystemet Upprop. Det går inte att svara på.\n",
		from:       "%s från %s",

		watchTitle: "Titta i receptionen",
		watchText:  "Någon som har checkat in eller väntas vid %s, %s, kan stå på bevakningslistan. Vem det är och vad som ska göras står på %s; där svarar du också.\n\nDet här meddelandet skickades av besökssystemet Upprop. Det går inte att svara på.\n",

		remindTitle: "Är din besökare kvar?",
		remindText:  "Din besökare med bricka %s, som kom kl. %s vid %s, har inte checkat ut. Vid en utrymning letar vi efter den som står på listan.\n\nÄr besökaren kvar behöver du inte göra något. Har besökaren gått: säg det till receptionen, så att listan stämmer.\n\nDet här meddelandet skickades av besökssystemet Upprop. Det går inte att svara på.\n",

		deskTitle: "Meddelande från receptionen",
		deskAbout: "Om din besökare med bricka %s:",
		deskFoot:  "Det här meddelandet skickades från receptionen med besökssystemet Upprop. Det går inte att svara på.",
	},
	"en": {
		real:       "REAL ALARM at %s, %s. Leave now!",
		drill:      "DRILL at %s, %s. Leave now.",
		realTitle:  "REAL ALARM: leave now",
		drillTitle: "DRILL: leave now",
		muster:     " Gather at: %s.",
		answer:     " Say here whether you are safe or need help: %s",
		noAnswer:   " Tell the warden that you are out. Call 112 if you need help.",
		campus:     "the whole campus",
		hostTitle:  "Your visitor is here",
		hostText:   "%s has been waiting at %s since %s (badge %s).\n\nThis message was sent by the visitor system Upprop. It cannot be answered.\n",
		from:       "%s from %s",

		watchTitle: "Look at the desk",
		watchText:  "Somebody who has checked in or is expected at %s, %s, may be on the watch list. Who it is and what is to be done stands on %s; answer there.\n\nThis message was sent by the visitor system Upprop. It cannot be answered.\n",

		remindTitle: "Is your visitor still here?",
		remindText:  "Your visitor with badge %s, who came at %s by %s, has not checked out. In an evacuation whoever is on the list is searched for.\n\nIf the visitor is still here, you need do nothing. If the visitor has left, tell the reception, so that the list is right.\n\nThis message was sent by the visitor system Upprop. It cannot be answered.\n",

		deskTitle: "Message from the reception",
		deskAbout: "About your visitor with badge %s:",
		deskFoot:  "This message was sent from the reception with the visitor system Upprop. It cannot be answered.",
	},
	"sv-simple": {
		real:       "LARM PÅ RIKTIGT kl. %s, %s. Gå ut nu!",
		drill:      "ÖVNING kl. %s, %s. Gå ut nu.",
		realTitle:  "LARM PÅ RIKTIGT: gå ut nu",
		drillTitle: "ÖVNING: gå ut nu",
		muster:     " Gå hit: %s.",
		answer:     " Är du i säkerhet? Behöver du hjälp? Svara här: %s",
		noAnswer:   " Säg till utrymningsledaren att du är ute. Behöver du hjälp? Ring 112.",
		campus:     "hela området",
	},
	"fi": {
		real:       "OIKEA HÄLYTYS klo %s, %s. Mene ulos heti!",
		drill:      "HARJOITUS klo %s, %s. Mene ulos heti.",
		realTitle:  "OIKEA HÄLYTYS: mene ulos heti",
		drillTitle: "HARJOITUS: mene ulos heti",
		muster:     " Kokoontumispaikka: %s.",
		answer:     " Kerro tässä, oletko turvassa vai tarvitsetko apua: %s",
		noAnswer:   " Kerro poistumisen ohjaajalle, että olet ulkona. Soita 112, jos tarvitset apua.",
		campus:     "koko alue",
	},
	"nb": {
		real:       "SKARP ALARM kl. %s, %s. Gå ut nå!",
		drill:      "ØVELSE kl. %s, %s. Gå ut nå.",
		realTitle:  "SKARP ALARM: gå ut nå",
		drillTitle: "ØVELSE: gå ut nå",
		muster:     " Møteplass: %s.",
		answer:     " Svar her om du er trygg eller trenger hjelp: %s",
		noAnswer:   " Si fra til evakueringslederen at du er ute. Ring 112 hvis du trenger hjelp.",
		campus:     "hele området",
	},
	"da": {
		real:       "RIGTIG ALARM kl. %s, %s. Gå ud nu!",
		drill:      "ØVELSE kl. %s, %s. Gå ud nu.",
		realTitle:  "RIGTIG ALARM: gå ud nu",
		drillTitle: "ØVELSE: gå ud nu",
		muster:     " Samlingsplads: %s.",
		answer:     " Svar her, om du er i sikkerhed eller har brug for hjælp: %s",
		noAnswer:   " Sig til evakueringslederen, at du er ude. Ring 112, hvis du har brug for hjælp.",
		campus:     "hele området",
	},
	"de": {
		real:       "ECHTER ALARM um %s Uhr, %s. Gebäude jetzt verlassen!",
		drill:      "ÜBUNG um %s Uhr, %s. Gebäude jetzt verlassen.",
		realTitle:  "ECHTER ALARM: Gebäude jetzt verlassen",
		drillTitle: "ÜBUNG: Gebäude jetzt verlassen",
		muster:     " Sammelstelle: %s.",
		answer:     " Sagen Sie hier, ob Sie in Sicherheit sind oder Hilfe brauchen: %s",
		noAnswer:   " Sagen Sie dem Evakuierungshelfer, dass Sie draußen sind. Rufen Sie 112 an, wenn Sie Hilfe brauchen.",
		campus:     "das ganze Gelände",
	},
	// What is put among Arabic words is set apart, so that it reads in its own
	// direction (Unicode's first strong isolate).
	"ar": {
		real:       "إنذار حقيقي في الساعة \u2068%s\u2069، \u2068%s\u2069. اخرجوا الآن!",
		drill:      "تمرين في الساعة \u2068%s\u2069، \u2068%s\u2069. اخرجوا الآن.",
		realTitle:  "إنذار حقيقي: اخرجوا الآن",
		drillTitle: "تمرين: اخرجوا الآن",
		muster:     " نقطة التجمع: \u2068%s\u2069.",
		answer:     " أخبرونا هنا إن كنتم بأمان أو تحتاجون إلى مساعدة: %s",
		noAnswer:   " أخبروا مسؤول الإخلاء بأنكم في الخارج. اتصلوا بالرقم 112 إذا احتجتم إلى مساعدة.",
		campus:     "الموقع بأكمله",
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

// arrivalLetter is what a host reads, in Swedish and English: nobody has asked
// the host.
func arrivalLetter(a Arrival, badge record.BadgeCode, at record.Place, now time.Time) letter {
	sv, en := languages["sv"], languages["en"]
	door := cmp.Or(string(at.Entrance), string(at.Zone), string(at.Site), "-")
	say := func(w words) string {
		who := a.Name.Reveal()
		if a.Company != "" {
			who = fmt.Sprintf(w.from, who, a.Company.Reveal())
		}
		return fmt.Sprintf(w.hostText, who, door, now.Format("15:04"), badge)
	}
	return letter{Subject: sv.hostTitle + " / " + en.hostTitle, Text: say(sv) + "\n--\n\n" + say(en)}
}

// alarmText is what somebody inside reads.
func alarmText(lang string, drill bool, at time.Time, site record.SiteID, points []string, link string) (subject, text string) {
	w := speak(lang)
	subject, text = w.realTitle, w.real
	if drill {
		subject, text = w.drillTitle, w.drill
	}
	text = fmt.Sprintf(text, at.Format("15:04"), cmp.Or(string(site), w.campus))
	if len(points) > 0 {
		text += fmt.Sprintf(w.muster, strings.Join(points, ", "))
	}
	if link == "" {
		return subject, text + w.noAnswer
	}
	return subject, text + fmt.Sprintf(w.answer, link)
}

// tell is what another system is told, and the line that a chat shows.
func tell(e Entry, campus *time.Location) (body []byte, line string, err error) {
	type data struct {
		Visit      *record.VisitID `json:"visit,omitempty"`
		Badge      string          `json:"badge,omitempty"`
		Evacuation *record.EvacID  `json:"evacuation,omitempty"`
		Kind       string          `json:"kind,omitempty"`
		Site       record.SiteID   `json:"site,omitempty"`
		Entrance   string          `json:"entrance,omitempty"`
		Call       string          `json:"call,omitempty"`
	}
	d := data{Site: e.Site, Entrance: string(e.Door)}
	at := e.At.In(campus).Format("15:04")
	switch e.Event {
	case EventArrived:
		d.Visit, d.Badge = &e.Visit, e.Visit.Badge().String()
		line = fmt.Sprintf("A visitor came at %s: %s, badge %s.", at, cmp.Or(string(e.Door), string(e.Site)), d.Badge)
	case EventCalled:
		d.Call = e.Call
		line = fmt.Sprintf("Somebody has asked for help at %s since %s. Answer at a desk, or go there.", cmp.Or(string(e.Door), string(e.Site)), at)
	default:
		d.Evacuation, d.Kind = &e.Start, record.Evacuation{Drill: e.Drill}.Kind()
		what := map[bool]string{false: "REAL EVACUATION", true: "DRILL"}[e.Drill]
		verb := map[bool]string{true: "started", false: "ended"}[e.Event == EventStarted]
		line = fmt.Sprintf("%s %s at %s: %s.", what, verb, at, cmp.Or(string(e.Site), "the whole campus"))
	}
	body, err = json.Marshal(struct {
		Type      string    `json:"type"`
		Timestamp time.Time `json:"timestamp"`
		Data      data      `json:"data"`
	}{e.Event, e.At.UTC(), d})
	return body, line, err
}

// hookID is what an event is called on the other side, whoever tells of it.
func hookID(e Entry) string {
	about := e.Start[:]
	switch e.Event {
	case EventArrived:
		about = e.Visit[:]
	case EventCalled:
		about = []byte(e.Call)
	}
	return idOf(HookKind, e.Event, about).String()
}
