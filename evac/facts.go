package evac

import (
	"slices"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/webkit"
)

// factLine is one piece of evidence, as it is read.
type factLine struct {
	Time time.Time
	When string
	// Icon names the sign that stands before it.
	Icon       string
	Says, Note string
	// Stands: this is what the state rests on, or one of the things said at
	// once. Void: it counts for nothing any more.
	Stands, Void bool
}

// standing is how a mark that stands is told from those that do not.
type standing struct {
	at   time.Time
	node string
	mark record.Mark
}

// stands are the marks of a person that nothing stands instead of, and those
// that count in what runs.
func (j judge) stands(b bearer) (stands, counts map[standing]bool) {
	stands, counts = map[standing]bool{}, map[standing]bool{}
	var marks []record.MarkFact
	var departures []record.Departure
	for _, p := range b {
		departures = append(departures, p.Departures...)
		if e := j.concerns(p.Seen.Place.Site); e != nil {
			marks = append(marks, p.Counting(*e)...)
		}
	}
	ids := record.StillStanding(marks, departures)
	for _, m := range marks {
		key := standing{m.At.Time(), j.name(m.By()), m.Mark}
		counts[key] = true
		stands[key] = slices.Contains(ids, m.ID)
	}
	return stands, counts
}

// facts are all that was seen and said of a person, the latest first.
func (s *Service) facts(r *webkit.Request, e Evidence, j judge, b bearer, now time.Time) (all []factLine) {
	stands, counts := j.stands(b)
	for _, x := range slices.Backward(e.Said) {
		icon, key := factWord(x)
		if key == "" {
			continue
		}
		args := map[string]any{"Node": x.Node, "Place": x.Place, "How": r.Text(howWord(x.How), nil), "Badge": x.Other.Badge().String()}
		if x.Place == "" {
			args["Place"] = r.Text("warden.no_zone", nil)
		}
		f := factLine{Time: x.At, When: s.reader(r).Moment(x.At, now), Icon: icon, Says: r.Text(key, args), Void: x.Void || x.Late}
		is := standing{x.At, x.Node, x.Mark}
		f.Stands = x.What == "marked" && !f.Void && stands[is]
		f.Note = s.noteOn(r, x, counts[is], f.Stands)
		all = append(all, f)
	}
	return all
}

// noteOn says where a mark was made, and why a fact counts for nothing.
func (s *Service) noteOn(r *webkit.Request, x Said, counts, stands bool) string {
	note := ""
	if x.Point != "" {
		key := "fact.at_point"
		if !s.knownPoint(x.Point) {
			key = "fact.at_unknown"
		}
		note = r.Text(key, map[string]any{"Point": string(x.Point)}) + " "
	}
	if key := saidWord(x); key != "" {
		note += r.Text(key, map[string]any{"Time": s.reader(r).Moment(x.SaidAt, x.At)}) + " "
	}
	switch {
	case x.Void:
		note += r.Text("fact.void", nil)
	case x.Late:
		note += r.Text("fact.late", nil)
	case x.What != "marked" || stands:
	case !counts:
		note += r.Text("fact.of_another", nil)
	default:
		note += r.Text("fact.judged_anew", nil)
	}
	return note
}

// saidWord is the key of what tells another time than that of writing; a system
// that told of it within a minute tells none.
func saidWord(x Said) string {
	switch {
	case x.SaidAt.IsZero():
		return ""
	case x.How != record.HowFed:
		return "fact.said_at"
	case x.At.Sub(x.SaidAt).Abs() < time.Minute:
		return ""
	}
	return "fact.fed_at"
}

// factWord is the sign and the key of what was written.
func factWord(x Said) (icon, key string) {
	switch x.What {
	case "arrived":
		return "arrive", "fact.arrived"
	case "carried":
		return "clock", "fact.carried"
	case "seen":
		return "inside", "fact.seen"
	case "left":
		return "leave", "fact.left"
	case "timed_out":
		return "clock", "fact.timed"
	case "added":
		return "person", "fact.added"
	case "joined":
		return "person", "fact.joined"
	case "apart":
		return "person", "fact.apart"
	case "undone":
		return "back", "fact.undone"
	case "marked":
		return markWord(x.Mark)
	}
	return "", ""
}

func markWord(m record.Mark) (icon, key string) {
	switch m {
	case record.Safe:
		return "check", "fact.safe"
	case record.Refuge:
		return "refuge", "fact.refuge"
	case record.Missing:
		return "alert", "fact.missing"
	case record.Inside:
		return "inside", "fact.inside"
	}
	return "", ""
}

// howWord is the key of what a fact rests on.
func howWord(how string) string {
	switch how {
	case "kiosk":
		return "how.kiosk"
	case "desk":
		return "how.desk"
	case "command":
		return "how.command"
	case "qr", "badge":
		return "how.badge"
	case "screen", "handheld", "phone":
		return "how.screen"
	case record.HowFed:
		return "how.fed"
	case "carried":
		return "how.carried"
	}
	return "how.unsaid"
}
