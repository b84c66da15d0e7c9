package privacy

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/memnet"
	"github.com/upprop/upprop/mesh/stream"
)

func sample() Answer {
	return Answer{Horizon: 20800, Heads: map[record.DocID][]crdt.Head{
		"acts/20270114/0/north": {{Actor: record.ActorID{1}, Seq: 3}, {Actor: record.ActorID{2}, Seq: 1}},
		actsDoc:                 {{Actor: record.ActorID{1}, Seq: 9}},
	}}
}

func TestAnswerRoundTrip(t *testing.T) {
	for _, a := range []Answer{sample(), {Heads: map[record.DocID][]crdt.Head{}}} {
		got, err := decodeAnswer(a.encode())
		if err != nil || !cmp.Equal(a, got) {
			t.Errorf("%+v %v", got, err)
		}
	}
	// Documents that are none of acts are nobody's business.
	a := sample()
	a.Heads["day/20270115/0/north"] = a.Heads[actsDoc]
	if got, err := decodeAnswer(a.encode()); err != nil || !cmp.Equal(sample(), got) {
		t.Errorf("%+v %v", got, err)
	}
}

// The newest days are told when there is no room for all.
func TestAnswerIsBounded(t *testing.T) {
	a := Answer{Heads: map[record.DocID][]crdt.Head{}}
	var heads []crdt.Head
	for i := range 1000 {
		var actor record.ActorID
		binary.BigEndian.PutUint32(actor[:], uint32(i))
		heads = append(heads, crdt.Head{Actor: actor, Seq: 1})
	}
	for day := range record.Day(40) {
		a.Heads[record.Doc{Kind: record.DocActs, Day: 20000 + day, Site: "north"}.ID()] = heads
	}
	got, err := decodeAnswer(a.encode())
	if err != nil || len(got.Heads) >= 40 || len(got.Heads) < 20 {
		t.Fatal(len(got.Heads), err)
	}
	if got.Heads[record.Doc{Kind: record.DocActs, Day: 20039, Site: "north"}.ID()] == nil {
		t.Error("the newest day is missing")
	}
}

func TestAnswerRefusals(t *testing.T) {
	good := sample().encode()
	for i := range good {
		if _, err := decodeAnswer(good[:i]); err == nil {
			t.Errorf("%d bytes were taken", i)
		}
	}
	for what, b := range map[string][]byte{
		"trailing":      append(bytes.Clone(good), 0),
		"newer":         append([]byte{2}, good[1:]...),
		"horizon":       append([]byte{1, 0xff}, good[2:]...),
		"too long":      make([]byte, maxAnswer+1),
		"other kind":    bytes.ReplaceAll(good, []byte("acts/2"), []byte("seal/2")),
		"twice":         bytes.ReplaceAll(good, []byte("0114"), []byte("0115")),
		"out of order":  bytes.ReplaceAll(good, []byte("0114"), []byte("0116")),
		"actor twice":   bytes.ReplaceAll(good, append([]byte{2}, make([]byte, 31)...), append([]byte{1}, make([]byte, 31)...)),
		"sequence zero": append(bytes.Clone(good[:len(good)-8]), make([]byte, 8)...),
		"sequence huge": append(bytes.Clone(good[:len(good)-8]), bytes.Repeat([]byte{0xff}, 8)...),
	} {
		if _, err := decodeAnswer(b); err == nil {
			t.Error(what, "was taken")
		}
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add(sample().encode())
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := decodeAnswer(b)
		if err == nil && !bytes.Equal(a.encode(), b) {
			t.Fatal("an answer has two forms")
		}
	})
}

func TestExchange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net := memnet.New(1)
		var keys []*identity.Key
		var hosts []*memnet.Host
		var all []*Exchange
		for i := range 2 {
			k, err := identity.NewKey()
			if err != nil {
				t.Fatal(err)
			}
			h := net.Host(k.Private(), func(ed25519.PublicKey) stream.Standing { return stream.Member })
			a := sample()
			a.Horizon += record.Day(i)
			keys, hosts, all = append(keys, k), append(hosts, h), append(all, NewExchange(h, func() Answer { return a }))
		}
		ctx := context.Background()
		if _, err := all[0].Ask(ctx, keys[1].ID()); err == nil {
			t.Error("an answer from nowhere")
		}
		if err := hosts[0].Dial(ctx, keys[1].Public(), hosts[1].Addrs()); err != nil {
			t.Fatal(err)
		}
		got, err := all[0].Ask(ctx, keys[1].ID())
		if err != nil || got.Horizon != 20801 || len(got.Heads) != 2 {
			t.Errorf("%+v %v", got, err)
		}
		yes, no := func(identity.NodeID) bool { return true }, func(identity.NodeID) bool { return false }
		if h := fmt.Sprint(all[0].Horizon(yes), all[0].Horizon(no), all[1].Horizon(yes)); h != fmt.Sprint(record.Day(20801), record.Day(0), record.Day(0)) {
			t.Error(h)
		}
		time.Sleep(61 * time.Second)
		if all[0].Horizon(yes) != 0 {
			t.Error("an old word stands")
		}
		if err := net.Close(); err != nil {
			t.Error(err)
		}
	})
}
