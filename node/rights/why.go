package rights

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
)

// Label is an id and what it is called.
type Label struct{ ID, Text string }

// Rule says why a datum is kept: the id of a purpose and a letter of
// Article 6(1).
type Rule struct{ Datum, Purpose, Basis string }

// Purposes are the lists that say why data is kept and where it comes from.
// Every reason given anywhere is looked up in them, so a change of a text
// changes it for all data at once.
type Purposes struct {
	Purposes, Sources []Label
	// Bases are those of Article 6(1), and not to be edited.
	Bases []Label
	Data  []Rule
}

// Settings of the lists: an id or datum follows.
const (
	prefixPurpose = "why/purpose/"
	prefixSource  = "why/source/"
	prefixDatum   = "why/datum/"
)

// Data are the data that are kept about a visit.
var Data = []string{"name", "company", "host", "email", "phone", "purpose", "assist", "photo", "lang", "signed", "presence"}

var bases = []Label{
	{"a", "consent (Article 6(1)(a))"},
	{"b", "a contract with the person (Article 6(1)(b))"},
	{"c", "a legal obligation (Article 6(1)(c))"},
	{"d", "the vital interests of a person (Article 6(1)(d))"},
	{"e", "a task in the public interest (Article 6(1)(e))"},
	{"f", "legitimate interests (Article 6(1)(f))"},
}

var defaults = Purposes{
	Purposes: []Label{
		{"agreed", "show what the person has read and agreed to"},
		{"assist", "help the person out in an evacuation"},
		{"badge", "let the bearer of a badge be recognised"},
		{"reach", "reach the person about the visit"},
		{"safety", "know who is in the building, and find them in an evacuation"},
		{"visit", "receive the person and tell their host"},
	},
	Sources: []Label{
		{"api", "another system, through the interface for programs"},
		{"command", "a person at the desk, by command"},
		{"correction", "a correction that the person asked for"},
		{"desk", "a receptionist, told by the person"},
		{"import", "an import of a file"},
		{"invitation", "the host, in an invitation"},
		{"kiosk", "the person, at a kiosk"},
	},
	Data: []Rule{
		{"assist", "assist", "a"},
		{"company", "visit", "f"},
		{"email", "reach", "f"},
		{"host", "visit", "f"},
		{"lang", "visit", "f"},
		{"name", "safety", "f"},
		{"phone", "reach", "f"},
		{"photo", "badge", "a"},
		{"presence", "safety", "f"},
		{"purpose", "visit", "f"},
		{"signed", "agreed", "f"},
	},
}

// Purposes are the lists as they stand.
func (s *Service) Purposes() Purposes {
	p := Purposes{
		Purposes: s.labels(prefixPurpose, defaults.Purposes), Sources: s.labels(prefixSource, defaults.Sources),
		Bases: slices.Clone(bases), Data: slices.Clone(defaults.Data),
	}
	for _, x := range s.cfg.Register.Settings(prefixDatum) {
		id, basis, ok := strings.Cut(x.Value.String(), " ")
		datum := x.Key[len(prefixDatum):]
		if i := slices.IndexFunc(p.Data, func(r Rule) bool { return r.Datum == datum }); ok && i >= 0 {
			p.Data[i].Purpose, p.Data[i].Basis = id, basis
		}
	}
	return p
}

func (s *Service) labels(prefix string, all []Label) []Label {
	all = slices.Clone(all)
	for _, x := range s.cfg.Register.Settings(prefix) {
		id := x.Key[len(prefix):]
		if i := slices.IndexFunc(all, func(l Label) bool { return l.ID == id }); i >= 0 {
			all[i].Text = x.Value.String()
		} else {
			all = append(all, Label{id, x.Value.String()})
		}
	}
	slices.SortFunc(all, func(a, b Label) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

func textOf(all []Label, id string) string {
	for _, l := range all {
		if l.ID == id {
			return l.Text
		}
	}
	return id
}

// Problems of the lists.
var (
	ErrList    = &Problem{"purposes.list", "there is no such list: edit a purpose, a source or a datum"}
	ErrLabel   = &Problem{"purposes.label", "an id is 1 to 32 of a-z, 0-9 and -, and its text one line of 200 characters at most: write it so"}
	ErrDatum   = &Problem{"purposes.datum", "there is no such datum: `upprop purposes list` names them"}
	ErrPurpose = &Problem{"purposes.purpose", "there is no such purpose: `upprop purposes list` names them; add one with `upprop purposes set purpose ID TEXT`"}
	ErrBasis   = &Problem{"purposes.basis", "a legal basis is a letter from a to f of Article 6(1): write --basis f"}
)

// Change is one edit of the lists. List is "purpose" or "source", and Text what
// ID is to be called; or "datum", and Purpose and Basis what it is kept for,
// empty as they are.
type Change struct{ List, ID, Text, Purpose, Basis string }

// Preview is what a change means.
type Preview struct {
	Before, After string
	// Data are those whose reason it changes, and Visits how many retained
	// visits have a reason that it changes.
	Data   []string
	Visits int
}

// SetPurpose edits the lists, durably and on record; a dry run changes
// nothing. Errors: *Problem.
func (s *Service) SetPurpose(ctx context.Context, c Change, dry bool) (Preview, error) {
	if _, err := s.desk(); err != nil {
		return Preview{}, err
	}
	p := s.Purposes()
	set, out, err := p.edit(c)
	if err != nil {
		return Preview{}, err
	}
	if len(out.Data) > 0 {
		err := s.cfg.Register.Visits(func(x record.Presence) error {
			if c.List != "source" || x.Arrived.How == c.ID {
				out.Visits++
			}
			return nil
		})
		if err != nil {
			return Preview{}, fmt.Errorf("set purpose: %w", err)
		}
	}
	if dry || out.Before == out.After {
		return out, nil
	}
	note, _ := json.Marshal([]string{c.List, c.ID, c.Purpose, c.Basis}) // texts: it cannot fail
	if err := s.set(ctx, s.act("purposes.set", string(note)), set); err != nil {
		return Preview{}, fmt.Errorf("set purpose: %w", err)
	}
	return out, nil
}

// edit judges a change and says what it means.
func (p Purposes) edit(c Change) (set crdt.Setting, out Preview, err error) {
	switch c.List {
	case "purpose", "source":
		all, prefix := p.Purposes, prefixPurpose
		if c.List == "source" {
			all, prefix = p.Sources, prefixSource
		}
		if !plainID(c.ID) || !plainText(c.Text) {
			return set, out, ErrLabel
		}
		for _, l := range all {
			if l.ID == c.ID {
				out.Before = l.Text
			}
		}
		out.After = c.Text
		for _, r := range p.Data {
			if c.List == "source" || r.Purpose == c.ID {
				out.Data = append(out.Data, r.Datum)
			}
		}
		return crdt.Setting{Key: prefix + c.ID, Value: shape.String(c.Text)}, out, nil
	case "datum":
		i := slices.IndexFunc(p.Data, func(r Rule) bool { return r.Datum == c.ID })
		if i < 0 {
			return set, out, ErrDatum
		}
		r := p.Data[i]
		out.Before = r.Purpose + " " + r.Basis
		r.Purpose, r.Basis = cmp.Or(c.Purpose, r.Purpose), cmp.Or(c.Basis, r.Basis)
		if !slices.ContainsFunc(p.Purposes, func(l Label) bool { return l.ID == r.Purpose }) {
			return set, out, ErrPurpose
		}
		if !slices.ContainsFunc(bases, func(l Label) bool { return l.ID == r.Basis }) {
			return set, out, ErrBasis
		}
		out.After, out.Data = r.Purpose+" "+r.Basis, []string{c.ID}
		return crdt.Setting{Key: prefixDatum + c.ID, Value: shape.String(out.After)}, out, nil
	}
	return set, out, ErrList
}

func plainID(s string) bool {
	return len(s) > 0 && len(s) <= 32 && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	}) && s[0] != '-'
}

func plainText(s string) bool {
	return strings.TrimSpace(s) == s && s != "" && utf8.ValidString(s) && utf8.RuneCountInString(s) <= 200 && !strings.ContainsFunc(s, record.Misleads)
}
