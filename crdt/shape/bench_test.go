package shape

import "testing"

func benchDay(b *testing.B, size int) {
	actor := make([]byte, 24)
	raw, _, err := EncodeDay(Day{Actor: actor, Seq: 1000, Prev: [32]byte{1}, Event: make([]byte, size)})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeDay(raw); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeDay300(b *testing.B) { benchDay(b, 300) }
func BenchmarkDecodeDay64k(b *testing.B) { benchDay(b, MaxEvent) }

func BenchmarkEncodeDay300(b *testing.B) {
	d := Day{Actor: make([]byte, 24), Seq: 1000, Prev: [32]byte{1}, Event: make([]byte, 300)}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := EncodeDay(d); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeCampus(b *testing.B) {
	c := Change{
		Actor: []byte("author"), Seq: 3, StartOp: 9, Deps: [][32]byte{{1}, {2}}, Key: "site/name", Value: String("Norra huset"),
		Preds: []OpID{{4, []byte("other")}, {5, []byte("author")}, {6, []byte("other")}},
	}
	raw, _, err := Encode(c)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeCampus(raw); err != nil {
			b.Fatal(err)
		}
	}
}
