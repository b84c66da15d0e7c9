package notify

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// words are the sentences of messages in one language. Texts of alarms name
// nobody: a message shows on a locked screen.
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

		remindTitle: "Är din besökare kvar?",
		remindText:  "Din besökare med bricka %s, som kom kl. %s vid %s, har inte checkat ut. Vid en utrymning letar vi efter den som står på listan.\n\nÄr besökaren kvar behöver du inte göra något. Har besökaren gått: säg det till receptionen, så att listan stämmer.\n\nDet här meddelandet skickades av besökssystemet Upprop. Det går inte att svara på.\n",
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

		remindTitle: "Is your visitor still here?",
		remindText:  "Your visitor with badge %s, who came at %s by %s, has not checked out. In an evacuation whoever is on the list is searched for.\n\nIf the visitor is still here, you need do nothing. If the visitor has left, tell the reception, so that the list is right.\n\nThis message was sent by the visitor system Upprop. It cannot be answered.\n",
	},
}

// speak are the words of a language; Swedish where it has none here.
func speak(lang string) words {
	if w, ok := languages[lang]; ok {
		return w
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
