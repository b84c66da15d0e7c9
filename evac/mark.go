package evac

import (
	"errors"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
)

// undo is the button that takes back the mark that stands.
const undo = "undo"

// presses are what a button of the list can say of a person, by the name of the
// form's field; its value is the person's code. Word is what is then said.
var presses = []struct{ name, word string }{
	{string(record.Safe), "did.safe"},
	{string(record.Missing), "did.missing"},
	{string(record.Inside), "did.inside"},
	{string(record.Refuge), "did.refuge"},
	{undo, "did.undo"},
}

// didWord is the key of what a button says, empty for none of them.
func didWord(press string) string {
	for _, p := range presses {
		if p.name == press {
			return p.word
		}
	}
	return ""
}

// done is what was said last on this page, so that it can be taken back.
type done struct {
	Code, Says string
	Undone     bool
}

// answer is what a script is told of a mark that is durable.
type answer struct {
	Code  string `json:"code"`
	Badge string `json:"badge"`
	// Name is empty where it may not be shown; Known is false for a code of
	// nobody of whom more is known here than what was said of them.
	Name  string `json:"name"`
	Known bool   `json:"known"`
	Says  string `json:"says"`
}

// mark says of one person where they are, or takes that back. The answer goes
// out after it is durable, never before.
func (s *Service) mark(r *webkit.Request) (webkit.Response, error) {
	if err := s.mayPress(r); err != nil {
		return nil, err
	}
	press, code := pressed(r)
	if press == "" || code == "" {
		return nil, lang.Problem{Key: "mark.nobody"}
	}
	c, err := record.ParseCode(code)
	switch {
	case errors.Is(err, record.ErrNewerCode):
		return nil, lang.Problem{Key: lang.BadgeNewer}
	case err != nil:
		return nil, lang.Problem{Key: lang.BadgeMalformed}
	}
	how := "screen"
	if c.QR != nil || r.Field("how") == "qr" {
		how = "qr"
	}
	next := ""
	if !r.WantsData() && r.Field("to") != "person" {
		next = s.after(r, c)
	}
	point := s.here(r)
	switch record.Mark(press) {
	case record.Refuge:
		point = record.PointName(r.Field("at"))
	case record.Missing, record.Inside:
		point = ""
	}
	var once record.OnceID
	if text := r.Field("once"); text != "" && once.UnmarshalText([]byte(text)) != nil {
		return nil, lang.Problem{Key: "request.malformed"}
	}
	if press == undo {
		err = s.cfg.Alarm.Undo(r.Context(), code, once)
	} else {
		err = s.cfg.Alarm.Mark(r.Context(), code, record.Mark(press), point, how, once)
	}
	if err != nil {
		return nil, err
	}
	a := s.answer(r, c, press)
	switch {
	case r.WantsData():
		return webkit.Data{Value: a}, nil
	case r.Field("to") == "person":
		return webkit.Redirect{To: r.Link(personPath(a.Code, siteOf(r)))}, nil
	}
	to := place(siteOf(r), r.Field("tab"), number(r.Field("from")))
	return webkit.Redirect{To: withQuery(withQuery(r.Link(to), "done", a.Code), "did", press) + next}, nil
}

// pressed is which button was pressed, and for whom.
func pressed(r *webkit.Request) (press, code string) {
	for _, p := range presses {
		if v := r.Field(p.name); v != "" {
			return p.name, v
		}
	}
	return "", ""
}

// answer says in words what was said, of whom.
func (s *Service) answer(r *webkit.Request, c record.Code, press string) answer {
	a := answer{Code: c.Badge.String(), Badge: c.Badge.String()}
	if !c.Visit.IsZero() {
		a.Code = c.Visit.String()
	}
	who := r.Text("mark.badge", map[string]any{"Badge": a.Badge})
	if p, ok := s.find1(c); ok {
		a.Known = p.Heard()
		if card, err := s.cfg.House.Card(p); err == nil && card.Name != "" {
			a.Name = card.Name.Reveal()
			who = a.Name
		}
	}
	a.Says = r.Text(didWord(press), map[string]any{"Who": who})
	return a
}

// find1 is the one whom a code means, if it means just one.
func (s *Service) find1(c record.Code) (found record.Presence, ok bool) {
	for _, p := range s.known() {
		if p.Badge() != c.Badge || !c.Visit.IsZero() && p.Visit != c.Visit {
			continue
		}
		if ok {
			return record.Presence{}, false
		}
		found, ok = p, true
	}
	return found, ok
}

// after is the anchor of the line below somebody's, where a browser without
// script goes on: the line itself leaves the tab.
func (s *Service) after(r *webkit.Request, c record.Code) string {
	b, err := s.board(r, siteOf(r))
	if err != nil {
		return ""
	}
	found := false
	for _, w := range b.Rows {
		switch {
		case !w.in(r.Field("tab")) && r.Field("tab") != "":
		case found:
			return "#p-" + w.Code
		case w.Code == c.Visit.String() || c.Visit.IsZero() && w.Badge == c.Badge.String():
			found = true
		}
	}
	return ""
}

// wasDone is what the address says was done, in words, so that it can be undone
// without script.
func (s *Service) wasDone(r *webkit.Request) done {
	press := r.URL.Query().Get("did")
	c, err := record.ParseCode(r.URL.Query().Get("done"))
	if err != nil || didWord(press) == "" || s.mayPress(r) != nil {
		return done{}
	}
	a := s.answer(r, c, press)
	return done{Code: a.Code, Says: a.Says, Undone: press == undo}
}
