package notify

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

const (
	// settleFor is how long a desk waits for the word of the node that started
	// an evacuation, or of a desk before it, that it sends.
	settleFor = 5 * time.Second
	// turnFor is how much longer each next desk waits.
	turnFor = 10 * time.Second
	// staleAfter is how old a start may be and still be told of.
	staleAfter = time.Hour
	// linkFor is for how long after a start its links count.
	linkFor = 12 * time.Hour
	// doneAfter is how long after a start at the earliest a node says that all
	// has been sent: arrivals may still come from elsewhere.
	doneAfter = time.Minute
)

// watched is a start that this node follows.
type watched struct {
	// heard is when it was first heard of, lost when the node that sends was
	// first out of touch, again when it is to be looked at next.
	heard, lost, again time.Time
	// asked are those inside whose dossier has been opened.
	asked map[record.VisitID]bool
	// mine: this node sends its messages; read by those who send.
	mine atomic.Bool
	done bool
}

// watch follows what runs: whether this node tells people of it, and whom it
// has not told yet.
func (s *Service) watch(ctx context.Context) (err error) {
	all, now := s.cfg.Replica.Evacuations(), s.cfg.Now()
	known := map[record.EvacID]bool{}
	for _, st := range all {
		known[st.ID] = true
		w := s.follow(st, now)
		if w == nil {
			continue
		}
		if st.Ended == 0 {
			err = errors.Join(err, s.sound(ctx, st, w, now))
		} else {
			err = errors.Join(err, s.silence(st, now))
		}
	}
	s.mu.Lock()
	for id := range s.starts {
		if !known[id] {
			delete(s.starts, id)
		}
	}
	s.mu.Unlock()
	return err
}

// follow is what is remembered of a start; nil for one that is too old.
func (s *Service) follow(st record.Start, now time.Time) *watched {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.starts[st.ID]
	if w == nil && now.Sub(st.At.Time()) < staleAfter {
		w = &watched{heard: now, asked: map[record.VisitID]bool{}}
		s.starts[st.ID] = w
	}
	if w != nil {
		w.again = time.Time{}
	}
	return w
}

// sound tells of a start that runs.
func (s *Service) sound(ctx context.Context, st record.Start, w *watched, now time.Time) error {
	mine, err := s.turn(st, w, now)
	if err != nil {
		return err
	}
	errs := s.post(EventStarted, st, st.By == s.cfg.Self || mine, st.At.Time())
	if !mine {
		if w.mine.Swap(false) {
			errs = errors.Join(errs, s.handOver(st.ID, now))
		}
		return errs
	}
	if !w.mine.Load() {
		claims, err := s.cfg.Claims(st.ID)
		if err != nil {
			return errors.Join(errs, err)
		}
		if last, ok := latest(claims); !ok || last.Node != s.cfg.Self {
			if err := s.cfg.Claim(ctx, st.ID, false); err != nil {
				return errors.Join(errs, err)
			}
			s.cfg.Logger.Info("this node sends the messages of an evacuation", "evacuation", st.ID.String())
		}
		w.mine.Store(true)
	}
	return errors.Join(errs, s.tellThoseInside(st, w, now), s.sayDone(ctx, st, w, now))
}

// tellThoseInside puts into the outbox who agreed to be told and has not been.
func (s *Service) tellThoseInside(st record.Start, w *watched, now time.Time) error {
	set, covers := s.Settings(), record.Evacuation{Sites: []record.SiteID{st.Site}}
	if st.Site == "" {
		covers.Sites = nil
	}
	var add []Entry
	for _, p := range s.cfg.Replica.Open() {
		if w.asked[p.Visit] || !covers.Covers(p.Seen.Place.Site) {
			continue
		}
		d, err := s.cfg.Dossier(p.Visit)
		if err != nil {
			continue // it has not come yet, or may not be opened yet, or is gone
		}
		w.asked[p.Visit] = true
		if !d.Notify {
			continue
		}
		for channel, there := range map[string]bool{
			MailChannel: d.Email != "" && set.SMTP != nil, TextChannel: d.Phone != "" && set.SMS != nil,
		} {
			e := Entry{
				ID: idOf(AlarmKind, channel, st.ID[:], p.Visit[:]), Kind: AlarmKind, Channel: channel, Visit: p.Visit, Start: st.ID, Drill: st.Drill,
				State: Pending, Made: now.UTC(), Next: now.UTC(), Until: now.UTC().Add(staleAfter), Site: st.Site, At: st.At.Time(),
			}
			if there && !s.told(e) {
				add = append(add, e)
			}
		}
	}
	for part := range slices.Chunk(add, 256) {
		if err := s.put(part...); err != nil {
			clear(w.asked)
			return err
		}
	}
	return nil
}

// told reports whether the outbox has had this one, or one that says the same of
// another start that runs: of two nodes that sounded the alarm at once.
func (s *Service) told(e Entry) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.entries[e.ID]; ok {
		return true
	}
	for id, w := range s.starts {
		if id == e.Start || !w.mine.Load() {
			continue
		}
		was, ok := s.entries[idOf(AlarmKind, e.Channel, id[:], e.Visit[:])]
		if ok && was.Drill == e.Drill && (was.State == Pending || was.State == Sent) && s.runs(id) {
			return true
		}
	}
	return false
}

func (s *Service) runs(id record.EvacID) bool {
	return slices.ContainsFunc(s.cfg.Replica.Evacuations(), func(st record.Start) bool { return st.ID == id && st.Ended == 0 })
}

// sayDone says once that all messages of a start have been sent, so that nobody
// takes them over when this node is out of touch.
func (s *Service) sayDone(ctx context.Context, st record.Start, w *watched, now time.Time) error {
	if w.done {
		return nil
	}
	at := st.At.Time().Add(doneAfter)
	if now.Before(at) {
		w.again = at
		return nil
	}
	if len(s.waiting(func(e Entry) bool { return e.Kind == AlarmKind && e.Start == st.ID })) > 0 {
		return nil
	}
	claims, err := s.cfg.Claims(st.ID)
	if err == nil && !slices.ContainsFunc(claims, func(c Claim) bool { return c.Done }) {
		err = s.cfg.Claim(ctx, st.ID, true)
	}
	w.done = err == nil
	return err
}

// handOver leaves what has not been sent to the node that has taken over.
func (s *Service) handOver(start record.EvacID, now time.Time) error {
	return s.finish(Handed, now, func(e Entry) bool { return e.Kind == AlarmKind && e.Start == start })
}

// silence ends what has not been sent of a start that is over.
func (s *Service) silence(st record.Start, now time.Time) error {
	err := s.finish(Over, now, func(e Entry) bool { return e.Kind == AlarmKind && e.Start == st.ID })
	s.mu.Lock()
	told := false
	for _, h := range s.settings.Hooks {
		_, ok := s.entries[idOf(HookKind, h.channel(), []byte(EventStarted), st.ID[:])]
		told = told || ok
	}
	s.mu.Unlock()
	return errors.Join(err, s.post(EventEnded, st, told, st.Ended.Time()))
}

func (s *Service) finish(state State, now time.Time, rule func(Entry) bool) error {
	all := s.waiting(rule)
	for i := range all {
		all[i].State, all[i].Done = state, now.UTC()
	}
	for part := range slices.Chunk(all, 256) {
		if err := s.put(part...); err != nil {
			return err
		}
	}
	return nil
}

// post tells other systems of a start or an end.
func (s *Service) post(event string, st record.Start, mine bool, at time.Time) error {
	if !mine {
		return nil
	}
	now := s.cfg.Now().UTC()
	var add []Entry
	for _, h := range s.Settings().Hooks {
		id := idOf(HookKind, h.channel(), []byte(event), st.ID[:])
		s.mu.Lock()
		_, had := s.entries[id]
		s.mu.Unlock()
		if !had && h.wants(event) && now.Sub(at) < staleAfter {
			add = append(add, Entry{
				ID: id, Kind: HookKind, Channel: h.channel(), Start: st.ID, Drill: st.Drill, State: Pending,
				Made: now, Next: now, Until: now.Add(hookFor), Event: event, Site: st.Site, At: at.UTC(),
			})
		}
	}
	if len(add) == 0 {
		return nil
	}
	return s.put(add...)
}

// outdated is what has become of an alarm's entry that is not to be sent any
// more; empty when it is.
func (s *Service) outdated(e Entry) State {
	if !s.runs(e.Start) {
		return Over
	}
	s.mu.Lock()
	w := s.starts[e.Start]
	s.mu.Unlock()
	if w != nil && !w.mine.Load() && !s.claimed(e.Start) {
		return Handed
	}
	p, err := s.cfg.Replica.Presence(e.Visit)
	if err == nil && !p.Left.IsZero() {
		return Over // by evidence
	}
	return ""
}
