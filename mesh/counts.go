package mesh

import (
	"sync"

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
// bytes_in, bytes_out, entries_in, entries_out, pulls, pulls_served,
// pulls_failed, gaps, queue_overflows, repairs_asked, push_resets,
// beats_sent, beats_heard, beats_relayed, dials, dials_failed, greets_failed,
// hangups, put_errors, log_errors; and what was dropped, by reason:
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

// counted is a stream that counts its bytes.
type counted struct {
	stream.Stream
	counts *counts
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.Stream.Read(p)
	c.counts.add("bytes_in", n)
	return n, err
}

func (c counted) Write(p []byte) (int, error) {
	n, err := c.Stream.Write(p)
	c.counts.add("bytes_out", n)
	return n, err
}
