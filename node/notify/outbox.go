package notify

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

// prefix is where the outbox lies in the node's store.
var prefix = []byte("n/notices/")

// kept is how long what is done with stays, for `notify status` and so that it
// is not sent anew.
const kept = 7 * 24 * time.Hour

func (id ID) key() []byte { return append(bytes.Clone(prefix), id[:]...) }

// load reads the outbox. A draft whose visit has become durable is to be sent;
// one whose visit has not never happened.
func (s *Service) load() error {
	lo, hi := store.Prefix(prefix)
	err := s.cfg.Store.Scan(lo, hi, func(k, v []byte) error {
		var e Entry
		if len(k) != len(prefix)+len(ID{}) {
			return nil
		}
		e.ID = ID(k[len(prefix):])
		if err := json.Unmarshal(v, &e); err != nil {
			s.cfg.Logger.Error("an entry of the outbox cannot be read and is not sent", "id", e.ID.String())
			return nil
		}
		s.entries[e.ID] = e
		if e.State.active() {
			s.active[e.ID] = true
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read outbox: %w", err)
	}
	for id := range s.active {
		e := s.entries[id]
		if e.State != Draft {
			continue
		}
		if _, err := s.cfg.Replica.Presence(e.Visit); err != nil {
			err = s.drop(id)
			if err != nil {
				return err
			}
			continue
		}
		e.State = Pending
		if err := s.put(e); err != nil {
			return err
		}
	}
	// The last run may have ended between a sending and the renewal.
	if len(s.entries) > 0 {
		s.stale = s.cfg.Now()
	}
	return nil
}

// put writes entries, durable when it returns.
func (s *Service) put(all ...Entry) error {
	wait, err := s.write(all...)
	if err != nil {
		return err
	}
	return wait()
}

// write puts entries in line to become durable.
func (s *Service) write(all ...Entry) (wait func() error, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.writeLocked(all...)
}

// writeLocked is write for who holds mu.
func (s *Service) writeLocked(all ...Entry) (wait func() error, err error) {
	var b store.Batch
	for _, e := range all {
		b.Set(e.ID.key(), e.encode())
	}
	if wait, err = s.cfg.Store.Write(&b); err != nil {
		return nil, fmt.Errorf("write outbox: %w", err)
	}
	for _, e := range all {
		s.remember(e)
		delete(s.unsaved, e.ID)
	}
	return wait, nil
}

// remember takes an entry as it is now. Callers hold mu.
func (s *Service) remember(e Entry) {
	was := s.entries[e.ID]
	if was.Box != nil && e.Box == nil && s.stale.IsZero() {
		s.stale = s.cfg.Now()
	}
	if was.State != e.State {
		s.totals[total{e.Channel, string(e.State)}]++
	}
	s.entries[e.ID] = e
	if e.State.active() {
		s.active[e.ID] = true
	} else {
		delete(s.active, e.ID)
	}
}

// saveAgain writes what the disk did not take when it was due.
func (s *Service) saveAgain() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Entry
	for id := range s.unsaved {
		all = append(all, s.entries[id])
	}
	if len(all) == 0 {
		return nil
	}
	_, err := s.writeLocked(all...)
	return err
}

// drop removes entries, durable when it returns.
func (s *Service) drop(ids ...ID) error {
	if len(ids) == 0 {
		return nil
	}
	var b store.Batch
	for _, id := range ids {
		b.Delete(id.key())
	}
	s.mu.Lock()
	wait, err := s.cfg.Store.Write(&b)
	if err == nil {
		for _, id := range ids {
			if s.entries[id].Box != nil && s.stale.IsZero() {
				s.stale = s.cfg.Now()
			}
			delete(s.entries, id)
			delete(s.active, id)
			delete(s.unsaved, id)
		}
	}
	s.mu.Unlock()
	if err == nil {
		err = wait()
	}
	if err != nil {
		return fmt.Errorf("write outbox: %w", err)
	}
	return nil
}

// all are the entries that a rule holds of, in order of time.
func (s *Service) all(rule func(Entry) bool) (out []Entry) {
	s.mu.Lock()
	for _, e := range s.entries {
		if rule(e) {
			out = append(out, e)
		}
	}
	s.mu.Unlock()
	slices.SortFunc(out, func(a, b Entry) int {
		if c := a.Made.Compare(b.Made); c != 0 {
			return c
		}
		return bytes.Compare(a.ID[:], b.ID[:])
	})
	return out
}

// waiting are those to be sent.
func (s *Service) waiting(rule func(Entry) bool) (out []Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := range s.active {
		if e := s.entries[id]; rule(e) {
			out = append(out, e)
		}
	}
	return out
}

// forgetErased removes what is about visits that have been erased.
func (s *Service) forgetErased() error {
	var ids []ID
	for _, e := range s.waiting(func(e Entry) bool { return !e.Visit.IsZero() }) {
		if s.cfg.Replica.Shredded(e.Visit) {
			ids = append(ids, e.ID)
		}
	}
	if err := s.drop(ids...); err != nil {
		return err
	}
	if len(ids) > 0 {
		s.mu.Lock()
		s.erased = true
		s.mu.Unlock()
		s.cfg.Logger.Info("notices of an erased visit were removed", "count", len(ids))
	}
	return nil
}

// tidy removes what has been done with for long, unless its evacuation runs.
func (s *Service) tidy() error {
	running := map[record.EvacID]bool{}
	for _, st := range s.cfg.Replica.Evacuations() {
		running[st.ID] = st.Ended == 0
	}
	now := s.cfg.Now()
	var ids []ID
	for _, e := range s.all(func(e Entry) bool { return !e.State.active() }) {
		if now.Sub(e.Done) > kept && !running[e.Start] {
			ids = append(ids, e.ID)
		}
	}
	var err error
	for part := range slices.Chunk(ids, 256) {
		err = errors.Join(err, s.drop(part...))
	}
	return err
}
