package shape_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/automerge/automerge-go"
	"pgregory.net/rapid"

	"github.com/upprop/upprop/crdt/shape"
)

var settingValues = rapid.OneOf(
	rapid.Map(rapid.Bool(), shape.Bool),
	rapid.Map(rapid.Int64(), shape.Int),
	rapid.Map(rapid.SampledFrom([]int64{0, -1, 63, 64, -64, -65, math.MaxInt64, math.MinInt64}), shape.Int),
	rapid.Map(rapid.String(), shape.String),
	rapid.Map(rapid.SliceOf(rapid.Byte()), shape.Bytes),
	rapid.Map(rapid.IntRange(0, shape.MaxSetting), func(n int) shape.Value { return shape.String(strings.Repeat("å", n/2)) }),
)

// Operators on several nodes edit the same and different settings, and merge
// in any order. Every change that the core makes of it decodes, encodes to the
// same bytes and passes the checks against its past.
func TestCampusMatchesCore(t *testing.T) {
	changes, merges, foreign, runs := 0, 0, 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		actors := rapid.SliceOfNDistinct(rapid.SliceOfN(rapid.Byte(), 1, 40), 2, 6, func(b []byte) string { return string(b) }).Draw(rt, "actors")
		docs := make([]*automerge.Doc, len(actors))
		pasts := make([]*shape.Past, len(actors))
		for i, a := range actors {
			docs[i], pasts[i] = newDoc(t, a), &shape.Past{}
		}
		all := make(map[[32]byte][]byte)
		at := rapid.IntRange(0, len(actors)-1)
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			i := at.Draw(rt, "node")
			if rapid.IntRange(0, 3).Draw(rt, "act") == 0 {
				from := at.Draw(rt, "from")
				if from == i {
					continue
				}
				merges++
				if _, err := docs[i].Merge(docs[from]); err != nil {
					rt.Fatal(err)
				}
				catchUp(rt, docs[i], pasts[i], all)
				continue
			}
			key := rapid.SampledFrom([]string{"a", "name", "site/north.gate", "op@x-y_z", strings.Repeat("k", 128)}).Draw(rt, "key")
			value := settingValues.Draw(rt, "value")
			if err := docs[i].RootMap().Set(key, native(value)); err != nil {
				rt.Fatal(err)
			}
			hash, err := docs[i].Commit("", automerge.CommitOptions{Time: &time.Time{}})
			if err != nil {
				continue // the same value again is no change
			}
			change, err := docs[i].Change(hash)
			if err != nil {
				rt.Fatal(err)
			}
			raw := change.Save()
			c, err := shape.DecodeCampus(raw)
			if err != nil {
				rt.Fatalf("change of the core is refused: %v\n%x", err, raw)
			}
			if c.Key != key || c.Hash != hash || !bytes.Equal(c.Actor, actors[i]) || fmt.Sprint(native(c.Value)) != fmt.Sprint(native(value)) {
				rt.Fatalf("change decodes to another: %x", raw)
			}
			again, _, err := shape.Encode(c)
			if err != nil || !bytes.Equal(again, raw) {
				rt.Fatalf("encoded differently (%v):\n%x\n%x", err, raw, again)
			}
			if err := pasts[i].Check(c); err != nil {
				rt.Fatalf("change of the core does not follow: %v", err)
			}
			pasts[i].Add(c)
			all[hash] = raw
			changes++
			for _, p := range c.Preds {
				if !bytes.Equal(p.Actor, c.Actor) {
					foreign++
				}
			}
			if len(c.Preds) > 2 {
				runs++
			}
		}
	})
	t.Logf("%d changes, %d merges, %d foreign predecessors, %d with three or more", changes, merges, foreign, runs)
	// Short mode makes a fifth of the runs, too few to count on.
	if !testing.Short() && (changes < 500 || merges < 100 || foreign < 50 || runs < 1) {
		t.Error("too little was exercised")
	}
}

// catchUp adds to past what doc has and past lacks.
func catchUp(rt *rapid.T, doc *automerge.Doc, past *shape.Past, all map[[32]byte][]byte) {
	list, err := doc.Changes()
	if err != nil {
		rt.Fatal(err)
	}
	for _, ch := range list {
		c, err := shape.DecodeCampus(all[ch.Hash()])
		if err != nil {
			rt.Fatal(err)
		}
		switch err := past.Check(c); {
		case err == nil:
			past.Add(c)
		case !errors.Is(err, shape.ReasonKnown):
			rt.Fatalf("merged change does not follow: %v", err)
		}
	}
}

// Many operators set one key apart; one merges them and overwrites all. This
// reaches the run-length forms of the predecessor columns.
func TestCampusManyPreds(t *testing.T) {
	for n := 1; n <= shape.MaxPreds+1; n++ {
		merged := newDoc(t, []byte{0x80})
		for i := range n {
			doc := newDoc(t, []byte{byte(7 * i), 1})
			for edit := range 1 + i/3 {
				put(t, doc, "k", fmt.Sprint(i, edit))
			}
			if _, err := merged.Merge(doc); err != nil {
				t.Fatal(err)
			}
		}
		raw := put(t, merged, "k", "one")
		c, err := shape.DecodeCampus(raw)
		if n > shape.MaxPreds {
			if !errors.Is(err, shape.ReasonPreds) && !errors.Is(err, shape.ReasonActor) {
				t.Errorf("%d predecessors: %v", n, err)
			}
			continue
		}
		if err != nil || len(c.Preds) != n || len(c.Deps) != n {
			t.Fatalf("%d predecessors: %v, got %d", n, err, len(c.Preds))
		}
		if again, _, err := shape.Encode(c); err != nil || !bytes.Equal(again, raw) {
			t.Errorf("%d predecessors are encoded differently", n)
		}
	}
}

func TestPast(t *testing.T) {
	a, b := []byte{1}, []byte{2}
	make1 := func(c shape.Change) shape.Change {
		t.Helper()
		raw, _, err := shape.Encode(c)
		if err != nil {
			t.Fatal(err)
		}
		c, err = shape.DecodeCampus(raw)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	v := shape.Int(1)
	a1 := make1(shape.Change{Actor: a, Seq: 1, StartOp: 1, Key: "k", Value: v})
	on := func(d shape.Change, actor []byte, seq, op uint64, key string, preds ...shape.OpID) shape.Change {
		return make1(shape.Change{Actor: actor, Seq: seq, StartOp: op, Deps: [][32]byte{d.Hash}, Key: key, Value: v, Preds: preds})
	}
	b1 := on(a1, b, 1, 2, "k", a1.Op())
	var past shape.Past
	past.Add(a1)
	for _, c := range []struct {
		name string
		c    shape.Change
		want error
	}{
		{"next", b1, nil},
		{"known", a1, shape.ReasonKnown},
		{"dependency missing", on(b1, a, 2, 3, "k"), shape.ReasonGap},
		{"own change missing", on(a1, b, 2, 2, "k"), shape.ReasonGap},
		{"counter leaps", on(a1, b, 1, 3, "k"), shape.ReasonCounter},
		{"counter leaps far", on(a1, b, 1, shape.MaxCounter, "k"), shape.ReasonCounter},
		{"sequence number again", make1(shape.Change{Actor: a, Seq: 1, StartOp: 1, Key: "z", Value: v}), shape.ReasonFork},
		{"unknown predecessor", on(a1, b, 1, 2, "k", shape.OpID{Ctr: 1, Actor: b}), shape.ReasonGap},
		{"predecessor on another key", on(a1, b, 1, 2, "z", a1.Op()), shape.ReasonPreds},
	} {
		if err := past.Check(c.c); err != c.want {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
	past.Add(b1)
	if err := past.Check(on(a1, b, 2, 2, "k")); err != shape.ReasonFork {
		t.Errorf("counter used twice: %v", err)
	}
	if past.Len() != 2 {
		t.Errorf("Len is %d", past.Len())
	}
}
