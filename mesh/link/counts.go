package link

import "sync"

// Reasons for which connections and streams are refused, as [Link.Counts]
// names them.
const (
	// ConnRefused counts connections in either direction with keys that Admit
	// refuses.
	ConnRefused = "conn_refused"
	// ConnSevered counts connections over links cut by Sever.
	ConnSevered = "conn_severed"
	// ConnGuests counts guests turned away because there were too many.
	ConnGuests = "conn_guests_full"
	// ConnKeyKind counts peers whose key is not Ed25519.
	ConnKeyKind = "conn_key_kind"
	// ConnSilent counts inbound connections that never said hello.
	ConnSilent = "conn_silent"
	// StreamRefused counts streams of peers refused since they connected.
	StreamRefused = "stream_refused"
	// StreamGuest counts streams of guests to protocols for members.
	StreamGuest = "stream_guest"
	// StreamUnknown counts streams to protocols without a handler.
	StreamUnknown = "stream_unknown"
	// StreamBusy counts streams of peers that have stream.MaxStreams of their
	// protocol served already.
	StreamBusy = "stream_busy"
	// StreamMalformed counts streams without a readable protocol name.
	StreamMalformed = "stream_malformed"
)

// counts is how often each reason was given.
type counts struct {
	mu sync.Mutex
	of map[string]uint64
}

func (c *counts) add(reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of == nil {
		c.of = make(map[string]uint64)
	}
	c.of[reason]++
}

// Counts says how many connections and streams have been refused for which
// reason since the start. The map is the caller's; it names every reason.
func (l *Link) Counts() map[string]uint64 {
	out := make(map[string]uint64)
	l.counts.mu.Lock()
	defer l.counts.mu.Unlock()
	for _, reason := range []string{
		ConnRefused, ConnSevered, ConnGuests, ConnKeyKind, ConnSilent,
		StreamRefused, StreamGuest, StreamUnknown, StreamBusy, StreamMalformed,
	} {
		out[reason] = l.counts.of[reason]
	}
	return out
}
