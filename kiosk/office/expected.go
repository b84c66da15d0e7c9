package office

import (
	"context"
	"crypto/rand"
	"errors"
	"html/template"
	"strconv"
	"strings"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/badge"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/node/invitations"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/visits"
)

// expectedPage is who is expected: today, and later.
type expectedPage struct {
	Frame        frame
	May          bool
	Query        string
	Today, Later []expectedLine
	Found        int
	At           time.Time
}

// expectedLine is one invitation as the desk shows it.
type expectedLine struct {
	ID, Type, Where     string
	Name, Company, Host record.Private
	When                span
	State               invitations.State
	Word                string
	Twice, Stray        bool
	// Answer is what who is invited says of coming to the next occasion.
	Answer string
	// Times is how many occasions there are; 0 where there is but one.
	Times int
}

func (o *Office) expected(r request) (webkit.Response, error) {
	now, q := o.cfg.Clock(), r.Field("q")
	p := expectedPage{Frame: o.frame(r, "expected"), May: r.who.May(operators.Create), Query: q, At: now}
	local := now.In(o.cfg.Zone)
	tomorrow := time.Date(local.Year(), local.Month(), local.Day()+1, 0, 0, 0, 0, o.cfg.Zone)
	for _, i := range o.cfg.Node.Invitations().List() {
		if i.State == invitations.Over || i.State == invitations.CalledOff && time.Unix(i.To, 0).Before(now) {
			continue
		}
		l := o.expectedLine(r, i, now)
		if q != "" && !l.fits(q) {
			continue
		}
		p.Found++
		to := &p.Today
		if !time.Unix(i.Next.From, 0).Before(tomorrow) {
			to = &p.Later
		}
		if len(*to) < most {
			*to = append(*to, l)
		}
	}
	return webkit.Page{Name: "expected", Path: "/desk/expected", Data: p}, nil
}

var invitationWords = map[invitations.State]string{
	invitations.Expected: "expected.expected", invitations.Here: "expected.here", invitations.Been: "expected.been",
	invitations.Over: "expected.over", invitations.CalledOff: "expected.off",
	invitations.Waiting: "expected.waiting", invitations.Refused: "expected.refused",
}

func (o *Office) expectedLine(r request, i invitations.Invited, now time.Time) expectedLine {
	l := expectedLine{
		ID: i.ID.String(), Type: o.typeWord(r, i.Type), Where: whereOf(i.Place), State: i.State, Word: r.Text(invitationWords[i.State], nil),
		When: o.span(r, i.Next.From, i.Next.To, now), Twice: i.Twice, Stray: i.Stray, Times: len(i.Times),
	}
	for _, a := range i.Answers {
		switch {
		case a.On != i.Next.From:
		case a.At == 0:
			l.Answer = r.Text("expected.wont_come", nil)
		default:
			l.Answer = r.Text("expected.comes_at", map[string]any{"Clock": r.Locale.Clock(time.Unix(a.At, 0).In(o.cfg.Zone))})
		}
	}
	if i.Invite != nil {
		l.Name, l.Company, l.Host = i.Invite.Name, i.Invite.Company, i.Invite.Host
	}
	return l
}

// span is from when to when, in pieces that stay whole where a line is short: one,
// or two for a visit that ends on another day.
type span []string

func (s span) String() string { return strings.Join(s, " ") }

func (o *Office) span(r request, from, to int64, now time.Time) span {
	a, b := time.Unix(from, 0).In(o.cfg.Zone), time.Unix(to, 0).In(o.cfg.Zone)
	if a.YearDay() == b.YearDay() && a.Year() == b.Year() {
		return span{o.moment(r, a, now) + "–" + r.Locale.Clock(b)}
	}
	return span{o.moment(r, a, now) + " –", o.moment(r, b, now)}
}

func (l expectedLine) fits(query string) bool {
	query = visits.Plain(query)
	for _, s := range []string{l.Name.Reveal(), l.Company.Reveal(), l.Host.Reveal(), l.Type, l.Where} {
		if strings.Contains(visits.Plain(s), query) {
			return true
		}
	}
	return false
}

// invitePage is the form to invite somebody, or to invite them anew instead.
type invitePage struct {
	Frame     frame
	Form      string
	Request   invitations.Request
	Date, End string
	From, To  string
	// Until and Days are when it repeats, as typed.
	Until, Days string
	Repeats     []choice
	Instead     string
	Types       []choice
	Langs       []choice
	Entrances   []choice
	Faults      faults
}

func (o *Office) inviteForm(r request) (webkit.Response, error) {
	from := o.cfg.Clock().In(o.cfg.Zone).Add(time.Hour).Truncate(time.Hour)
	p := invitePage{Form: rand.Text(), Date: from.Format(time.DateOnly), From: from.Format("15:04"), To: from.Add(time.Hour).Format("15:04")}
	p.Request.Lang = string(r.Locale)
	return o.invitePage(r, p), nil
}

// changeInvitation is the form with what an invitation says.
func (o *Office) changeInvitation(r request) (webkit.Response, error) {
	i, err := o.invitation(r)
	if err != nil {
		return nil, err
	}
	if i.Invite == nil {
		return nil, lang.Problem{Key: "invitations.gone"}
	}
	a, b, v := time.Unix(i.Next.From, 0).In(o.cfg.Zone), time.Unix(i.Next.To, 0).In(o.cfg.Zone), i.Invite
	p := invitePage{
		Form: rand.Text(), Instead: i.ID.String(), Date: a.Format(time.DateOnly), From: a.Format("15:04"), To: b.Format("15:04"),
		Request: invitations.Request{
			Name: v.Name, Company: v.Company, Host: v.Host, HostMail: v.HostMail, Email: v.Email, Phone: v.Phone, Purpose: v.Purpose,
			Note: v.Note, Lang: v.Lang, Type: i.Type, Entrance: i.Place.Entrance,
		},
	}
	if p.End = b.Format(time.DateOnly); p.End == p.Date {
		p.End = ""
	}
	for _, t := range i.Times {
		if t.Off.IsZero() && t.From > i.Next.From {
			p.Request.Repeat.Every = invitations.Listed
			p.Days = strings.TrimSpace(p.Days + " " + time.Unix(t.From, 0).In(o.cfg.Zone).Format(time.DateOnly))
		}
	}
	return o.invitePage(r, p), nil
}

func (o *Office) invitePage(r request, p invitePage) webkit.Page {
	p.Frame, p.Types = o.frame(r, "expected"), o.typesOf(r, p.Request.Type)
	for _, l := range lang.Visitors() {
		p.Langs = append(p.Langs, choice{Value: string(l), Word: l.Name(), Chosen: string(l) == p.Request.Lang})
	}
	for _, every := range []string{invitations.Once, invitations.Weekly, invitations.Weekdays, invitations.Listed} {
		p.Repeats = append(p.Repeats, choice{Value: every, Word: r.Text(repeatWords[every], nil), Chosen: every == p.Request.Repeat.Every})
	}
	p.Entrances = []choice{{Word: r.Text("expected.any_door", nil)}}
	seen := map[string]bool{"": true}
	for _, n := range o.cfg.Nodes() {
		if e := string(n.Entrance); !seen[e] {
			seen[e] = true
			p.Entrances = append(p.Entrances, choice{Value: e, Word: e, Chosen: e == string(p.Request.Entrance)})
		}
	}
	return webkit.Page{Name: "invite", Path: "/desk/invite", Data: p}
}

var repeatWords = map[string]string{
	invitations.Once: "expected.once", invitations.Weekly: "expected.weekly", invitations.Weekdays: "expected.weekdays", invitations.Listed: "expected.listed",
}

func (o *Office) invite(r request) (webkit.Response, error) {
	p := invitePage{
		Form: formID(r), Date: r.Field("date"), End: r.Field("end"), From: r.Field("from"), To: r.Field("to"), Instead: r.Field("instead"),
		Until: r.Field("until"), Days: r.Field("days"),
		Request: invitations.Request{
			Name: private(r, "name"), Company: private(r, "company"), Host: private(r, "host"), HostMail: private(r, "host_mail"),
			Email: private(r, "email"), Phone: private(r, "phone"), Purpose: private(r, "purpose"), Note: private(r, "note"),
			Type: r.Field("type"), Lang: r.Field("language"), Entrance: record.EntranceID(r.Field("entrance")),
		},
	}
	form := func(f faults) webkit.Page {
		p.Faults = f
		return o.invitePage(r, p)
	}
	to := p.To
	if p.End != "" {
		to = p.End + " " + p.To
	}
	var err error
	if p.Request.From, p.Request.To, err = invitations.ParseSpan(strings.TrimSpace(p.Date+" "+p.From), to, o.cfg.Zone); err != nil {
		return fault(r.Request, err, form)
	}
	if p.Request.Repeat, err = invitations.ParseRepeat(r.Field("repeat"), p.Until, p.Days, o.cfg.Zone); err != nil {
		return fault(r.Request, err, form)
	}
	if p.Instead != "" {
		if !r.who.May(operators.Change) {
			return nil, lang.Problem{Key: "invitations.may_not"}
		}
		if p.Request.Instead, err = record.ParseVisitID(p.Instead); err != nil {
			return nil, lang.Problem{Key: "page.missing"}
		}
	}
	page, err := o.done.once(p.Form+string(r.who.ID), func() (string, error) {
		ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
		defer done()
		made, err := o.cfg.Node.Invitations().Invite(ctx, r.by(), p.Request)
		return made.ID.String(), err
	})
	if err != nil {
		return fault(r.Request, err, form)
	}
	return webkit.Redirect{To: r.Link("/desk/invitation/" + page)}, nil
}

// invitationPage is one invitation, with its paper.
type invitationPage struct {
	Frame  frame
	Line   expectedLine
	Invite *record.Invite
	Uses   []evidence
	Times  []occasionLine
	May    bool
	// MayChange: the form with all that the invitation says, contact details too.
	MayChange bool
	Open      bool
	// MayApprove: it waits for the word of somebody who may give it, as this
	// operator. Words are those that were given.
	MayApprove bool
	Words      []evidence
	// Before says that its bearer has filled in and signed before they come.
	Before  string
	Code    string
	QR      template.HTML
	Mail    string
	Message string
}

// occasionLine is one time of a series.
type occasionLine struct {
	At   string
	When span
	Off  bool
	// Past: it is over. Rest: there are others after it.
	Past, Rest bool
}

func (o *Office) invitation(r request) (invitations.Invited, error) {
	id, err := record.ParseVisitID(r.PathValue("invitation"))
	if err != nil {
		return invitations.Invited{}, lang.Problem{Key: "page.missing"}
	}
	i, err := o.cfg.Node.Invitations().Get(id)
	if err != nil {
		return i, lang.Problem{Key: "page.missing"}
	}
	return i, nil
}

func (o *Office) invitationPage(r request) (webkit.Response, error) { return o.layInvitation(r, "") }

func (o *Office) layInvitation(r request, message string) (webkit.Response, error) {
	i, err := o.invitation(r)
	if err != nil {
		return nil, err
	}
	now := o.cfg.Clock()
	p := invitationPage{
		Frame: o.frame(r, "expected"), Line: o.expectedLine(r, i, now), Invite: i.Invite, May: r.who.May(operators.Create), Message: message,
		MayChange: r.who.May(operators.Create) && r.who.May(operators.Change),
		Open:      i.State != invitations.CalledOff && i.State != invitations.Over && i.State != invitations.Refused,
	}
	p.MayApprove, p.Words = i.State == invitations.Waiting && r.who.May(operators.Approve), o.words(r, i.Approval, now)
	for _, u := range i.Uses {
		p.Uses = append(p.Uses, evidence{At: o.moment(r, u.At.Time(), now), Where: whereOf(u.Place), Node: u.Visit.String(), How: wordOf(r, howWords, u.How)})
	}
	if p.Invite != nil {
		v := i.Invite.With(i.Before)
		p.Invite = &v
	}
	if i.Before != nil {
		p.Before = r.Text("expected.filled", map[string]any{"At": o.moment(r, time.UnixMilli(i.Before.At), now), "Count": len(o.standing(i.Before))})
	}
	if v := p.Invite; v != nil && !r.who.May(operators.Change) {
		// Who may only approve reads who comes, whence and to whom.
		p.Invite = &record.Invite{Name: v.Name, Company: v.Company, Host: v.Host, Purpose: v.Purpose}
	}
	for n, t := range i.Times {
		p.Times = append(p.Times, occasionLine{
			At: strconv.FormatInt(t.From, 10), When: o.span(r, t.From, t.To, now), Off: !t.Off.IsZero(), Past: time.Unix(t.To, 0).Before(now),
			Rest: n < len(i.Times)-1,
		})
	}
	if made, _, err := o.cfg.Node.Invitations().Paper(i.ID); err == nil && p.Open && i.State != invitations.Waiting && r.who.May(operators.Change) {
		p.Code = made.Code
		if p.QR, err = badge.SVG(made.QR, r.Text("expected.qr", nil)); err != nil {
			return nil, err
		}
	}
	switch o.cfg.Node.Notices().Mailed(i.ID) {
	case "":
	case "sent":
		p.Mail = r.Text("expected.mail_sent", nil)
	case "failed", "over":
		p.Mail = r.Text("expected.mail_failed", nil)
	default:
		p.Mail = r.Text("expected.mail_waits", nil)
	}
	return webkit.Page{Name: "invitation", Path: "/desk/invitation/" + i.ID.String(), Data: p}, nil
}

// actOnInvitation does the one thing that was pressed.
func (o *Office) actOnInvitation(r request) (webkit.Response, error) {
	i, err := o.invitation(r)
	if err != nil {
		return nil, err
	}
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	switch do := r.Field("do"); {
	case do == "approve", do == "refuse":
	case !r.who.May(operators.Create):
		return nil, lang.Problem{Key: "invitations.may_not"}
	}
	switch r.Field("do") {
	case "off":
		err = o.cfg.Node.Invitations().CallOff(ctx, r.by(), i.ID)
	case "skip", "rest":
		at, _ := strconv.ParseInt(r.Field("at"), 10, 64)
		err = o.cfg.Node.Invitations().Skip(ctx, r.by(), i.ID, time.Unix(at, 0), r.Field("do") == "rest")
	case "approve", "refuse":
		if !r.who.May(operators.Approve) {
			return nil, lang.Problem{Key: "invitations.may_not"}
		}
		err = o.cfg.Node.Invitations().Decide(ctx, r.by(), i.ID, r.Field("do") == "approve")
	case "send":
		_, err = o.cfg.Node.Invitations().Send(r.by(), i.ID)
	case "in":
		return o.welcomeInvited(r, i)
	default:
		err = lang.Problem{Key: "request.malformed"}
	}
	var p lang.Problem
	if errors.As(inWords(err), &p) {
		return o.layInvitation(r, r.Text(p.Key, p.Args))
	}
	if err != nil {
		return nil, err
	}
	return webkit.Redirect{To: r.Link("/desk/invitation/" + i.ID.String())}, nil
}

// welcomeInvited checks somebody in by their invitation.
func (o *Office) welcomeInvited(r request, i invitations.Invited) (webkit.Response, error) {
	if i.Invite == nil {
		return nil, lang.Problem{Key: "invitations.gone"}
	}
	v := i.Invite.With(i.Before)
	page, err := o.checkIn(r, visits.Arrival{
		Name: v.Name, Company: v.Company, Host: v.Host, HostMail: v.HostMail, Email: v.Email, Phone: v.Phone, Purpose: v.Purpose,
		Type: i.Type, Lang: v.Lang, How: "desk", Invitation: i.ID, Signed: o.standing(i.Before),
	})
	var p lang.Problem
	if errors.As(inWords(err), &p) {
		return o.layInvitation(r, r.Text(p.Key, p.Args))
	}
	if err != nil {
		return nil, err
	}
	return webkit.Redirect{To: r.Link("/desk/welcome/" + page)}, nil
}

// standing are the signatures of before an arrival under texts that are in force.
func (o *Office) standing(b *record.Before) (out []record.Signature) {
	if b == nil {
		return nil
	}
	for _, s := range b.Signed {
		if o.cfg.Node.Documents().Stands(s.Document, s.Hash) {
			out = append(out, s)
		}
	}
	return out
}

// importPage takes in a file of invitations, pasted.
type importPage struct {
	Frame   frame
	Text    string
	Columns string
	Rows    []rowLine
	Made    int
	Faults  faults
}

type rowLine struct {
	Row  int
	Text string
}

func (o *Office) importForm(r request) (webkit.Response, error) {
	return o.importPage(r, importPage{}), nil
}

func (o *Office) importPage(r request, p importPage) webkit.Page {
	p.Frame, p.Columns = o.frame(r, "expected"), strings.Join(invitations.Columns, ", ")
	return webkit.Page{Name: "import", Path: "/desk/import", Data: p}
}

func (o *Office) importFile(r request) (webkit.Response, error) {
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), 4*patience)
	defer done()
	p := importPage{Text: r.Lines("csv")}
	made, err := o.cfg.Node.Invitations().Import(ctx, r.by(), []byte(p.Text), false)
	var rows *invitations.ErrRows
	if errors.As(err, &rows) {
		for _, f := range rows.Rows {
			x := inSheet(f.Err)
			p.Rows = append(p.Rows, rowLine{f.Row, r.Text(x.Key, x.Args)})
		}
		page := o.importPage(r, p)
		page.Status = 422
		return page, nil
	}
	if err != nil {
		return fault(r.Request, err, func(f faults) webkit.Page {
			p.Faults, p.Made = f, len(made)
			return o.importPage(r, p)
		})
	}
	return o.importPage(r, importPage{Made: len(made)}), nil
}
