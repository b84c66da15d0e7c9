package notify

import (
	"strings"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// Arrival is what a host is told of.
type Arrival struct {
	Name, Company, Host record.Private
	// Quiet: no host is told; other systems are, by ids.
	Quiet bool
}

// hostFor is for how long a host is told that a visitor has come: after that
// they have met, or somebody has gone to look.
const hostFor = 30 * time.Minute

// hookFor is for how long another system is told.
const hookFor = 24 * time.Hour

// Announce takes down who is to be told of an arrival that is about to be
// committed. It puts that in line to become durable before the commit, and does
// not wait for the disk but where a key is made, once. settled, never nil, must
// be called once with whether the visit is durable: before, nothing is sent.
// What cannot be taken down is logged, and keeps nobody out.
func (s *Service) Announce(visit record.VisitID, a Arrival) (settled func(durable bool)) {
	set := s.Settings()
	now, at := s.cfg.Now().UTC(), s.cfg.Place()
	var all []Entry
	if to := recipient(set, a); to != "" && set.SMTP != nil && !a.Quiet {
		e := Entry{
			ID: idOf(HostKind, MailChannel, visit[:]), Kind: HostKind, Channel: MailChannel, Visit: visit,
			State: Draft, Made: now, Next: now, Until: now.Add(hostFor),
		}
		l := arrivalLetter(a, visit.Badge(), at, now.In(s.cfg.Zone))
		l.To = to
		s.boxing.Lock()
		defer s.boxing.Unlock()
		box, err := s.lock(e.ID, l)
		if err == nil {
			e.Box = box
			all = append(all, e)
		} else {
			s.cfg.Logger.Error("a host is not told of an arrival", "visit", visit.Short(), "err", err)
		}
	}
	for _, h := range set.Hooks {
		if h.wants(EventArrived) {
			all = append(all, Entry{
				ID: idOf(HookKind, h.channel(), []byte(EventArrived), visit[:]), Kind: HookKind, Channel: h.channel(), Visit: visit,
				State: Draft, Made: now, Next: now, Until: now.Add(hookFor), Event: EventArrived, Site: at.Site, Door: at.Entrance, At: now,
			})
		}
	}
	if len(all) == 0 {
		return func(bool) {}
	}
	if _, err := s.write(all...); err != nil {
		s.cfg.Logger.Error("nobody is told of an arrival", "visit", visit.Short(), "err", err)
		return func(bool) {}
	}
	return func(durable bool) { s.settle(all, durable) }
}

// settle lets drafts be sent, or forgets them. A power cut before it is durable
// is mended when the outbox is read: by whether the visit is known.
func (s *Service) settle(all []Entry, durable bool) {
	if !durable {
		ids := make([]ID, len(all))
		for i, e := range all {
			ids[i] = e.ID
		}
		if err := s.drop(ids...); err != nil {
			s.cfg.Logger.Error("notices of an arrival that was not recorded could not be removed", "err", err)
		}
		return
	}
	s.mu.Lock()
	for _, e := range all {
		// It may have been put under another key, or erased, meanwhile.
		if now, ok := s.entries[e.ID]; ok && now.State == Draft {
			now.State = Pending
			if _, err := s.writeLocked(now); err != nil {
				s.cfg.Logger.Error("a notice waits until the node is started again", "id", e.ID.String(), "err", err)
			}
		}
	}
	s.mu.Unlock()
	s.wake()
}

// recipient is the host, where that is an address, or else the reception.
func recipient(set Settings, a Arrival) string {
	host := strings.TrimSpace(a.Host.Reveal())
	if i := strings.LastIndexByte(host, '<'); i >= 0 && strings.HasSuffix(host, ">") {
		host = host[i+1 : len(host)-1] // Sven Ask <sven@example.org>
	}
	if isAddress(host) {
		return host
	}
	return set.Reception
}

func (h Hook) wants(event string) bool {
	for _, e := range h.Events {
		if e == event {
			return true
		}
	}
	return false
}
