package backup

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/store"
)

func filled(t testing.TB, rows int) *store.Mem {
	t.Helper()
	s := store.NewMem(1)
	var b store.Batch
	for i := range rows {
		b.Set(fmt.Appendf(nil, "k%05d", i), bytes.Repeat([]byte{byte(i)}, i%700))
	}
	if err := s.Apply(&b); err != nil {
		t.Fatal(err)
	}
	return s
}

func dump(t testing.TB, s store.Store) (out []string) {
	t.Helper()
	if err := s.Scan(nil, nil, func(k, v []byte) error { out = append(out, string(k)+"="+string(v)); return nil }); err != nil {
		t.Fatal(err)
	}
	return out
}

var about = About{Campus: "Ekudden", Node: "Reception", Made: time.Date(2026, 11, 27, 8, 0, 0, 0, time.UTC)}

func written(t testing.TB, s store.Store, passphrase string) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := Write(&out, about, []File{{"node.key", []byte("key")}, {"node.json", []byte("{}")}}, s, passphrase); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// readAll reads a backup into memory.
func readAll(b []byte, passphrase string) (got About, files []File, s *store.Mem, err error) {
	s = store.NewMem(2)
	err = Read(bytes.NewReader(b), passphrase,
		func(a About) error { got = a; return nil },
		func(f File) error { files = append(files, f); return nil }, s)
	return got, files, s, err
}

func TestRoundTrip(t *testing.T) {
	for _, rows := range []int{0, 1, 20000} {
		for _, passphrase := range []string{"", "correct horse"} {
			s := filled(t, rows)
			b := written(t, s, passphrase)
			got, files, back, err := readAll(b, passphrase)
			if err != nil {
				t.Fatal(err)
			}
			if got.Node != "Reception" || !got.Made.Equal(about.Made) || len(files) != 2 || string(files[0].Data) != "key" {
				t.Errorf("%+v %+v", got, files)
			}
			if !slices.Equal(dump(t, s), dump(t, back)) {
				t.Errorf("%d rows: other rows came back", rows)
			}
			if passphrase != "" && bytes.Contains(b, []byte("node.key")) {
				t.Error("not encrypted")
			}
		}
	}
}

func TestPassphrase(t *testing.T) {
	s := filled(t, 3)
	if err := Write(&bytes.Buffer{}, about, nil, s, "short"); !errors.Is(err, ErrShort) {
		t.Errorf("a short one: %v", err)
	}
	b := written(t, s, "correct horse")
	for _, wrong := range []string{"", "wrong horse"} {
		if _, _, _, err := readAll(b, wrong); !errors.Is(err, ErrPassphrase) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}

// Whatever is cut off or changed, the backup is refused, and by a line that
// says what to do.
func TestDamage(t *testing.T) {
	b := written(t, filled(t, 400), "")
	known := func(err error) bool {
		return errors.Is(err, ErrDamaged) || errors.Is(err, ErrNotBackup) || errors.Is(err, ErrNewer)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		n := r.IntN(len(b))
		if _, _, _, err := readAll(b[:n], ""); !known(err) {
			t.Fatalf("cut at %d of %d: %v", n, len(b), err)
		}
		bad := slices.Clone(b)
		bad[n] ^= 1 << r.IntN(8)
		if _, _, _, err := readAll(bad, ""); err != nil && !known(err) {
			t.Fatalf("changed at %d: %v", n, err)
		} else if got, _, s, _ := readAll(bad, ""); err == nil && (got.Node != about.Node || len(dump(t, s)) != 400) {
			t.Fatalf("changed at %d: taken", n)
		}
	}
	if _, _, _, err := readAll([]byte("a holiday picture"), ""); !errors.Is(err, ErrNotBackup) {
		t.Error(err)
	}
}

func TestNewer(t *testing.T) {
	if err := start(aboutName, []byte(`{"format":99}`), nil); !errors.Is(err, ErrNewer) {
		t.Error(err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(written(f, filled(f, 20), ""))
	f.Add([]byte("age-encryption.org/v1\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<16 {
			return
		}
		_, _, _, _ = readAll(b, "")
	})
}

func FuzzFill(f *testing.F) {
	f.Add([]byte{1, 'k', 1, 'v'})
	f.Fuzz(func(t *testing.T, b []byte) {
		s := store.NewMem(1)
		n, err := fill(s, b)
		if err == nil && len(dump(t, s)) > n {
			t.Fatal("more rows than were counted")
		}
	})
}

// A file that somebody has taken apart and put together again, each part whole,
// is not the one that was written.
func TestAPartIsMissing(t *testing.T) {
	zip, err := gzip.NewReader(bytes.NewReader(written(t, filled(t, 20), "")))
	if err != nil {
		t.Fatal(err)
	}
	in := tar.NewReader(zip)
	var names []string
	parts := map[string][]byte{}
	for {
		h, err := in.Next()
		if err != nil {
			break
		}
		if parts[h.Name], err = io.ReadAll(in); err != nil {
			t.Fatal(err)
		}
		names = append(names, h.Name)
	}
	again := func(without, changed string) []byte {
		var out bytes.Buffer
		zip := gzip.NewWriter(&out)
		w := tar.NewWriter(zip)
		for _, name := range names {
			data := slices.Clone(parts[name])
			if name == changed {
				data[len(data)-1] ^= 1
			}
			if name == without {
				continue
			}
			if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(data))}); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(data); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(w.Close(), zip.Close()); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	if _, _, _, err := readAll(again("", ""), ""); err != nil {
		t.Fatal("put together as it was:", err)
	}
	for _, name := range names[1:] {
		if _, _, _, err := readAll(again(name, ""), ""); !errors.Is(err, ErrDamaged) {
			t.Errorf("without %s: %v", name, err)
		}
		if _, _, _, err := readAll(again("", name), ""); name != endName && !errors.Is(err, ErrDamaged) {
			t.Errorf("with another %s: %v", name, err)
		}
	}
}
