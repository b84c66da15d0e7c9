package node

import (
	"bytes"
	"errors"
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
)

// FuzzHorizon: whatever a member answers when it is asked for the first day
// that it keeps is one day, in one form, or refused.
func FuzzHorizon(f *testing.F) {
	for _, day := range []record.Day{0, 1, 20781, lastDay, lastDay + 1, -1} {
		f.Add(encodeHorizon(day))
	}
	f.Add([]byte{})
	f.Add([]byte{0, 0, 1})
	f.Add([]byte{0, 0, 1, 0, 0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		day, err := decodeHorizon(raw)
		if err != nil {
			if !errors.Is(err, errHorizon) || day != 0 {
				t.Fatalf("refused with %d, %v", day, err)
			}
			return
		}
		if again := encodeHorizon(day); !bytes.Equal(again, raw) {
			t.Fatalf("a second form was let through: %x, canonical %x", raw, again)
		}
		if same, err := record.ParseDay(day.String()); err != nil || same != day {
			t.Fatalf("day %d has no name: %v", day, err)
		}
	})
}

// What is told is what is asked for.
func TestHorizonIsTold(t *testing.T) {
	a := first(t)
	b := a.joined("East gate", identity.RoleEntrance)
	eventually(t, "the first answer", func() bool {
		day, err := b.horizonOf(t.Context(), a.key.ID())
		return err == nil && day == a.replica.Horizon()
	})
}
