package rights

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/shape"
)

// Review is one thing to look at each year, and when that was done last.
type Review struct {
	ID string
	// Done is zero where it never was; By and Node say who did and where.
	Done     time.Time
	By, Node string
	// Due is when it is to be done next: a year after it was done last, or at once
	// where it never was.
	Due     time.Time
	Overdue bool
}

// Reviews are what the yearly wheel has, in the order of the year.
var Reviews = []string{"retention", "purposes", "dpia", "processors", "operators", "nodes", "cases", "holds", "drill", "restore"}

// prefixWheel is followed by the id of a review.
const prefixWheel = "wheel/"

// ErrReview means a review that the wheel does not have.
var ErrReview = &Problem{"wheel.unknown", "the wheel has no such review: `upprop privacy wheel` lists them"}

type reviewWire struct {
	At   time.Time `json:"at"`
	By   string    `json:"by"`
	Node string    `json:"node"`
}

// Wheel is how the year's reviews stand.
func (s *Service) Wheel() []Review {
	done := map[string]reviewWire{}
	for _, x := range s.cfg.Register.Settings(prefixWheel) {
		var w reviewWire
		if json.Unmarshal([]byte(x.Value.String()), &w) == nil {
			done[x.Key[len(prefixWheel):]] = w
		}
	}
	now := s.cfg.Now()
	out := make([]Review, 0, len(Reviews))
	for _, id := range Reviews {
		w := done[id]
		r := Review{ID: id, Done: w.At, By: w.By, Node: w.Node, Due: now}
		if !w.At.IsZero() {
			r.Due = Months(w.At, 12)
		}
		r.Overdue = !r.Due.After(now)
		out = append(out, r)
	}
	return out
}

// Reviewed says that a review has been done now, durably and on record. Errors:
// *Problem.
func (s *Service) Reviewed(ctx context.Context, id string) error {
	self, err := s.desk()
	if err != nil {
		return err
	}
	if !slices.Contains(Reviews, id) {
		return ErrReview
	}
	b, err := json.Marshal(reviewWire{s.cfg.Now().UTC().Truncate(time.Second), s.cfg.By, self.Name})
	if err != nil {
		return fmt.Errorf("note a review: %w", err)
	}
	set := crdt.Setting{Key: prefixWheel + id, Value: shape.String(string(b))}
	if err := s.set(ctx, s.act("wheel.done", id), set); err != nil {
		return fmt.Errorf("note a review: %w", err)
	}
	return nil
}
