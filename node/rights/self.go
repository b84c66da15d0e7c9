package rights

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/consent"
)

const (
	// selfTries is how often in selfWithin somebody may be wrong about one code,
	// selfAll about all codes together, and selfActs how often a person may see or
	// do something about one visit.
	selfTries, selfAll, selfActs = 5, 60, 20
	selfWithin                   = time.Hour
)

// Problems of a page of one's own. ErrSelf says the same of a visit that is not
// known, of one that has been erased, and of a wrong answer: nobody finds out
// which by asking.
var (
	ErrSelf       = &Problem{"self.refused", "that does not fit anything that is stored: check the code on the badge, and write the telephone number or e-mail address that was given at check-in; whoever gave none shows the QR code of the badge and writes their name; a desk helps"}
	ErrSelfFind   = &Problem{"self.not_found", "nobody inside has that name and that telephone number or e-mail address: check what is written, or ask at a desk; who gave neither is checked out there"}
	ErrSelfWait   = &Problem{"self.wait", "that was wrong too often: wait an hour, or ask at a desk"}
	ErrSelfMaybe  = &Problem{"self.maybe", "it may have been done, but no desk has said so: look at what is stored in a few minutes, and ask again only if it was not"}
	ErrSelfEnough = &Problem{"self.enough", fmt.Sprintf("that is enough for now: %d times within an hour; wait an hour, or ask at a desk", selfActs)}
	ErrSelfDesk   = &Problem{"self.at_desk", "the badge and a name alone are not enough to correct or take back anything, since a badge may have been photographed: ask at a desk, which does it; what is kept can be seen, and its erasure asked for, here"}
	ErrSelfNoMail = &Problem{"self.no_mail", "no desk that is in touch sends links by mail: ask at a desk, or use the badge"}
	ErrSelfLink   = &Problem{"self.link", "this link is over, has been used, or was not copied whole: have another one sent, or ask at a desk"}
	ErrSelfNone   = &Problem{"self.no_desk", "no desk is in touch with this node now, and only a desk can open what is stored: try again later, or ask at a desk"}
)

// Asks are what a person may do on a page of their own.
const (
	AskSee      = "see"
	AskRectify  = "rectify"
	AskWithdraw = "withdraw"
	AskErase    = "erase"
	// AskMail asks that links be mailed to an address, which is Knows. The answer is
	// empty, whether or not there is such an address.
	AskMail = "mail"
	// AskFind asks whose visit it is, of those inside, who is called Name and Knows
	// the telephone number or e-mail address that was given. It changes nothing.
	AskFind = "find"
)

// SelfAsk is what a person asks about their own visit, with what proves that it
// is theirs. It travels from an entrance to a desk, sealed like all traffic, and
// is kept nowhere.
type SelfAsk struct {
	// Code is the badge's: its code, or the payload of its QR. Knows is what only
	// they know: their telephone number, e-mail address, or name.
	Code, Knows string
	// Name is what who has no badge at hand is called, for AskFind.
	Name string `json:",omitempty"`
	// Link is the token of a mailed link, instead of both; Use a secret of who opened
	// it, by which it stays theirs.
	Link, Use string `json:",omitempty"`
	Do        string
	Lang      Lang
	// Right is what is right, by field; Purpose the consent that is taken back.
	Right   map[string]string
	Purpose string
	// How says where it was asked: "kiosk" or "desk".
	How string
}

// Format withholds what is in it from every fmt verb.
func (SelfAsk) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[withheld]")) }

// SelfAnswer is what there is, after what was asked has been done. It holds
// personal data: for the person, and for no log.
type SelfAnswer struct {
	// Visit answers AskFind, and nothing else does.
	Visit record.VisitID
	// Text is the extract in words; Data the same for machines.
	Text string
	Data []byte
	// Photo is the picture that is kept; empty: none is.
	Photo []byte
	// Consents are the purposes that stand, Due the day by which a case that was
	// opened is answered, zero where none was.
	Consents []string
	Due      time.Time
	// Erased: nothing is left to correct or erase.
	Erased bool
	// AtDesk: what they have shown is enough to see and to ask for erasure; a desk
	// corrects and takes back consents.
	AtDesk bool
}

// Format withholds what is in it from every fmt verb.
func (SelfAnswer) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[withheld]")) }

// SelfConfig is what answering people themselves takes beside a Service.
type SelfConfig struct {
	// Bears says whose badge a code is, and whether the badge itself was shown:
	// its QR opens the bearer's name.
	Bears func(code string) (v record.VisitID, shown bool, err error)
	// Inside are visits of those inside whose names may be this; nil: none are known.
	Inside func(name record.Private) []record.VisitID
	// Rectify corrects fields by name, as they were checked; Withdraw takes back a
	// consent. by is who does so, on record.
	Rectify  func(ctx context.Context, v record.VisitID, right map[string]string, by string) error
	Withdraw func(ctx context.Context, v record.VisitID, p consent.Purpose, how, by string) error
	// Data writes an extract for machines.
	Data func(Extract, []Given) ([]byte, error)
	// Links are those that are mailed; nil: none.
	Links Links
}

// Self answers people about their own visits. Safe for concurrent use.
type Self struct {
	s   *Service
	cfg SelfConfig

	mu    sync.Mutex
	all   []time.Time // when somebody was wrong
	wrong times[typedCode]
	acts  times[record.VisitID]
	// mails are when an address was asked about, here; asked waits to be.
	mails times[typedCode]
	asked chan record.Private
	// mailing lets one mail be made at a time.
	mailing sync.Mutex
}

// bySelf is how the person is named on record.
const bySelf = "the person themself"

// reasonSelf is why a case was opened that they asked for.
const reasonSelf = "asked on their own page"

// NewSelf makes a Self.
func NewSelf(s *Service, cfg SelfConfig) *Self {
	return &Self{s: s.As(bySelf), cfg: cfg, wrong: times[typedCode]{}, acts: times[record.VisitID]{}, mails: times[typedCode]{}, asked: make(chan record.Private, mailQueue)}
}

// Answer finds out whether it is the person themself who asks, does what they
// ask, and answers with all that is stored then. Both are on record. Who has shown
// no more than a badge and the name on it may see, have their photo removed, which
// must be as easy as having one taken, and ask for erasure. Errors:
// *Problem; those of a correction.
func (f *Self) Answer(ctx context.Context, a SelfAsk) (SelfAnswer, error) {
	if _, err := f.s.desk(); err != nil {
		return SelfAnswer{}, err
	}
	if a.Do == AskMail {
		return SelfAnswer{}, f.askMail(record.Private(a.Knows))
	}
	if a.Do == AskFind {
		v, err := f.find(a)
		return SelfAnswer{Visit: v}, err
	}
	v, by, err := f.who(ctx, a)
	if err != nil {
		return SelfAnswer{}, err
	}
	out := SelfAnswer{AtDesk: by == byBadge}
	if out.AtDesk && (a.Do == AskRectify || a.Do == AskWithdraw && a.Purpose != string(consent.Photo)) {
		return SelfAnswer{}, ErrSelfDesk
	}
	switch a.Do {
	case AskSee:
	case AskRectify:
		err = f.cfg.Rectify(ctx, v, a.Right, bySelf)
	case AskWithdraw:
		err = f.cfg.Withdraw(ctx, v, consent.Purpose(a.Purpose), a.How, bySelf)
	case AskErase:
		var c Case
		if c, _, err = f.s.begin(ctx, v, Erasure, reasonSelf, fixed); err == nil {
			out.Due = c.Due
		}
	default:
		err = ErrBadKind
	}
	if err != nil {
		return SelfAnswer{}, err
	}
	if err := f.show(ctx, v, a.Lang, &out); err != nil {
		if a.Do == AskSee {
			return SelfAnswer{}, err
		}
		// Nobody must do again what has been done.
		f.s.cfg.Logger.Error("what a person asked for is done, and what is stored then could not be shown", "err", err)
		return SelfAnswer{}, ErrSelfMaybe
	}
	return out, nil
}

// who finds the visit that a person shows to be theirs.
func (f *Self) who(ctx context.Context, a SelfAsk) (record.VisitID, proof, error) {
	if a.Link != "" {
		return f.byLink(ctx, a)
	}
	return f.identify(a)
}

// show adds to an answer what is stored now, on record.
func (f *Self) show(ctx context.Context, v record.VisitID, lang Lang, out *SelfAnswer) error {
	x, err := f.s.Export(ctx, v, "self")
	if err != nil {
		return err
	}
	text, err := f.s.Text(x, lang)
	if err != nil {
		return err
	}
	out.Photo = x.Particulars.Photo.Picture
	out.Text, out.Erased = text.Reveal(), x.Particulars.Status == Erased || x.Particulars.Status == Expired
	stands := map[string]bool{string(consent.Assist): x.Particulars.Assist != ""}
	for _, c := range x.Particulars.Consents {
		stands[c.Purpose] = stands[c.Purpose] || c.Withdrawn.IsZero()
	}
	for _, p := range consent.Purposes {
		if stands[string(p)] {
			out.Consents = append(out.Consents, string(p))
		}
	}
	out.Data, err = f.cfg.Data(x, f.s.Given(x))
	return err
}
