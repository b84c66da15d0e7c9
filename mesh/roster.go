package mesh

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
)

// Two rosters are compared and completed on one stream, its opener first:
//
//	digest              → digest          when equal, that was all
//	names…, end         → names…, end     what each has
//	records…, end       → records…, end   what the other lacks
const (
	nameSize     = 16 // of a record: the start of its hash
	namesAtOnce  = 8 << 10
	maxRecords   = 64 << 10
	recordsChunk = 128 << 10
)

type recordName [nameSize]byte

func nameOf(raw []byte) recordName {
	sum := sha256.Sum256(raw)
	return recordName(sum[:nameSize])
}

// syncRoster opens the exchange with a peer.
func (m *Mesh) syncRoster(ctx context.Context, p *peer) error {
	s, err := m.open(ctx, p.id, RosterProtocol)
	if err != nil {
		return err
	}
	defer s.Reset()
	defer context.AfterFunc(ctx, s.Reset)()
	digest := m.cfg.Roster.Digest()
	if err := stream.WriteFrame(s, append([]byte{byte(kindRosterDigest)}, digest[:]...)); err != nil {
		return err
	}
	same, err := m.sameRoster(s, digest)
	if err != nil {
		return err
	}
	if !same {
		own := m.cfg.Roster.Records()
		if err := m.sendNames(s, own); err != nil {
			return err
		}
		theirs, err := m.readNames(s)
		if err != nil {
			return err
		}
		if err := m.sendRecords(s, own, theirs); err != nil {
			return err
		}
		if err := m.readRecords(s); err != nil {
			return err
		}
	}
	return s.Close()
}

// serveRoster is the other side of syncRoster.
func (m *Mesh) serveRoster(_ context.Context, s *patient) error {
	digest := m.cfg.Roster.Digest()
	same, err := m.sameRoster(s, digest)
	if err != nil {
		return err
	}
	if err := stream.WriteFrame(s, append([]byte{byte(kindRosterDigest)}, digest[:]...)); err != nil || same {
		return err
	}
	theirs, err := m.readNames(s)
	if err != nil {
		return err
	}
	own := m.cfg.Roster.Records()
	if err := m.sendNames(s, own); err != nil {
		return err
	}
	if err := m.readRecords(s); err != nil {
		return err
	}
	return m.sendRecords(s, own, theirs)
}

func (m *Mesh) sameRoster(s stream.Stream, own [32]byte) (bool, error) {
	k, body, err := receive(s, maxMessage)
	switch {
	case err == io.EOF:
		return false, io.ErrUnexpectedEOF
	case err != nil:
		return false, err
	case k != kindRosterDigest || len(body) != len(own):
		return false, fmt.Errorf("%w: roster digest", errMalformed)
	}
	return slices.Equal(body, own[:]), nil
}

func (m *Mesh) sendNames(s stream.Stream, records [][]byte) error {
	if err := chunks(records, namesAtOnce, func(part [][]byte) error {
		frame := []byte{byte(kindNames)}
		for _, raw := range part {
			name := nameOf(raw)
			frame = append(frame, name[:]...)
		}
		return stream.WriteFrame(s, frame)
	}); err != nil {
		return err
	}
	return stream.WriteFrame(s, end)
}

func (m *Mesh) readNames(s stream.Stream) (map[recordName]bool, error) {
	names := map[recordName]bool{}
	err := answers(s, kindNames, maxMessage, func(body []byte) error {
		if len(body) == 0 || len(body)%nameSize != 0 {
			return fmt.Errorf("%w: record names", errMalformed)
		}
		for ; len(body) > 0; body = body[nameSize:] {
			names[recordName(body[:nameSize])] = true
		}
		if len(names) > maxRecords {
			return fmt.Errorf("%w: number of records", errMalformed)
		}
		return nil
	})
	return names, err
}

func (m *Mesh) sendRecords(s stream.Stream, own [][]byte, theirs map[recordName]bool) error {
	frame := []byte{byte(kindRecords)}
	for _, raw := range own {
		if theirs[nameOf(raw)] {
			continue
		}
		if frame = appendItem(frame, raw); len(frame) >= recordsChunk {
			if err := stream.WriteFrame(s, frame); err != nil {
				return err
			}
			frame = frame[:1]
		}
	}
	if len(frame) > 1 {
		if err := stream.WriteFrame(s, frame); err != nil {
			return err
		}
	}
	return stream.WriteFrame(s, end)
}

// readRecords has the roster judge each record that the peer sends.
func (m *Mesh) readRecords(s stream.Stream) error {
	total := 0
	return answers(s, kindRecords, maxMessage, func(body []byte) error {
		raws, err := splitItems(body, identity.MaxRecord)
		if err != nil {
			return err
		}
		if total += len(raws); total > maxRecords || len(raws) == 0 {
			return fmt.Errorf("%w: number of records", errMalformed)
		}
		n, err := m.cfg.Roster.Merge(raws)
		m.counts.add("records_in", n)
		if err != nil {
			// The peer passes on what others wrote, so this is no fault of its.
			m.counts.add("dropped_record_refused", 1)
			m.cfg.Logger.Warn("roster records refused", "peer", s.Remote().Short(), "error", err)
		}
		return nil
	})
}

// runRoster acts on changes of our own roster: it hangs up on who is a member
// no more, tells everyone else, and dials who is new.
func (m *Mesh) runRoster(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-m.roster:
		}
		m.sweep()
		for _, p := range m.connected() {
			p.greet.ask(greetRoster)
		}
		m.table.Retain(func(id identity.NodeID) bool {
			_, ok := m.cfg.Roster.Member(id)
			return ok
		})
		m.dialSoon()
		signal(m.dirty)
	}
}
