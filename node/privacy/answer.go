package privacy

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
)

// errAnswer means that bytes are no answer.
var errAnswer = errors.New("not an answer about erasures")

const (
	answerVersion = 1
	// maxAnswer bounds an encoded answer, in bytes. Campuses write a few
	// hundred bytes of heads a day.
	maxAnswer = 1 << 20
	// maxHorizon is the end of the year 9999.
	maxHorizon = record.Day(2932896)
	maxSeq     = 1 << 31
)

// Answer is what a member says of its acts.
type Answer struct {
	// Horizon is the last date whose keys have died there; zero: none yet.
	Horizon record.Day
	// Heads are how far each writer's acts are held there.
	Heads map[record.DocID][]crdt.Head
}

// encode is the answer's one form: version (1), horizon (4), number of
// documents (2); for each, in order of name: length of the name (1), name,
// number of heads (2), heads in order of actor: actor (32), sequence (8).
// What is beyond maxAnswer is left out, the oldest days first.
func (a Answer) encode() []byte {
	docs := make([]record.Doc, 0, len(a.Heads))
	for id := range a.Heads {
		if d, err := record.ParseDocID(string(id)); err == nil && d.Kind == record.DocActs && len(a.Heads[id]) > 0 {
			docs = append(docs, d)
		}
	}
	slices.SortFunc(docs, func(x, y record.Doc) int {
		return int(y.Day) - int(x.Day)
	})
	size := 7
	for i, d := range docs {
		size += 3 + len(d.ID()) + 40*len(a.Heads[d.ID()])
		if size > maxAnswer || i >= 1<<16-1 || len(a.Heads[d.ID()]) >= 1<<16 {
			docs = docs[:i]
			break
		}
	}
	ids := make([]string, len(docs))
	for i, d := range docs {
		ids[i] = string(d.ID())
	}
	slices.Sort(ids)
	b := []byte{answerVersion}
	b = binary.BigEndian.AppendUint32(b, uint32(a.Horizon))
	b = binary.BigEndian.AppendUint16(b, uint16(len(ids)))
	for _, id := range ids {
		heads := slices.Clone(a.Heads[record.DocID(id)])
		slices.SortFunc(heads, func(x, y crdt.Head) int { return bytes.Compare(x.Actor[:], y.Actor[:]) })
		b = append(append(b, byte(len(id))), id...)
		b = binary.BigEndian.AppendUint16(b, uint16(len(heads)))
		for _, h := range heads {
			b = append(b, h.Actor[:]...)
			b = binary.BigEndian.AppendUint64(b, h.Seq)
		}
	}
	return b
}

// decodeAnswer reads exactly what encode writes.
func decodeAnswer(b []byte) (Answer, error) {
	if len(b) < 7 || len(b) > maxAnswer || b[0] != answerVersion {
		return Answer{}, errAnswer
	}
	a := Answer{Horizon: record.Day(int32(binary.BigEndian.Uint32(b[1:]))), Heads: map[record.DocID][]crdt.Head{}}
	if a.Horizon < 0 || a.Horizon > maxHorizon {
		return Answer{}, errAnswer
	}
	docs, rest, before := int(binary.BigEndian.Uint16(b[5:])), b[7:], ""
	for range docs {
		if len(rest) < 1 || len(rest) < 3+int(rest[0]) {
			return Answer{}, errAnswer
		}
		n := int(rest[0])
		id := string(rest[1 : 1+n])
		count := int(binary.BigEndian.Uint16(rest[1+n:]))
		rest = rest[3+n:]
		d, err := record.ParseDocID(id)
		if err != nil || d.Kind != record.DocActs || strings.Compare(before, id) >= 0 || count == 0 || len(rest) < 40*count {
			return Answer{}, errAnswer
		}
		before = id
		heads := make([]crdt.Head, count)
		for i := range heads {
			heads[i] = crdt.Head{Actor: record.ActorID(rest[:32]), Seq: binary.BigEndian.Uint64(rest[32:])}
			rest = rest[40:]
			if heads[i].Seq == 0 || heads[i].Seq > maxSeq || i > 0 && bytes.Compare(heads[i-1].Actor[:], heads[i].Actor[:]) >= 0 {
				return Answer{}, errAnswer
			}
		}
		a.Heads[record.DocID(id)] = heads
	}
	if len(rest) > 0 {
		return Answer{}, errAnswer
	}
	return a, nil
}

// coveredBy reports whether ours are at least as far, in every document that
// this node still takes.
func (a Answer) coveredBy(ours map[record.DocID][]crdt.Head, wants func(record.DocID) bool) bool {
	for doc, heads := range a.Heads {
		if !wants(doc) {
			continue
		}
		held := map[record.ActorID]uint64{}
		for _, h := range ours[doc] {
			held[h.Actor] = h.Seq
		}
		for _, h := range heads {
			if held[h.Actor] < h.Seq {
				return false
			}
		}
	}
	return true
}
