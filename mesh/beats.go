package mesh

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/upprop/upprop/mesh/beat"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
)

// saveEvery is how often beats are handed to the BeatKeeper.
const saveEvery = 30 * time.Second

// longAgo is the age given to a beat that is told for what it names alone.
const longAgo = time.Hour

// ownBeats counts the beats of this life.
type ownBeats struct {
	mu    sync.Mutex
	inc   beat.Incarnation
	n     uint64
	newer beat.Incarnation // a life of ours that others know and we do not
	alien foreign
}

func (o *ownBeats) begin(now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.inc = beat.NewIncarnation(now)
	o.alien.mine = map[beat.Incarnation]bool{o.inc: true}
}

// next numbers a beat; it begins a new life when others know a later one.
func (o *ownBeats) next(now time.Time) (beat.Incarnation, uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	ours := time.Now()
	calm := ours.Sub(o.alien.sign) <= cloneStands && ours.Sub(o.alien.moved) < calmLife
	if o.newer.Compare(o.inc) >= 0 && !calm {
		o.inc, o.n = o.newer.After(now), 0
		o.alien.mine[o.inc], o.alien.moved = true, ours
	}
	o.n++
	return o.inc, o.n
}

// says reports whether a beat is of the life that goes on.
func (o *ownBeats) says(b beat.Beat) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return b.Incarnation == o.inc
}

// heard notes a beat signed with our key that came from others, and reports
// whether it is from a life that is not this one's past: this node was put
// back to an old copy, cloned, or its clock went back.
func (o *ownBeats) heard(b beat.Beat, every time.Duration) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.alien.mine[b.Incarnation] {
		o.alien.other(b, time.Now(), every)
	}
	by := b.Incarnation.Compare(o.inc)
	if by < 0 || by == 0 && b.N <= o.n {
		return false
	}
	fresh := b.Incarnation.Compare(o.newer) > 0
	if fresh {
		o.newer = b.Incarnation
	}
	return fresh
}

// cloned reports whether another machine has made beats with our key lately.
func (o *ownBeats) cloned() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return !o.alien.sign.IsZero() && time.Since(o.alien.sign) <= cloneStands
}

// nextBeat makes the next own beat and returns what queues it for all peers.
func (m *Mesh) nextBeat() (say func()) {
	at, position, err := m.cfg.Log.Position()
	if err != nil {
		m.counts.add("log_errors", 1)
		m.cfg.Logger.Error("read own position", "error", err)
		return func() {}
	}
	b := beat.Beat{Node: m.self, At: at, Position: position}
	b.Incarnation, b.N = m.own.next(m.cfg.Clock())
	msg, err := b.Message()
	if err != nil {
		m.counts.add("log_errors", 1)
		m.cfg.Logger.Error("make a beat", "error", err)
		return func() {}
	}
	b.Sig = m.cfg.Key.Sign(beat.Domain, msg)
	m.judgeOwn(position)
	m.table.Offer(b, beat.Source{At: m.cfg.Clock(), From: m.self, Direct: true})
	frame := beatFrame(b, true, 0)
	return func() {
		for _, p := range m.connected() {
			p.queue.say(frame)
		}
	}
}

const (
	// flagCovered: the sender has folded all of the beat.
	flagCovered = 1 << iota
	// flagAged: an age follows, which is not zero.
	flagAged
	ageSize = 4
)

// beatFrame is a beat as it goes on a push stream: flags, how many
// milliseconds others have held it, if any, and the beat.
func beatFrame(b beat.Beat, covered bool, age time.Duration) []byte {
	frame := []byte{byte(kindBeat), 0}
	if covered {
		frame[1] |= flagCovered
	}
	if ms := min(age.Milliseconds(), math.MaxUint32); ms > 0 {
		frame[1] |= flagAged
		frame = binary.BigEndian.AppendUint32(frame, uint32(ms))
	}
	return append(frame, must(b.Encode())...)
}

// splitBeat reads the body of what beatFrame wrote, and nothing else.
func splitBeat(body []byte) (b beat.Beat, covered bool, age time.Duration, err error) {
	if len(body) == 0 || body[0] > flagCovered|flagAged {
		return b, false, 0, fmt.Errorf("%w: flags of a beat", errMalformed)
	}
	flags, raw := body[0], body[1:]
	if flags&flagAged != 0 {
		if len(raw) < ageSize || binary.BigEndian.Uint32(raw) == 0 {
			return b, false, 0, fmt.Errorf("%w: age of a beat", errMalformed)
		}
		age, raw = time.Duration(binary.BigEndian.Uint32(raw))*time.Millisecond, raw[ageSize:]
	}
	if b, err = beat.Decode(raw); err != nil {
		return b, false, 0, errors.Join(errMalformed, err)
	}
	return b, flags&flagCovered != 0, age, nil
}

// allBeats are frames of the newest beats of everyone, for a peer that has
// just become one. Of our own it is one of this life, or none: what we said
// before a restart tells neither that we live nor what our clock shows now.
func (m *Mesh) allBeats() [][]byte {
	beats, covered := m.table.Latest()
	frames := make([][]byte, 0, len(beats))
	for i, b := range beats {
		if b.Node == m.self && !m.own.says(b) {
			continue
		}
		frames = append(frames, beatFrame(b, covered[i], m.table.Age(b.Node)))
	}
	return frames
}

// lostBeats are frames of what a peer itself had said that it was seen to have
// lost. It may have heard that from nobody: its new life may be known sooner than
// itself is met.
func (m *Mesh) lostBeats(peer identity.NodeID) (frames [][]byte) {
	for _, b := range m.table.Lost(peer) {
		frames = append(frames, beatFrame(b, false, longAgo))
	}
	return frames
}

// hear takes the body of a beat frame from a member, which need not be the
// beat's own. Only a malformed beat is an error; every other that does not
// count is dropped and counted.
func (m *Mesh) hear(body []byte, from identity.NodeID, onStream bool) error {
	b, relayerCovers, age, err := splitBeat(body)
	if err != nil {
		m.counts.add("dropped_beat_malformed", 1)
		return err
	}
	m.counts.add("beats_heard", 1)
	if onStream && from == b.Node {
		m.clones.see(b, time.Now()) // authentic by its stream
	}
	justMade := from != b.Node && age < m.cfg.BeatEvery
	if m.table.Stale(b) && b.Node != m.self {
		switch {
		case onStream && from == b.Node && m.Cloned(b.Node):
			m.relayBesides(b, 0)
		case justMade && m.clones.besides(b) && m.genuine(b):
			m.clones.see(b, time.Now())
			m.relayBesides(b, age)
		}
		return nil
	}
	if !m.table.Known(b) && !m.genuine(b) {
		return nil
	}
	if justMade {
		m.clones.see(b, time.Now()) // authentic by its signature
	}
	src := beat.Source{At: m.cfg.Clock(), Age: age, From: from, Direct: onStream && from == b.Node}
	if b.Node == m.self {
		m.hearSelf(b, from)
		return nil
	}
	out := m.table.Offer(b, src)
	if out.Regressed {
		m.cfg.Logger.Warn("a node no longer has what it had announced", "node", b.Node.Short())
	}
	if out.Newer {
		m.relay(b, out.Covered)
	}
	if out.Changed {
		signal(m.dirty)
	}
	if !out.Covered && (src.Direct || relayerCovers && !m.hearsDirectly(b.Node)) {
		if p := m.peer(from); p != nil {
			p.want.askAll()
		}
	}
	return nil
}

// genuine checks membership and signature, and counts what fails.
func (m *Mesh) genuine(b beat.Beat) bool {
	who, ok := m.member(b.Node)
	if !ok {
		m.counts.add("dropped_beat_stranger", 1)
		return false
	}
	return m.signedBy(who, b)
}

// signedBy checks the signature, and counts one that fails.
func (m *Mesh) signedBy(who identity.Member, b beat.Beat) bool {
	msg, err := b.Message()
	if err != nil || !identity.Verify(who.Pub, beat.Domain, msg, b.Sig) {
		m.counts.add("dropped_beat_forged", 1)
		return false
	}
	return true
}

// hearSelf takes a beat of our own that others remember.
func (m *Mesh) hearSelf(b beat.Beat, from identity.NodeID) {
	if m.own.heard(b, m.cfg.BeatEvery) {
		m.counts.add("lives_restarted", 1)
		m.cfg.Logger.Warn("others know a later life of this node; it may run from an old copy, twice, or its clock went back")
	}
	m.missOwn(b)
	if !m.cfg.Log.Covers(m.self, b.Position) {
		if p := m.peer(from); p != nil {
			p.want.askAll()
		}
	}
}

// hearsDirectly reports whether a node's own stream brings its beats, so that
// its entries are likely on their way and need not be asked of a third.
func (m *Mesh) hearsDirectly(id identity.NodeID) bool {
	if m.peer(id) == nil {
		return false
	}
	heard, ok := m.table.DirectlyHeard(id)
	return ok && m.cfg.Clock().Sub(heard).Abs() < 3*m.cfg.BeatEvery
}

// judge asks again about beats whose entries were missing, and tells others of
// those that we cover now.
func (m *Mesh) judge() {
	m.judgeOwn(nil)
	covered, changed := m.table.Judge()
	for _, id := range covered {
		if b, ok, known := m.table.Newest(id); known && ok && id != m.self {
			m.relay(b, true)
		}
	}
	if changed {
		signal(m.dirty)
	}
}

// loadBeats restores what was known before a restart, of those revoked since
// too: what they wrote before is still on the lists.
func (m *Mesh) loadBeats() {
	if m.cfg.Beats == nil {
		return
	}
	raws, err := m.cfg.Beats.LoadBeats()
	if err != nil {
		m.cfg.Logger.Error("load beats", "error", err)
		return
	}
	for _, raw := range raws {
		kept, err := beat.DecodeKept(raw)
		b := kept.Beat
		if err != nil {
			continue
		}
		if who, ok := m.cfg.Roster.Member(b.Node); !ok || !m.signedBy(who, b) {
			continue
		}
		if b.Node == m.self {
			m.own.heard(b, m.cfg.BeatEvery)
			if !m.cfg.Log.HoldsNamed(m.self, b.Position) {
				m.losses.restore(kept)
				continue
			}
			m.losses.begin(kept)
		}
		m.table.Restore(kept, m.cfg.Clock())
	}
}

func (m *Mesh) saveBeats() {
	if m.cfg.Beats == nil {
		return
	}
	m.table.Retain(func(id identity.NodeID) bool {
		_, ok := m.cfg.Roster.Member(id)
		return ok
	})
	var raws [][]byte
	for _, k := range append(m.table.Keep(), m.losses.keep()...) {
		raws = append(raws, must(k.Encode()))
	}
	if err := m.cfg.Beats.SaveBeats(raws); err != nil {
		m.cfg.Logger.Error("save beats", "error", err)
	}
}

// isMalformed reports whether err is the peer breaking a protocol.
func isMalformed(err error) bool {
	return errors.Is(err, errMalformed) || errors.Is(err, stream.ErrFrameTooLarge)
}
