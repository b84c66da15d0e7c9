package notify

import (
	"cmp"
	"crypto/rand"
	"errors"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// Letter is a mail about an invitation or a delivery, or to who has asked for
// something; a text message has To and Text alone.
type Letter struct {
	// Kind is InviteKind where it is empty.
	Kind Kind
	// Visit is the id of the invitation, delivery or visit: it is removed when that is erased.
	Visit               record.VisitID
	To                  record.Private
	Subject, Text, HTML string
	Calendar, Method    string
	Picture, Logo       []byte
	// Until is when it is of no use any more.
	Until time.Time
	// Once names what it is about: another of that name is not taken down again.
	// Empty: it is one of its own.
	Once string
}

// Errors of what this node cannot send.
var (
	ErrNoMail  = errors.New("this node sends no mail")
	ErrNoTexts = errors.New("this node sends no text messages")
)

// maxLetter is the largest pictures and text of a letter, in bytes.
const maxLetter = 128 << 10

// Mail takes down a mail; it is durable when it returns.
// Errors: ErrNoMail, the disk's.
func (s *Service) Mail(l Letter) error {
	if s.Settings().SMTP == nil {
		return ErrNoMail
	}
	return s.takeDown(MailChannel, l)
}

// Text takes down a text message; it is durable when it returns.
// Errors: ErrNoTexts, the disk's.
func (s *Service) Text(l Letter) error {
	if s.Settings().SMS == nil {
		return ErrNoTexts
	}
	return s.takeDown(TextChannel, l)
}

func (s *Service) takeDown(channel string, l Letter) error {
	if len(l.Picture)+len(l.Logo)+len(l.Text)+len(l.HTML)+len(l.Calendar) > maxLetter {
		return errors.New("a letter is too large")
	}
	now, kind := s.cfg.Now().UTC(), cmp.Or(l.Kind, InviteKind)
	e := Entry{
		ID: idOf(kind, channel, l.Visit[:], []byte(cmp.Or(l.Once, rand.Text()))), Kind: kind, Channel: channel, Visit: l.Visit,
		State: Pending, Made: now, Next: now, Until: l.Until,
	}
	s.boxing.Lock()
	defer s.boxing.Unlock()
	if l.Once != "" && len(s.all(func(x Entry) bool { return x.ID == e.ID })) > 0 {
		return nil
	}
	box, err := s.lock(e.ID, letter{
		To: l.To.Reveal(), Subject: l.Subject, Text: l.Text, HTML: l.HTML, Calendar: l.Calendar, Method: l.Method, Picture: l.Picture, Logo: l.Logo,
	})
	if err != nil {
		return err
	}
	e.Box = box
	if err := s.put(e); err != nil {
		return err
	}
	s.wake()
	return nil
}

// Mailed says how far the last mail about an invitation is; empty where there is
// none, or nothing is known of it any more.
func (s *Service) Mailed(v record.VisitID) State {
	all := s.all(func(e Entry) bool { return e.Kind == InviteKind && e.Visit == v })
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1].State
}
