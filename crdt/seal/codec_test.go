package seal

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"github.com/upprop/upprop/crdt/record"
)

func seeds(t testing.TB) Sealed {
	c := newCampus(t)
	return c.seal(t, visit(1), 1, map[record.Audience][]byte{card: []byte("Anna"), dossier: nil})
}

// check demands that what decodes, encodes to the same bytes.
func check[T interface{ Encode() []byte }](t *testing.T, b []byte, decode func([]byte) (T, error)) {
	v, err := decode(b)
	if err != nil {
		if !errors.Is(err, ErrFormat) {
			t.Fatalf("decode %x: %v, want ErrFormat", b, err)
		}
		return
	}
	if got := v.Encode(); !bytes.Equal(got, b) {
		t.Fatalf("%x decodes, and encodes to %x", b, got)
	}
}

func FuzzPart(f *testing.F) {
	for _, p := range seeds(f).Parts {
		f.Add(p.Encode())
	}
	f.Fuzz(func(t *testing.T, b []byte) { check(t, b, DecodePart) })
}

func FuzzWrap(f *testing.F) {
	for _, w := range seeds(f).Wraps {
		f.Add(w.Encode())
	}
	f.Fuzz(func(t *testing.T, b []byte) { check(t, b, DecodeWrap) })
}

func FuzzContext(f *testing.F) {
	for _, c := range seeds(f).Contexts {
		f.Add(c.Encode())
	}
	f.Fuzz(func(t *testing.T, b []byte) { check(t, b, DecodeContext) })
}

func FuzzGrant(f *testing.F) {
	r := NewVault()
	for _, a := range []record.Audience{card, dossier} {
		k, err := GenerateKey(a, "2027-02-28")
		if err != nil {
			f.Fatal(err)
		}
		if err := r.Add(k); err != nil {
			f.Fatal(err)
		}
	}
	raw, err := r.Export(r.Public()[0].ID, r.Public()[1].ID)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte{0x82, 0x02, 0x80})
	f.Add([]byte{0x82, 0x01, 0xf6})
	f.Fuzz(func(t *testing.T, b []byte) {
		r := NewVault()
		got, err := r.Import(bytes.Clone(b))
		if err != nil {
			if !errors.Is(err, ErrFormat) && !errors.Is(err, ErrNewer) {
				t.Fatalf("import: %v", err)
			}
			return
		}
		for _, k := range got {
			if err := k.Check(); err != nil || !r.Has(k.ID) {
				t.Fatalf("imported key: %v, on the ring: %v", err, r.Has(k.ID))
			}
		}
	})
}

// FuzzVault: what is read as a vault's file, or as the body of one, is written
// to the same bytes.
func FuzzVault(f *testing.F) {
	v := newVault("", VaultOptions{KDF: cheap})
	add := func(err error) {
		raw, e := sealFile(v.cur.Load())
		body, e2 := encodeState(v.cur.Load())
		if err := errors.Join(err, e, e2); err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
		f.Add(body)
	}
	add(nil)
	_, err := v.Lock(until, nil, nil)
	add(errors.Join(err, v.Renew(until)))
	add(v.Add(mustKey(f, card, "2027-02-28"), mustKey(f, dossier, "")))
	add(v.SetPIN([]byte("1")))
	add(v.SetPassphrase([]byte("1")))
	f.Add([]byte{0x84, 0x02, 0xf6, 0xf6, 0xf6})
	f.Add([]byte{0x84, 0xf6, 0xf6, 0xf6, 0xf6})
	same := func(t *testing.T, b []byte, s *state, err error, write func(*state) ([]byte, error)) {
		if err != nil {
			if !errors.Is(err, ErrFormat) && !errors.Is(err, ErrNewer) {
				t.Fatalf("read: %v", err)
			}
			return
		}
		if again, err := write(s); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%x is read as a vault, and written as %x, %v", b, again, err)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := decodeState(bytes.Clone(b))
		same(t, b, s, err, encodeState)
		// What a passphrase would cost is not for a fuzzer.
		if w, err := decodeFile(bytes.Clone(b)); err != nil || len(w.KDF.Salt) == 0 {
			s, err := openFile(bytes.Clone(b), nil)
			same(t, b, s, err, sealFile)
		}
	})
}

// FuzzRest: only what Lock made unlocks.
func FuzzRest(f *testing.F) {
	v := NewVault()
	l, err := v.Lock(until, nil, []byte("x"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(l)
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := v.Unlock(until, nil, b); (err == nil) != bytes.Equal(b, l) {
			t.Fatalf("unlock %x: %v", b, err)
		}
	})
}

func TestCodec(t *testing.T) {
	s := seeds(t)
	for _, p := range s.Parts {
		if got, err := DecodePart(p.Encode()); err != nil || !reflect.DeepEqual(got, p) {
			t.Errorf("part: %v, %v", got, err)
		}
	}
	for _, w := range s.Wraps {
		got, err := DecodeWrap(w.Encode())
		if got.Until = w.Until; err != nil || !reflect.DeepEqual(got, w) {
			t.Errorf("wrap: %v, %v", got, err)
		}
		if n := len(w.Encode()); n > 96 {
			t.Errorf("a wrap takes %d bytes", n)
		}
	}
	for _, c := range s.Contexts {
		if got, err := DecodeContext(c.Encode()); err != nil || !reflect.DeepEqual(got, c) {
			t.Errorf("context: %v, %v", got, err)
		}
	}
	longest := newCampus(t).seal(t, visit(1), 1<<32-1, map[record.Audience][]byte{dossier: make([]byte, MaxPart)})
	if _, err := DecodePart(longest.Parts[0].Encode()); err != nil {
		t.Errorf("longest part: %v", err)
	}
}

func TestCodecRefuses(t *testing.T) {
	s := seeds(t)
	p, w, c := s.Parts[0], s.Wraps[0], s.Contexts[0]
	parts := map[string]Part{
		"audience":  {"all", 1, p.Box},
		"version 0": {card, 0, p.Box},
		"no box":    {card, 1, nil},
		"odd box":   {card, 1, p.Box[1:]},
		"long box":  {card, 1, make([]byte, maxBox+padBlock)},
	}
	for name, x := range parts {
		if _, err := DecodePart(x.Encode()); !errors.Is(err, ErrFormat) {
			t.Errorf("part with %s: %v, want ErrFormat", name, err)
		}
	}
	for name, x := range map[string]Wrap{
		"audience":  {Audience: "all", Version: 1, KeyID: w.KeyID, Context: w.Context, Box: w.Box},
		"version 0": {Audience: card, Version: 0, KeyID: w.KeyID, Context: w.Context, Box: w.Box},
		"short box": {Audience: card, Version: 1, KeyID: w.KeyID, Context: w.Context, Box: w.Box[1:]},
		"long box":  {Audience: card, Version: 1, KeyID: w.KeyID, Context: w.Context, Box: make([]byte, 49)},
	} {
		if _, err := DecodeWrap(x.Encode()); !errors.Is(err, ErrFormat) {
			t.Errorf("wrap with %s: %v, want ErrFormat", name, err)
		}
	}
	for _, n := range []int{0, encSize - 1, encSize + 1} {
		if _, err := DecodeContext((Context{KeyID: c.KeyID, Enc: make([]byte, n)}).Encode()); !errors.Is(err, ErrFormat) {
			t.Errorf("context of %d bytes: %v, want ErrFormat", n, err)
		}
	}
	good := p.Encode()
	for name, x := range map[string][]byte{
		"nothing":       {},
		"trailing byte": append(bytes.Clone(good), 0),
		"newer version": append([]byte{good[0], 2}, good[2:]...),
		"long integer":  append([]byte{good[0], 0x18, 1}, good[2:]...),
		"fewer fields":  append([]byte{0x83}, good[1:]...),
		"a map":         {0xa0},
		"null":          {0xf6},
	} {
		if _, err := DecodePart(x); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v, want ErrFormat", name, err)
		}
	}
}
