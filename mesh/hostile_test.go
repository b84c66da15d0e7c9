package mesh

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/upprop/upprop/mesh/memnet"
	"github.com/upprop/upprop/mesh/stream"
)

// crooked is a member's network on which it answers pulls in its own way.
type crooked struct {
	stream.Network
	pulled stream.Handler
}

func (n crooked) Handle(protocol string, guests bool, h stream.Handler) {
	if protocol == PullProtocol {
		h = n.pulled
	}
	n.Network.Handle(protocol, guests, h)
}

// stingy answers pulls as if it held every one's entries, and sends for them
// what spare gives, a frame each time, until it gives nothing.
type stingy struct {
	of    *fakeLog
	asked atomic.Int64
	spare func(of *fakeLog, i int, spans []span) []byte
}

func (p *stingy) serve(_ context.Context, s stream.Stream) {
	defer s.Reset()
	for {
		k, body, err := receive(s, maxMessage)
		if err != nil {
			return
		}
		switch k {
		case kindDigestsAsk:
			digests, _ := p.of.Digests()
			for _, d := range digests {
				err = stream.WriteFrame(s, message(kindDigests, []wireDigest{{Doc: d.Doc, Sum: d.Sum[:]}}))
			}
		case kindVectorsAsk:
			docs, _ := decodeDocs(body)
			for _, doc := range docs {
				v := wireVector{Doc: doc}
				heads, _ := p.of.Vector(doc)
				for _, h := range heads {
					v.Heads = append(v.Heads, wireHead{Actor: h.Actor, Seq: h.Seq})
				}
				err = stream.WriteFrame(s, message(kindVectors, v))
			}
		case kindRanges:
			p.asked.Add(1)
			spans, _ := decodeSpans(body)
			for i := 0; err == nil; i++ {
				raw := p.spare(p.of, i, spans)
				if raw == nil {
					break
				}
				err = stream.WriteFrame(s, appendEntry(nil, raw))
			}
		}
		if err != nil || stream.WriteFrame(s, end) != nil {
			return
		}
	}
}

// withStingy runs fn where late has connected with a crooked member first, has
// asked it for the day's entries, and is connected now with honest too.
func withStingy(t *testing.T, spare func(of *fakeLog, i int, spans []span) []byte, fn func(c *campus, p *stingy)) {
	t.Helper()
	p, started := &stingy{spare: spare}, 0
	tune := func(cfg *Config) {
		switch started++; started {
		case 2:
			p.of = cfg.Log.(*fakeLog)
		case 3:
			cfg.Net = crooked{cfg.Net, p.serve}
		}
	}
	inCampus(t, 3, tune, func(c *campus) {
		c.meshed()
		late, honest, bad := c.nodes[0], c.nodes[1], c.nodes[2]
		c.net.Partition(memnet.Closing, ids(late), ids(honest, bad))
		time.Sleep(time.Second)
		for i := range 100 {
			honest.log.write(fmt.Sprint("day", i%4), "here")
		}
		c.net.Heal()
		c.net.Cut(memnet.Closing, late.id(), honest.id())
		c.within(30*time.Second, "an asking", func() bool { return p.asked.Load() > 0 })
		c.net.Heal()
		c.within(20*time.Second, "the honest one", func() bool { return late.peer(honest.id()) != nil })
		fn(c, p)
	})
}

// A member that sends rubbish for what it was asked keeps nobody else from
// sending it.
func TestRubbishHoldsNothingBack(t *testing.T) {
	slowly := func(_ *fakeLog, _ int, _ []span) []byte {
		time.Sleep(4 * time.Second)
		return []byte("x")
	}
	withStingy(t, slowly, func(c *campus, p *stingy) {
		late := c.nodes[0]
		c.within(15*time.Second, "what the honest one holds", func() bool { return late.log.size() == 100 })
	})
}

// Nor does one that sends the entries one by one, as slowly as it may.
func TestATrickleHoldsNothingBack(t *testing.T) {
	trickle := func(of *fakeLog, i int, spans []span) (out []byte) {
		time.Sleep(4 * time.Second)
		_ = of.Read(spans[0].Doc, spans[0].Actor, spans[0].After+uint64(i), func(_ uint64, raw []byte) error {
			out = raw
			return errStop
		})
		return out
	}
	withStingy(t, trickle, func(c *campus, p *stingy) {
		late := c.nodes[0]
		c.within(30*time.Second, "what the honest one holds", func() bool { return late.log.size() == 100 })
	})
}

// A share of which nothing comes ends, and is asked for less and less often.
func TestAShareOfRubbishEnds(t *testing.T) {
	rubbish := func(_ *fakeLog, _ int, _ []span) []byte {
		time.Sleep(time.Second)
		return []byte(strings.Repeat("x", 100))
	}
	withStingy(t, rubbish, func(c *campus, p *stingy) {
		late, honest, bad := c.nodes[0], c.nodes[1], c.nodes[2]
		c.net.Partition(memnet.Closing, ids(honest), ids(late, bad))
		c.within(time.Minute, "an end of the pull", func() bool { return late.Counts()["pulls_failed"] > 0 })
		before := p.asked.Load()
		honest.log.write("day9", "never comes to late")
		time.Sleep(5 * time.Minute)
		if got := p.asked.Load() - before; got > 8 {
			t.Fatalf("asked %d times in five minutes for what does not come", got)
		}
	})
}
