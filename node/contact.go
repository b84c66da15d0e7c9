package node

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
	"github.com/upprop/upprop/mesh"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
)

// horizonProtocol tells a member which day is the first that is kept here:
// four bytes, as the peer need say nothing.
const horizonProtocol = "/upprop/horizon/1"

const (
	// longApart is a silence after which it is remembered when it began.
	longApart = 7 * 24 * time.Hour
	// unsure is how long before a silence began something may have been
	// written that did not get across.
	unsure = 2 * retentionTick
	// askFor is how long a member may take to tell its horizon.
	askFor = 10 * time.Second
)

var keyContacts = []byte("n/contacts")

// contact is when a member was heard last, by a clock that it bore out.
type contact struct {
	Last time.Time `json:"last"`
	// At is how far this node's feed had come by then; 0: not known.
	At crdt.Cursor `json:"at,omitzero"`
	// Before is when it had been heard last before a long silence; zero once
	// all that this silence may have kept apart has been dropped.
	Before time.Time `json:"before,omitzero"`
	// BeforeAt is At of Before.
	BeforeAt crdt.Cursor `json:"before_at,omitzero"`
}

// contacts are by the node's full id in hex.
type contacts map[string]contact

func (n *Node) loadContacts() (contacts, error) {
	out := contacts{}
	v, err := n.store.Get(keyContacts)
	if errors.Is(err, store.ErrNotFound) {
		return out, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read contacts: %w", err)
	}
	if json.Unmarshal(v, &out) != nil {
		return contacts{}, nil // as if nobody had ever been away for long
	}
	return out, nil
}

func (n *Node) saveContacts(c contacts) error {
	v, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("save contacts: %w", err)
	}
	return put(n.store, keyContacts, v)
}

// note takes down who is heard at now, when this node's feed has come to at, and
// forgets those who are no members.
func (c contacts) note(news []mesh.NodeNews, now time.Time, at crdt.Cursor) {
	members := map[string]bool{}
	for _, x := range news {
		id := fullName(x.Node)
		members[id] = x.State != mesh.Revoked
		if !agrees(x, now) {
			continue
		}
		old := c[id]
		if !old.Last.IsZero() && now.Sub(old.Last) > longApart {
			old.Before, old.BeforeAt = old.Last, old.At
		}
		if old.Last.Before(now) {
			old.Last, old.At = now, at
		}
		c[id] = old
	}
	for id := range c {
		if !members[id] {
			delete(c, id)
		}
	}
}

// reunited are members that are heard again after a silence which began before
// day, so that they may have dropped days which are still held here.
func (c contacts) reunited(news []mesh.NodeNews, now time.Time, day record.Day) (out []mesh.NodeNews) {
	for _, x := range news {
		before := c[fullName(x.Node)].Before
		if agrees(x, now) && !before.IsZero() && record.DayOf(before) < day {
			out = append(out, x)
		}
	}
	return out
}

// settle forgets the silences of those who are heard.
func (c contacts) settle(news []mesh.NodeNews, now time.Time) {
	for _, x := range news {
		if old, ok := c[fullName(x.Node)]; ok && agrees(x, now) {
			old.Before, old.BeforeAt = time.Time{}, 0
			c[fullName(x.Node)] = old
		}
	}
}

func fullName(id identity.NodeID) string { return fmt.Sprintf("%x", id[:]) }

// serveHorizon answers a member that was away.
func (n *Node) serveHorizon(_ context.Context, s stream.Stream) {
	if s.SetDeadline(time.Now().Add(askFor)) != nil || stream.WriteFrame(s, encodeHorizon(n.replica.Horizon())) != nil {
		s.Reset()
		return
	}
	_ = s.Close()
}

// horizonOf asks a member for the first day that it keeps.
func (n *Node) horizonOf(ctx context.Context, id identity.NodeID) (record.Day, error) {
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	s, err := n.net.Open(ctx, id, horizonProtocol)
	if err != nil {
		return 0, fmt.Errorf("ask for the first day kept: %w", err)
	}
	defer s.Reset()
	if err := errors.Join(s.SetDeadline(time.Now().Add(askFor)), s.CloseWrite()); err != nil {
		return 0, fmt.Errorf("ask for the first day kept: %w", err)
	}
	b, err := stream.ReadFrame(s, horizonSize)
	if err != nil {
		return 0, fmt.Errorf("ask for the first day kept: %w", err)
	}
	day, err := decodeHorizon(b)
	if err != nil {
		return 0, fmt.Errorf("ask for the first day kept: %w", err)
	}
	return day, nil
}

const horizonSize = 4

// lastDay is the last one that the name of a document can tell.
var lastDay = record.DayOf(time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC))

// errHorizon means that bytes are no answer of the horizon protocol.
var errHorizon = errors.New("not a day")

func encodeHorizon(day record.Day) []byte {
	return binary.BigEndian.AppendUint32(make([]byte, 0, horizonSize), uint32(int32(day)))
}

// decodeHorizon reads what encodeHorizon writes of a day that can be one, zero
// included, and nothing else.
func decodeHorizon(b []byte) (record.Day, error) {
	if len(b) != horizonSize {
		return 0, fmt.Errorf("answer of %d bytes: %w", len(b), errHorizon)
	}
	day := record.Day(int32(binary.BigEndian.Uint32(b)))
	if day < 0 || day > lastDay {
		return 0, fmt.Errorf("day %d: %w", int32(day), errHorizon)
	}
	return day, nil
}

// newcomer says which open visits, of days from before this node was let in, others
// have settled: who of them has dropped such a day has carried over what was open by
// all that the campus knew. What only somebody who was away knows, they carry over
// themselves, who may have handed it here before they heard how it ended. Nothing that
// this node wrote itself is settled so. Who cannot be asked has settled nothing. gone is
// the first day from which on the start of an evacuation is carried over here: one of
// before this node was let in that others have dropped is over, or carried over by them.
// nil, 0: this node has been there for all that is held.
func (n *Node) newcomer(ctx context.Context, news []mesh.NodeNews, now time.Time, oldest record.Day) (settled func(record.Presence) bool, gone record.Day) {
	in, self := n.Self().Since, record.NodeID(n.key.ID())
	if record.DayOf(in) <= oldest {
		return nil, 0
	}
	var kept record.Day
	for _, x := range news {
		if !agrees(x, now) {
			continue
		}
		if h, err := n.horizonOf(ctx, x.Node); err == nil {
			kept = max(kept, h)
		}
	}
	return func(p record.Presence) bool {
		seen, _ := n.lastSeen(p)
		return seen.Before(in) && record.DayOf(seen) < kept && p.Seen.By() != self && p.Arrived.By() != self
	}, min(kept, record.DayOf(in))
}

// askWhatIsKept asks for the first day that anybody keeps, while this node has dropped
// none itself: what came before that was gone before it was let in.
func (n *Node) askWhatIsKept(ctx context.Context, news []mesh.NodeNews, now time.Time) {
	if n.replica.Horizon() > 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, firstNotes)
	defer cancel()
	var first record.Day
	for _, x := range news {
		if !agrees(x, now) {
			continue
		}
		if h, err := n.horizonOf(ctx, x.Node); err == nil && h > 0 && (first == 0 || h < first) {
			first = h
		}
	}
	if first > 0 { // else nobody has answered, or dropped anything
		n.keptBefore.Store(int64(first))
	}
}

// filedUnder is the day of a document, or since when one is held that is far ahead.
func (n *Node) filedUnder(id record.DocID) record.Day {
	if since, ahead := n.replica.FirstHeld(id); ahead {
		return since
	}
	d, err := record.ParseDocID(string(id))
	if err != nil {
		return 0
	}
	return d.Day
}

// lastSeen is when the person of an open visit was seen last: by the event's own
// time, or, where a wrong clock gave it that, the beginning of the day under which
// it was filed.
func (n *Node) lastSeen(p record.Presence) (at time.Time, wrong bool) {
	at = p.Seen.At.Time()
	filed, day := n.filedUnder(p.Seen.ID.Doc), record.DayOf(at)
	if wrong = day < filed-1 || day > filed+1; wrong {
		at = filed.Start()
	}
	return at, wrong
}

// elsewhere says which open visits others have settled while they were apart
// from this node: they knew of them before, and have dropped their days, with
// whatever said that the person left, since. What may still be open among them
// they carried over themselves. An error: not everyone has been asked.
func (n *Node) elsewhere(ctx context.Context, back []mesh.NodeNews, c contacts) (out crdt.Elsewhere, err error) {
	type peer struct {
		horizon record.Day
		known   time.Time
		at      crdt.Cursor
	}
	var peers []peer
	unknown := false
	for _, x := range back {
		if !x.Covered {
			return out, errors.New("what others carried over is still on its way")
		}
		h, err := n.horizonOf(ctx, x.Node)
		if err != nil {
			return out, err
		}
		one := c[fullName(x.Node)]
		unknown = unknown || one.BeforeAt == 0
		out.Gone, out.Since = max(out.Gone, h), max(out.Since, one.BeforeAt)
		peers = append(peers, peer{h, one.Before.Add(-unsure), one.BeforeAt})
	}
	if unknown {
		out.Since = 0
	}
	out.Settled = func(p record.Presence) bool {
		seen, wrong := n.lastSeen(p)
		day := record.DayOf(seen)
		for _, x := range peers {
			known := seen.Before(x.known)
			if wrong && x.at > 0 {
				known = n.replica.Taken(p.Seen.ID) <= x.at
			}
			if known && day < x.horizon && record.DayOf(x.known) < x.horizon {
				return true
			}
		}
		return false
	}
	return out, nil
}
