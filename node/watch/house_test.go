package watch

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/sheet/sheettest"
)

// paper is a Vault that hides what it seals behind a mask, with what it is for
// and until when; there are keys for 90 days.
type paper struct{ today *record.Day }

func mask(b []byte) []byte {
	out := bytes.Clone(b)
	for i := range out {
		out[i] ^= 0x5a
	}
	return out
}

func (p paper) SealForDesks(label [16]byte, until record.Day, plain []byte) ([]byte, error) {
	b := binary.BigEndian.AppendUint32(nil, uint32(min(until, *p.today+90)))
	return append(append(b, label[:]...), mask(plain)...), nil
}

func (p paper) OpenForDesks(label [16]byte, box []byte) ([]byte, error) {
	if dies, ok := p.BoxDies(box); !ok || dies <= *p.today || !bytes.Equal(box[4:20], label[:]) {
		return nil, errors.New("does not open")
	}
	return mask(box[20:]), nil
}

func (p paper) BoxDies(box []byte) (record.Day, bool) {
	if len(box) < 20 {
		return 0, false
	}
	return record.Day(binary.BigEndian.Uint32(box)), true
}

// house is one node's list, and what it puts on record.
type house struct {
	*Book
	desk  sheettest.Desk
	today record.Day
	now   time.Time
	acts  []string
}

// cheap is a Cost for tests.
var cheap = Cost{Time: 1, Memory: 8}

func newHouse(t *testing.T, name string, desk bool) *house {
	h := &house{desk: sheettest.New(t, name), today: record.DayOf(sheettest.At), now: sheettest.At}
	h.Book = New(Config{
		Settings: h.desk, Vault: paper{&h.today}, Today: func() record.Day { return h.today }, Now: func() time.Time { return h.now },
		Desk: func() bool { return desk }, Cost: cheap,
		Act: func(by, what string, visits []record.VisitID, note string) error {
			h.acts = append(h.acts, by+" "+what+" "+note)
			_, err := h.desk.Commit(context.Background(), crdt.Draft{Acts: []record.Act{{Kind: record.ActAudit, What: what, By: by, Visits: visits, Note: note}}})
			return err
		},
	})
	return h
}

func (h *house) add(t *testing.T, e Entry) Entry {
	t.Helper()
	if e.Reason == "" {
		e.Reason = "threatened staff"
	}
	got, err := h.Add(t.Context(), "operator a", e)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func problem(t *testing.T, what string, err error, key string) {
	t.Helper()
	var p *Problem
	if !errors.As(err, &p) || p.Key != key || p.Hint == "" {
		t.Errorf("%s: %v, want %s", what, err, key)
	}
}
