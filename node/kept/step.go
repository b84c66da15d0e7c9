package kept

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
	"github.com/upprop/upprop/node/terms"
)

const (
	// renewDocument and renewHold are how many days before its key dies a record is
	// sealed anew: the rest of terms.Most is for how long no desk may run.
	renewDocument = 20
	renewHold     = 27
	// renewLast is that of a desk which comes after many others.
	renewLast = 4
	// turn is for how long a desk leaves a new record to one that comes before it.
	turn = 30 * time.Minute
)

// Record is something that is kept.
type Record struct {
	ID record.VisitID
	record.Kept
	// End is the day on which it must be gone, by all that holds now.
	End record.Day
	// Dies is that of the key it is sealed to now.
	Dies    record.Day
	version uint32
}

// Step does what is due now: it makes what must be kept of the visits, seals anew
// what must live longer, ends what must not, and notices what is gone. It does
// nothing on nodes that open no dossiers, and while the date is in doubt.
func (s *Service) Step(ctx context.Context) error {
	today, sure := s.cfg.Today()
	if !sure || !s.cfg.Desk() || s.cfg.Withheld() != nil {
		return nil
	}
	s.keeping.Lock()
	defer s.keeping.Unlock()
	holds := s.holds(today)
	over, standing, err := s.renew(ctx, holds, today)
	if err != nil {
		return err
	}
	for _, h := range holds {
		if h.State != Running {
			continue
		}
		if err := s.keepHold(ctx, h, today); err != nil {
			return err
		}
	}
	if err := s.keepDocuments(ctx, today); err != nil {
		return err
	}
	if len(over) > 0 {
		if err := s.cfg.Erase(ctx, over...); err != nil {
			return fmt.Errorf("end what is kept no longer: %w", err)
		}
		s.cfg.Logger.Info("what is kept no longer is destroyed", "records", len(over))
	}
	return s.miss(ctx, standing, today)
}

// ids are the key records of what is kept, as they stand.
func (s *Service) ids() (all []crdt.KeyRecord, err error) {
	err = s.cfg.Replica.KeyRecords(func(k crdt.KeyRecord) error {
		if !k.Visit.IsKept() {
			return store.ErrStop // all that is kept comes first
		}
		if k.Audience == record.DossierAudience {
			all = append(all, k)
		}
		return nil
	})
	return all, err
}

// open opens a record. Errors: crdt.ErrErased, crdt.ErrExpired,
// crdt.ErrUnknownVisit, the vault's.
func (s *Service) open(id record.VisitID) (r Record, err error) {
	k := record.PartKey{Visit: id, Audience: record.DossierAudience}
	part, err := s.cfg.Replica.Sealed(k)
	if err != nil {
		return r, err
	}
	r.ID, r.version, r.Dies = id, part.Version, part.Until
	opened, err := s.cfg.Vault.Open(k, part)
	if err != nil {
		return r, err
	}
	defer clear(opened)
	if d, ok := s.cfg.Vault.Dies(part.Key); ok {
		r.Dies = min(r.Dies, d)
	}
	r.Kept, err = codec.DecodeKept(opened)
	if err == nil && record.KeptID(r.Visit, r.what()) != id {
		err = codec.ErrFormat // somebody has put it in another's place
	}
	return r, err
}

// what is that of KeptID.
func (r Record) what() string { return whatOf(r.Kept) }

func whatOf(k record.Kept) string {
	if k.Hold != "" {
		return "hold/" + k.Hold
	}
	return "document/" + k.Document
}

// end is the day on which a record must be gone by all that is known here: a hold
// goes by what was said of it last, and a time that was made shorter counts.
func (s *Service) end(k record.Kept, holds map[string]Hold) record.Day {
	if k.Hold != "" {
		switch h, ok := holds[k.Hold]; {
		case !ok:
			return k.Until // what was said of it has not come yet
		case h.State == Lifted:
			return 0
		default:
			return h.Until
		}
	}
	return min(k.Until, signedOn(k.Signed)+s.cfg.Terms().Document(k.Document))
}

// signedOn is the day of the last of signatures.
func signedOn(all []record.Signature) (day record.Day) {
	for _, x := range all {
		day = max(day, record.DayOf(time.UnixMilli(x.At)))
	}
	return day
}

// renew seals anew what must live longer than its key or not so long, and returns
// what is over, and what stands.
func (s *Service) renew(ctx context.Context, holds map[string]Hold, today record.Day) (over []record.VisitID, standing map[record.VisitID]bool, err error) {
	keys, err := s.ids()
	if err != nil {
		return nil, nil, err
	}
	standing, ends := map[record.VisitID]bool{}, map[record.VisitID]record.Day{}
	rank := record.Day(s.cfg.Rank())
	for _, k := range keys {
		if k.Shredded || k.Wrap == nil {
			continue
		}
		r, err := s.open(k.Visit)
		if err != nil {
			continue // of a key that has not come, or of another release
		}
		end := s.end(r.Kept, holds)
		standing[r.ID], ends[r.ID] = true, end
		within := max(renewDocument-2*rank, renewLast)
		if r.Hold != "" {
			within = max(renewHold-2*rank, renewLast)
		}
		to := min(end, today+terms.Most)
		switch {
		case end <= today:
			over = append(over, r.ID)
			delete(ends, r.ID)
		case r.Dies > end, r.Dies-today <= within && r.Dies < s.cfg.Vault.Reach(to):
			if err := s.seal(ctx, r.ID, r.Kept, r.version, to); err != nil {
				return nil, nil, err
			}
		}
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
	}
	return over, standing, s.cfg.Index.Put(ends)
}

// seal seals a record in the place of one of a version (0: of none) until a day at
// most, durably. Whoever is no desk outranks none, by whatever version.
func (s *Service) seal(ctx context.Context, id record.VisitID, k record.Kept, stands uint32, until record.Day) error {
	entries, stored, err := s.cfg.Vault.Seal(id, record.NextVersion(stands), until, map[record.Audience][]byte{record.DossierAudience: fitting(k)})
	if err != nil {
		return fmt.Errorf("seal what is kept: %w", err)
	}
	if _, err := s.cfg.Replica.Commit(ctx, crdt.Draft{Sealed: entries}); err != nil {
		return fmt.Errorf("seal what is kept: %w", err)
	}
	stored()
	return nil
}

// miss notices what should be kept and can be opened by nobody any more: no desk
// has run for long enough. It is on record, and the doctor says so.
func (s *Service) miss(ctx context.Context, standing map[record.VisitID]bool, today record.Day) error {
	all, err := s.cfg.Index.All()
	if err != nil {
		return err
	}
	var done []record.VisitID
	lost := 0
	for id, end := range all {
		switch {
		case standing[id]:
		case end <= today, s.cfg.Replica.Shredded(id):
			done = append(done, id)
		default:
			_, err := s.cfg.Replica.Sealed(record.PartKey{Visit: id, Audience: record.DossierAudience})
			if (errors.Is(err, crdt.ErrExpired) || errors.Is(err, crdt.ErrUnknownVisit)) && s.cfg.Settled() {
				done = append(done, id)
				lost++
			}
		}
	}
	if lost > 0 {
		was, err := s.cfg.Index.Lost()
		if err != nil {
			return err
		}
		if _, err := s.cfg.Replica.Commit(ctx, s.act("kept.lost", strconv.Itoa(lost))); err != nil {
			return fmt.Errorf("note what is lost: %w", err)
		}
		if err := s.cfg.Index.PutLost(Lost{was.Count + lost, s.cfg.Now().UTC()}); err != nil {
			return err
		}
		s.cfg.Logger.Error("what should have been kept is lost, since no desk was there to seal it anew", "records", lost)
	}
	return s.cfg.Index.Delete(done...)
}

// Lost is what was lost before its end, as this node has noticed.
func (s *Service) Lost() (Lost, error) { return s.cfg.Index.Lost() }
