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
