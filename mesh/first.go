package mesh

import (
	"fmt"
	"sync"
	"time"

	"github.com/upprop/upprop/mesh/stream"
)

// Hasty is a Log that knows which of its entries matter before all others,
// however far back they lie.
type Hasty interface {
	// First hands fn wanted entries that matter first, in any order, until fn
	// returns an error, which First returns, or the end. raw is valid during
	// the call only. fn blocks when the member it sends to is slow.
	First(wanted func(doc string, actor []byte, seq uint64) bool, fn func(raw []byte) error) error
	// Early shows such entries, of whatever origin, ahead of their turn. They
	// are verified, and not held by that: they come again.
	Early(raws [][]byte)
}

const (
	firstFrom  = 512              // entries missing: below, they come soon enough anyway
	firstEvery = 10 * time.Second // between two askings of one peer
	maxFirst   = 8192             // entries taken ahead of their turn in one pull
)

// haste keeps pulls from asking several peers for the same at once.
type haste struct {
	mu  sync.Mutex
	now time.Time // since when somebody is being asked; zero: nobody is
}

// begin reports whether the caller is the one to ask; then it calls end.
func (h *haste) begin() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.now.IsZero() && time.Since(h.now) < claimFor {
		return false
	}
	h.now = time.Now()
	return true
}

func (h *haste) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = time.Time{}
}

// first gets what matters most of many missing entries before the rest.
func (c *puller) first(spans []span) error {
	log, ok := c.m.cfg.Log.(Hasty)
	p := c.m.peer(c.peer)
	missing := uint64(0)
	for _, s := range spans {
		missing += s.Upto - s.After
	}
	if !ok || p == nil || missing < firstFrom || !p.want.hasty() || !c.m.haste.begin() {
		return nil
	}
	defer c.m.haste.end()
	if err := stream.WriteFrame(c.s, message(kindFirst, spans[:min(len(spans), maxItems)])); err != nil {
		return err
	}
	seen := 0
	return answers(c.s, kindEntries, maxEntries+frameSpare, func(body []byte) error {
		raws, err := decodeEntries(body)
		if seen += len(raws); err == nil && seen > maxFirst {
			err = fmt.Errorf("%w: number of entries", errMalformed)
		}
		if err != nil {
			return err
		}
		c.m.counts.add("entries_early", len(raws))
		log.Early(raws)
		return nil
	})
}

// hasty reports whether the peer may be asked for what matters first again.
func (w *want) hasty() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.first.IsZero() && time.Since(w.first) < firstEvery {
		return false
	}
	w.first = time.Now()
	return true
}

// answerFirst sends what matters most of some ranges.
func (m *Mesh) answerFirst(s stream.Stream, spans []span) error {
	log, ok := m.cfg.Log.(Hasty)
	if !ok {
		return stream.WriteFrame(s, end)
	}
	ranges := make(map[string]span, len(spans))
	for _, sp := range spans {
		ranges[sp.key()] = sp
	}
	wanted := func(doc string, actor []byte, seq uint64) bool {
		sp, ok := ranges[span{Doc: doc, Actor: actor}.key()]
		return ok && seq > sp.After && seq <= sp.Upto
	}
	f := frameOf{m: m, s: s}
	if err := log.First(wanted, f.add); err != nil {
		if f.failed == nil {
			err = fmt.Errorf("%w: %w", errRead, err)
		}
		return err
	}
	if err := f.flush(); err != nil {
		return err
	}
	return stream.WriteFrame(s, end)
}

// frameOf writes entries to a stream, a frame at a time.
type frameOf struct {
	m      *Mesh
	s      stream.Stream
	frame  []byte
	count  int
	sent   int
	failed error // of the stream
}

func (f *frameOf) add(raw []byte) error {
	if f.sent++; f.sent > maxFirst {
		return nil
	}
	f.frame = appendEntry(f.frame, raw)
	f.count++
	if len(f.frame) < chunkSize {
		return nil
	}
	return f.flush()
}

func (f *frameOf) flush() error {
	if len(f.frame) == 0 {
		return nil
	}
	f.failed = stream.WriteFrame(f.s, f.frame)
	f.m.counts.add("entries_out", f.count)
	f.frame, f.count = f.frame[:0], 0
	return f.failed
}
