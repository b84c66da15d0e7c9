package notify

import (
	"fmt"

	"github.com/upprop/upprop/crdt/record"
)

// DeskMail is what is read of the words that somebody at a desk wrote to a visitor,
// or about one to their host; the frame is in Swedish and English.
func DeskMail(v record.VisitID, toHost bool, words record.Private) (subject, text string) {
	sv, en := languages["sv"], languages["en"]
	text = words.Reveal() + "\n"
	if toHost {
		text = fmt.Sprintf(sv.deskAbout+" / "+en.deskAbout+"\n\n", v.Badge(), v.Badge()) + text
	}
	return sv.deskTitle + " / " + en.deskTitle, text + "\n--\n" + sv.deskFoot + "\n" + en.deskFoot + "\n"
}

// MailTo is the address that a text holds, as that of a host may stand behind a
// name; empty where it holds none.
func MailTo(text record.Private) record.Private {
	return record.Private(recipient(Settings{}, Arrival{Host: text}))
}

// TextTo reports whether text messages can be sent to a number.
func TextTo(number record.Private) bool {
	_, ok := dialable(number.Reveal())
	return ok
}

// settled reports whether a desk's word has no point any more, since the visit has
// ended, or may not be sent, since what is stored of it is restricted.
func (s *Service) settled(e Entry) bool {
	p, err := s.cfg.Replica.Presence(e.Visit)
	return err == nil && (!p.Open() || len(p.Restricted) > 0)
}
