package identity

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestKeySurvivesItsFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "node.key")
	k := newKey(t)
	if err := k.Save(path); err != nil {
		t.Fatal(err)
	}
	if st, _ := os.Stat(path); st.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v", st.Mode())
	}
	if err := newKey(t).Save(path); !errors.Is(err, fs.ErrExist) {
		t.Fatalf("a key was replaced: %v", err)
	}
	back, err := LoadKey(path)
	if err != nil || back.ID() != k.ID() {
		t.Fatalf("got %v, %v", back, err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(left) > 0 {
		t.Fatalf("left behind: %v", left)
	}
	whole, _ := os.ReadFile(path)
	for i := range whole {
		bad := bytes.Clone(whole)
		bad[i] ^= 1
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadKey(path); err == nil {
			t.Fatalf("byte %d changed and nobody noticed", i)
		}
	}
	_ = os.WriteFile(path, []byte(nodeKeyMagic+"2\nwhatever"), 0o600)
	if _, err := LoadKey(path); !errors.Is(err, ErrNewerFile) {
		t.Fatalf("got %v", err)
	}
}

func TestSignaturesAreBoundToTheirDomain(t *testing.T) {
	k := newKey(t)
	sig := k.Sign("beat", []byte("x"))
	if !Verify(k.Public(), "beat", []byte("x"), sig) {
		t.Fatal("own signature refused")
	}
	if Verify(k.Public(), "event", []byte("x"), sig) || Verify(k.Public(), "beat", []byte("y"), sig) ||
		Verify(newKey(t).Public(), "beat", []byte("x"), sig) || Verify(nil, "beat", []byte("x"), sig) {
		t.Fatal("foreign signature taken")
	}
}

func TestKeysDoNotPrint(t *testing.T) {
	k := newKey(t)
	root, _ := NewRoot("Campus")
	for _, v := range []any{k, root} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			if s := fmt.Sprintf(verb, v); len(s) > 60 {
				t.Fatalf("%s prints %s", verb, s)
			}
		}
	}
}

func TestRootExport(t *testing.T) {
	root, err := NewRoot("Norra campus")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "root.key")
	if err := root.Save(path); err != nil {
		t.Fatal(err)
	}
	if back, err := LoadRoot(path); err != nil || back.Pin() != root.Pin() || back.Name() != root.Name() {
		t.Fatalf("got %v, %v", back, err)
	}
	var b bytes.Buffer
	if err := root.Export(&b, "short"); !errors.Is(err, ErrWeakPassphrase) {
		t.Fatalf("got %v", err)
	}
	if err := root.Export(&b, "correct horse"); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(b.Bytes(), root.key.priv.Seed()) {
		t.Fatal("the seed is in the clear")
	}
	back, err := RestoreRoot(bytes.NewReader(b.Bytes()), "correct horse")
	if err != nil || back.Pin() != root.Pin() || back.Name() != root.Name() {
		t.Fatalf("got %v, %v", back, err)
	}
	if _, err := RestoreRoot(bytes.NewReader(b.Bytes()), "correct horsf"); !errors.Is(err, ErrPassphrase) {
		t.Fatalf("got %v", err)
	}
	for i := range b.Len() {
		bad := bytes.Clone(b.Bytes())
		bad[i] ^= 1
		if _, err := RestoreRoot(bytes.NewReader(bad), "correct horse"); !errors.Is(err, ErrAltered) && !errors.Is(err, ErrNewerFile) {
			t.Fatalf("byte %d: got %v", i, err)
		}
	}
	if _, err := RestoreRoot(strings.NewReader(exportMagic+"2\n"), "correct horse"); !errors.Is(err, ErrNewerFile) {
		t.Fatalf("got %v", err)
	}
}

func TestExportHeaderIsBounded(t *testing.T) {
	ok := exportHeader{Time: 3, Memory: 64 << 10, Threads: 4, Salt: make([]byte, 16), Nonce: make([]byte, 24)}
	if !ok.sane() {
		t.Fatal("own parameters refused")
	}
	for _, h := range []exportHeader{
		{Time: 1 << 20, Memory: ok.Memory, Threads: 4, Salt: ok.Salt, Nonce: ok.Nonce},
		{Time: 3, Memory: 1 << 30, Threads: 4, Salt: ok.Salt, Nonce: ok.Nonce},
		{Time: 3, Memory: 0, Threads: 4, Salt: ok.Salt, Nonce: ok.Nonce},
		{Time: 3, Memory: ok.Memory, Threads: 0, Salt: ok.Salt, Nonce: ok.Nonce},
		{Time: 3, Memory: ok.Memory, Threads: 4, Nonce: ok.Nonce},
		{Time: 3, Memory: ok.Memory, Threads: 4, Salt: ok.Salt},
	} {
		if h.sane() {
			t.Fatalf("%+v taken", h)
		}
	}
}

func TestRoles(t *testing.T) {
	for _, s := range []string{"entrance", "desk", "warden", "relay"} {
		if r, err := ParseRole(s); err != nil || string(r) != s {
			t.Fatalf("%s: %v", s, err)
		}
	}
	_, err := ParseRole("Desk")
	if err == nil {
		t.Fatal("Desk taken")
	}
	for _, s := range []string{"entrance", "desk", "warden", "relay"} {
		if !strings.Contains(err.Error(), s) {
			t.Fatalf("%q does not name %s", err, s)
		}
	}
}
