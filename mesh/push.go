package mesh

import (
	"bytes"
	"context"
	"io"
	"time"

	"github.com/upprop/upprop/mesh/stream"
)

const (
	tailBatch  = 512
	firstPause = 250 * time.Millisecond
	lastPause  = 10 * time.Second
)

// runTail hands own new entries to every peer's queue, and says a beat at
// intervals. A beat's position is read before the entries it covers are
// queued, so on each stream it follows them.
func (m *Mesh) runTail(ctx context.Context, cursor uint64) {
	tick := time.NewTicker(m.cfg.BeatEvery)
	defer tick.Stop()
	saved := time.Now()
	for {
		changed := m.cfg.Log.Changed()
		cursor = m.fanOut(ctx, cursor)
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case <-tick.C:
			say := m.nextBeat()
			cursor = m.fanOut(ctx, cursor)
			say()
			m.judge()
			signal(m.dirty)
			if time.Since(saved) >= saveEvery {
				saved = time.Now()
				m.saveBeats()
			}
		}
	}
}

// fanOut queues all own entries after cursor and returns the new cursor.
func (m *Mesh) fanOut(ctx context.Context, cursor uint64) uint64 {
	for ctx.Err() == nil {
		entries, next, err := m.cfg.Log.Tail(cursor, tailBatch)
		if err != nil {
			m.counts.add("log_errors", 1)
			m.cfg.Logger.Error("read own new entries", "error", err)
			return cursor // again at the next beat
		}
		if len(entries) == 0 {
			return next
		}
		for _, p := range m.connected() {
			if p.queue.push(entries) {
				m.counts.add("queue_overflows", 1)
			}
		}
		cursor = next
	}
	return cursor
}

// runPush keeps one standing stream to the peer and writes what is queued.
func (m *Mesh) runPush(p *peer) {
	pause := backoff{m.chance, firstPause, lastPause}
	for p.ctx.Err() == nil {
		s, err := m.open(p.ctx, p.id, PushProtocol)
		if err == nil {
			began := time.Now()
			err = m.pushOver(p, s)
			s.Reset()
			p.queue.lost()
			if time.Since(began) > lastPause {
				pause.next = firstPause
			}
		}
		if p.ctx.Err() == nil {
			m.counts.add("push_resets", 1)
			m.cfg.Logger.Debug("push stream ended", "peer", p.id.Short(), "error", err)
		}
		if !pause.pause(p.ctx) {
			return
		}
	}
}

// pushOver writes to one stream until it fails; first all beats known here.
func (m *Mesh) pushOver(p *peer, s *patient) error {
	defer context.AfterFunc(p.ctx, s.Reset)()
	if err := flush(s, append(m.allBeats(), m.lostBeats(p.id)...)); err != nil {
		return err
	}
	for {
		select {
		case <-p.ctx.Done():
			return p.ctx.Err()
		case <-p.queue.ready:
		}
		for b, ok := p.queue.take(); ok; b, ok = p.queue.take() {
			if err := flush(s, frames(b)); err != nil {
				return err
			}
			m.counts.add("entries_out", len(b.entries))
			if b.beat != nil {
				m.counts.add("beats_sent", 1)
			}
		}
	}
}

// frames are a batch as it goes on the wire.
func frames(b batch) [][]byte {
	var out [][]byte
	if b.repair {
		out = append(out, []byte{byte(kindRepair)})
	}
	var frame []byte
	for _, raw := range b.entries {
		if frame = appendEntry(frame, raw); len(frame) >= chunkSize {
			out, frame = append(out, frame), nil
		}
	}
	if frame != nil {
		out = append(out, frame)
	}
	if b.beat != nil {
		out = append(out, b.beat)
	}
	return out
}

// flush writes frames in one write.
func flush(s stream.Stream, frames [][]byte) error {
	if len(frames) == 0 {
		return nil
	}
	var buf bytes.Buffer
	for _, f := range frames {
		if err := stream.WriteFrame(&buf, f); err != nil {
			return err
		}
	}
	_, err := s.Write(buf.Bytes())
	return err
}

// servePush takes what a peer pushes. The peer says a beat at intervals, so a
// silent stream is a broken one.
func (m *Mesh) servePush(ctx context.Context, s *patient) error {
	from := s.Remote()
	s.idle = 3*m.cfg.BeatEvery + m.cfg.Patience
	for {
		k, body, err := receive(s, maxEntries+frameSpare)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		switch k {
		case kindEntries:
			raws, err := decodeEntries(body)
			if err != nil {
				return err
			}
			if err := m.put(ctx, from, raws, true); err != nil {
				return err
			}
		case kindBeat:
			if err := m.hear(body, from, true); err != nil {
				return err
			}
		case kindRepair:
			m.counts.add("repairs_asked", 1)
			if p := m.peer(from); p != nil {
				p.want.askAll()
			}
		default:
			return errMalformed
		}
	}
}
