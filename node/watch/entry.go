package watch

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/mail"
	"regexp"
	"strings"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/sheet"
)

// Problem is what a person can do something about.
type Problem = sheet.Problem

const (
	// MaxEntries bounds the list: it is for a few people, not for a population.
	MaxEntries = 500
	// maxTags are those of the longest list, with four forms and all spellings.
	maxTags     = MaxEntries * (2*MaxNames + 3)
	maxName     = 120
	maxReason   = 500
	maxAdvice   = 200
	maxSettings = 3650 // days
	// MaxNames is how many spellings of a name one entry has.
	MaxNames = 6
)

// Errors of the list.
var (
	ErrNotHere = &Problem{Key: "watch.not_here", Hint: "the watch list is looked after at a desk, and this node is none, or may not: nothing was done; `upprop nodes` lists the desks"}
	ErrUnknown = &Problem{Key: "watch.unknown", Hint: "there is no such entry: `upprop watch list` shows those there are"}
	// ErrNoAlert means that there is nothing to answer.
	ErrNoAlert = &Problem{Key: "watch.no_alert", Hint: "nobody waits for an answer about this visit: `upprop watch alerts` shows whom it is about"}
	ErrOutcome = &Problem{Key: "watch.outcome", Field: "outcome", Hint: "write what came of it: let_in, turned_away, other or not_found"}

	errNothing = &Problem{Key: "watch.nothing", Field: "name", Hint: "an entry needs a name, an e-mail address, a telephone number or a company to be found by: write one of them"}
	errReason  = &Problem{Key: "watch.no_reason", Field: "reason", Hint: "an entry needs a reason: write in a few words why the desk should know, since it is judged by that"}
	errMail    = &Problem{Key: "watch.bad_email", Field: "email", Hint: "this is no e-mail address: write it as name@example.org, or leave it out"}
	errPhone   = &Problem{Key: "watch.bad_phone", Field: "phone", Hint: "this is no telephone number: write six digits or more, with the prefix of the country"}
	errNames   = &Problem{Key: "watch.names", Field: "name", Limit: MaxNames, Hint: fmt.Sprintf("one entry has %d spellings of a name at most: leave out those that differ in accents or order alone, they are found anyhow", MaxNames)}
	errFull    = &Problem{Key: "watch.full", Limit: MaxEntries, Hint: fmt.Sprintf("there are %d entries, which is as many as there can be: remove those that nobody needs", MaxEntries)}
	errTerms   = &Problem{Key: "watch.bad_terms", Field: "days", Hint: "write days between 1 and 3650, the usual ones no more than the most"}
	errCountry = &Problem{Key: "watch.country", Field: "country", Hint: "write the prefix of the country that numbers without one are of, in digits: 46"}
)

// Entry is somebody, or a company, of whose coming the desk is to know.
type Entry struct {
	ID string
	// Names are spellings of one name, the first as it is shown.
	Names                 []record.Private
	Company, Email, Phone record.Private
	// Reason is why, and Advice what the desk is to do: "call security".
	Reason, Advice record.Private
	// Wait: whoever matches is asked to wait for the reception.
	Wait bool
	// Until is the last day on which the entry counts; nobody opens it after.
	Until record.Day
	// By made it, as acts name people; Added is when.
	By    string
	Added time.Time
}

// Format withholds the entry from every fmt verb.
func (e Entry) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("entry " + e.ID)) }

// Called is what the entry is shown as.
func (e Entry) Called() record.Private {
	if len(e.Names) > 0 {
		return e.Names[0]
	}
	return cmp.Or(e.Email, e.Phone, e.Company)
}

// forms are all by which the entry is found. A company counts where there is
// nothing else: whoever has a name on the list is not met by all colleagues.
func (e Entry) forms(country string) (out []form) {
	alone := len(e.Names) == 0 && e.Email == "" && e.Phone == ""
	p := Person{Email: e.Email, Phone: e.Phone}
	if alone {
		p.Company = e.Company
	}
	out = p.forms(country)
	for _, n := range e.Names {
		out = append(out, Person{Name: n}.forms(country)...)
	}
	return out
}

// near reports whether a name is one of the entry's but for a letter, or with
// more words in it.
func (e Entry) near(name record.Private) bool {
	typed := names(name.Reveal())
	if len(typed) == 0 {
		return false
	}
	for _, n := range e.Names {
		for _, f := range names(n.Reveal()) {
			for _, g := range typed {
				if f != g && (nearly(f, g) || within(f, g)) {
					return true
				}
			}
		}
	}
	return false
}

// Match is what somebody has in common with the entry.
func (e Entry) Match(p Person, country string) (by []By) {
	has := map[form]bool{}
	for _, f := range p.forms(country) {
		has[f] = true
	}
	found := map[By]bool{}
	for _, f := range e.forms(country) {
		if has[f] && !found[f.by] {
			found[f.by] = true
			by = append(by, f.by)
		}
	}
	if !found[Name] && e.near(p.Name) {
		by = append(by, Nearly)
	}
	return by
}

// check tidies and judges what a person wrote. Errors: *Problem.
func (e *Entry) check(country string) error {
	var all []record.Private
	for _, n := range e.Names {
		s, err := sheet.Line("name", n.Reveal(), maxName)
		if err != nil {
			return err
		}
		if s != "" {
			all = append(all, record.Private(s))
		}
	}
	if e.Names = all; len(all) > MaxNames {
		return errNames
	}
	for _, x := range []struct {
		field string
		at    *record.Private
		most  int
	}{{"company", &e.Company, maxName}, {"email", &e.Email, maxName}, {"phone", &e.Phone, maxName}, {"reason", &e.Reason, maxReason}, {"advice", &e.Advice, maxAdvice}} {
		s, err := sheet.Line(x.field, x.at.Reveal(), x.most)
		if err != nil {
			return err
		}
		*x.at = record.Private(s)
	}
	if a, err := mail.ParseAddress(e.Email.Reveal()); e.Email != "" && (err != nil || a.Address != e.Email.Reveal() || email(a.Address) == "") {
		return errMail
	}
	switch {
	case e.Phone != "" && phone(e.Phone.Reveal(), country) == "":
		return errPhone
	case len(e.forms(country)) == 0:
		return errNothing
	case e.Reason == "":
		return errReason
	}
	return nil
}

// sealedEntry is what is sealed of an entry.
type sealedEntry struct {
	Names   []string `json:"names,omitempty"`
	Company string   `json:"company,omitempty"`
	Email   string   `json:"email,omitempty"`
	Phone   string   `json:"phone,omitempty"`
	Reason  string   `json:"reason"`
	Advice  string   `json:"advice,omitempty"`
	Wait    bool     `json:"wait,omitempty"`
	Until   int32    `json:"until"`
	By      string   `json:"by"`
	Added   int64    `json:"added"`
}

func (e Entry) encode() ([]byte, error) {
	s := sealedEntry{
		Company: e.Company.Reveal(), Email: e.Email.Reveal(), Phone: e.Phone.Reveal(), Reason: e.Reason.Reveal(), Advice: e.Advice.Reveal(),
		Wait: e.Wait, Until: int32(e.Until), By: e.By, Added: e.Added.UnixMilli(),
	}
	for _, n := range e.Names {
		s.Names = append(s.Names, n.Reveal())
	}
	return json.Marshal(s)
}

func decodeEntry(id string, b []byte) (Entry, error) {
	var s sealedEntry
	if err := json.Unmarshal(b, &s); err != nil {
		return Entry{}, ErrUnknown // the bytes are personal
	}
	e := Entry{
		ID: id, Company: record.Private(s.Company), Email: record.Private(s.Email), Phone: record.Private(s.Phone),
		Reason: record.Private(s.Reason), Advice: record.Private(s.Advice), Wait: s.Wait, Until: record.Day(s.Until), By: s.By,
		Added: time.UnixMilli(s.Added).UTC(),
	}
	for _, n := range s.Names {
		e.Names = append(e.Names, record.Private(n))
	}
	return e, nil
}

var prefix = regexp.MustCompile(`^[1-9][0-9]{0,2}$`)

// country reports whether s can be the prefix of a country.
func country(s string) bool { return prefix.MatchString(s) }

// Spellings are the names of a text with one on each line, or behind semicolons.
func Spellings(text string) (out []record.Private) {
	for _, s := range strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' || r == ';' }) {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, record.Private(s))
		}
	}
	return out
}
