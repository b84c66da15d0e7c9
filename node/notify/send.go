package notify

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
)

const (
	// abreast is how many are sent at once.
	abreast = 8
	// firstPause and longestPause bound the time between two tries of one.
	firstPause   = 2 * time.Second
	longestPause = 5 * time.Minute
	// glance is how often at most it is looked what has changed.
	glance = 500 * time.Millisecond
	// idle is how often it is looked when nothing changes.
	idle = time.Minute
)

// Run sends until ctx ends. What is being sent then is broken off and sent anew
// after the next start.
func (s *Service) Run(ctx context.Context) error {
	var sending sync.WaitGroup
	defer sending.Wait()
	slots := make(chan struct{}, abreast)
	var tidied, looked time.Time
	for ctx.Err() == nil {
		changed := s.cfg.Replica.Changed()
		var errs error
		if now := s.cfg.Now(); now.Sub(tidied).Abs() > time.Hour {
			errs, tidied = s.tidy(), now
		}
		again, skipped := idle, false
		if s.cfg.Barred() == nil {
			// Not after each sending: there may be thousands inside.
			if skipped = time.Since(looked) < glance; !skipped {
				errs, looked = errors.Join(errs, s.saveAgain(), s.forgetErased(), s.watch(ctx), s.remind(ctx, s.cfg.Now())), time.Now()
			}
			for _, e := range s.due() {
				select {
				case slots <- struct{}{}:
				case <-ctx.Done():
					return nil
				}
				sending.Go(func() {
					defer func() { <-slots; s.wake() }()
					s.attempt(ctx, e)
				})
			}
			if again = s.next(); skipped {
				again = min(again, glance)
			}
		}
		due, err := s.renewDue()
		if !due.IsZero() {
			again = min(again, max(due.Sub(s.cfg.Now()), glance))
		}
		if errs = errors.Join(errs, err); errs != nil && ctx.Err() == nil {
			s.cfg.Logger.Error("notices could not be looked after; tried again", "err", errs)
			again = min(again, 5*time.Second)
		}
		if !s.await(ctx, changed, again) {
			return nil
		}
	}
	return nil
}

// await waits for news, or for a time; at least for a glance, so that a busy
// hour is not looked at change by change. False when ctx has ended.
func (s *Service) await(ctx context.Context, changed <-chan struct{}, again time.Duration) bool {
	timer := time.NewTimer(max(again, time.Millisecond))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-s.poke:
		return true
	case <-timer.C:
		return true
	case <-changed:
	}
	rest := time.NewTimer(glance)
	defer rest.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-s.poke:
	case <-rest.C:
	}
	return true
}

// due are those whose time has come, alarms first, taken out as busy.
func (s *Service) due() []Entry {
	now := s.cfg.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Entry
	for id := range s.active {
		if e := s.entries[id]; e.State == Pending && !s.busy[id] && !e.Next.After(now) {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b Entry) int {
		if (a.Kind == AlarmKind) != (b.Kind == AlarmKind) {
			if a.Kind == AlarmKind {
				return -1
			}
			return 1
		}
		if c := a.Next.Compare(b.Next); c != 0 {
			return c
		}
		return slices.Compare(a.ID[:], b.ID[:])
	})
	// The rest is looked at again when these are done: an alarm that comes
	// meanwhile does not wait behind a thousand letters.
	out = out[:min(len(out), abreast)]
	for _, e := range out {
		s.busy[e.ID] = true
	}
	return out
}

// next is how long until something is due, at most idle.
func (s *Service) next() time.Duration {
	now, again := s.cfg.Now(), idle
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := range s.active {
		if e := s.entries[id]; e.State == Pending && !s.busy[id] {
			again = min(again, max(0, e.Next.Sub(now)))
		}
	}
	for _, w := range s.starts {
		if !w.again.IsZero() {
			again = min(again, max(glance, w.again.Sub(now)))
		}
	}
	return again
}

// attempt sends one entry and writes down how that went. Between the two a
// power cut makes it be sent once more.
func (s *Service) attempt(ctx context.Context, e Entry) {
	defer func() {
		s.mu.Lock()
		delete(s.busy, e.ID)
		s.mu.Unlock()
	}()
	state, err := s.deliver(ctx, e)
	if err == errErased {
		err = s.drop(e.ID)
		s.mu.Lock()
		s.erased = true
		s.mu.Unlock()
		if err != nil {
			s.cfg.Logger.Error("a notice of an erased visit could not be removed; tried again", "err", err)
		}
		return
	}
	if ctx.Err() != nil && err != nil {
		return // the node ends; it is tried again after the next start
	}
	now := s.cfg.Now().UTC()
	s.mu.Lock()
	current, ok := s.entries[e.ID]
	if !ok {
		s.mu.Unlock()
		return // erased while it was on its way
	}
	e = current
	e.Tries++
	switch {
	case err == nil:
		e.State, e.Why, e.Done, e.Box = state, "", now, nil
		if state == Sent {
			delete(s.health, e.Channel)
		}
	default:
		f := wordOf(err)
		e.Why, e.Next = f.why, now.Add(pause(e.Tries, f.after))
		if f.channel {
			if _, failing := s.health[e.Channel]; !failing {
				s.health[e.Channel] = health{since: now}
			}
			h := s.health[e.Channel]
			h.why = f.why
			s.health[e.Channel] = h
		}
		if f.forGood || !e.Next.Before(e.Until) {
			e.State, e.Done, e.Box = Failed, now, nil
		}
	}
	wait, err := s.writeLocked(e)
	if err != nil {
		s.remember(e)
		s.unsaved[e.ID] = true
	}
	s.mu.Unlock()
	if err == nil {
		err = wait()
	}
	if err != nil {
		s.cfg.Logger.Error("what became of a notice could not be saved: if the node ends before it is, it is sent again", "id", e.ID.String(), "err", err)
	}
	if e.State == Failed {
		s.cfg.Logger.Warn("a notice was given up", "id", e.ID.String(), "kind", string(e.Kind), "channel", e.Channel, "tries", e.Tries, "why", e.Why)
	}
}

// pause is how long to wait before the next try: longer each time, not at the
// same moment as everybody, and no shorter than the other side asked for.
func pause(tries int, asked time.Duration) time.Duration {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.MaxInterval, b.RandomizationFactor = firstPause<<min(tries-1, 10), longestPause, 0.3
	b.InitialInterval = min(b.InitialInterval, longestPause)
	b.Reset()
	return max(b.NextBackOff(), asked)
}

// errErased means that the visit has been erased.
var errErased = errors.New("the visit has been erased")

// deliver sends an entry, unless it is not to be sent any more; state is what
// has become of it.
func (s *Service) deliver(ctx context.Context, e Entry) (state State, err error) {
	if !e.Visit.IsZero() && s.cfg.Replica.Shredded(e.Visit) {
		return "", errErased
	}
	if e.Kind == AlarmKind {
		if state := s.outdated(e); state != "" {
			return state, nil
		}
	}
	if e.Kind == RemindKind && s.gone(e) || e.Kind == DeskKind && s.settled(e) {
		return Over, nil
	}
	if !s.cfg.Now().Before(e.Until) {
		return "", &fault{why: whyGivenUp, forGood: true}
	}
	set := s.Settings()
	to, ok := s.senders(set, e.Channel)
	if !ok {
		return "", &fault{why: whyNone}
	}
	m, err := s.message(set, e)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, sendFor)
	defer cancel()
	return Sent, to.send(ctx, m)
}
