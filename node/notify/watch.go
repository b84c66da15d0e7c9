package notify

import (
	"cmp"
	"fmt"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// watchUntil is for how long a desk is told that somebody may be on the watch
// list; later they have left, or been asked.
const watchUntil = 12 * time.Hour

// Watch takes down a mail to the reception's address: somebody at a place may be
// on the watch list, and the desk's page says more. It names nobody, and is sent
// once for each visit. False where this node has no mail server, or no address.
func (s *Service) Watch(v record.VisitID, at record.Place, when time.Time) (taken bool, err error) {
	set := s.Settings()
	if set.SMTP == nil || set.Reception == "" {
		return false, nil
	}
	now := s.cfg.Now().UTC()
	e := Entry{
		ID: idOf(WatchKind, MailChannel, v[:]), Kind: WatchKind, Channel: MailChannel, Visit: v,
		State: Pending, Made: now, Next: now, Until: now.Add(watchUntil),
	}
	if s.told(e) {
		return true, nil
	}
	l := watchLetter(at, when.In(s.cfg.Zone), set.Link)
	l.To = set.Reception
	s.boxing.Lock()
	defer s.boxing.Unlock()
	if e.Box, err = s.lock(e.ID, l); err == nil {
		err = s.put(e)
	}
	if err != nil {
		return false, fmt.Errorf("tell of an alert: %w", err)
	}
	s.wake()
	return true, nil
}

// watchLetter is what the reception reads, in Swedish and English.
func watchLetter(at record.Place, when time.Time, link string) letter {
	door := cmp.Or(string(at.Entrance), string(at.Zone), string(at.Site), "-")
	desk := "/desk"
	if link != "" {
		desk = link + desk
	}
	say := func(w words) string { return fmt.Sprintf(w.watchText, door, when.Format("2006-01-02 15:04"), desk) }
	sv, en := languages["sv"], languages["en"]
	return letter{Subject: sv.watchTitle + " / " + en.watchTitle, Text: say(sv) + "\n--\n\n" + say(en)}
}
