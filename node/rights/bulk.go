package rights

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/upprop/upprop/crdt/record"
)

const (
	// SecondAbove is above how many visits a second person has to confirm.
	SecondAbove = 100
	// bulkPart is how many visits one erasure of a bulk names.
	bulkPart = 1024
	// bulkFor is for how long what was prepared can be confirmed.
	bulkFor = time.Hour
	// maxBulks bounds what is prepared at one time.
	maxBulks = 64
)

// Problems of erasing by search.
var (
	ErrWide       = &Problem{"bulk.wide", "that would be everybody: say whom, by when they were last seen, their type, site or host"}
	ErrNobody     = &Problem{"bulk.nobody", "nobody is found: nothing is to be erased"}
	ErrBulkGone   = &Problem{"bulk.gone", "nothing is prepared under that code here: it is kept for an hour, at this node alone; search again"}
	ErrBulkCount  = &Problem{"bulk.count", "that is not how many visits were found: write the number that the search gave, as a sign that you have seen it"}
	ErrBulkSecond = &Problem{"bulk.second", fmt.Sprintf("more than %d visits are erased when a second person has confirmed: let another operator do it who is signed in at this node, under Rights on the desk's screen", SecondAbove)}
	ErrBulkMany   = &Problem{"bulk.waiting", "too much is prepared already: confirm it or cancel it first"}
)

// Query says whom a search is for; what is zero or empty says nothing.
type Query struct {
	// NotSeenSince finds those of whom nothing was recorded at or after it.
	NotSeenSince time.Time
	Type         string
	Site         record.SiteID
	// Host is whom they visited, in any letter case; it is kept in no setting and on
	// no record.
	Host record.Private
}

// Found is whom a search has found, and who would have fitted and is left out.
type Found struct {
	// Visits are to be erased, in order of visit id.
	Visits []record.VisitID
	// Inside may be inside; Kept are restricted or have a case that is open, and
	// are kept for it; Erased are so already.
	Inside, Kept, Erased int
	// First and Last are when the earliest and the latest of Visits was last seen.
	First, Last time.Time
}

// Search finds visits to be erased. Errors: *Problem.
func (s *Service) Search(ctx context.Context, q Query) (out Found, err error) {
	if _, err := s.desk(); err != nil {
		return out, err
	}
	if q == (Query{}) {
		return out, ErrWide
	}
	kept := s.Kept()
	host := folded(q.Host)
	err = s.cfg.Register.Visits(func(p record.Presence) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		last := max(p.Since, p.Seen.At, p.Left.At).Time()
		switch {
		case p.Visit.IsZero(), q.Type != "" && p.Type != q.Type, q.Site != "" && p.Seen.Place.Site != q.Site,
			!q.NotSeenSince.IsZero() && !last.Before(q.NotSeenSince):
			return nil
		case s.cfg.Register.Shredded(p.Visit):
			if host == "" {
				out.Erased++
			}
			return nil
		}
		if host != "" {
			if h, err := s.cfg.Host(p.Visit); err != nil || folded(h) != host {
				return nil
			}
		}
		switch {
		case p.Open():
			out.Inside++
		case kept(p):
			out.Kept++
		default:
			out.Visits = append(out.Visits, p.Visit)
			if out.First.IsZero() || last.Before(out.First) {
				out.First = last
			}
			if last.After(out.Last) {
				out.Last = last
			}
		}
		return nil
	})
	if err != nil {
		return Found{}, fmt.Errorf("search visits: %w", err)
	}
	slices.SortFunc(out.Visits, func(a, b record.VisitID) int { return slices.Compare(a[:], b[:]) })
	return out, nil
}

func folded(p record.Private) string {
	return strings.ToLower(norm.NFKC.String(strings.TrimSpace(p.Reveal())))
}

// Bulk is what is prepared to be erased, and how far that has come. It is in
// memory of one node: after a restart nothing is prepared.
type Bulk struct {
	ID record.ErasureID
	Found
	Reason string
	// By has prepared it, and At when.
	By string
	At time.Time
	// Second: another person has to confirm.
	Second bool
	// Erasures are those that were ordered, Done of how many visits.
	Erasures []record.ErasureID
	Done     int
}

// Prepare searches, and keeps what was found to be confirmed within the hour, on
// record with the reason and the number. Errors: *Problem.
func (s *Service) Prepare(ctx context.Context, q Query, reason string) (Bulk, error) {
	if strings.TrimSpace(reason) == "" {
		return Bulk{}, ErrNoReason
	}
	if !plainText(reason) {
		return Bulk{}, ErrReasonLong
	}
	found, err := s.Search(ctx, q)
	if err != nil {
		return Bulk{}, err
	}
	if len(found.Visits) == 0 {
		return Bulk{}, ErrNobody
	}
	if host := q.Host.Reveal(); shareWord(reason, host) {
		return Bulk{}, ErrReasonNames
	}
	b := Bulk{Found: found, Reason: reason, By: s.cfg.By, At: s.cfg.Now().UTC(), Second: len(found.Visits) > SecondAbove}
	rand.Read(b.ID[:])
	s.bulks.mu.Lock()
	defer s.bulks.mu.Unlock()
	s.bulks.tidy(s.cfg.Now())
	if len(s.bulks.all) >= maxBulks {
		return Bulk{}, ErrBulkMany
	}
	if _, err := s.cfg.Register.Commit(ctx, s.act("bulk.prepare", fmt.Sprintf("%s %d: %s", b.ID, len(b.Visits), reason))); err != nil {
		return Bulk{}, fmt.Errorf("prepare erasure: %w", err)
	}
	s.bulks.all[b.ID] = &b
	return b, nil
}

// Bulks are those that are prepared here and neither carried out nor cancelled,
// the oldest first.
func (s *Service) Bulks() (out []Bulk) {
	s.bulks.mu.Lock()
	defer s.bulks.mu.Unlock()
	s.bulks.tidy(s.cfg.Now())
	for _, b := range s.bulks.all {
		out = append(out, *b)
	}
	slices.SortFunc(out, func(a, b Bulk) int { return a.At.Compare(b.At) })
	return out
}

// Confirm carries out what was prepared; count is how many visits that were, as a
// sign that it was read. Above SecondAbove visits it takes another person than
// who prepared it. It is on record before anything is destroyed; each part is
// durable when the next begins, and a part that fails leaves the rest to be
// confirmed again. Who has come back, or is kept for a restriction or a case, since
// it was prepared, is left out. Errors: *Problem.
func (s *Service) Confirm(ctx context.Context, id record.ErasureID, count int) (Bulk, error) {
	if _, err := s.desk(); err != nil {
		return Bulk{}, err
	}
	s.bulks.mu.Lock()
	defer s.bulks.mu.Unlock()
	s.bulks.tidy(s.cfg.Now())
	b := s.bulks.all[id]
	switch {
	case b == nil:
		return Bulk{}, ErrBulkGone
	case count != len(b.Visits):
		return Bulk{}, ErrBulkCount
	case b.Second && b.By == s.cfg.By:
		return Bulk{}, ErrBulkSecond
	}
	// Nobody opens a case here until it is done.
	s.deciding.Lock()
	defer s.deciding.Unlock()
	still := s.erasable(b.Visits)
	if _, err := s.cfg.Register.Commit(ctx, s.act("bulk.confirm", fmt.Sprintf("%s %d", b.ID, len(still)))); err != nil {
		return *b, fmt.Errorf("confirm erasure: %w", err)
	}
	for part := range slices.Chunk(still, bulkPart) {
		e, err := s.cfg.Erase(ctx, part...)
		if err != nil {
			return *b, fmt.Errorf("confirm erasure: %w", err)
		}
		b.Erasures = append(b.Erasures, e)
		b.Done += len(part)
	}
	delete(s.bulks.all, id)
	return *b, nil
}

// Cancel forgets what was prepared, on record. Errors: *Problem.
func (s *Service) Cancel(ctx context.Context, id record.ErasureID) error {
	s.bulks.mu.Lock()
	defer s.bulks.mu.Unlock()
	if s.bulks.all[id] == nil {
		return ErrBulkGone
	}
	if _, err := s.cfg.Register.Commit(ctx, s.act("bulk.cancel", id.String())); err != nil {
		return fmt.Errorf("cancel erasure: %w", err)
	}
	delete(s.bulks.all, id)
	return nil
}

// bulks are what is prepared.
type bulks struct {
	mu  sync.Mutex
	all map[record.ErasureID]*Bulk
}

func (b *bulks) tidy(now time.Time) {
	for id, x := range b.all {
		if now.Sub(x.At).Abs() > bulkFor {
			delete(b.all, id)
		}
	}
}
