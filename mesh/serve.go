package mesh

import (
	"context"
	"errors"
	"io"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
)

// maxServing bounds the streams of one protocol that one peer has open here.
const maxServing = 4

// slot names what maxServing bounds.
type slot struct {
	peer     identity.NodeID
	protocol string
}

// serve registers a protocol whose handler returns an error when the stream is
// to be reset; malformed names the counter for peers that break the protocol.
func (m *Mesh) serve(protocol, malformed string, h func(context.Context, *patient) error) {
	m.cfg.Net.Handle(protocol, false, func(ctx context.Context, s stream.Stream) {
		ctx, leave, ok := m.enter(ctx, slot{s.Remote(), protocol})
		if !ok {
			s.Reset()
			return
		}
		defer leave()
		defer context.AfterFunc(ctx, s.Reset)()
		err := h(ctx, m.patient(s))
		switch {
		case err == nil:
			_ = s.Close() // the peer has all it asked for, or is gone
			return
		case errors.Is(err, errMalformed), errors.Is(err, stream.ErrFrameTooLarge):
			m.counts.add(malformed, 1)
			m.cfg.Logger.Warn("peer broke a protocol", "peer", s.Remote().Short(), "protocol", protocol, "error", err)
		case ctx.Err() == nil:
			m.cfg.Logger.Debug("stream ended", "peer", s.Remote().Short(), "protocol", protocol, "error", err)
		}
		s.Reset()
	})
}

// enter admits one inbound stream; leave must be called when ok.
func (m *Mesh) enter(ctx context.Context, sl slot) (_ context.Context, leave func(), ok bool) {
	if _, member := m.member(sl.peer); !member {
		m.counts.add("refused_stranger", 1)
		return nil, nil, false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ctx == nil || m.stopped {
		return nil, nil, false
	}
	if m.serving[sl] >= maxServing {
		m.counts.add("refused_busy", 1)
		return nil, nil, false
	}
	m.serving[sl]++
	m.wg.Add(1)
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(m.ctx, cancel)
	return ctx, func() {
		stop()
		cancel()
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.serving[sl]--; m.serving[sl] == 0 {
			delete(m.serving, sl)
		}
		m.wg.Done()
	}, true
}

func (m *Mesh) patient(s stream.Stream) *patient {
	return &patient{Stream: s, counts: &m.counts, write: m.cfg.Patience, idle: m.cfg.Patience}
}

// receive reads one frame of at most limit bytes; io.EOF itself at the end.
func receive(s stream.Stream, limit int) (kind, []byte, error) {
	frame, err := stream.ReadFrame(s, limit)
	if err != nil {
		return 0, nil, err
	}
	return parse(frame)
}

// drained waits until the peer has closed its side, and so has read ours.
func drained(s stream.Stream) error {
	if err := s.CloseWrite(); err != nil {
		return err
	}
	switch _, _, err := receive(s, 0); {
	case err == io.EOF:
		return nil
	case err != nil:
		return err
	}
	return errMalformed
}
