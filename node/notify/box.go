package notify

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

const (
	// boxDate is the date of all keys here: they die by renewal, not by a date.
	boxDate record.Day = 0
	// renewAfter is for how long at most a letter that was sent could still be
	// opened by who has the disk.
	renewAfter = time.Minute
)

// lock locks a letter for rest. Callers hold boxing.
func (s *Service) lock(id ID, l letter) ([]byte, error) {
	plain, err := json.Marshal(l)
	if err != nil {
		return nil, fmt.Errorf("write a letter: %w", err)
	}
	defer clear(plain)
	box, err := s.cfg.Keys.Lock(boxDate, id[:], plain)
	if err != nil {
		return nil, fmt.Errorf("lock a letter: %w", err)
	}
	return box, nil
}

// unlock opens an entry's letter.
func (s *Service) unlock(id ID) (l letter, err error) {
	s.boxing.Lock()
	defer s.boxing.Unlock()
	s.mu.Lock()
	box := s.entries[id].Box
	s.mu.Unlock()
	plain, err := s.cfg.Keys.Unlock(boxDate, id[:], box)
	if err != nil {
		return l, fmt.Errorf("open a letter: %w", err)
	}
	defer clear(plain)
	return l, json.Unmarshal(plain, &l)
}

// renew destroys the key that letters which have been sent or erased rest
// under, wherever the database still keeps their bytes. Those that wait are put
// under a new one first. It goes on from what an interrupted one left.
func (s *Service) renew() error {
	s.boxing.Lock()
	defer s.boxing.Unlock()
	if err := s.cfg.Keys.Renew(boxDate); err != nil {
		return fmt.Errorf("renew the key of letters: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var b store.Batch
	for id := range s.active {
		e := s.entries[id]
		if e.Box == nil {
			continue
		}
		plain, err := s.cfg.Keys.Unlock(boxDate, id[:], e.Box)
		if err != nil {
			// Its key is lost, with the key file or by a damaged row.
			e.State, e.Why, e.Done, e.Box = Failed, "lost", s.cfg.Now(), nil
			s.cfg.Logger.Error("a notice cannot be opened any more and is given up", "id", id.String())
			s.totals[total{e.Channel, string(Failed)}]++
			delete(s.active, id)
		} else {
			box, err := s.cfg.Keys.Lock(boxDate, id[:], plain)
			clear(plain)
			if err != nil {
				return fmt.Errorf("lock a letter anew: %w", err)
			}
			e.Box = box
		}
		b.Set(id.key(), e.encode())
		s.entries[id] = e
	}
	if err := s.cfg.Store.Apply(&b); err != nil {
		return fmt.Errorf("write outbox: %w", err)
	}
	if err := s.cfg.Keys.Retire(boxDate); err != nil {
		return fmt.Errorf("destroy the old key of letters: %w", err)
	}
	s.stale, s.erased = time.Time{}, false
	return nil
}

// renewDue renews the key when it is time, and says when it will be.
func (s *Service) renewDue() (time.Time, error) {
	s.mu.Lock()
	stale, erased := s.stale, s.erased
	s.mu.Unlock()
	unfinished := slices.Contains(s.cfg.Keys.Unfinished(), boxDate)
	due := stale.Add(renewAfter)
	switch {
	case stale.IsZero() && !unfinished:
		return time.Time{}, nil
	case !unfinished && !erased && s.cfg.Now().Before(due):
		return due, nil
	}
	return time.Time{}, s.renew()
}
