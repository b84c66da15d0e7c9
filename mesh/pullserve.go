package mesh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"

	"github.com/upprop/upprop/mesh/stream"
)

// errRead marks errors of our own Log while serving.
var errRead = errors.New("read log")

// errStop ends a Log.Read early.
var errStop = errors.New("stop")

// servePull answers one requester until it closes its side.
func (m *Mesh) servePull(ctx context.Context, s *patient) error {
	m.counts.add("pulls_served", 1)
	s.idle = 3 * m.cfg.Patience // between requests the requester writes to its disk
	for ctx.Err() == nil {
		k, body, err := receive(s, maxMessage)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := m.answer(s, k, body); err != nil {
			if errors.Is(err, errRead) {
				m.counts.add("log_errors", 1)
				m.cfg.Logger.Error("serve a pull", "peer", s.Remote().Short(), "error", err)
			}
			return err
		}
	}
	return ctx.Err()
}

func (m *Mesh) answer(s stream.Stream, k kind, body []byte) error {
	switch k {
	case kindDigestsAsk:
		if len(body) != 0 {
			return errMalformed
		}
		return m.answerDigests(s)
	case kindVectorsAsk:
		docs, err := decodeDocs(body)
		if err != nil {
			return err
		}
		return m.answerVectors(s, docs)
	case kindRanges:
		spans, err := decodeSpans(body)
		if err != nil {
			return err
		}
		return m.answerSpans(s, spans)
	case kindFirst:
		spans, err := decodeSpans(body)
		if err != nil {
			return err
		}
		return m.answerFirst(s, spans)
	}
	return fmt.Errorf("%w: unexpected kind %d", errMalformed, k)
}

func (m *Mesh) answerDigests(s stream.Stream) error {
	digests, err := m.cfg.Log.Digests()
	if err != nil {
		return fmt.Errorf("%w: digests: %w", errRead, err)
	}
	digests = anyOf(digests, maxDocs)
	items := make([]wireDigest, len(digests))
	for i, d := range digests {
		items[i] = wireDigest{Doc: d.Doc, Sum: d.Sum[:]}
	}
	if err := chunks(items, maxItems, func(part []wireDigest) error {
		return stream.WriteFrame(s, message(kindDigests, part))
	}); err != nil {
		return err
	}
	return stream.WriteFrame(s, end)
}

func (m *Mesh) answerVectors(s stream.Stream, docs []string) error {
	// Half of the answer is shared out beforehand, so that no long one takes the
	// place of those after it.
	left, share := maxHeads, maxHeads/2/max(len(docs), 1)
	for i, doc := range docs {
		heads, err := m.cfg.Log.Vector(doc)
		if err != nil {
			return fmt.Errorf("%w: vector: %w", errRead, err)
		}
		heads = anyOf(heads, left-share*(len(docs)-1-i))
		left -= len(heads)
		items := make([]wireHead, len(heads))
		for i, h := range heads {
			items[i] = wireHead{Actor: h.Actor, Seq: h.Seq}
		}
		if err := chunks(items, maxItems, func(part []wireHead) error {
			return stream.WriteFrame(s, message(kindVectors, wireVector{Doc: doc, Heads: part}))
		}); err != nil {
			return err
		}
	}
	return stream.WriteFrame(s, end)
}

// anyOf are at most n of the items; where there are more, from a random place
// on, so that each has its turn from answer to answer.
func anyOf[T any](items []T, n int) []T {
	if len(items) <= n {
		return items
	}
	from := rand.N(len(items))
	return slices.Concat(items[from:], items[:from])[:n]
}

// answerSpans streams entries straight from the log; a requester that reads
// slowly slows the reading.
func (m *Mesh) answerSpans(s stream.Stream, spans []span) error {
	var frame []byte
	count := 0
	flush := func() error {
		if len(frame) == 0 {
			return nil
		}
		err := stream.WriteFrame(s, frame)
		m.counts.add("entries_out", count)
		frame, count = frame[:0], 0
		return err
	}
	for _, sp := range spans {
		var sent error
		err := m.cfg.Log.Read(sp.Doc, sp.Actor, sp.After, func(seq uint64, raw []byte) error {
			if seq > sp.Upto {
				return errStop
			}
			frame = appendEntry(frame, raw)
			count++
			if len(frame) >= chunkSize {
				if sent = flush(); sent != nil {
					return errStop
				}
			}
			return nil
		})
		if sent != nil {
			return sent
		}
		if err != nil && !errors.Is(err, errStop) {
			return fmt.Errorf("%w: %w", errRead, err)
		}
	}
	if err := flush(); err != nil {
		return err
	}
	return stream.WriteFrame(s, end)
}
