package node

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
)

// aheadProtocol tells a member since when documents of days far ahead have been
// held here. It sends their names, each behind a byte with its length, and
// gets four bytes for each in that order: the day, 0 where nothing is noted.
const aheadProtocol = "/upprop/ahead/1"

const (
	// maxAhead is how many documents may be asked about at once.
	maxAhead = 256
	maxName  = 128
)

// errAhead means that bytes are no message of that protocol.
var errAhead = errors.New("not about documents far ahead")

// agreeOnAhead takes over since when documents far ahead have been held, where
// those who are heard by a clock like ours have noted earlier days. The work of
// a wrong clock is noted by those who were on and right when it came; whoever
// was off, or wrong himself, notes it later, and would hold it, and ask others
// to, when all else of that time has been dropped. One member's word destroys
// nothing: the second earliest note counts, ours among them.
func (n *Node) agreeOnAhead(ctx context.Context, news []mesh.NodeNews, now time.Time) error {
	held := n.replica.HeldAhead()
	if len(held) == 0 {
		return nil
	}
	ids := slices.Sorted(maps.Keys(held))
	ids = ids[:min(len(ids), maxAhead)]
	notes := make(map[record.DocID][]record.Day, len(ids))
	for _, id := range ids {
		notes[id] = []record.Day{held[id]}
	}
	for _, x := range news {
		if !agrees(x, now) {
			continue
		}
		days, err := n.askAhead(ctx, x.Node, ids)
		if err != nil {
			continue // an older release, or it is asked again
		}
		for i, day := range days {
			if day != 0 {
				notes[ids[i]] = append(notes[ids[i]], day)
			}
		}
	}
	earlier := map[record.DocID]record.Day{}
	for id, days := range notes {
		if slices.Sort(days); len(days) > 1 {
			earlier[id] = days[1]
		}
	}
	return n.replica.HeldSince(earlier)
}

func (n *Node) askAhead(ctx context.Context, id identity.NodeID, docs []record.DocID) ([]record.Day, error) {
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	s, err := n.net.Open(ctx, id, aheadProtocol)
	if err != nil {
		return nil, fmt.Errorf("ask since when documents are held: %w", err)
	}
	defer s.Reset()
	err = errors.Join(s.SetDeadline(time.Now().Add(askFor)), stream.WriteFrame(s, encodeNames(docs)), s.CloseWrite())
	if err != nil {
		return nil, fmt.Errorf("ask since when documents are held: %w", err)
	}
	b, err := stream.ReadFrame(s, 4*len(docs))
	if err != nil {
		return nil, fmt.Errorf("ask since when documents are held: %w", err)
	}
	return decodeDays(b, len(docs))
}

// serveAhead answers a member that holds documents of days far ahead.
func (n *Node) serveAhead(_ context.Context, s stream.Stream) {
	if err := n.answerAhead(s); err != nil {
		s.Reset()
		return
	}
	_ = s.Close()
}

func (n *Node) answerAhead(s stream.Stream) error {
	if err := s.SetDeadline(time.Now().Add(askFor)); err != nil {
		return err
	}
	b, err := stream.ReadFrame(s, maxAhead*(1+maxName))
	if err != nil {
		return err
	}
	docs, err := decodeNames(b)
	if err != nil {
		return err
	}
	days := make([]record.Day, len(docs))
	for i, id := range docs {
		if since, ok := n.replica.FirstHeld(id); ok {
			days[i] = max(since, 0)
		}
	}
	return stream.WriteFrame(s, encodeDays(days))
}

func encodeNames(docs []record.DocID) (b []byte) {
	for _, id := range docs {
		b = append(append(b, byte(len(id))), id...)
	}
	return b
}

// decodeNames reads up to maxAhead names of documents.
func decodeNames(b []byte) (docs []record.DocID, err error) {
	for len(b) > 0 {
		size := 1 + int(b[0])
		if len(docs) == maxAhead || len(b) < size {
			return nil, errAhead
		}
		id := record.DocID(b[1:size])
		if _, err := record.ParseDocID(string(id)); err != nil {
			return nil, fmt.Errorf("%w: %w", errAhead, err)
		}
		docs, b = append(docs, id), b[size:]
	}
	return docs, nil
}

func encodeDays(days []record.Day) (b []byte) {
	for _, day := range days {
		b = binary.BigEndian.AppendUint32(b, uint32(int32(day)))
	}
	return b
}

// decodeDays reads n days that can be ones, zero included.
func decodeDays(b []byte, n int) ([]record.Day, error) {
	if len(b) != 4*n {
		return nil, fmt.Errorf("%d bytes for %d documents: %w", len(b), n, errAhead)
	}
	days := make([]record.Day, n)
	for i := range days {
		days[i] = record.Day(int32(binary.BigEndian.Uint32(b[4*i:])))
		if days[i] < 0 || days[i] > lastDay {
			return nil, fmt.Errorf("day %d: %w", int32(days[i]), errAhead)
		}
	}
	return days, nil
}
