package deliveries

import (
	"context"
	"fmt"
	"html"
	"strings"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
)

const (
	// tellFor is for how long after it came whom a delivery is for is told of it.
	tellFor = 24 * time.Hour
	// remindAgain is after how long somebody is reminded once more: less than a
	// day's document is kept, so that it is known.
	remindAgain = 28 * 24 * time.Hour
)

// Mails are in Swedish and English, as those to hosts of visitors: nobody has
// asked what a host reads.

// tell takes down the mail that a delivery has come, once; false where there is
// nowhere to send it.
func (s *Service) tell(d record.Delivery, p record.Parcel) bool {
	if s.cfg.Tell == nil || p.Mail == "" {
		return false
	}
	l := s.letter(d, p, "Du har fått en leverans / A delivery for you", "En leverans till dig har kommit", "A delivery for you has come")
	l.Once, l.Until = "delivered", s.cfg.Now().Add(tellFor)
	return s.cfg.Tell(l) == nil
}

// tellNew tells of what this node has just taken in: a power cut may have come
// between.
func (s *Service) tellNew() {
	if s.cfg.Tell == nil || !s.cfg.Desk() || s.cfg.Barred() != nil || s.cfg.Withheld() != nil {
		return
	}
	s.telling.Lock()
	defer s.telling.Unlock()
	was := s.told
	s.told = map[record.VisitID]bool{}
	for _, d := range s.cfg.Replica.Deliveries() {
		if _, ended := d.Ended(); ended || !s.cfg.Mine(d.ID) || s.cfg.Now().Sub(d.Begun.Time()) > tellFor {
			continue
		}
		if was[d.ID] {
			s.told[d.ID] = true
			continue
		}
		p, _, err := s.open(d.ID)
		s.told[d.ID] = err == nil && (p.Mail == "" || s.tell(d, p))
	}
}

// Remind tells those once more whose deliveries have waited for the days that are
// set, and again each four weeks. The node that took a delivery in does so, and no
// other, so that nobody is reminded twice by two.
func (s *Service) Remind(ctx context.Context) error {
	after := time.Duration(s.cfg.RemindAfter()) * 24 * time.Hour
	if after <= 0 || s.cfg.Tell == nil || !s.cfg.Desk() || s.cfg.Barred() != nil || s.cfg.Withheld() != nil {
		return nil
	}
	now := s.cfg.Now()
	for _, d := range s.cfg.Replica.Deliveries() {
		if _, ended := d.Ended(); ended || !s.cfg.Mine(d.ID) || now.Sub(d.Begun.Time()) < after ||
			d.Reminded != 0 && now.Sub(d.Reminded.Time()) < remindAgain {
			continue
		}
		p, _, err := s.open(d.ID)
		if err != nil || p.Mail == "" {
			continue
		}
		l := s.letter(d, p, "En leverans väntar på dig / A delivery is waiting for you", "En leverans väntar fortfarande på dig", "A delivery is still waiting for you")
		l.Once, l.Until = fmt.Sprintf("reminder %d", d.Reminded), now.Add(tellFor)
		if s.cfg.Tell(l) != nil {
			continue // it is tried again within the hour
		}
		event := record.Event{Kind: record.Reminded, Visit: d.ID, Place: s.cfg.Place(), How: "mail"}
		if _, err := s.cfg.Replica.Commit(ctx, crdt.Draft{Event: &event}); err != nil {
			return fmt.Errorf("remind of a delivery: %w", err)
		}
	}
	return nil
}

// letter says what has come and where it is, in both languages.
func (s *Service) letter(d record.Delivery, p record.Parcel, subject, sv, en string) Letter {
	at := d.Begun.Time().In(s.cfg.Zone).Format("2006-01-02 15:04")
	say := func(first, items, from, kept, cold, code, closing string) string {
		out := first + " (" + at + ").\n\n"
		for _, line := range [][2]string{{items, fmt.Sprint(p.Items)}, {from, p.From.Reveal()}, {kept, p.Kept.Reveal()}, {code, d.ID.Badge().String()}} {
			if line[1] != "" {
				out += line[0] + ": " + line[1] + "\n"
			}
		}
		if p.Cold {
			out += cold + "\n"
		}
		return out + "\n" + closing + "\n"
	}
	text := say(sv, "Antal", "Från", "Hämtas", "Ska förvaras kallt.", "Kod", "Hämta i receptionen. Det här meddelandet skickades av besökssystemet Upprop. Det går inte att svara på.") +
		"\n" + say(en, "Items", "From", "Where", "To be kept cold.", "Code", "Pick it up at the reception. This message was sent by the visitor system Upprop. It cannot be answered.")
	return Letter{
		Delivery: d.ID, To: p.Mail, Subject: subject, Text: text,
		HTML: "<!doctype html><html><body><p>" + strings.ReplaceAll(html.EscapeString(strings.TrimSpace(text)), "\n", "<br>") + "</p></body></html>",
	}
}
