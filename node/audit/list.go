package audit

import (
	"fmt"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// Line is one act as it is listed.
type Line struct {
	At      time.Time
	Node    record.NodeID
	N       uint64
	What    string
	By      string
	Note    string
	Visits  []record.VisitID
	Erasure record.ErasureID
}

// List are all retained acts, the oldest first by their authors' clocks.
func List(read Read) ([]Line, error) {
	var out []Line
	err := read(func(e Entry) error {
		for _, a := range e.Acts.Acts {
			if a.Kind == record.ActKey {
				continue // keys are made every day, and nobody decides it
			}
			what := a.What
			if a.Kind != record.ActAudit {
				what = string(a.Kind)
			}
			out = append(out, Line{
				At: a.At.Time(), Node: e.ID.Actor.Node(), N: e.Acts.N, What: what, By: a.By, Note: a.Note,
				Visits: slices.Clone(a.Visits), Erasure: a.Erasure,
			})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read acts: %w", err)
	}
	slices.SortStableFunc(out, func(a, b Line) int { return a.At.Compare(b.At) })
	return out, nil
}
