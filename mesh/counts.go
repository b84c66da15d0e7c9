package mesh

import (
	"sync"
	"time"

	"github.com/upprop/upprop/mesh/stream"
)

// counts are the mesh's counters, by the names that Counts documents.
type counts struct {
	mu sync.Mutex
	by map[string]uint64
}

func (c *counts) add(name string, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.by == nil {
		c.by = map[string]uint64{}
	}
	c.by[name] += uint64(n)
}

// Counts are counters since the start, for metrics. Names are stable:
// bytes_in, bytes_out, entries_in, entries_out, entries_early, pulls, pulls_served,
// pulls_failed, gaps, queue_overflows, repairs_asked, push_resets,
// beats_sent, beats_heard, beats_relayed, lives_restarted, dials,
// dials_failed, greets_failed, hangups, records_in, put_errors, log_errors,
// book_errors; and what was dropped, by reason:
// dropped_beat_malformed, dropped_beat_stranger, dropped_beat_forged,
// dropped_gossip_malformed, dropped_push_malformed, dropped_pull_malformed,
// dropped_hello_malformed, dropped_roster_malformed, dropped_record_refused,
// refused_stranger, refused_busy. A name is absent until first counted.
func (m *Mesh) Counts() map[string]uint64 {
	m.counts.mu.Lock()
	defer m.counts.mu.Unlock()
	out := make(map[string]uint64, len(m.counts.by))
	for name, n := range m.counts.by {
		out[name] = n
	}
	return out
}

// patient is a stream that counts its bytes and gives the peer a while for
// every step: not for a whole frame, which may be long on a slow link.
type patient struct {
	stream.Stream
	counts *counts
	write  time.Duration // for each writeStep
	idle   time.Duration // for each read of some bytes
}

// writeStep is how much a peer must take within its patience, in bytes.
const writeStep = 32 << 10

func (p *patient) Read(b []byte) (int, error) {
	// Networks keep wall time, whatever the Config's Clock says.
	if err := p.SetReadDeadline(time.Now().Add(p.idle)); err != nil {
		return 0, err
	}
	n, err := p.Stream.Read(b)
	p.counts.add("bytes_in", n)
	return n, err
}

func (p *patient) Write(b []byte) (written int, err error) {
	for len(b) > 0 && err == nil {
		if err := p.SetWriteDeadline(time.Now().Add(p.write)); err != nil {
			return written, err
		}
		var n int
		n, err = p.Stream.Write(b[:min(len(b), writeStep)])
		p.counts.add("bytes_out", n)
		written += n
		b = b[n:]
	}
	return written, err
}
