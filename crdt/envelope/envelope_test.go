package envelope

import (
	"bytes"
	"crypto/ed25519"
	"testing"

	"pgregory.net/rapid"

	"github.com/upprop/upprop/crdt/record"
)

func batch(n int) []*Envelope {
	var out []*Envelope
	for i := range n {
		out = append(out, &Envelope{
			ID:      record.EventID{Doc: "day/20261122/0/s", Actor: record.ActorID{1}, Seq: uint64(i + 1)},
			Payload: []byte{byte(i), byte(i >> 8), 7},
		})
	}
	return out
}

func keyed() (func([]byte) []byte, *Verifier) {
	pub, priv, _ := ed25519.GenerateKey(nil)
	return func(b []byte) []byte { return ed25519.Sign(priv, b) },
		&Verifier{Check: func(n record.NodeID, root, sig []byte) bool {
			return n == record.NodeID{1} && ed25519.Verify(pub, root, sig)
		}}
}

func TestEveryBatchSizeVerifies(t *testing.T) {
	sign, v := keyed()
	for _, n := range []int{1, 2, 3, 4, 5, 7, 8, 9, 31, 64, 100, MaxBatch} {
		es := batch(n)
		if err := Sign(es, sign); err != nil {
			t.Fatal(err)
		}
		for _, e := range es {
			got, err := Decode(e.Encode())
			if err != nil {
				t.Fatal(n, err)
			}
			if err := v.Verify(got); err != nil {
				t.Fatal(n, e.Index, err)
			}
		}
	}
}

// Every byte, every bit: what is altered does not verify.
func TestNoAlteredBitVerifies(t *testing.T) {
	sign, v := keyed()
	for _, n := range []int{1, 2, 5, 6} {
		es := batch(n)
		if err := Sign(es, sign); err != nil {
			t.Fatal(err)
		}
		raw := es[n-1].Encode()
		for bit := range 8 * len(raw) {
			b := bytes.Clone(raw)
			b[bit/8] ^= 1 << (bit % 8)
			got, err := Decode(b)
			if err == nil && v.Verify(got) == nil && got.ID.Actor.Node() == es[n-1].ID.Actor.Node() {
				t.Fatalf("batch of %d: bit %d of byte %d altered still verifies", n, bit%8, bit/8)
			}
		}
	}
}

func TestNoAlteredByteVerifies(t *testing.T) {
	sign, _ := keyed()
	es := batch(5)
	_ = Sign(es, sign)
	raw := es[3].Encode()
	rapid.Check(t, func(t *rapid.T) {
		v := &Verifier{}
		i := rapid.IntRange(0, len(raw)-1).Draw(t, "i")
		x := rapid.ByteRange(1, 255).Draw(t, "x")
		b := bytes.Clone(raw)
		b[i] ^= x
		got, err := Decode(b)
		if err != nil {
			return
		}
		root, ok := es[3].Root()
		if !ok {
			t.Fatal("no root")
		}
		v.Check = func(_ record.NodeID, r, sig []byte) bool {
			return bytes.Equal(r, root[:]) && bytes.Equal(sig, es[3].Signature[:])
		}
		if v.Verify(got) == nil && got.ID.Actor.Node() == es[3].ID.Actor.Node() {
			t.Fatalf("byte %d altered by %x still verifies", i, x)
		}
	})
}

func FuzzDecode(f *testing.F) {
	sign, _ := keyed()
	es := batch(3)
	_ = Sign(es, sign)
	f.Add(es[1].Encode())
	es[2].Aside = []byte("aside")
	f.Add(es[2].Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := Decode(b)
		if err != nil {
			return
		}
		e.Root()
		if !bytes.Equal(e.Encode(), b) {
			t.Fatal("another form")
		}
	})
}

func BenchmarkSign1(b *testing.B)  { benchSign(b, 1) }
func BenchmarkSign64(b *testing.B) { benchSign(b, 64) }

func benchSign(b *testing.B, n int) {
	sign, _ := keyed()
	es := batch(n)
	for b.Loop() {
		if err := Sign(es, sign); err != nil {
			b.Fatal(err)
		}
	}
}
