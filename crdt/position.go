package crdt

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// ErrPosition means that bytes are no position.
var ErrPosition = errors.New("not a position")

// position says how far a node has written: heads of the documents of the
// last days, and one sum for all else that it wrote since a day. Two replicas
// that hold the same of a node compute the same sum; what is summed up does
// not change any more.
type position struct {
	// since is the first day that the sum counts; from the first day whose
	// documents are named.
	since, from record.Day
	// partial: there were more heads than a position names.
	partial bool
	// near: days far ahead count only where they are named. The others are old,
	// and what was open in them has been carried over.
	near  bool
	rest  [16]byte
	heads []positionHead
}

// until is the last day that is not far ahead of the writer's today.
func (p position) until() record.Day { return p.from + 1 + farAhead }

type positionHead struct {
	at  slot
	seq uint64
}

const (
	positionVersion  = 1
	flagPartial      = 1
	flagNear         = 2
	positionFixed    = 1 + 4 + 4 + 1 + 16 + 1
	maxPositionHeads = 23
	// leeway is how many days after the first that is kept a position may begin:
	// two by which it is short of what is kept (so that others may drop first),
	// one for midnight, one for a day without another clock to drop days by.
	leeway = 4
	// The longest name is that of a sealed document's last part.
	maxDocName  = len("sealed/20261122/65536/") + 64
	maxPosition = positionFixed + maxPositionHeads*(1+maxDocName+32+8)
)

// Position says how far this node has written: every entry that it
// acknowledged before at is within pos. The time is read first, from the wall
// clock (the hybrid clock may run ahead). It does not go back, unless the wall
// clock was set back by more than record.MaxDrift: a clock put right after a
// glitch must not be taken for wrong until it has caught up.
func (r *Replica) Position() (at time.Time, pos []byte) {
	now := r.cfg.Now()
	at, today := r.date(now), r.today()
	reach := r.reached(today)
	actor, since, uncarried := r.Actor(), r.reach(reach), r.uncarried(reach)
	r.state.mu.RLock()
	defer r.state.mu.RUnlock()
	old := func(at slot, one series) bool {
		_, due := uncarried[at]
		return !due && r.state.due(one, at.doc) < reach
	}
	p := r.state.positionOf(r.cfg.Node, actor, today, max(since, r.state.horizon), old)
	return at, p.encode()
}

// reached is the first day that a position counts whatever has been carried
// over. Others may have dropped the days before it, or be about to; a clock
// alone does not say so, for it may be wrong by years while nobody has dropped
// anything. What was dropped here does, and others drop within days of it.
func (r *Replica) reached(today record.Day) record.Day {
	return min(today-record.Day(r.cfg.RetainDays), r.horizon()+leeway)
}

func (r *Replica) date(now time.Time) time.Time {
	r.dated.Lock()
	defer r.dated.Unlock()
	if at := time.UnixMilli(now.UnixMilli()).UTC(); at.After(r.lastDate) || r.lastDate.Sub(at) > record.MaxDrift {
		r.lastDate = at
	}
	return r.lastDate
}

// series is what a writer continues part by part.
type series struct {
	kind  record.DocKind
	day   record.Day
	site  record.SiteID
	actor record.ActorID
}

func seriesOf(at slot) (series, int) {
	d, err := record.ParseDocID(string(at.doc))
	if err != nil {
		return series{actor: at.actor}, 0
	}
	return series{d.Kind, d.Day, d.Site, at.actor}, d.Part
}

// positionOf names the newest part of each series of today and yesterday, and
// the settings of the running incarnation; all else goes into the sum, but for
// days far ahead that are old, or have been dropped here: who still holds those
// must not wait for what its writer names no longer.
// Callers hold mu.
func (s *state) positionOf(node record.NodeID, running record.ActorID, today, since record.Day, old func(slot, series) bool) position {
	p := position{since: since, from: today - 1}
	p.near = s.droppedAfter(p.until())
	newest := map[series]positionHead{}
	crowded := false // parts far ahead that are not named
	for at := range s.sums[node] {
		one, part := seriesOf(at)
		if one.kind == record.DocCampus && at.actor != running || one.kind != record.DocCampus && one.day < p.from {
			continue
		}
		if one.day > p.until() && old(at, one) {
			p.near = true
			continue
		}
		if first, ok := newest[one]; ok {
			crowded = crowded || one.day > p.until()
			if _, otherPart := seriesOf(first.at); otherPart > part {
				continue
			}
		}
		newest[one] = positionHead{at, s.heads.get(at)}
	}
	for _, h := range newest {
		p.heads = append(p.heads, h)
	}
	slices.SortFunc(p.heads, func(a, b positionHead) int {
		return cmp.Or(-slices.Compare(a.at.actor[16:], b.at.actor[16:]), cmp.Compare(b.at.doc, a.at.doc))
	})
	if len(p.heads) > maxPositionHeads {
		p.heads, p.partial = p.heads[:maxPositionHeads], true
	}
	p.near = p.near && !p.partial && !crowded // what is not named must count
	p.rest = s.restOf(node, p)
	return p
}

// Covers reports whether everything in a position that node has signed is
// held, durable and folded here. When in doubt it says no: of a day that has
// been dropped here while its writer still holds it, too, since nobody can tell
// whether it is all in what was carried over.
func (r *Replica) Covers(node record.NodeID, pos []byte) bool {
	p, err := parsePosition(pos)
	if err != nil {
		return false
	}
	r.state.mu.RLock()
	defer r.state.mu.RUnlock()
	for _, h := range p.heads {
		if h.at.actor.Node() != node {
			return false
		}
		if r.state.heads.get(h.at) < h.seq {
			return false
		}
	}
	return r.state.restOf(node, p) == p.rest
}

// HoldsNamed reports whether every entry that a position of node's names is held,
// whatever else the node has written since. What has been dropped here counts as
// held; settings, and what the position only sums up, are passed over.
func (r *Replica) HoldsNamed(node record.NodeID, pos []byte) bool {
	p, err := parsePosition(pos)
	if err != nil {
		return true
	}
	r.state.mu.RLock()
	defer r.state.mu.RUnlock()
	for _, h := range p.heads {
		d, err := record.ParseDocID(string(h.at.doc))
		if err != nil || d.Kind == record.DocCampus || h.at.actor.Node() != node || r.state.dropped(h.at.doc, d) {
			continue
		}
		if r.state.heads.get(h.at) < h.seq {
			return false
		}
	}
	return true
}

// Within reports whether everything in an older position of a node is in a
// newer one too, as far as the two can tell: documents that the newer one no
// longer names count as within it.
func (r *Replica) Within(node record.NodeID, older, newer []byte) bool {
	o, err := parsePosition(older)
	if err != nil {
		return true
	}
	n, err := parsePosition(newer)
	if err != nil {
		return false
	}
	for _, h := range o.heads {
		one, part := seriesOf(h.at)
		if one.kind == record.DocCampus || one.day < n.from || n.near && one.day > n.until() || n.partial || h.at.actor.Node() != node {
			continue
		}
		if !slices.ContainsFunc(n.heads, func(x positionHead) bool {
			other, otherPart := seriesOf(x.at)
			return other == one && (otherPart > part || otherPart == part && x.seq >= h.seq)
		}) {
			return false
		}
	}
	return true
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
		if x, _ := seriesOf(at); x.kind != record.DocCampus && (x.day < p.since || p.near && x.day > p.until()) {
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
	b = binary.BigEndian.AppendUint32(b, uint32(int32(p.from)))
	var flags byte
	if p.partial {
		flags |= flagPartial
	}
	if p.near {
		flags |= flagNear
	}
	b = append(b, flags)
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
	if len(b) < positionFixed || len(b) > maxPosition || b[0] != positionVersion || b[9] > flagPartial|flagNear || b[26] > maxPositionHeads {
		return p, fmt.Errorf("%d bytes: %w", len(b), ErrPosition)
	}
	p.since = record.Day(int32(binary.BigEndian.Uint32(b[1:])))
	p.from = record.Day(int32(binary.BigEndian.Uint32(b[5:])))
	p.partial, p.near = b[9]&flagPartial != 0, b[9]&flagNear != 0
	p.rest = [16]byte(b[10:])
	n := int(b[26])
	b = b[positionFixed:]
	for range n {
		if len(b) < 1 || len(b) < 1+int(b[0])+40 {
			return p, fmt.Errorf("truncated: %w", ErrPosition)
		}
		end := 1 + int(b[0]) // a byte would run over
		doc, rest := b[1:end], b[end:]
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
