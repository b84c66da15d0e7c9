package node

import (
	"crypto/ed25519"
	"sync/atomic"
	"testing"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/crdt/store"
)

// A setting of the node itself can be set to what a revoked node has set late.
func TestASettingIsWrittenOverWhatDoesNotCount(t *testing.T) {
	var last atomic.Uint64 // entries up to it do not count
	r, err := crdt.Open(crdt.Config{
		Store: store.NewMem(1), Node: record.NodeID{1}, Site: "North",
		Sign:  func([]byte) []byte { return make([]byte, ed25519.SignatureSize) },
		Check: func(record.NodeID, []byte, []byte) bool { return true },
		Standing: func(id record.EventID) record.Standing {
			if id.Seq <= last.Load() {
				return record.Late
			}
			return record.Counted
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	all := []crdt.Setting{{Key: "drill.every", Value: shape.String("30")}, {Key: "campus/name", Value: shape.String("Ekudden")}}
	if err := (register{r}).Set(t.Context(), all...); err != nil {
		t.Fatal(err)
	}
	last.Store(uint64(len(all)))
	if err := r.Rejudge(); err != nil {
		t.Fatal(err)
	}
	if _, ok := r.Setting("drill.every"); ok {
		t.Fatal("it counts")
	}
	if err := (register{r}).Set(t.Context(), all...); err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if got, ok := r.Setting(s.Key); !ok || got.Value.String() != s.Value.String() {
			t.Error(s.Key, "does not stand")
		}
	}
}
