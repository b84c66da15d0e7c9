package node

import (
	"testing"
	"time"

	"github.com/upprop/upprop/mesh/identity"
)

// A node that dies in the middle of a long repair, twice, goes on where it
// was: in all its lives together it receives what it lacked, about once.
func TestALongRepairIsResumed(t *testing.T) {
	desk := first(t)
	gate := desk.joined("Gate 1", identity.RoleEntrance)
	dir := string(gate.Folder())
	eventually(t, "the same rosters", func() bool { return held(gate) == held(desk) && len(gate.Mesh().Peers()) == 1 })
	gate.stop()
	before := held(desk)
	diverge(t, []*running{desk}, 24_000, 64, 0)
	want := held(desk)

	var received, payload uint64
	gate = run(t, dir)
	payload = travels(t, gate, desk)
	for life := range 2 {
		was := held(gate)
		eventually(t, "some of the repair", func() bool { return held(gate) > was })
		time.Sleep(time.Millisecond)
		received += gate.Mesh().Counts()["bytes_in"]
		mid := held(gate)
		gate.stop()
		if mid == want {
			t.Fatalf("life %d was not cut off in the middle", life)
		}
		gate = run(t, dir)
		if got := held(gate); got < mid || got <= before {
			t.Fatalf("%d entries after a restart, %d before it", got, mid)
		}
	}
	eventually(t, "all of it", func() bool { return held(gate) == want })
	received += gate.Mesh().Counts()["bytes_in"]
	t.Logf("%d bytes received for %d", received, payload)
	if received > payload*27/20 { // what was on its way when it died is sent again
		t.Fatalf("%d bytes received in three lives for %d bytes that were missing", received, payload)
	}
}

// travels is the size of what n lacks and other holds, in bytes as other sends
// it.
func travels(t testing.TB, n, other *running) (size uint64) {
	t.Helper()
	for doc := range other.Replica().Digests() {
		for _, h := range other.Replica().Vector(doc) {
			if err := other.Replica().Runs(doc, h.Actor, headOf(n.Replica(), doc, h.Actor), func(_ uint64, raw []byte) error {
				size += uint64(len(raw))
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
	return size
}
