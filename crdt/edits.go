package crdt

import (
	"cmp"
	"maps"
	"slices"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
)

// edit is one change of one setting.
type edit struct {
	id      record.EventID
	startOp uint64
	setting Setting
	// upon are the edits of the setting that it was written upon, and replaced.
	upon []op
}

// op names an edit by its counter and its writer.
type op struct {
	ctr   uint64
	actor record.ActorID
}

// edits are all changes of the settings by key. Which of them stands follows
// from the set of them and from who counts, never from the order of arrival.
type edits map[string][]edit

func (e edits) add(doc record.DocID, change shape.Change) {
	v := change.Value
	if v.Kind() == shape.KindBytes {
		v = shape.Bytes(slices.Clone(v.Bytes()))
	}
	var upon []op
	for _, p := range change.Preds {
		if len(p.Actor) == len(record.ActorID{}) {
			upon = append(upon, op{p.Ctr, record.ActorID(p.Actor)})
		}
	}
	e[change.Key] = append(e[change.Key], edit{
		record.EventID{Doc: doc, Actor: record.ActorID(change.Actor), Seq: change.Seq},
		change.StartOp,
		Setting{Key: change.Key, Value: v},
		upon,
	})
}

func (e edits) clone() edits {
	out := maps.Clone(e)
	for k, all := range out {
		out[k] = slices.Clone(all)
	}
	return out
}

// current is the edit that stands: of those that count, the one the core would
// choose, the highest counter and then the highest writer. An edit's counter
// is above those of all it was written upon. Nil: none counts.
func (e edits) current(key string, standing func(record.EventID) record.Standing) *Setting {
	var best *edit
	for i := range e[key] {
		one := &e[key][i]
		if standing != nil && standing(one.id) != record.Counted {
			continue
		}
		if best == nil || cmp.Or(cmp.Compare(one.startOp, best.startOp), slices.Compare(one.id.Actor[:], best.id.Actor[:])) > 0 {
			best = one
		}
	}
	if best == nil {
		return nil
	}
	s := best.setting
	return &s
}

// foldSettings adds the edits of a durable flight and judges what they touch.
// Callers hold folding.
func (r *Replica) foldSettings(f *flight) (map[string]*Setting, error) {
	var touched map[string]*Setting
	for _, s := range f.entries {
		if s.setting == nil {
			continue
		}
		change, err := shape.DecodeCampus(s.payload)
		if err != nil {
			return nil, err
		}
		r.state.edits.add(s.id.Doc, change)
		if touched == nil {
			touched = map[string]*Setting{}
		}
		touched[change.Key] = nil
	}
	for key := range touched {
		touched[key] = r.state.edits.current(key, r.cfg.Standing)
	}
	return touched, nil
}

// judgedSettings are all settings that stand. Callers hold folding.
func (r *Replica) judgedSettings() map[string]Setting {
	out := make(map[string]Setting, len(r.state.edits))
	for key := range r.state.edits {
		if s := r.state.edits.current(key, r.cfg.Standing); s != nil {
			out[key] = *s
		}
	}
	return out
}
