package office

import (
	"bytes"
	"cmp"
	"context"
	"html/template"
	"slices"
	"strings"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/node/kinds"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/visits"
)

// most is how many people one list shows; the rest are found by searching.
const most = 200

// deskPage is who is here today, and who has left.
type deskPage struct {
	Frame frame
	MayIn bool
	// Alerts are who may be on the watch list, and nobody has answered.
	Alerts                []alertLine
	Unsure, Present, Gone list
	// Query is what was sought, on a page of one moment; Found how many fit.
	Query string
	Still bool
	Found int
	// Names are why names are missing; empty where they are not.
	Names string
	At    time.Time
}

// list is some people under one heading.
type list struct {
	ID    string
	Rows  []row
	Total int
}

// More is how many are not shown.
func (l list) More() int { return l.Total - len(l.Rows) }

// row is one visit as the desk shows it.
type row struct {
	ID, Badge                   string
	Name, Company, Host, Assist record.Private
	Where, Came, Went           string
	Chip, Word                  string
	// Type is the type in a word; empty for the plain visitor.
	Type string
	// BadgeOut: who has left has not handed the badge back, where it is to be.
	BadgeOut bool
	// Sign is the type's, Escort says that the visitor is to be accompanied.
	Sign   template.HTML
	Escort bool
	// Approval says that it is lacking, where it is needed.
	Approval string
	// Why is why it is not sure whether they left.
	Why string
}

func (o *Office) desk(r request) (webkit.Response, error) {
	o.cfg.Node.Visits().Warm()
	return webkit.Page{Name: "desk", Path: "/desk", Data: o.lay(r, ""), Refresh: webkit.Refresh{After: 15 * time.Second}}, nil
}

// find is the desk as it was at one moment, narrowed to what was sought. That
// comes in the form, never in the URL: it may be a name.
func (o *Office) find(r request) (webkit.Response, error) {
	q := r.Field("q")
	if q == "" {
		return webkit.Redirect{To: r.Link("/desk")}, nil
	}
	if code, err := record.ParseQR(q); err == nil && code.Kind == record.InvitationQR {
		return webkit.Redirect{To: r.Link("/desk/invitation/" + code.Visit.String())}, nil
	}
	if visit, ok := o.coded(q); ok {
		return webkit.Redirect{To: r.Link("/desk/visit/" + visit.String())}, nil
	}
	return webkit.Page{Name: "desk", Path: "/desk", Data: o.lay(r, q)}, nil
}

// coded is the one visit that a badge code, or a badge's QR off a scanner, is
// of.
func (o *Office) coded(text string) (record.VisitID, bool) {
	code, err := record.ParseCode(text)
	if err != nil {
		return record.VisitID{}, false
	}
	known, err := o.cfg.Node.Replica().ByBadge(code.Badge)
	if err != nil || len(known) != 1 || !code.Visit.IsZero() && code.Visit != known[0].Visit {
		return record.VisitID{}, false
	}
	return known[0].Visit, true
}

// lay reads the house and lays out what the desk shows.
func (o *Office) lay(r request, query string) deskPage {
	now := o.cfg.Clock()
	p := deskPage{
		Frame: o.frame(r, "desk"), MayIn: r.who.May(operators.Create), Query: query, Still: query != "", At: now,
		Unsure: list{ID: "unsure"}, Present: list{ID: "present"}, Gone: list{ID: "gone"},
	}
	if query == "" {
		p.Alerts = o.unanswered(r)
	}
	p.Frame.Live = !p.Still
	var unsures, present []*record.Presence
	for _, s := range o.cfg.Node.Replica().OpenNow() {
		if unsure(s) {
			unsures = append(unsures, s)
		} else {
			present = append(present, s)
		}
	}
	local := now.In(o.cfg.Zone)
	midnight := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, o.cfg.Zone)
	gone := o.cfg.Node.Replica().LeftNow(record.HLCOf(midnight))
	hidden, fits := 0, o.sought(r, query)
	for _, l := range []struct {
		to *list
		of []*record.Presence
	}{{&p.Unsure, unsures}, {&p.Present, present}, {&p.Gone, gone}} {
		hidden += o.fill(r, l.to, l.of, fits, now)
		p.Found += l.to.Total
	}
	if hidden > 0 {
		if ok, _ := o.cfg.Node.Names(); !ok {
			p.Names = r.Text("desk.names_asking", nil)
		}
	}
	return p
}

// sought says of each whether they are looked for, and whether they have a name
// that may be shown; nil where nothing is sought.
func (o *Office) sought(r request, query string) func(*record.Presence) (fits, named bool) {
	if query == "" {
		return nil
	}
	look, types, places := o.cfg.Node.Visits().Look(query), map[string]string{}, map[record.Place]string{}
	return func(s *record.Presence) (fits, named bool) {
		kind, known := types[s.Type]
		if !known {
			kind = visits.Plain(o.typeShown(r, s.Type))
			types[s.Type] = kind
		}
		place, known := places[s.Seen.Place]
		if !known {
			place = visits.Plain(whereOf(s.Seen.Place))
			places[s.Seen.Place] = place
		}
		return look.Fits(s, kind, place)
	}
}

// typeShown is a type in a word; empty for the plain visitor.
func (o *Office) typeShown(r request, kind string) string {
	if kind == "" || kind == kinds.Default {
		return ""
	}
	return o.typeWord(r, kind)
}

// fill puts people on a list, the last first: all who fit are counted, and most
// of them shown. Where nothing is sought, and fits is nil, only who is shown is
// opened. It returns how many of those it opened have no name.
func (o *Office) fill(r request, l *list, of []*record.Presence, fits func(*record.Presence) (bool, bool), now time.Time) (hidden int) {
	type dated struct {
		at record.HLC
		*record.Presence
	}
	found := make([]dated, 0, len(of))
	for _, s := range of {
		fit := fits == nil
		if !fit {
			var named bool
			if fit, named = fits(s); !named {
				hidden++
			}
		}
		if fit {
			found = append(found, dated{lastOf(s), s})
		}
	}
	slices.SortFunc(found, func(a, b dated) int {
		return cmp.Or(cmp.Compare(b.at, a.at), bytes.Compare(a.Visit[:], b.Visit[:]))
	})
	l.Total = len(found)
	for _, s := range found[:min(len(found), most)] {
		one := o.row(r, s.Presence, now)
		if fits == nil && one.Name == "" {
			hidden++
		}
		l.Rows = append(l.Rows, one)
	}
	return hidden
}

// lastOf is when somebody came or left, whichever was last.
func lastOf(s *record.Presence) record.HLC { return max(s.Since, s.Left.At) }

// unsure reports whether nobody can say that the person is inside.
func unsure(s *record.Presence) bool { return s.State != record.Present || s.Doubtful }

// row lays out one visit.
func (o *Office) row(r request, s *record.Presence, now time.Time) row {
	one := row{
		ID: s.Visit.String(), Badge: s.Badge().String(), Where: whereOf(s.Seen.Place),
		Chip: "inside", Word: r.Text("state.inside", nil),
	}
	// A card that does not open never keeps its person off the list.
	if c, err := o.cfg.Node.Visits().CardOf(*s); err == nil {
		one.Name, one.Company, one.Host, one.Assist = c.Name, c.Company, c.Host, c.Assist
	}
	one.Type = o.typeShown(r, s.Type)
	mark, escort := o.sign(s.Type)
	one.Sign, one.Escort = signOf(kinds.Mark(mark)), escort && s.Open()
	if s.Since != 0 {
		one.Came = o.moment(r, s.Since.Time(), now)
	}
	switch {
	case s.Denied():
		one.Approval = r.Text("expected.refused", nil)
	case s.Waits():
		one.Approval = r.Text("expected.waiting", nil)
	}
	switch {
	case s.State == record.Gone:
		one.BadgeOut = o.cfg.Node.Badges().Now().Back && s.BadgeBack.IsZero()
		one.Chip, one.Word, one.Went = "left", r.Text("state.left", nil), o.moment(r, s.Left.At.Time(), now)
	case s.State == record.Timed:
		one.Chip, one.Word, one.Why = "probably_left", r.Text("state.probably_left", nil), r.Text("desk.why_timed", nil)
	case s.Doubtful:
		one.Chip, one.Word, one.Why = "unconfirmed", r.Text("state.not_sure", nil), r.Text("desk.why_shared", nil)
	case s.State == record.Unknown:
		one.Chip, one.Word, one.Why = "unconfirmed", r.Text("state.unconfirmed", nil), r.Text("desk.why_unknown", nil)
	}
	return one
}

// whereOf is a place in a few words.
func whereOf(p record.Place) string {
	var parts []string
	for _, part := range []string{string(p.Zone), string(p.Entrance)} {
		if part != "" && !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 {
		return string(p.Site)
	}
	return strings.Join(parts, ", ")
}

// moment is a time of today by the clock, and another with its date.
func (o *Office) moment(r request, t, now time.Time) string {
	t, now = t.In(o.cfg.Zone), now.In(o.cfg.Zone)
	if t.Year() == now.Year() && t.YearDay() == now.YearDay() {
		return r.Locale.Clock(t)
	}
	return r.Locale.ShortDate(t) + " " + r.Locale.Clock(t)
}

// pulse is how often it is looked whether the operator still stands.
const pulse = time.Second

// live streams the lists anew when they differ from what was sent last. It ends
// with the operator's right to see them.
func (o *Office) live(r request) (webkit.Response, error) {
	return webkit.Live{Feed: func(ctx context.Context, _ string, send func(webkit.Event) error) error {
		defer o.watch(r)()
		tick := time.NewTicker(pulse)
		defer tick.Stop()
		var sent []byte
		for {
			changed, names, alerts, called := o.cfg.Node.Replica().Changed(), o.cfg.Node.NamesChanged(), o.cfg.Node.Alerts().Changed(), o.cfg.Node.Calls().Changed()
			who, ok := o.who(r.Request)
			if !ok || !who.May(operators.View) {
				return send(webkit.Event{Name: "reload"})
			}
			page := o.lay(request{r.Request, who}, "")
			part, err := r.Fragment("desk", "lists", page)
			if err != nil {
				return err
			}
			if !bytes.Equal(part, sent) {
				if err := send(webkit.Event{Name: "fragment", Data: part}); err != nil {
					return err
				}
				sent = part
			}
			if !o.await(ctx, r, tick.C, changed, names, alerts, called) {
				return nil
			}
		}
	}}, nil
}

// await returns at the next change, once changes have been gathered for a
// moment, or when the operator does not stand any more; false at the end.
func (o *Office) await(ctx context.Context, r request, tick <-chan time.Time, changed, names, alerts, called <-chan struct{}) bool {
	for {
		select {
		case <-ctx.Done():
			return false
		case <-o.gone:
			return false
		case <-tick:
			if _, ok := o.who(r.Request); !ok {
				return true
			}
			if len(o.cfg.Node.Calls().Calls()) > 0 {
				return true // its door may have been lost by now
			}
			continue
		case <-called:
			return true
		case <-changed:
		case <-names:
		case <-alerts:
		}
		select {
		case <-ctx.Done():
			return false
		case <-o.gone:
			return false
		case <-time.After(300 * time.Millisecond):
			return true
		}
	}
}

// awake is told by a page that somebody is working with it, which keeps the
// session from ending.
func (o *Office) awake(request) (webkit.Response, error) {
	return webkit.Live{Feed: func(context.Context, string, func(webkit.Event) error) error { return nil }}, nil
}
