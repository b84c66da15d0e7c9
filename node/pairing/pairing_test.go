package pairing

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// campus is a log of acts that all its services share, and who may sign.
type campus struct {
	now  time.Time
	acts []Act
	may  map[record.NodeID]ed25519.PublicKey
	fail error
	// own makes the keys of this campus its own.
	own []byte
}

func (c *campus) service(t testing.TB, n byte) *Service {
	t.Helper()
	seed := bytes.Repeat([]byte{n}, ed25519.SeedSize)
	copy(seed, c.own)
	key, id := ed25519.NewKeyFromSeed(seed), record.NodeID{n}
	c.may[id] = key.Public().(ed25519.PublicKey)
	return New(Config{
		Self: id,
		Sign: func(b []byte) []byte { return ed25519.Sign(key, append([]byte(Domain), b...)) },
		Verify: func(node record.NodeID, signed, sig []byte) error {
			if pub := c.may[node]; pub == nil || !ed25519.Verify(pub, append([]byte(Domain), signed...), sig) {
				return ErrSigner
			}
			return nil
		},
		Record: func(_ context.Context, what, note string) error {
			if c.fail != nil {
				return c.fail
			}
			c.acts = append(c.acts, Act{What: what, Note: note, At: c.now, Node: id})
			return nil
		},
		Acts: func(fn func(Act)) error {
			for _, a := range c.acts {
				fn(a)
			}
			return nil
		},
		Now: func() time.Time { return c.now },
	})
}

func newCampus() *campus {
	return &campus{now: time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC), may: map[record.NodeID]ed25519.PublicKey{}}
}

func TestPairedAtOneNodeKnownAtAnother(t *testing.T) {
	c := newCampus()
	desk, gate := c.service(t, 1), c.service(t, 2)
	k, err := desk.Pair(t.Context(), " Warden 3, car park ", 0)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(fmt.Sprintf("%v %+v %#v", k, k, k), k.Text()[len(k.Text())-20:]) {
		t.Error("a key prints its secret")
	}
	p, err := gate.Check(k.Text())
	if err != nil || p.Label != "Warden 3, car park" || p.ID != k.ID || !p.Expires.Equal(c.now.Add(DefaultFor)) {
		t.Fatalf("%+v %v", p, err)
	}
	rows, err := gate.List()
	if err != nil || len(rows) != 1 || rows[0].Label != "Warden 3, car park" || rows[0].Over(c.now) {
		t.Fatalf("%+v %v", rows, err)
	}
	c.now = c.now.Add(DefaultFor)
	if _, err := gate.Check(k.Text()); !IsOver(err) {
		t.Errorf("after its time: %v", err)
	}
}

func TestRevoked(t *testing.T) {
	c := newCampus()
	desk, gate := c.service(t, 1), c.service(t, 2)
	k, _ := desk.Pair(t.Context(), "", time.Hour)
	other, _ := desk.Pair(t.Context(), "Two", time.Hour)
	id, err := ParseID(strings.ToLower(k.ID.String()))
	if err != nil || id != k.ID {
		t.Fatal(err)
	}
	for range 2 {
		if err := gate.Revoke(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	if len(c.acts) != 3 {
		t.Errorf("%d acts", len(c.acts))
	}
	if _, err := desk.Check(k.Text()); !IsOver(err) {
		t.Error(err)
	}
	if _, err := desk.Check(other.Text()); err != nil {
		t.Error("another phone:", err)
	}
	delete(c.may, record.NodeID{1})
	if _, err := gate.Check(other.Text()); !errors.Is(err, ErrSigner) {
		t.Errorf("signed by one who is a member no more: %v", err)
	}
}

func TestNothingIsPairedThatIsNotOnRecord(t *testing.T) {
	c := newCampus()
	c.fail = errors.New("disk full")
	if k, err := c.service(t, 1).Pair(t.Context(), "", 0); !errors.Is(err, c.fail) || len(k.raw) != 0 {
		t.Error(err)
	}
}

func TestBadLabels(t *testing.T) {
	s := newCampus().service(t, 1)
	for _, label := range []string{strings.Repeat("å", 25), "two\nlines", "\xff"} {
		var p *Problem
		if _, err := s.Pair(t.Context(), label, 0); !errors.As(err, &p) {
			t.Errorf("%q: %v", label, err)
		}
	}
	var p *Problem
	if _, err := s.Pair(t.Context(), "", time.Second); !errors.As(err, &p) {
		t.Error(err)
	}
}

func TestForged(t *testing.T) {
	c := newCampus()
	s := c.service(t, 1)
	k, _ := s.Pair(t.Context(), "One", time.Hour)
	raw, _ := text.DecodeString(k.Text())
	for i := range raw {
		bad := slices.Clone(raw)
		bad[i] ^= 1
		if p, err := s.Check(text.EncodeToString(bad)); err == nil {
			t.Fatalf("changed at byte %d of %d: %+v", i, len(raw), p)
		}
	}
}

func FuzzCheck(f *testing.F) {
	c := newCampus()
	c.own = []byte(rand.Text()) // what another process of this run was given is no good here
	s := c.service(f, 1)
	k, _ := s.Pair(f.Context(), "One", time.Hour)
	f.Add(k.Text())
	f.Add("")
	f.Fuzz(func(t *testing.T, in string) {
		p, err := s.Check(in)
		if err == nil && in != k.Text() {
			t.Fatalf("made up: %+v", p)
		}
	})
}
