package store_test

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/upprop/upprop/crdt/store"
)

// Days come and go, as ranges and as single keys strewn over the whole space;
// the disk that they took is given back without being asked for.
func TestDroppedDaysGiveTheirDiskBack(t *testing.T) {
	if testing.Short() {
		t.Skip("writes for 80 days")
	}
	const perDay, value, kept = 400, 2 << 10, 10
	d, err := store.Open("/db", store.Options{FS: store.NewCrashFS()})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	rng := rand.NewChaCha8([32]byte{1})
	index := func(day, i int) []byte {
		sum := sha256.Sum256(fmt.Appendf(nil, "%d %d", day, i))
		return append([]byte{'v'}, sum[:16]...)
	}
	var before, after uint64 // at most
	for day := range 80 {
		for i := range perDay {
			v := make([]byte, value)
			_, _ = rng.Read(v)
			var b store.Batch
			b.Set(binary.BigEndian.AppendUint16(fmt.Appendf(nil, "e%04d", day), uint16(i)), v)
			b.Set(index(day, i), v[:256])
			if err := d.Apply(&b); err != nil {
				t.Fatal(err)
			}
		}
		if old := day - kept; old >= 0 {
			var b store.Batch
			b.DeleteRange(store.Prefix(fmt.Appendf(nil, "e%04d", old)))
			for i := range perDay {
				b.Delete(index(old, i))
			}
			if err := d.Apply(&b); err != nil {
				t.Fatal(err)
			}
		}
		switch size := d.Metrics().DiskBytes; {
		case day >= 50:
			after = max(after, size)
		case day >= 2*kept:
			before = max(before, size)
		}
	}
	live := uint64(kept * perDay * (value + 256))
	t.Logf("%d kB live; of disk at most %d kB, later %d kB", live>>10, before>>10, after>>10)
	// Compaction has its own time; what is never given back is 1.6 times as much.
	if after > before+before/2 || after > 8*live {
		t.Errorf("dropped days keep their disk: %d kB, then %d kB, for %d kB", before>>10, after>>10, live>>10)
	}
}
