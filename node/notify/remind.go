package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

const (
	// remindHours is after how many hours a host is asked whether a visitor is
	// still there, unless it is set; mostRemindHours the most that can be set.
	remindHours, mostRemindHours = 10, 72
	// NoReminders is the setting by which nobody is asked.
	NoReminders = -1
	// remindTurn is how much longer each next desk waits for the word of one before
	// it: it is no alarm.
	remindTurn = 2 * time.Minute
	// remindFor is how long after its time a visit is still asked about: a desk
	// that was off for a week does not ask about the week.
	remindFor = 12 * time.Hour
	// remindEvery is how often it is looked who is inside for long.
	remindEvery = time.Minute
)

// remindAfter is after how long a host is asked; zero: never.
func (s Settings) remindAfter() time.Duration {
	if s.RemindHours < 0 {
		return 0
	}
	return time.Duration(cmp.Or(s.RemindHours, remindHours)) * time.Hour
}

// AskedAfter is after how many hours a host is asked; zero: never.
func (s Settings) AskedAfter() int { return int(s.remindAfter() / time.Hour) }

// remind asks the hosts of those who have been inside for long whether they
// still are: a visit that nobody ended makes the list of an evacuation wrong. A
// desk asks, once for a visit; the person stays on the list whatever is
// answered. While an evacuation runs nobody is asked.
func (s *Service) remind(ctx context.Context, now time.Time) (errs error) {
	set := s.Settings()
	after := set.remindAfter()
	if now.Sub(s.reminding).Abs() < remindEvery || after == 0 || set.SMTP == nil || !s.cfg.Opens() {
		return nil
	}
	s.reminding = now
	if _, on := s.cfg.Replica.Evacuations().Running(""); on {
		return nil
	}
	open := map[record.VisitID]bool{}
	for _, p := range s.cfg.Replica.Open() {
		if !p.Heard() || p.Since == 0 || p.Added {
			continue
		}
		open[p.Visit] = true
		due := p.Since.Time().Add(after)
		late := now.Sub(due)
		if s.reminded[p.Visit] || late < time.Duration(s.cfg.Rank())*remindTurn || late > remindFor {
			continue
		}
		done, err := s.remindOf(ctx, set, p, now)
		if errs = errors.Join(errs, err); done {
			s.reminded[p.Visit] = true
		}
	}
	for v := range s.reminded {
		if !open[v] {
			delete(s.reminded, v)
		}
	}
	return errs
}

// AsksAt is when this node asks the host of a visit, or the reception, whether the
// visitor is still there; zero: it does not, or has.
func (s *Service) AsksAt(ctx context.Context, p record.Presence) time.Time {
	set := s.Settings()
	after := set.remindAfter()
	if after == 0 || set.SMTP == nil || !s.cfg.Opens() || !p.Open() || !p.Heard() || p.Since == 0 || p.Added {
		return time.Time{}
	}
	due := p.Since.Time().Add(after)
	if host, err := s.cfg.Host(ctx, p.Visit); err != nil || recipient(set, Arrival{Host: host}) == "" || !s.cfg.Now().Before(due) {
		return time.Time{}
	}
	return due
}

// remindOf asks about one visit. done: it has been asked about, or nobody can
// be asked.
func (s *Service) remindOf(ctx context.Context, set Settings, p record.Presence, now time.Time) (done bool, err error) {
	e := Entry{
		ID: idOf(RemindKind, MailChannel, p.Visit[:]), Kind: RemindKind, Channel: MailChannel, Visit: p.Visit,
		State: Pending, Made: now.UTC(), Next: now.UTC(), Until: now.UTC().Add(remindFor),
	}
	if s.told(e) {
		return true, nil
	}
	if asked, err := s.cfg.Reminded(p.Visit); asked || err != nil {
		return asked, err
	}
	host, err := s.cfg.Host(ctx, p.Visit)
	if err != nil {
		return false, nil // it has not come yet, or may not be opened now
	}
	to := recipient(set, Arrival{Host: host})
	if to == "" {
		return true, nil
	}
	l := remindLetter(p, now.In(s.cfg.Zone), s.cfg.Zone)
	l.To = to
	s.boxing.Lock()
	e.Box, err = s.lock(e.ID, l)
	if err == nil {
		err = s.put(e)
	}
	s.boxing.Unlock()
	if err != nil {
		return false, fmt.Errorf("ask a host about a long visit: %w", err)
	}
	s.wake()
	// Not before: a desk that is cut off between the two has asked, and others may
	// ask again, which is the better fault.
	return true, s.cfg.Remind(ctx, p.Visit)
}

// gone reports whether a reminder has no point any more.
func (s *Service) gone(e Entry) bool {
	p, err := s.cfg.Replica.Presence(e.Visit)
	return err == nil && !p.Open()
}

// remindLetter is what a host reads, in Swedish and English. It names nobody:
// the host knows who came.
func remindLetter(p record.Presence, now time.Time, zone *time.Location) letter {
	at := p.Seen.Place
	door := cmp.Or(string(at.Entrance), string(at.Zone), string(at.Site), "-")
	since := p.Since.Time().In(zone)
	when := since.Format("15:04")
	if since.YearDay() != now.YearDay() || since.Year() != now.Year() {
		when = since.Format("2006-01-02 15:04")
	}
	say := func(w words) string { return fmt.Sprintf(w.remindText, p.Badge(), when, door) }
	sv, en := languages["sv"], languages["en"]
	return letter{Subject: sv.remindTitle + " / " + en.remindTitle, Text: say(sv) + "\n--\n\n" + say(en)}
}
