package invitations

import (
	"cmp"
	"time"

	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/record"
)

// Opened is what a door knows of who shows an invitation.
type Opened struct {
	ID record.VisitID
	// Known: this node has heard of the invitation. Where it has not, the QR's
	// signature is all there is, and nothing is filled in.
	Known bool
	Type  string
	// Invite is what is filled in; empty where it cannot be opened here.
	Invite record.Invite
	// Before is what its bearer filled in before they came, which Invite has been
	// filled in with; nil for nothing.
	Before *record.Before
}

// Open judges what somebody shows at a door: an invitation's QR, or its code and
// their name. It says in words why it does not admit. Errors: *Problem, those of
// Config.Judge.
func (s *Service) Open(text, name string) (Opened, error) {
	if err := s.cfg.Barred(); err != nil {
		return Opened{}, err
	}
	code, isCode := plainCode(text)
	if isCode {
		return s.byCode(code, name)
	}
	q, err := s.cfg.Judge(text)
	if err != nil {
		return Opened{}, err
	}
	i, known := s.cfg.Replica.Invitation(q.Visit)
	if !known || i.Made.IsZero() {
		// Made while this door was cut off.
		return Opened{ID: q.Visit}, s.admits(i)
	}
	return s.opened(i, q.Secret)
}

func (s *Service) opened(i record.Invitation, secret [16]byte) (Opened, error) {
	out := Opened{ID: i.ID, Known: true, Type: i.Type}
	if err := s.admits(i); err != nil {
		return out, err
	}
	if invite, ok := s.bearer(i.ID, secret); ok && s.cfg.Withheld() == nil {
		out.Before = s.before(i.ID, secret)
		out.Invite = invite.With(out.Before)
	}
	return out, nil
}

func (s *Service) bearer(id record.VisitID, secret [16]byte) (record.Invite, bool) {
	part, err := s.cfg.Replica.Sealed(record.PartKey{Visit: id, Audience: record.BearerAudience})
	if err != nil {
		return record.Invite{}, false // not heard of, or erased: a shred beats the paper
	}
	plain, err := s.cfg.Vault.OpenBearer(id, part, secret)
	if err != nil {
		return record.Invite{}, false
	}
	defer clear(plain)
	invite, err := codec.DecodeInvite(plain)
	return invite, err == nil
}

// byCode opens by the code, and by a name that has a word in common with that of
// who was invited.
func (s *Service) byCode(code, name string) (Opened, error) {
	if len(folded(name)) == 0 {
		return Opened{}, problem("invitations.no_name", "name", "an invitation's code goes with the name of who was invited: write it too")
	}
	s.trying.Lock()
	defer s.trying.Unlock()
	for _, i := range s.cfg.Replica.Invitations() {
		if finder(i.ID) != code[:codeFinds] || len(i.Box) == 0 {
			continue
		}
		secret, err := unlockSecret(i.ID, code, i.Box)
		if err != nil {
			continue
		}
		invite, ok := s.bearer(i.ID, secret)
		switch {
		case !ok:
			return Opened{}, problem("invitations.gone", "", "what was known of this invitation has been erased: check in without it")
		case !sameName(name, invite.Name.Reveal()):
			return Opened{}, errPair
		}
		return s.opened(i, secret)
	}
	return Opened{}, errPair
}

// errPair does not say which of the two is wrong.
var errPair = problem("invitations.wrong", "code", "no invitation that this node has heard of has this code and this name: check both, scan the QR code instead, or check in without")

// Admits says why an invitation admits nobody now, or nil: for who is about to
// be checked in by it.
func (s *Service) Admits(id record.VisitID) error {
	i, _ := s.cfg.Replica.Invitation(id)
	return s.admits(i)
}

func (s *Service) admits(i record.Invitation) error {
	if !i.Off.IsZero() {
		return problem("invitations.off", "code", "this invitation has been cancelled: ask whom you were to meet, or at the reception")
	}
	now, on := s.running(i)
	if in := s.inside(now, i); len(in) > 0 {
		p := problem("invitations.used", "code", "this invitation has been used already, and its bearer has not checked out: is that not you, ask at the reception")
		p.At, p.Where = in[0].At.Time(), cmp.Or(string(in[0].Place.Entrance), string(in[0].Place.Zone), string(in[0].Place.Site))
		return p
	}
	if p := approvalProblem(i); p != nil {
		return p
	}
	switch {
	case on || i.Made.IsZero():
		return nil
	case s.skippedToday(i):
		return problem("invitations.skipped", "code", "this invitation is cancelled for today: ask whom you were to meet, or at the reception")
	case s.over(i):
		return problem("invitations.over", "code", "this invitation is no longer valid: check in without it, or ask at the reception")
	}
	p := problem("invitations.early", "code", "this invitation is for another day: come back then, or ask at the reception")
	p.At = time.Unix(s.next(i).From, 0)
	return p
}
