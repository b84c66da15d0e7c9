package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/upprop/upprop/crdt/seal/sealtest"
	"github.com/upprop/upprop/crdt/store"
)

// needles are byte strings that must be nowhere. All are looked for in one
// walk over the data, by their first eight bytes.
type needles struct {
	first map[uint64][]needle
	maybe [1 << 16]bool
}

type needle struct {
	what  string
	bytes []byte
}

func (n *needles) add(what string, b []byte) {
	if len(b) < 8 {
		panic("a needle of less than eight bytes: " + what)
	}
	if n.first == nil {
		n.first = map[uint64][]needle{}
	}
	k := binary.BigEndian.Uint64(b)
	n.first[k] = append(n.first[k], needle{what, bytes.Clone(b)})
	n.maybe[k>>48] = true
}

// text adds a text in all forms in which it may have been written.
func (n *needles) text(s string) {
	n.bytes(s, []byte(s))
	n.add(s+" for a URL", []byte(url.QueryEscape(s)))
	utf16 := []byte{}
	for _, r := range s {
		utf16 = append(utf16, byte(r), byte(r>>8))
	}
	n.add(s+" in UTF-16", utf16)
}

// bytes adds bytes, plain, in hex and in base64.
func (n *needles) bytes(what string, b []byte) {
	n.add(what, b)
	h := hex.EncodeToString(b)
	n.add(what+" in hex", []byte(h))
	n.add(what+" in HEX", []byte(strings.ToUpper(h)))
	for at := range 3 { // where it may begin within three bytes
		for what64, e := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64url": base64.RawURLEncoding} {
			whole := e.EncodeToString(append(make([]byte, at), b...))
			from, to := (at*8+5)/6, (at+len(b))*8/6 // characters of its bits alone
			n.add(what+" in "+what64, []byte(whole[from:to]))
		}
	}
}

// in returns what of it is in the data.
func (n *needles) in(data []byte) (found []string) {
	seen := map[string]bool{}
	for i := 0; i+8 <= len(data); i++ {
		if !n.maybe[uint16(data[i])<<8|uint16(data[i+1])] {
			continue
		}
		for _, x := range n.first[binary.BigEndian.Uint64(data[i:])] {
			if !seen[x.what] && bytes.HasPrefix(data[i:], x.bytes) {
				seen[x.what] = true
				found = append(found, x.what)
			}
		}
	}
	return found
}

// inFolder searches every file under a folder, but for those whose names are
// left out.
func (n *needles) inFolder(t *testing.T, dir string, leaveOut ...string) (found []string, size int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		for _, name := range leaveOut {
			if e.Name() == name {
				return nil
			}
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		size += len(b)
		for _, f := range n.in(b) {
			found = append(found, f+" in "+path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found, size
}

// inDatabase searches the keys and values of a node's database, which its
// files may hold compressed. The node must be stopped.
func (n *needles) inDatabase(t *testing.T, dir string) (found []string, size int) {
	t.Helper()
	s, err := store.Open(filepath.Join(dir, "db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	err = s.Scan(nil, nil, func(k, v []byte) error {
		size += len(k) + len(v)
		for _, f := range append(n.in(k), n.in(v)...) {
			found = append(found, f+" in the database of "+dir)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found, size
}

// vaultSecrets are the secrets in a node's vault file.
func vaultSecrets(t *testing.T, dir string) (buckets, private [][]byte) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "vault.keys"))
	if err != nil {
		t.Fatal(err)
	}
	if buckets, private, err = sealtest.Secrets(raw); err != nil {
		t.Fatal(err)
	}
	return buckets, private
}

// TestNeedlesAreFound: the search finds what is there, in every form.
func TestNeedlesAreFound(t *testing.T) {
	var n needles
	n.text("Åsa Markör-x7")
	for _, form := range []string{
		"Åsa Markör-x7", url.QueryEscape("Åsa Markör-x7"), hex.EncodeToString([]byte("Åsa Markör-x7")),
		strings.ToUpper(hex.EncodeToString([]byte("Åsa Markör-x7"))),
		base64.StdEncoding.EncodeToString([]byte("Åsa Markör-x7 and more")),
		base64.StdEncoding.EncodeToString([]byte("1Åsa Markör-x7 and more")),
		base64.URLEncoding.EncodeToString([]byte("12Åsa Markör-x7?")),
	} {
		if len(n.in([]byte("before"+form+"after"))) == 0 {
			t.Errorf("not found in %q", form)
		}
	}
	if found := n.in([]byte("Asa Markor-x7")); len(found) != 0 {
		t.Error("found what is not there:", found)
	}
}
