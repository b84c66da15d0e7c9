package node

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/envelope"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/seal"
	"github.com/upprop/upprop/crdt/seal/sealtest"
	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/crdt/store"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/webcert"
)

// oldCampus is a data folder as releases made it that had one key for the
// whole campus and each audience, without a date, in a keyring of its own.
type oldCampus struct {
	dir     string
	keys    map[record.Audience]seal.PrivateKey
	replica *crdt.Replica
	sealer  *seal.Sealer
}

// private are the bytes of a private key, and ring a keyring file with it.
func ringOf(t *testing.T, keys ...seal.PrivateKey) (ring []byte, private [][]byte) {
	t.Helper()
	v := seal.NewVault()
	var ids []seal.KeyID
	for _, k := range keys {
		ids = append(ids, k.Public().ID)
	}
	err := v.Add(keys...)
	if err == nil {
		ring, err = v.Export(ids...)
	}
	if err != nil {
		t.Fatal(err)
	}
	if private, err = sealtest.RingSecrets(ring); err != nil {
		t.Fatal(err)
	}
	return ring, private
}

// foundOld makes such a folder and leaves its replica open to fn.
func foundOld(t *testing.T, fn func(*oldCampus)) *oldCampus {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	c := &oldCampus{dir: t.TempDir(), keys: map[record.Audience]seal.PrivateKey{}}
	f := Folder(c.dir)
	key, err := f.prepare()
	must(err)
	web, err := webcert.OpenKey(f.webKey())
	must(err)
	root, err := f.foundRoot("Ekudden")
	must(err)
	cert, err := identity.CertifyFirst(root, identity.First{Pub: key.Public(), Name: "Reception", Role: identity.RoleDesk, Site: "Ekudden"}, time.Now(),
		func(r *identity.Root) ([]byte, error) { return webPart(r, web, "Reception", time.Now()) })
	must(err)
	s, err := store.Open(f.database(), store.Options{})
	must(err)
	roster, err := identity.NewRoster(root.Public(), rosterKeeper{s})
	must(err)
	_, err = roster.Add(cert)
	must(err)
	c.replica, err = crdt.Open(crdt.Config{
		Store: s, Node: record.NodeID(key.ID()), Site: "Ekudden",
		Sign:  func(b []byte) []byte { return key.Sign(envelope.Domain, b) },
		Check: members{roster}.check,
	})
	must(err)
	settings := register{c.replica}
	must(settings.Set(t.Context(), crdt.Setting{Key: settingCampusName, Value: shape.String("Ekudden")}))
	var all []seal.PrivateKey
	for _, a := range []record.Audience{record.CardAudience, record.DossierAudience} {
		k, err := seal.GenerateKey(a, "")
		must(err)
		c.keys[a], all = k, append(all, k)
		id := k.Public().ID
		must(settings.Set(t.Context(), crdt.Setting{Key: "audience/" + string(a) + "/" + hex.EncodeToString(id[:]), Value: shape.Bytes(k.Public().Bytes)}))
	}
	ring, _ := ringOf(t, all...)
	must(os.WriteFile(f.keyring(), ring, 0o600))
	c.sealer = seal.NewSealer(func(a record.Audience, _ record.Day) (seal.PublicKey, bool) {
		k, ok := c.keys[a]
		return k.Public(), ok
	}, time.Now)
	fn(c)
	must(errors.Join(c.replica.Close(), s.Close()))
	must(f.save(about{Root: root.Public(), Listen: "127.0.0.1:0"}))
	return c
}

// arrive writes a visit as those releases did: no date, and the wrapped key in
// the log.
func (c *oldCampus) arrive(t *testing.T, name record.Private) record.VisitID {
	t.Helper()
	var visit record.VisitID
	rand.Read(visit[:])
	s, err := c.sealer.Seal(visit, 1, record.DayOf(time.Now())+30, map[record.Audience][]byte{
		record.CardAudience:    codec.EncodeCard(record.Card{Name: name}),
		record.DossierAudience: codec.EncodeDossier(record.Dossier{Email: "a@marker.test"}),
	})
	if err != nil {
		t.Fatal(err)
	}
	var all []record.SealedEntry
	for _, x := range s.Contexts {
		all = append(all, record.SealedEntry{Kind: record.ContextPut, Context: x.ID[:], Box: x.Encode()})
	}
	for _, x := range s.Parts {
		all = append(all, record.SealedEntry{Kind: record.PartPut, Visit: visit, Audience: x.Audience, Version: 1, Box: x.Encode()})
	}
	for _, x := range s.Wraps {
		x.Until = 0
		all = append(all, record.SealedEntry{Kind: record.KeyPut, Visit: visit, Audience: x.Audience, Version: 1, Box: x.Encode()})
	}
	e := record.Event{Kind: record.Arrived, Visit: visit, Place: record.Place{Site: "Ekudden", Entrance: "Reception"}, How: "desk"}
	if _, err := c.replica.Commit(t.Context(), crdt.Draft{Event: &e}, crdt.Draft{Sealed: all}); err != nil {
		t.Fatal(err)
	}
	c.sealer.Stored(s.Contexts...)
	return visit
}

// TestCampusWideKeyIsReplaced: a folder of an earlier release opens as before,
// what is in it is sealed anew to keys of dates, and the key of the whole
// campus is destroyed on every node that held it.
func TestCampusWideKeyIsReplaced(t *testing.T) {
	var inside, left record.VisitID
	old := foundOld(t, func(c *oldCampus) {
		inside, left = c.arrive(t, "Astrid Marker"), c.arrive(t, "Bo Marker")
		e := record.Event{Kind: record.Left, Visit: left, Badge: left.Badge(), Place: record.Place{Site: "Ekudden"}, How: "desk"}
		if _, err := c.replica.Commit(t.Context(), crdt.Draft{Event: &e}); err != nil {
			t.Fatal(err)
		}
	})
	card := old.keys[record.CardAudience]
	desk := run(t, old.dir)
	for v, name := range map[record.VisitID]record.Private{inside: "Astrid Marker", left: "Bo Marker"} {
		eventually(t, "the name opens as before", func() bool { c, err := desk.Visits().Card(v); return err == nil && c.Name == name })
	}
	tok, err := desk.CreateToken(TokenOptions{Role: identity.RoleWarden, Name: "Warden"})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if _, err := Enroll(t.Context(), EnrollOptions{Dir: dir, Token: tok, Listen: "127.0.0.1:0"}); err != nil {
		t.Fatal(err)
	}
	ring, _ := ringOf(t, card)
	if err := os.WriteFile(Folder(dir).keyring(), ring, 0o600); err != nil {
		t.Fatal(err)
	}
	warden := run(t, dir)
	if !warden.vault.HoldsCampus() {
		t.Fatal("the warden does not hold the campus's key to begin with")
	}
	both := []*running{desk, warden}
	eventually(t, "keys of dates are known everywhere", func() bool {
		for _, n := range both {
			if n.datedSince().IsZero() || len(n.vault.known()) < 2*90 {
				return false
			}
		}
		return true
	})
	eventually(t, "the campus's key is destroyed", func() bool {
		for _, n := range both {
			if err := n.resealer.Step(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		return !desk.vault.HoldsCampus() && !warden.vault.HoldsCampus()
	})
	for _, n := range both {
		records := 0
		err := n.replica.KeyRecords(func(k crdt.KeyRecord) error {
			if k.Shredded || k.Audience == record.BearerAudience {
				return nil
			}
			records++
			if k.Until == 0 || n.vault.OfCampus(k.Wrap) || k.Version < 2 {
				t.Errorf("%s: a record of version %d is sealed until %v", n.Self().Role, k.Version, k.Until)
			}
			return nil
		})
		if err != nil || records != 4 {
			t.Errorf("%s: %d key records, %v", n.Self().Role, records, err)
		}
	}
	for v, name := range map[record.VisitID]record.Private{inside: "Astrid Marker", left: "Bo Marker"} {
		if c, err := desk.Visits().Card(v); err != nil || c.Name != name {
			t.Errorf("the name is lost: %v", err)
		}
		if d, err := desk.Visits().Dossier(v); err != nil || d.Email != "a@marker.test" {
			t.Errorf("the dossier is lost: %v", err)
		}
	}
	if _, err := desk.Alarm().Start(t.Context(), true, ""); err != nil {
		t.Fatal(err)
	}
	if err := warden.PIN().Set([]byte("4711")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the warden reads the name", func() bool {
		c, err := warden.Visits().Card(inside)
		return err == nil && c.Name == "Astrid Marker"
	})
	for _, n := range both {
		n.stop()
	}
	_, private := ringOf(t, card, old.keys[record.DossierAudience])
	for _, d := range []string{old.dir, dir} {
		if _, err := os.Stat(Folder(d).keyring()); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the old keyring is still there: %v", err)
		}
		err := filepath.WalkDir(d, func(path string, e fs.DirEntry, err error) error {
			if err != nil || !e.Type().IsRegular() {
				return err
			}
			raw, err := os.ReadFile(path)
			for _, k := range private {
				if bytes.Contains(raw, k) {
					t.Errorf("the campus's private key is in %s", path)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
