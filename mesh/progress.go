package mesh

import (
	"errors"
	"time"
)

// maxVain is how long a peer may send what moves nothing of a share.
const maxVain = 30 * time.Second

// errVain means that a peer sends entries of which our Log takes none.
var errVain = errors.New("nothing of what comes is taken")

// progress follows a share by our own heads: what a peer sends says nothing,
// since our Log drops what it does not take without an error.
type progress struct {
	c     *puller
	share []span
	heads map[string]uint64 // by span
	last  time.Time         // when one of them moved
	vain  bool              // the latest frame moved none
}

func (c *puller) follow(share []span) *progress {
	p := &progress{c: c, share: share, heads: make(map[string]uint64, len(share)), last: time.Now()}
	for _, s := range share {
		p.heads[s.key()] = s.After
	}
	return p
}

// note looks what a frame that has been put has moved. errVain: nothing, and
// for too long.
func (p *progress) note() error {
	now, err := p.c.headsOf(p.share)
	if err != nil {
		return err
	}
	moved := map[string]uint64{}
	for key, seq := range now {
		if seq > p.heads[key] {
			moved[key] = seq - p.heads[key]
		}
	}
	p.heads, p.vain = now, len(moved) == 0
	switch {
	case !p.vain:
		p.last = time.Now()
		p.c.m.claims.touch(&p.c.run, moved)
	case time.Since(p.last) > maxVain:
		return errVain
	}
	return nil
}

// headsOf are our heads of the spans' series, by span.
func (c *puller) headsOf(spans []span) (map[string]uint64, error) {
	docs, out := map[string]map[string]uint64{}, make(map[string]uint64, len(spans))
	for _, s := range spans {
		heads, ok := docs[s.Doc]
		if !ok {
			var err error
			if heads, err = c.heads(s.Doc); err != nil {
				return nil, err
			}
			docs[s.Doc] = heads
		}
		out[s.key()] = heads[string(s.Actor)]
	}
	return out, nil
}
