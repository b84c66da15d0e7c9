package crdt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// ErrPosition means that bytes are no position.
var ErrPosition = errors.New("not a position")

// position says how far a node has written: heads of the documents that it is
// writing now, and one sum for all else that it ever wrote since a day. Two
// replicas that hold the same of a node compute the same sum.
type position struct {
	since record.Day
	rest  [16]byte
	heads []positionHead
}

type positionHead struct {
	at  slot
	seq uint64
}

const (
	positionVersion  = 1
	maxPositionHeads = 64
	maxPosition      = 2 + 4 + 16 + maxPositionHeads*(1+128+32+8)
)

// Position says how far this node has written: every entry that it
// acknowledged before at is within pos. The time is read first.
func (r *Replica) Position() (at time.Time, pos []byte) {
	at = r.cfg.Now()
	today := record.DayOf(at)
	p := position{since: today - record.Day(r.cfg.RetainDays)}
	actor := r.Actor()
	r.state.mu.RLock()
	for doc, v := range r.state.heads {
		seq := v[actor]
		d, err := record.ParseDocID(string(doc))
		if err != nil || seq == 0 {
			continue
		}
		if d.Kind == record.DocCampus || d.Day >= today-1 {
			p.heads = append(p.heads, positionHead{slot{doc, actor}, seq})
		}
	}
	slices.SortFunc(p.heads, func(a, b positionHead) int { return -strings.Compare(string(a.at.doc), string(b.at.doc)) })
	p.heads = p.heads[:min(len(p.heads), maxPositionHeads)]
	p.rest = r.state.restOf(r.cfg.Node, p)
	r.state.mu.RUnlock()
	return at, p.encode()
}

// Covers reports whether everything in a position that node has signed is
// held, durable and folded here. When in doubt it says no.
func (r *Replica) Covers(node record.NodeID, pos []byte) bool {
	p, err := parsePosition(pos)
	if err != nil {
		return false
	}
	r.state.mu.RLock()
	defer r.state.mu.RUnlock()
	for _, h := range p.heads {
		if h.at.actor.Node() != node || r.state.heads.get(h.at) < h.seq {
			return false
		}
	}
	return r.state.restOf(node, p) == p.rest
}

// restOf sums up what a node wrote since the position's day, but for the
// documents that the position names. Callers hold mu.
func (s *state) restOf(node record.NodeID, p position) (sum [16]byte) {
	named := make(map[slot]bool, len(p.heads))
	for _, h := range p.heads {
		named[h.at] = true
	}
	for at, one := range s.sums[node] {
		if named[at] {
			continue
		}
		if d, err := record.ParseDocID(string(at.doc)); err != nil || (d.Kind != record.DocCampus && d.Day < p.since) {
			continue
		}
		for i := range sum {
			sum[i] ^= one[i]
		}
	}
	return sum
}

func (p position) encode() []byte {
	b := []byte{positionVersion}
	b = binary.BigEndian.AppendUint32(b, uint32(int32(p.since)))
	b = append(b, p.rest[:]...)
	b = append(b, byte(len(p.heads)))
	for _, h := range p.heads {
		b = append(b, byte(len(h.at.doc)))
		b = append(b, h.at.doc...)
		b = append(b, h.at.actor[:]...)
		b = binary.BigEndian.AppendUint64(b, h.seq)
	}
	return b
}

func parsePosition(b []byte) (p position, err error) {
	if len(b) < 22 || len(b) > maxPosition || b[0] != positionVersion || b[21] > maxPositionHeads {
		return p, fmt.Errorf("%d bytes: %w", len(b), ErrPosition)
	}
	p.since = record.Day(int32(binary.BigEndian.Uint32(b[1:])))
	p.rest = [16]byte(b[5:])
	n := int(b[21])
	b = b[22:]
	for range n {
		if len(b) < 1 || len(b) < 1+int(b[0])+40 {
			return p, fmt.Errorf("truncated: %w", ErrPosition)
		}
		doc, rest := b[1:1+b[0]], b[1+b[0]:]
		p.heads = append(p.heads, positionHead{
			slot{record.DocID(doc), record.ActorID(rest[:32])}, binary.BigEndian.Uint64(rest[32:]),
		})
		b = rest[40:]
	}
	if len(b) > 0 {
		return p, fmt.Errorf("trailing bytes: %w", ErrPosition)
	}
	return p, nil
}
