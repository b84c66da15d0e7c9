package access

import (
	"context"
	"crypto/ed25519"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/seal"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/memnet"
	"github.com/upprop/upprop/mesh/stream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rings are Keys over a vault in a file, and the campus's public keys.
type rings struct {
	*seal.Vault
	campus map[record.Audience]seal.KeyID
	path   string
}

func (k rings) Lacking(audiences []record.Audience) (out []seal.KeyID) {
	for _, a := range audiences {
		if id, ok := k.campus[a]; ok && !k.Has(id) {
			out = append(out, id)
		}
	}
	return out
}

func (k rings) Export(asked []seal.KeyID, audiences []record.Audience) ([]byte, error) {
	var ids []seal.KeyID
	for _, pub := range k.Public() {
		if slices.Contains(asked, pub.ID) && slices.Contains(audiences, pub.Audience) {
			ids = append(ids, pub.ID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	return k.Vault.Export(ids...)
}

func (k rings) Import(b []byte) error {
	_, err := k.Vault.Import(b)
	return err
}

// kept are the audiences whose keys a start after a power cut would find.
func (k rings) kept(t *testing.T) []record.Audience {
	t.Helper()
	ring, err := seal.OpenVault(k.path, seal.VaultOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return audiencesOf(ring)
}

func audiencesOf(ring *seal.Vault) (out []record.Audience) {
	for _, k := range ring.Public() {
		out = append(out, k.Audience)
	}
	return out
}

// campus is nodes on one network that lets everybody in, so that what is
// refused is refused by Grants alone.
type campus struct {
	t    *testing.T
	net  *memnet.Net
	root *identity.Root
	raws [][]byte
	keys map[record.Audience]seal.KeyID
	pair []seal.PrivateKey
}

type member struct {
	*Grants
	c      *campus
	key    *identity.Key
	roster *identity.Roster
	host   *memnet.Host
	keys   rings
}

func inCampus(t *testing.T, fn func(c *campus)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		root, err := identity.NewRoot("Ekudden")
		if err != nil {
			t.Fatal(err)
		}
		c := &campus{t: t, net: memnet.New(1), root: root, keys: map[record.Audience]seal.KeyID{}}
		defer func() {
			if err := c.net.Close(); err != nil {
				t.Error(err)
			}
		}()
		for _, a := range []record.Audience{record.CardAudience, record.DossierAudience} {
			k, err := seal.GenerateKey(a, "")
			if err != nil {
				t.Fatal(err)
			}
			c.pair = append(c.pair, k)
			c.keys[a] = k.Public().ID
		}
		fn(c)
	})
}

// host is a node on the network; with a role, it is in every roster made
// later.
func (c *campus) host(name string, role identity.Role) *member {
	c.t.Helper()
	key, err := identity.NewKey()
	if err != nil {
		c.t.Fatal(err)
	}
	if role != "" {
		raw, err := identity.SignCert(c.root, identity.Cert{
			Campus: c.root.Campus(), Pub: key.Public(), Name: name, Role: role,
			Serial: uint64(time.Now().UnixMilli()), IssuedAt: time.Now().UnixMilli(),
		})
		if err != nil {
			c.t.Fatal(err)
		}
		c.raws = append(c.raws, raw)
	}
	h := c.net.Host(key.Private(), func(ed25519.PublicKey) stream.Standing { return stream.Member })
	return &member{c: c, key: key, host: h}
}

// enrol gives a node its roster, its vault and its Grants. holding: the
// campus's keys are on the ring.
func (m *member) enrol(holding bool) *member {
	t := m.c.t
	t.Helper()
	var err error
	if m.roster, err = identity.NewRoster(m.c.root.Public(), &identity.MemKeeper{}); err != nil {
		t.Fatal(err)
	}
	if _, err := m.roster.Merge(m.c.raws); err != nil {
		t.Fatal(err)
	}
	m.keys = rings{campus: m.c.keys, path: filepath.Join(t.TempDir(), "keys")}
	if m.keys.Vault, err = seal.OpenVault(m.keys.path, seal.VaultOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, k := range m.c.pair {
		if !holding {
			break
		}
		if err := m.keys.Add(k); err != nil {
			t.Fatal(err)
		}
	}
	m.Grants = NewGrants(Config{Net: m.host, Roster: m.roster, Keys: m.keys, Self: m.key.ID()})
	return m
}

func (m *member) dial(to *member) {
	m.c.t.Helper()
	if err := m.host.Dial(context.Background(), to.key.Public(), to.host.Addrs()); err != nil {
		m.c.t.Fatal(err)
	}
}

// run asks until the bubble has been idle for d.
func (m *member) run(d time.Duration) {
	m.c.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx) }()
	time.Sleep(d)
	synctest.Wait()
	cancel()
	if err := <-done; err != nil {
		m.c.t.Error(err)
	}
}

// open opens the protocol as whoever asks without keeping to it.
func (m *member) open(to *member) stream.Stream {
	m.c.t.Helper()
	m.dial(to)
	s, err := m.host.Open(context.Background(), to.key.ID(), Protocol)
	if err != nil {
		m.c.t.Fatal(err)
	}
	return s
}

// gets is what to hands out when m asks for these.
func (m *member) gets(to *member, asked ...record.Audience) []record.Audience {
	t := m.c.t
	t.Helper()
	s := m.open(to)
	defer s.Reset()
	ids := []seal.KeyID{{0xff}} // of no key
	for _, a := range asked {
		if id, ok := m.c.keys[a]; ok {
			ids = append(ids, id)
		}
	}
	if err := stream.WriteFrame(s, encodeAsk(ids)); err != nil {
		t.Fatal(err)
	}
	answer, err := stream.ReadFrame(s, maxAnswer)
	if err != nil {
		t.Fatal(err)
	}
	if len(answer) == 0 {
		return nil
	}
	ring := seal.NewVault()
	if _, err := ring.Import(answer); err != nil {
		t.Fatal(err)
	}
	return audiencesOf(ring)
}

func same(t *testing.T, what string, got []record.Audience, want ...record.Audience) {
	t.Helper()
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}
