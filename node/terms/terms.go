// Package terms says for how long each class of what is personal is kept: the
// figures of the campus, their bounds, and what holds for one visit. It
// destroys nothing and decides no date; whoever seals or writes a document asks
// it.
//
// Invariant: what is in force is within bounds whatever the settings say, and
// the same on every node that has the same settings.
package terms

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
)

// Class is a class of data that is kept for a time of its own.
type Class string

// The classes.
const (
	// Card is what wardens and desks may read: name, company, host and the help
	// that the person needs; and the name that the badge opens.
	Card Class = "card"
	// Contact is what desks alone may read: e-mail, telephone, purpose, language
	// and what was consented to.
	Contact Class = "contact"
	// Documents are what somebody has signed: the signature, their name, when and
	// where. They outlive the visit, each for the time of its document.
	Documents Class = "document"
	// Photos are photographs, sealed by themselves: never for longer than the name.
	Photos Class = "photo"
	// Deliveries are what was left for somebody: for whom, from whom, where it was
	// kept and who took it. They are kept so long after they were picked up.
	Deliveries Class = "delivery"
	// Events are times and places, by codes.
	Events Class = "events"
	// Acts are the record of who did what, by codes.
	Acts Class = "acts"
)

// Most is for how many days anything is kept that is not kept apart: days of the
// register are dropped after so many, and what is sealed with them.
const Most = 30

const (
	// MostDocument is the longest time of a signed document, in days.
	MostDocument = 3650
	// DefaultDocument is for how many days one is kept where nothing is said.
	DefaultDocument = 730
)

// Classes are all classes, those first that are settings.
var Classes = []Class{Card, Contact, Photos, Documents, Deliveries, Events, Acts}

// Prefix is that of the settings: a class follows, and for a visitor type of
// its own the type, or for a document of its own the document.
const Prefix = "retention/"

// Problem is what a person can do something about: a key for programs and
// screens, and a sentence for commands.
type Problem struct{ Key, Hint string }

func (p *Problem) Error() string { return p.Hint }

// Problems, matched with errors.Is.
var (
	ErrClass = &Problem{"retention.class", "there is no such class: write card, contact, photo, document or delivery"}
	ErrFixed = &Problem{"retention.fixed", fmt.Sprintf("times and places, and the record of who did what, are kept for %d days on every node and cannot be kept for another time: set card, contact, photo, document or delivery", Most)}
	ErrDays  = &Problem{"retention.days", fmt.Sprintf("what is sealed is kept for 1 to %d days: write such a number", Most)}
	// ErrDocumentDays and ErrDocument are of signed documents.
	ErrDocumentDays = &Problem{"retention.document_days", fmt.Sprintf("what is signed is kept for 1 to %d days: write such a number", MostDocument)}
	ErrDocument     = &Problem{"retention.document", "a document's id is 1 to 32 of a-z, 0-9 and -: write it as `upprop document list` shows it"}
	// ErrDeliveryType is of deliveries, which all have one figure.
	ErrDeliveryType = &Problem{"retention.delivery_type", "all deliveries are kept for the same time: leave the type out"}
	ErrType         = &Problem{"retention.type", "a visitor type is 1 to 32 of a-z, 0-9 and -: write it as it stands in `upprop visit list --json`"}
)

// Days are for how many days the parts of one visit are kept.
type Days struct{ Card, Contact, Photo record.Day }

// Terms are the figures of a campus.
type Terms struct {
	all   map[Class]record.Day
	types map[string]map[Class]record.Day
	// documents are those that have figures of their own.
	documents map[string]record.Day
}

// Of reads the figures out of settings. What is out of bounds, or of a class
// that is not known here, counts for nothing.
func Of(settings []crdt.Setting) Terms {
	t := Terms{all: map[Class]record.Day{}, types: map[string]map[Class]record.Day{}, documents: map[string]record.Day{}}
	for _, s := range settings {
		rest, ok := strings.CutPrefix(s.Key, Prefix)
		days := record.Day(s.Value.Int())
		class, kind, own := strings.Cut(rest, "/")
		most := record.Day(Most)
		if Class(class) == Documents {
			most = MostDocument
		}
		if !ok || s.Value.Kind() != shape.KindInt || days < 1 || days > most {
			continue
		}
		switch {
		case Class(class) == Documents && own && PlainType(kind):
			t.documents[kind] = days
		case Class(class) == Documents && !own:
			t.all[Documents] = days
		case Class(class) == Deliveries && !own:
			t.all[Deliveries] = days
		case Class(class) != Card && Class(class) != Contact && Class(class) != Photos:
		case !own:
			t.all[Class(class)] = days
		case PlainType(kind):
			if t.types[kind] == nil {
				t.types[kind] = map[Class]record.Day{}
			}
			t.types[kind][Class(class)] = days
		}
	}
	return t
}

// For are the days of a visit of a type. What desks alone may read never
// outlives the name that it belongs to; photographs neither.
func (t Terms) For(visitorType string) Days {
	own := t.types[visitorType]
	pick := func(c Class) record.Day {
		for _, m := range []map[Class]record.Day{own, t.all} {
			if d, ok := m[c]; ok {
				return d
			}
		}
		return Most
	}
	card := pick(Card)
	return Days{Card: card, Contact: min(pick(Contact), card), Photo: min(pick(Photos), card)}
}

// Document is for how many days a signed document is kept; empty: one that has no
// figure of its own.
func (t Terms) Document(id string) record.Day {
	if d, ok := t.documents[id]; ok {
		return d
	}
	if d, ok := t.all[Documents]; ok {
		return d
	}
	return DefaultDocument
}

// Delivery is for how many days a delivery is kept after its end.
func (t Terms) Delivery() record.Day {
	if d, ok := t.all[Deliveries]; ok {
		return d
	}
	return Most
}

// Documents are those that have figures of their own, in order.
func (t Terms) Documents() []string { return slices.Sorted(maps.Keys(t.documents)) }

// Types are the visitor types that have figures of their own, in order.
func (t Terms) Types() []string {
	var out []string
	for k := range t.types {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// Setting is the setting that gives a class so many days, for one visitor type
// (of Documents: one document) or, where that is empty, for all that have none of their own; 0 days takes
// the figure of a type away. Errors: *Problem.
func Setting(c Class, visitorType string, days int) (crdt.Setting, error) {
	switch {
	case c == Events || c == Acts:
		return crdt.Setting{}, ErrFixed
	case c == Documents && visitorType != "" && !PlainType(visitorType):
		return crdt.Setting{}, ErrDocument
	case c == Documents && (days > MostDocument || days < 1 && (days != 0 || visitorType == "")):
		return crdt.Setting{}, ErrDocumentDays
	case c == Documents:
	case c == Deliveries && visitorType != "":
		return crdt.Setting{}, ErrDeliveryType
	case c != Card && c != Contact && c != Photos && c != Deliveries:
		return crdt.Setting{}, ErrClass
	case visitorType != "" && !PlainType(visitorType):
		return crdt.Setting{}, ErrType
	case days > Most || days < 1 && (days != 0 || visitorType == ""):
		return crdt.Setting{}, ErrDays
	}
	key := Prefix + string(c)
	if visitorType != "" {
		key += "/" + visitorType
	}
	return crdt.Setting{Key: key, Value: shape.Int(int64(days))}, nil
}

// PlainType reports whether a visitor type may have figures of its own.
func PlainType(s string) bool {
	return s != "" && len(s) <= 32 && s[0] != '-' && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	})
}

// Note names a figure for the record: never people.
func Note(c Class, visitorType string, days int) string {
	out := string(c)
	if visitorType != "" {
		out += "/" + visitorType
	}
	return out + " " + strconv.Itoa(days)
}
