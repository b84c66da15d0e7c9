package operators

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

// cheap is a cost for tests.
var cheap = Cost{Time: 1, Memory: 64, Threads: 1}

// paper is a Vault that writes down what a box is for and until when.
type paper struct{ today func() record.Day }

func (p paper) SealForDesks(label [16]byte, until record.Day, plain []byte) ([]byte, error) {
	b := binary.BigEndian.AppendUint32(nil, uint32(until))
	return append(append(b, label[:]...), plain...), nil
}

func (p paper) OpenForDesks(label [16]byte, box []byte) ([]byte, error) {
	dies, ok := p.BoxDies(box)
	if !ok || dies <= p.today() || !bytes.Equal(box[4:20], label[:]) {
		return nil, errors.New("does not open")
	}
	return bytes.Clone(box[20:]), nil
}

func (p paper) BoxDies(box []byte) (record.Day, bool) {
	if len(box) < 20 {
		return 0, false
	}
	return record.Day(binary.BigEndian.Uint32(box)), true
}

// keeper writes settings.
type keeper struct{ *crdt.Replica }

func (k keeper) Set(ctx context.Context, all ...crdt.Setting) error {
	var drafts []crdt.Draft
	for _, s := range all {
		drafts = append(drafts, crdt.Draft{Setting: &s})
	}
	_, err := k.Commit(ctx, drafts...)
	return err
}

// line is one act on record.
type line struct{ by, what, note string }

// desk is one node's accounts over a replica of its own.
type desk struct {
	*Service
	replica *crdt.Replica
	mu      sync.Mutex
	lines   []line
	refuse  error
	// closed: this node is no desk. barred: its settings do not count.
	closed bool
	barred error
}

func (d *desk) last() line {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.lines) == 0 {
		return line{}
	}
	return d.lines[len(d.lines)-1]
}

// campus is desks and their clock.
type campus struct {
	mu  sync.Mutex
	now time.Time
}

func newCampus() *campus { return &campus{now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)} }

func (c *campus) clock() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *campus) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func (c *campus) desk(t testing.TB, name string) *desk {
	t.Helper()
	id := sha256.Sum256([]byte(name))
	r, err := crdt.Open(crdt.Config{
		Store: store.NewMem(1), Node: record.NodeID(id[:16]), Site: "North", Now: c.clock,
		Sign:  func(root []byte) []byte { return make([]byte, ed25519.SignatureSize) },
		Check: func(record.NodeID, []byte, []byte) bool { return true },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	today := func() record.Day { return record.DayOf(c.clock()) }
	d := &desk{replica: r}
	d.Service = New(Config{
		Settings: keeper{r}, Vault: paper{today}, Today: today, Now: c.clock, Cost: cheap,
		Desk:    func() bool { return !d.closed },
		MayEdit: func() error { return d.barred },
		Act: func(by, what, note string) error {
			d.mu.Lock()
			defer d.mu.Unlock()
			if d.refuse != nil {
				return d.refuse
			}
			d.lines = append(d.lines, line{by, what, note})
			return nil
		},
	})
	return d
}

// pull brings d all that from holds.
func (d *desk) pull(t testing.TB, from *desk) {
	t.Helper()
	var raws [][]byte
	for doc := range from.replica.Digests() {
		have := map[record.ActorID]uint64{}
		for _, h := range d.replica.Vector(doc) {
			have[h.Actor] = h.Seq
		}
		for _, h := range from.replica.Vector(doc) {
			err := from.replica.Read(doc, h.Actor, have[h.Actor], func(_ uint64, raw []byte) error {
				raws = append(raws, bytes.Clone(raw))
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := d.replica.Put(context.Background(), raws); err != nil {
		t.Fatal(err)
	}
}

// heal has all desks hold the same.
func heal(t testing.TB, desks ...*desk) {
	t.Helper()
	for range 2 {
		for _, a := range desks {
			for _, b := range desks {
				if a != b {
					a.pull(t, b)
				}
			}
		}
	}
}

func (d *desk) add(t testing.TB, alias string, role Role, password string) Operator {
	t.Helper()
	o, _, err := d.Add(t.Context(), "test", alias, role, password)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

const good = "mossa gitarr ponton"

var (
	atNode = Device{AtNode: true}
	away   = Device{Addr: "10.0.0.7"}
)
