package identity

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func mustParse(t testing.TB, raw []byte) Record {
	t.Helper()
	r, err := ParseRecord(raw)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func equalJSON(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

func TestRecordsHaveOneEncoding(t *testing.T) {
	c := newCampus(t)
	raw := c.roster.Records()[0]
	if raw[0] != 0x85 || raw[1] != 1 {
		t.Fatalf("unexpected envelope %x", raw[:4])
	}
	long := append([]byte{0x85, 0x18, 1}, raw[2:]...) // version 1 in two bytes
	if _, err := c.roster.Add(long); !errors.Is(err, ErrRecord) {
		t.Fatalf("a second encoding was taken: %v", err)
	}
	if _, err := c.roster.Add(append(bytes.Clone(raw), 0)); !errors.Is(err, ErrRecord) {
		t.Fatalf("trailing byte: %v", err)
	}
	for i := range raw {
		bad := bytes.Clone(raw)
		bad[i] ^= 0x10
		if added, _ := c.roster.Add(bad); added {
			t.Fatalf("byte %d changed and nobody noticed", i)
		}
	}
}

func TestRecordsAreChecked(t *testing.T) {
	c := newCampus(t)
	good := Cert{Campus: c.root.Campus(), Pub: c.first.Public(), Name: "east", Role: RoleDesk, Serial: 1}
	for name, spoil := range map[string]func(*Cert){
		"empty name":    func(c *Cert) { c.Name = "" },
		"flag":          func(c *Cert) { c.Name = "--all" },
		"control":       func(c *Cert) { c.Name = "a\x1b[2J" },
		"not text":      func(c *Cert) { c.Name = "\xff" },
		"long name":     func(c *Cert) { c.Name = strings.Repeat("x", MaxName+1) },
		"space":         func(c *Cert) { c.Site = " north" },
		"role":          func(c *Cert) { c.Role = "king" },
		"key":           func(c *Cert) { c.Pub = c.Pub[1:] },
		"web":           func(c *Cert) { c.Web = make([]byte, MaxWeb+1) },
		"serial":        func(c *Cert) { c.Serial = 0 },
		"serial at end": func(c *Cert) { c.Serial = ^uint64(0) },
	} {
		bad := good
		spoil(&bad)
		if _, err := SignCert(c.root, bad); err == nil {
			t.Errorf("%s: signed", name)
		}
		env := envelope{Version: 1, Kind: KindCert, Body: marshal(bad)}
		if !strings.Contains(name, "not text") {
			env.Sig = c.root.Sign(recordDomain, env.message(c.root.Campus()))
			if _, err := c.roster.Add(marshal(env)); !errors.Is(err, ErrRecord) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func FuzzParseRecord(f *testing.F) {
	c := newCampus(f)
	for _, raw := range c.roster.Records() {
		f.Add(raw)
	}
	rev, _ := SignRevocation(c.first, c.root.Campus(), Revocation{Node: c.first.ID(), Serial: 3, Last: []LastSeq{{Doc: "d", Actor: []byte("a"), Seq: 1}}, Keeps: []RecordID{{1}}})
	spent, _ := SignTokenSpent(c.first, c.root.Campus(), TokenSpent{Token: TokenID{1}, Node: c.first.ID(), At: 1})
	f.Add(rev[0])
	f.Add(spent)
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := ParseRecord(raw)
		if err != nil {
			if !errors.Is(err, ErrRecord) {
				t.Fatalf("unexpected %v", err)
			}
			return
		}
		if !bytes.Equal(marshal(r.env), raw) || len(raw) > MaxRecord {
			t.Fatal("a record with two encodings")
		}
	})
}

func FuzzKeyFiles(f *testing.F) {
	k, _ := NewKey()
	f.Add(encodeKeyFile(nodeKeyMagic, "", k.priv))
	f.Add([]byte(exportMagic + "1\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = decodeKeyFile(nodeKeyMagic, b)
		_, _ = openExport(b, "passphrase")
	})
}
