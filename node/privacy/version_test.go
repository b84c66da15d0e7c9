package privacy

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/record"
)

func TestVersionsDoNotBeginAgain(t *testing.T) {
	for _, c := range []struct {
		stands     uint32
		correction bool
		want       uint32
	}{
		{0, false, 1},
		{1, true, 1 << 16},
		{1<<16 + 5, true, 2 << 16},
		{1<<16 + 5, false, 1<<16 + 6},
		{math.MaxUint16 - 1, false, math.MaxUint16},
		{math.MaxUint16, false, 0},
		{math.MaxUint16, true, 1 << 16},
		{math.MaxUint32 - 1, false, math.MaxUint32},
		{math.MaxUint32, false, 0},
		{math.MaxUint16 << 16, true, 0},
		{math.MaxUint32, true, 0},
	} {
		got, err := outranking(c.stands, c.correction)
		if got != c.want || (c.want == 0) != errors.Is(err, ErrSpent) {
			t.Errorf("after %x (a correction: %t): %x, %v", c.stands, c.correction, got, err)
		}
	}
}

// Where no version is left, nothing is put on record or changed, and other visits
// are sealed anew all the same.
func TestASpentVersionIsRefused(t *testing.T) {
	s := newSafe()
	for i := range byte(3) {
		s.holds(visit(i), 1, true, "dated")
	}
	for _, a := range []record.Audience{cardOf, dossierOf, bearerOf} {
		k := record.PartKey{Visit: visit(1), Audience: a}
		part, key := s.parts[k], s.keys[k]
		part.Version, key.Version = math.MaxUint32, math.MaxUint32
		s.parts[k], s.keys[k] = part, key
	}
	r := s.resealer()
	if err := r.Rectify(t.Context(), visit(1), Correction{Name: private("Astrid Al")}, "operator x"); !errors.Is(err, ErrSpent) || len(s.acts) != 0 {
		t.Error("corrected:", s.acts, err)
	}
	if err := r.Step(t.Context()); err != nil || s.stored != 2 {
		t.Error("others were not sealed anew:", s.stored, err)
	}
}

// A correction keeps what a newer release has written of the person, and is not
// made where nobody could read the outcome.
func TestACorrectionKeepsWhatItDoesNotKnow(t *testing.T) {
	s := newSafe()
	s.holds(visit(1), 20, true, "dated")
	// A map of one field, 77, with a long text.
	const long = codec.MaxPart - 50
	newer := "\xa1\x18\x4d\x79" + string([]byte{long >> 8, long & 0xff}) + strings.Repeat("x", long)
	k := record.PartKey{Visit: visit(1), Audience: cardOf}
	p := s.parts[k]
	p.Box = codec.EncodeCard(record.Card{Name: "A", Rest: record.Private(newer)})
	s.parts[k] = p
	r := s.resealer()
	if err := r.Rectify(t.Context(), visit(1), Correction{Name: private("B")}, "operator x"); err != nil {
		t.Fatal(err)
	}
	if c, err := codec.DecodeCard(s.parts[k].Box); err != nil || c.Name != "B" || len(c.Rest) != len(newer) {
		t.Error("lost:", len(c.Rest), err)
	}
	if err := r.Rectify(t.Context(), visit(1), Correction{Name: private(strings.Repeat("B", 100))}, "operator x"); !errors.Is(err, ErrTooLong) {
		t.Error(err)
	}
}
