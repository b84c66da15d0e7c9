package shape_test

import (
	"encoding/hex"
	"testing"
	"time"

	"github.com/automerge/automerge-go"

	"github.com/upprop/upprop/crdt/shape"
)

// newDoc is an empty document of the real core that writes as actor.
func newDoc(tb testing.TB, actor []byte) *automerge.Doc {
	tb.Helper()
	doc := automerge.New()
	if err := doc.SetActorID(hex.EncodeToString(actor)); err != nil {
		tb.Fatal(err)
	}
	return doc
}

// put sets a root key through the real core and returns the raw change.
func put(tb testing.TB, doc *automerge.Doc, key string, value any) []byte {
	tb.Helper()
	if err := doc.RootMap().Set(key, value); err != nil {
		tb.Fatal(err)
	}
	hash, err := doc.Commit("", automerge.CommitOptions{Time: &time.Time{}})
	if err != nil {
		tb.Fatal(err)
	}
	change, err := doc.Change(hash)
	if err != nil {
		tb.Fatal(err)
	}
	return change.Save()
}

// native is the Go value that makes the core write v.
func native(v shape.Value) any {
	switch v.Kind() {
	case shape.KindBool:
		return v.Bool()
	case shape.KindInt:
		return v.Int()
	case shape.KindString:
		return v.String()
	default:
		return v.Bytes()
	}
}

// What the core does with changes that the checks of state hold back. A
// replica is built on these facts, so a change of the library shows here.
func TestCoreTraps(t *testing.T) {
	chain := func(actor byte, n int) (raws [][]byte) {
		var prev [32]byte
		for seq := range n {
			raw, hash, err := shape.EncodeDay(shape.Day{Actor: []byte{actor}, Seq: uint64(seq + 1), Prev: prev, Event: []byte("e")})
			if err != nil {
				t.Fatal(err)
			}
			raws, prev = append(raws, raw), hash
		}
		return raws
	}
	one, two := chain(1, 2), chain(2, 2)
	doc := newDoc(t, []byte{9})
	step := func(name string, raw []byte, wantErr bool, wantLen int) {
		t.Helper()
		if err := doc.LoadIncremental(raw); (err != nil) != wantErr {
			t.Errorf("%s: error %v", name, err)
		}
		if n := doc.RootMap().Len(); n != wantLen {
			t.Errorf("%s: %d keys, want %d", name, n, wantLen)
		}
	}
	damaged := append([]byte(nil), two[0]...)
	damaged[4]++
	other, _, err := shape.EncodeDay(shape.Day{Actor: []byte{1}, Seq: 1, Event: []byte("other")})
	if err != nil {
		t.Fatal(err)
	}
	step("empty document, dependency missing", one[1], true, 0)
	step("empty document, good and then garbage", append(append([]byte(nil), one[0]...), "garbage"...), false, 0)
	step("empty document", one[0], false, 1)
	step("next", one[1], false, 2)
	step("the same again", one[1], false, 2)
	step("filled document, dependency missing", two[1], false, 2)
	step("filled document, damaged", damaged, false, 2)
	step("filled document, garbage", []byte("garbage"), false, 2)
	step("missing one comes, both appear", two[0], false, 4)
	step("sequence number used twice", other, true, 4)
	if doc.ActorID() != "09" {
		t.Error("the actor is lost on the first load")
	}
}

// Putting the value that is there already makes no operation, and the commit
// says so.
func TestCoreSameValueIsNoChange(t *testing.T) {
	doc := newDoc(t, []byte{1})
	put(t, doc, "k", "v")
	if err := doc.RootMap().Set("k", "v"); err != nil {
		t.Fatal(err)
	}
	if _, err := doc.Commit("", automerge.CommitOptions{Time: &time.Time{}}); err == nil {
		t.Error("a commit of nothing passes")
	}
}
