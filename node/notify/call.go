package notify

import (
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// callFor is for how long others are told of a call for help.
const callFor = 30 * time.Minute

// Called takes down which other systems are told that somebody at a door asks for
// help: those webhooks of this node that are to be. The same call is told of once; it is
// not waited for the disk.
func (s *Service) Called(call string, at record.Place, since time.Time) {
	now := s.cfg.Now().UTC()
	var add []Entry
	for _, h := range s.Settings().Hooks {
		id := idOf(HookKind, h.channel(), []byte(EventCalled), []byte(call))
		s.mu.Lock()
		_, had := s.entries[id]
		s.mu.Unlock()
		if had || !h.wants(EventCalled) {
			continue
		}
		add = append(add, Entry{
			ID: id, Kind: HookKind, Channel: h.channel(), State: Pending, Made: now, Next: now, Until: now.Add(callFor),
			Event: EventCalled, Site: at.Site, Door: at.Entrance, At: since.UTC(), Call: call,
		})
	}
	if len(add) == 0 {
		return
	}
	// Who calls does not wait for the disk.
	if _, err := s.write(add...); err != nil {
		s.cfg.Logger.Error("other systems are not told of a call for help", "err", err)
		return
	}
	s.wake()
}
