package crdt

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/automerge/automerge-go"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
)

// Setting is one field of the campus document: a flat key like
// "zone/north/b2/name" and a text, byte string, number or truth value. Two
// operators' edits of different fields both stay; of two edits of one field
// every node keeps the same one. Settings hold no personal data.
type Setting struct {
	Key   string
	Value shape.Value
}

// errUnchanged: the setting has that value already.
var errUnchanged = errors.New("setting is unchanged")

// OverruledError is the ErrDraft of a setting that a node whose word does not
// count has set to this very value: another value has to be written between.
type OverruledError struct{ Key string }

func (e *OverruledError) Error() string {
	return fmt.Sprintf("setting %q was last set to this by a node whose word does not count: set another value first, then this one", e.Key)
}

// Unwrap is ErrDraft.
func (*OverruledError) Unwrap() error { return ErrDraft }

// maxPendingSettings bounds the changes kept while what they depend on is
// missing.
const maxPendingSettings = 1024

func (s Setting) check() error {
	if !shape.SettingKey(s.Key) {
		return fmt.Errorf("setting %q has no usable key: %w", s.Key, ErrDraft)
	}
	if s.Value.Kind() == 0 || !utf8.ValidString(s.Value.String()) || len(s.Value.String()) > shape.MaxSetting || len(s.Value.Bytes()) > shape.MaxSetting {
		return fmt.Errorf("setting %q has no usable value: %w", s.Key, ErrDraft)
	}
	return nil
}

// campus is the settings document in memory. Unlike day documents its changes
// build on each other, so that the later of two edits is known. Guarded by
// Replica.writing.
type campus struct {
	doc  *automerge.Doc
	id   record.DocID
	past shape.Past
	// lastSeq is the sequence number of the change written last.
	lastSeq uint64
	// spoilt: the document may hold an edit that was not written.
	spoilt  bool
	pending map[record.EventID][]byte
	edits   edits
}

func newCampus() *campus {
	return &campus{doc: automerge.New(), pending: map[record.EventID][]byte{}, edits: edits{}}
}

// campusDoc is the document to write settings to: the newest there is.
func (r *Replica) campusDoc(now time.Time) record.DocID {
	if r.campus.id == "" {
		r.campus.id = record.Doc{Kind: record.DocCampus, Year: now.UTC().Year()}.ID()
	}
	return r.campus.id
}

// write adds an edit unless the value that stands, by who counts, is that
// already.
func (c *campus) write(actor record.ActorID, s Setting, standing func(record.EventID) record.Standing) (raw []byte, change shape.Change, err error) {
	if old := c.edits.current(s.Key, standing); old != nil && sameValue(old.Value, s.Value) {
		return nil, change, errUnchanged
	}
	// The core writes no value upon the same one, although that does not count.
	if top := c.current(s.Key); top != nil && sameValue(top.Value, s.Value) {
		return nil, change, &OverruledError{s.Key}
	}
	c.spoilt = true
	if err := c.doc.SetActorID(actor.Hex()); err != nil {
		return nil, change, fmt.Errorf("write setting: %w", err)
	}
	raw, _, err = putScalar(c.doc, s.Key, scalar(s.Value))
	if err != nil {
		return nil, change, fmt.Errorf("write setting: %w", err)
	}
	if change, err = shape.DecodeCampus(raw); err == nil {
		err = c.past.Check(change)
	}
	if err != nil {
		return nil, change, fmt.Errorf("own setting has not its shape: %w", err)
	}
	c.past.Add(change)
	c.edits.add(c.id, change)
	c.lastSeq, c.spoilt = change.Seq, false
	return raw, change, nil
}

// merge takes a checked foreign change.
func (c *campus) merge(raw []byte, change shape.Change) error {
	if err := c.doc.LoadIncremental(raw); err != nil {
		return fmt.Errorf("merge setting: %w", err)
	}
	c.past.Add(change)
	c.edits.add(c.id, change)
	return nil
}

// current is the core's own choice among edits, whoever wrote them.
func (c *campus) current(key string) *Setting {
	v, err := c.doc.RootMap().Get(key)
	if err != nil {
		return nil
	}
	s := &Setting{Key: key}
	switch v.Kind() {
	case automerge.KindStr:
		s.Value = shape.String(v.Str())
	case automerge.KindBytes:
		s.Value = shape.Bytes(v.Bytes())
	case automerge.KindInt64:
		s.Value = shape.Int(v.Int64())
	case automerge.KindBool:
		s.Value = shape.Bool(v.Bool())
	default:
		return nil
	}
	return s
}

func scalar(v shape.Value) any {
	switch v.Kind() {
	case shape.KindBool:
		return v.Bool()
	case shape.KindInt:
		return v.Int()
	case shape.KindBytes:
		return v.Bytes()
	default:
		return v.String()
	}
}

func sameValue(a, b shape.Value) bool {
	return a.Kind() == b.Kind() && a.Bool() == b.Bool() && a.Int() == b.Int() &&
		a.String() == b.String() && string(a.Bytes()) == string(b.Bytes())
}

// reloadCampus reads the settings document back from the store. Callers hold
// writing, but for Open.
func (r *Replica) reloadCampus() error {
	c := newCampus()
	var ids []record.DocID
	for id := range r.heads {
		if d, err := record.ParseDocID(string(id)); err == nil && d.Kind == record.DocCampus {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	for _, id := range ids {
		c.id = id
		type parsed struct {
			raw    []byte
			change shape.Change
		}
		var all []parsed
		err := r.entries(id, nil, func(e entry) error {
			raw := slices.Clone(e.env.Payload)
			change, err := shape.DecodeCampus(raw)
			all = append(all, parsed{raw, change})
			return err
		})
		if err != nil {
			return fmt.Errorf("read settings: %w", err)
		}
		// A change's counter is above those of all it depends on.
		slices.SortFunc(all, func(a, b parsed) int {
			if a.change.StartOp != b.change.StartOp {
				return int(int64(a.change.StartOp) - int64(b.change.StartOp))
			}
			return strings.Compare(string(a.change.Actor), string(b.change.Actor))
		})
		for _, p := range all {
			if err := c.merge(p.raw, p.change); err != nil {
				return err
			}
		}
	}
	r.campus = c
	return nil
}
