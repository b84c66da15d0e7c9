package office

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/badge"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/rights"
)

// visitPage is one visit: who, where, and the evidence.
type visitPage struct {
	Frame    frame
	Row      row
	Type     string
	Open     bool
	Unsure   bool
	Erased   bool
	Evidence []evidence
	// May is what this operator may do here.
	MayOut, MayDossier, MayPrint, MayLink bool
	// Restricted: what is stored is used for nothing but to find them.
	Restricted bool
	// Correct is the form that corrects what is stored; nil: it may not be.
	Correct *correction
	// Message is the form for a word to the visitor or the host; nil: none is offered.
	Message *message
	// Move is the form that says where else the person is; nil: there is no other place.
	Move *move
	// Lasts says until when the visit lasts, where anything but a check-out ends it.
	Lasts lasts
	// BadgeOut: the badge is to be handed back, and has not been. BadgeCame is when it
	// was, in words.
	BadgeOut  bool
	BadgeCame string
	// Did says what was just done, Faults what is wrong with a form.
	Did    string
	Faults faults
	// Mailed says what became of a link that was to be sent; Done: it is sent.
	Mailed string
	Done   bool
	// MayApprove: the person waits for the word of who may give it. Words are
	// those that were given.
	MayApprove bool
	Words      []evidence
	// Dossier is set once it was asked for; Why says why it cannot be shown.
	Dossier *record.Dossier
	Signed  []signedLine
	Why     string
	Sought  bool
	// Photo is what is said of the visitor's photo.
	Photo photoPart
	// Held is until when a legal hold keeps the visit; empty: none does.
	Held string
}

// evidence is one event of a visit in words.
type evidence struct {
	At, What, Where, Node, How string
	// Late: written by a node that had been revoked; it does not count.
	Late bool
}

// presence is the visit that a page is about.
func (o *Office) presence(r request) (record.Presence, error) {
	id, err := record.ParseVisitID(r.PathValue("visit"))
	if err != nil {
		return record.Presence{}, lang.Problem{Key: "page.missing"}
	}
	s, err := o.cfg.Node.Replica().Presence(id)
	if errors.Is(err, crdt.ErrUnknownVisit) {
		return s, lang.Problem{Key: "page.missing"}
	}
	return s, err
}

func (o *Office) visit(r request) (webkit.Response, error) {
	p, err := o.visitPage(r)
	if err != nil {
		return nil, err
	}
	if key := didWords[r.URL.Query().Get("done")]; key != "" {
		p.Did = r.Text(key, nil)
	}
	return webkit.Page{Name: "visit", Data: p}, nil
}

// didWords say what was just done.
var didWords = map[string]string{"corrected": "visit.corrected", "messaged": "visit.messaged", "moved": "visit.moved", "seen": "visit.seen_now", "back": "visit.badge_is_back"}

func (o *Office) visitPage(r request) (visitPage, error) {
	s, err := o.presence(r)
	if err != nil {
		return visitPage{}, err
	}
	now := o.cfg.Clock()
	p := visitPage{
		Frame: o.frame(r, "desk"), Row: o.row(r, &s, now), Open: s.Open(), Unsure: s.Open() && unsure(&s),
		Erased: o.cfg.Node.Replica().Shredded(s.Visit), Type: o.typeWord(r, s.Type),
		MayOut: r.who.May(operators.Create), MayDossier: r.who.May(operators.Change), MayPrint: r.who.May(operators.Print),
		MayLink: r.who.May(operators.Privacy), Restricted: len(s.Restricted) > 0,
	}
	p.Correct, p.Message, p.Move = o.correction(r, p), o.message(r, p, s.Visit), o.move(r, p, s)
	p.Lasts = o.lasts(r, s, now)
	p.BadgeOut = o.cfg.Node.Badges().Now().Back && s.BadgeBack.IsZero()
	if !s.BadgeBack.IsZero() {
		p.BadgeCame = o.moment(r, s.BadgeBack.At.Time(), now)
	}
	p.Photo = o.photoPart(r, s)
	if h, is := o.held(r, s.Visit); is {
		p.Held = h.Until
	}
	p.MayApprove, p.Words = s.Open() && s.Waits() && r.who.May(operators.Approve), o.words(r, s.Approval, now)
	events, err := o.cfg.Node.Replica().Evidence(s.Badge())
	if err != nil {
		return p, err
	}
	slices.SortFunc(events, func(a, b record.Stated) int { return int(int64(a.Event.At) - int64(b.Event.At)) })
	for _, e := range events {
		if !e.Event.Visit.IsZero() && e.Event.Visit != s.Visit {
			continue
		}
		p.Evidence = append(p.Evidence, evidence{
			At: o.moment(r, e.Event.At.Time(), now), What: wordOf(r, kindWords, string(e.Event.Kind)), Where: whereOf(e.Event.Place),
			Node: o.nameOf(e.ID.Actor.Node()), How: wordOf(r, howWords, e.Event.How), Late: e.Standing != record.Counted,
		})
	}
	return p, nil
}

var kindWords = map[string]string{
	string(record.Arrived): "kind.arrived", string(record.Left): "kind.left", string(record.Moved): "kind.moved",
	string(record.TimedOut): "kind.timed_out", string(record.Corrected): "kind.corrected", string(record.Carried): "kind.carried",
	string(record.Marked): "kind.marked", string(record.Added): "kind.added", string(record.Joined): "kind.joined",
	string(record.Restricted): "kind.restricted", string(record.Unrestricted): "kind.unrestricted",
	string(record.BadgeBack): "kind.badge_back", string(record.Approved): "expected.approved", string(record.Refused): "expected.refused",
}

var howWords = map[string]string{"kiosk": "how.kiosk", "desk": "how.desk", "command": "how.command", "clock": "how.clock", record.HowFed: "how.fed"}

// wordOf is the word for what a record says; what has none, of a newer
// release, is shown as it is.
func wordOf(r request, words map[string]string, s string) string {
	if key := words[s]; key != "" {
		return r.Text(key, nil)
	}
	return s
}

// nameOf is what a node is called.
func (o *Office) nameOf(id record.NodeID) string {
	if m, ok := o.cfg.Node.Roster().Member(identity.NodeID(id)); ok {
		return m.Name
	}
	return id.String()[:6]
}

// checkOut records, on the word of the operator, that somebody has left.
func (o *Office) checkOut(r request) (webkit.Response, error) {
	s, err := o.presence(r)
	if err != nil {
		return nil, err
	}
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	if err := o.cfg.Node.ActBy(r.by(), "visit.out", []record.VisitID{s.Visit}, ""); err != nil {
		return nil, err
	}
	if _, err := o.cfg.Node.Visits().CheckOut(ctx, s.Visit.String(), "desk"); err != nil {
		return nil, inWords(err)
	}
	return webkit.Redirect{To: r.Link("/desk")}, nil
}

// badgeBack records, on the word of the operator, that the badge was handed back, and
// where that was pressed, that its bearer has left.
func (o *Office) badgeBack(r request) (webkit.Response, error) {
	s, err := o.presence(r)
	if err != nil {
		return nil, err
	}
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	if err := o.cfg.Node.BadgeBack(ctx, s.Visit, r.by()); err != nil {
		return nil, inWords(err)
	}
	if r.Field("out") != "" {
		return o.checkOut(r)
	}
	return webkit.Redirect{To: r.Link("/desk/visit/" + s.Visit.String() + "?done=back")}, nil
}

// stillHere records, on the word of the operator, that somebody is inside.
func (o *Office) stillHere(r request) (webkit.Response, error) {
	s, err := o.presence(r)
	if err != nil {
		return nil, err
	}
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	if err := o.cfg.Node.ActBy(r.by(), "visit.seen", []record.VisitID{s.Visit}, ""); err != nil {
		return nil, err
	}
	if err := o.cfg.Node.Visits().Seen(ctx, s.Visit, "desk"); err != nil {
		return nil, inWords(err)
	}
	return webkit.Redirect{To: r.Link("/desk/visit/" + s.Visit.String() + "?done=seen")}, nil
}

// lasts is when the clock signs somebody out, until when it would not if they were
// seen now, and when the host is asked whether they are still there; each empty where
// that is not so.
type lasts struct{ Out, Until, Asked string }

// lasts is how long a visit lasts by itself. While an evacuation runs the clock ends
// nothing.
func (o *Office) lasts(r request, s record.Presence, now time.Time) (l lasts) {
	if _, on := o.cfg.Node.Replica().Evacuations().Running(""); on || !s.Open() {
		return l
	}
	if at := o.cfg.Node.SignsOutAt(s); !at.IsZero() {
		l.Out = o.moment(r, at, now)
		l.Until = o.moment(r, now.Add(time.Duration(o.cfg.Node.SignOutAfter())*time.Hour), now)
	}
	if at := o.cfg.Node.Notices().AsksAt(r.Context(), s); !at.IsZero() {
		l.Asked = o.moment(r, at, now)
	}
	return l
}

// dossier shows what desks alone may read; that it was read is on record first.
func (o *Office) dossier(r request) (webkit.Response, error) {
	p, err := o.visitPage(r)
	if err != nil {
		return nil, err
	}
	id, _ := record.ParseVisitID(p.Row.ID)
	if err := o.cfg.Node.ActBy(r.by(), "dossier.open", []record.VisitID{id}, ""); err != nil {
		return nil, err
	}
	p.Sought = true
	d, err := o.cfg.Node.Visits().Dossier(id)
	switch {
	case err == nil:
		p.Dossier, p.Signed = &d, o.signed(r, d.Signed)
		p.Correct.withContact(d)
	case errors.Is(err, crdt.ErrErased), errors.Is(err, crdt.ErrExpired):
		p.Why = r.Text("visit.erased", nil)
	default:
		p.Why = r.Text("visit.closed", nil)
	}
	return webkit.Page{Name: "visit", Path: "/desk/visit/" + p.Row.ID, Data: p}, nil
}

// mailedWords are what became of a link that was to be sent, by problem.
var mailedWords = []struct {
	err error
	key string
}{
	{nil, "visit.link_sent"},
	{rights.ErrMailed, "self.mailed"},
	{rights.ErrNoAddress, "self.no_address"},
	{rights.ErrSelfNoMail, "visit.link_no_mail"},
}

// mailLink mails the person of a visit a link to a page of their own, on record.
func (o *Office) mailLink(r request) (webkit.Response, error) {
	p, err := o.visitPage(r)
	if err != nil {
		return nil, err
	}
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	id, _ := record.ParseVisitID(p.Row.ID)
	err = o.cfg.Node.MailOwnLink(ctx, id, r.by())
	for _, w := range mailedWords {
		if errors.Is(err, w.err) {
			p.Mailed, p.Done = r.Text(w.key, nil), err == nil
			return webkit.Page{Name: "visit", Path: "/desk/visit/" + p.Row.ID, Data: p}, nil
		}
	}
	return nil, inWords(err)
}

// reprint shows a badge anew. The secret of the first one was on paper alone: this
// one checks its bearer out, and opens no name.
func (o *Office) reprint(r request) (webkit.Response, error) {
	s, err := o.presence(r)
	if err != nil {
		return nil, err
	}
	if err := o.cfg.Node.ActBy(r.by(), "badge.print", []record.VisitID{s.Visit}, ""); err != nil {
		return nil, err
	}
	one := o.row(r, &s, o.cfg.Clock())
	at := o.cfg.Clock()
	if s.Since != 0 {
		at = s.Since.Time()
	}
	face, err := o.face(r, s.Type, one.Name, one.Company, one.Host, s.Badge(), s.Visit.QR(), insideOf(s.Seen.Place), at)
	if err != nil {
		return nil, err
	}
	if part := o.photoPart(r, s); part.At != "" {
		if photo, err := o.cfg.Node.Photos().Open(s.Visit); err == nil {
			face.Photo, face.PhotoAt = photo.Picture, part.At
		}
	}
	face = o.laid(r, face)
	return webkit.Page{
		Name: "badge", Path: "/desk/visit/" + one.ID,
		Data: badgePage{Frame: o.frame(r, "desk"), Faces: []badge.Face{face}, Visit: one.ID, Coming: o.print(r, []badge.Face{face})},
	}, nil
}
