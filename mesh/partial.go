package mesh

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/upprop/upprop/mesh/stream"
)

// span is the range of an entry alone, under a name of its own where it is
// remembered that asking was in vain.
func (e Entry) span() (ask, name span) {
	ask = span{Doc: e.Doc, Actor: e.Actor, After: e.Seq - 1, Upto: e.Seq}
	name = ask
	name.Actor = binary.BigEndian.AppendUint64(bytes.Clone(e.Actor), e.Seq)
	return ask, name
}

// complete asks for entries that are held without all that travels beside them.
func (c *puller) complete() error {
	log, ok := c.m.cfg.Log.(Partial)
	if !ok {
		return nil
	}
	for {
		lacking, err := log.Lacking(maxItems)
		if err != nil {
			return fmt.Errorf("what is lacking: %w", err)
		}
		var asks []span
		var asked []Entry
		for _, e := range lacking {
			if ask, name := e.span(); len(asks) < maxAsked && !c.m.stalls.skip(c.peer, name) {
				asks, asked = append(asks, ask), append(asked, e)
			}
		}
		if len(asks) == 0 {
			return nil
		}
		if err := stream.WriteFrame(c.s, message(kindRanges, asks)); err != nil {
			return err
		}
		if err := answers(c.s, kindEntries, maxEntries+frameSpare, func(body []byte) error {
			raws, err := decodeEntries(body)
			if err != nil {
				return err
			}
			return c.m.put(c.ctx, c.peer, raws, false)
		}); err != nil {
			return err
		}
		if lacking, err = log.Lacking(maxItems); err != nil {
			return fmt.Errorf("what is lacking: %w", err)
		}
		still := map[string]bool{}
		for _, e := range lacking {
			_, name := e.span()
			still[name.key()] = true
		}
		came := false
		for _, e := range asked {
			ask, name := e.span()
			now := ask.After
			if !still[name.key()] {
				now, came = ask.Upto, true
			}
			c.m.stalls.note(c.peer, name, now, c.m.cfg.RepairEvery)
		}
		if !came {
			return nil
		}
	}
}
