// Package sheettest has desks with settings of their own that hear each other
// only when they are told to: for tests of what merges.
package sheettest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

// At is the time at which all that is written here is written.
var At = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// Desk is one node's settings, over a real replica in memory.
type Desk struct{ *crdt.Replica }

// Set writes settings, durably.
func (d Desk) Set(ctx context.Context, all ...crdt.Setting) error {
	var drafts []crdt.Draft
	for _, s := range all {
		drafts = append(drafts, crdt.Draft{Setting: &s})
	}
	_, err := d.Commit(ctx, drafts...)
	return err
}

// New makes a desk. It ends with the test.
func New(t testing.TB, name string) Desk {
	t.Helper()
	id := sha256.Sum256([]byte(name))
	r, err := crdt.Open(crdt.Config{
		Store: store.NewMem(1), Node: record.NodeID(id[:16]), Site: "North", Now: func() time.Time { return At },
		Sign:  func([]byte) []byte { return make([]byte, ed25519.SignatureSize) },
		Check: func(record.NodeID, []byte, []byte) bool { return true },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return Desk{r}
}

// Heal has all desks hold the same.
func Heal(t testing.TB, desks ...Desk) {
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

func (d Desk) pull(t testing.TB, from Desk) {
	t.Helper()
	var raws [][]byte
	for doc := range from.Digests() {
		have := map[record.ActorID]uint64{}
		for _, h := range d.Vector(doc) {
			have[h.Actor] = h.Seq
		}
		for _, h := range from.Vector(doc) {
			if err := from.Read(doc, h.Actor, have[h.Actor], func(_ uint64, raw []byte) error {
				raws = append(raws, bytes.Clone(raw))
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := d.Put(context.Background(), raws); err != nil {
		t.Fatal(err)
	}
}
