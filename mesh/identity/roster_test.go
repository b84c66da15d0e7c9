package identity

import (
	"errors"
	"slices"
	"testing"
	"time"
)

var t0 = time.UnixMilli(1_790_000_000_000)

func newKey(t testing.TB) *Key {
	t.Helper()
	k, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

type campus struct {
	t      testing.TB
	root   *Root
	first  *Key
	roster *Roster
}

func newCampus(t testing.TB) *campus {
	t.Helper()
	first := newKey(t)
	root, raw, err := Found("Campus", First{Pub: first.Public(), Name: "reception", Role: RoleDesk}, t0, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewRoster(root.Public(), &MemKeeper{})
	if err != nil {
		t.Fatal(err)
	}
	c := &campus{t: t, root: root, first: first, roster: r}
	c.add(raw)
	return c
}

func (c *campus) add(raw []byte) {
	c.t.Helper()
	if added, err := c.roster.Add(raw); err != nil || !added {
		c.t.Fatalf("added %v, %v", added, err)
	}
}

func (c *campus) cert(s Signer, pub []byte, name string, serial uint64) []byte {
	c.t.Helper()
	raw, err := SignCert(s, Cert{Campus: c.root.Campus(), Pub: pub, Name: name, Role: RoleEntrance, Serial: serial, IssuedAt: int64(serial)})
	if err != nil {
		c.t.Fatal(err)
	}
	return raw
}

func (c *campus) revoke(s Signer, node NodeID, end Ending, at time.Time) [][]byte {
	c.t.Helper()
	raws, err := c.roster.Revoke(s, node, end, at)
	if err != nil {
		c.t.Fatal(err)
	}
	return raws
}

func TestOnlyTheChainAdmits(t *testing.T) {
	c := newCampus(t)
	gate, stranger := newKey(t), newKey(t)
	c.add(c.cert(c.first, gate.Public(), "east", 10))
	if !c.roster.Admitted(gate.Public()) || !c.roster.Admitted(c.first.Public()) || c.roster.Admitted(stranger.Public()) {
		t.Fatal("wrong standing")
	}
	if added, err := c.roster.Add(c.cert(gate, stranger.Public(), "x", 10)); added || err != nil {
		t.Fatalf("a plain member issued: %v %v", added, err)
	}
	may, _ := SignCert(c.first, Cert{Campus: c.root.Campus(), Pub: stranger.Public(), Name: "x", Role: RoleDesk, Serial: 1, MayIssue: true})
	if _, err := c.roster.Add(may); !errors.Is(err, ErrForbidden) {
		t.Fatalf("an issuer appointed an issuer: %v", err)
	}
	other := newCampus(t)
	if _, err := c.roster.Add(other.cert(other.root, stranger.Public(), "x", 10)); !errors.Is(err, ErrSignature) {
		t.Fatalf("another campus: %v", err)
	}
	forged := c.cert(c.first, stranger.Public(), "x", 10)
	forged[len(forged)-1] ^= 1
	if _, err := c.roster.Add(forged); !errors.Is(err, ErrSignature) {
		t.Fatalf("forged: %v", err)
	}
	if c.roster.Admitted(stranger.Public()) {
		t.Fatal("stranger admitted")
	}
}

func TestRecordsWaitForTheirIssuer(t *testing.T) {
	c := newCampus(t)
	desk, gate := newKey(t), newKey(t)
	c.add(c.cert(c.first, desk.Public(), "desk", 10))
	early := c.cert(desk, gate.Public(), "east", 20)
	if added, err := c.roster.Add(early); added || err != nil {
		t.Fatalf("%v %v", added, err)
	}
	var seen []RecordID
	defer c.roster.Watch(func(r Record) {
		seen = append(seen, r.ID)
		if _, ok := c.roster.Member(r.Cert.Node()); !ok {
			t.Error("told before it shows")
		}
	})()
	if _, err := c.roster.Appoint(c.root, desk.ID(), true, t0); err != nil {
		t.Fatal(err)
	}
	if !c.roster.Admitted(gate.Public()) || len(seen) != 2 {
		t.Fatalf("not released; %d changes seen", len(seen))
	}
}

func TestRevocationAndReadmission(t *testing.T) {
	c := newCampus(t)
	gate := newKey(t)
	c.add(c.cert(c.first, gate.Public(), "east", 10))
	c.revoke(c.first, gate.ID(), Ending{Last: []LastSeq{{Doc: "d", Actor: []byte("a"), Seq: 7}}}, t0)
	m, ok := c.roster.Member(gate.ID())
	if !ok || m.Revoked == nil || m.Revoked.Last[0].Seq != 7 || c.roster.Admitted(gate.Public()) {
		t.Fatalf("%+v", m)
	}
	c.add(c.cert(c.first, gate.Public(), "east", c.roster.NextSerial(gate.ID(), t0.Add(time.Hour))))
	if c.roster.Admitted(gate.Public()) {
		t.Fatal("an issuer undid a revocation")
	}
	if _, err := c.roster.Appoint(c.root, gate.ID(), true, t0); !errors.Is(err, ErrRevoked) {
		t.Fatalf("got %v", err)
	}
	if _, err := c.roster.Readmit(c.root, gate.ID(), t0); err != nil {
		t.Fatal(err)
	}
	if !c.roster.Admitted(gate.Public()) {
		t.Fatal("the root could not undo it")
	}
	c.revoke(c.first, gate.ID(), Ending{}, t0)
	if c.roster.Admitted(gate.Public()) {
		t.Fatal("a second revocation did not hold")
	}
	if _, err := c.roster.Revoke(gate, c.first.ID(), Ending{}, t0); !errors.Is(err, ErrNotIssuer) {
		t.Fatalf("got %v", err)
	}
}

// A stolen issuer key can date a certificate back, but not get it vouched for.
func TestBackdatedCertificateOfARevokedIssuer(t *testing.T) {
	c := newCampus(t)
	desk, gate, mole := newKey(t), newKey(t), newKey(t)
	c.add(c.cert(c.first, desk.Public(), "desk", 10))
	if _, err := c.roster.Appoint(c.root, desk.ID(), true, t0); err != nil {
		t.Fatal(err)
	}
	c.add(c.cert(desk, gate.Public(), "east", 20))
	c.revoke(c.first, desk.ID(), Ending{}, t0)
	c.add(c.cert(desk, mole.Public(), "mole", 21))
	if !c.roster.Admitted(gate.Public()) || c.roster.Admitted(mole.Public()) {
		t.Fatal("wrong standing")
	}
	// Nor can it vouch for itself.
	own, err := SignRevocation(desk, c.root.Campus(), Revocation{
		Node: desk.ID(), Serial: 5, Keeps: []RecordID{mustParse(t, c.cert(desk, mole.Public(), "mole", 21)).ID},
	})
	if err != nil {
		t.Fatal(err)
	}
	c.add(own[0])
	if c.roster.Admitted(mole.Public()) {
		t.Fatal("vouched for itself")
	}
}

// A stolen issuer revokes everyone; the root disowns that.
func TestRootUndoesAThiefsRevocations(t *testing.T) {
	c := newCampus(t)
	desk, gate := newKey(t), newKey(t)
	c.add(c.cert(c.first, desk.Public(), "desk", 10))
	c.add(c.cert(c.first, gate.Public(), "east", 10))
	if _, err := c.roster.Appoint(c.root, desk.ID(), true, t0); err != nil {
		t.Fatal(err)
	}
	c.revoke(desk, gate.ID(), Ending{}, t0)
	c.revoke(desk, c.first.ID(), Ending{}, t0)
	if len(c.roster.Issuers()) != 1 || c.roster.Admitted(gate.Public()) {
		t.Fatal("the thief's words did not count")
	}
	c.revoke(c.root, desk.ID(), Ending{Disown: func(r Record) bool { return r.Revocation != nil }}, t0)
	if !c.roster.Admitted(gate.Public()) || !c.roster.MayIssue(c.first.ID()) || c.roster.MayIssue(desk.ID()) {
		t.Fatal("not undone")
	}
}

func TestDemotionKeepsWhatWasIssuedBefore(t *testing.T) {
	c := newCampus(t)
	desk, before, after := newKey(t), newKey(t), newKey(t)
	c.add(c.cert(c.first, desk.Public(), "desk", 10))
	for _, may := range []bool{true, false} {
		if _, err := c.roster.Appoint(c.root, desk.ID(), may, t0); err != nil {
			t.Fatal(err)
		}
	}
	c.add(c.cert(desk, before.Public(), "before", 20))
	c.add(c.cert(desk, after.Public(), "after", uint64(t0.UnixMilli())+1000))
	if !c.roster.Admitted(before.Public()) || c.roster.Admitted(after.Public()) || !c.roster.Admitted(desk.Public()) {
		t.Fatal("wrong standing")
	}
}

func TestNamesAreUnique(t *testing.T) {
	c := newCampus(t)
	a, b, d := newKey(t), newKey(t), newKey(t)
	c.add(c.cert(c.first, b.Public(), "East", 20))
	c.add(c.cert(c.first, a.Public(), "east", 10))
	c.add(c.cert(c.first, d.Public(), "east-2", 30))
	for name, k := range map[string]*Key{"east": a, "EAST-3": b, "east-2": d} {
		if m, ok := c.roster.ByName(name); !ok || m.ID != k.ID() {
			t.Fatalf("%s is %+v", name, m)
		}
	}
	c.revoke(c.first, a.ID(), Ending{}, t0)
	if m, _ := c.roster.ByName("east"); m.ID != b.ID() {
		t.Fatal("a revoked node keeps its name from one in good standing")
	}
	ms := c.roster.Members()
	if len(ms) != 4 || !slices.IsSortedFunc(ms, func(a, b Member) int { return slices.Compare([]byte(nameKey(a.Name)), []byte(nameKey(b.Name))) }) {
		t.Fatalf("%+v", ms)
	}
}

func TestUnknownKindsAreKept(t *testing.T) {
	c := newCampus(t)
	for _, env := range []envelope{
		{Version: 1, Kind: 99, Body: []byte("future"), Signer: c.first.ID()},
		{Version: 2, Kind: KindCert, Body: []byte("future"), Signer: c.first.ID()},
	} {
		env.Sig = c.first.Sign(recordDomain, env.message(c.root.Campus()))
		c.add(marshal(env))
		env.Body = []byte("forged")
		if _, err := c.roster.Add(marshal(env)); !errors.Is(err, ErrSignature) {
			t.Fatalf("got %v", err)
		}
	}
	if len(c.roster.Records()) != 3 || len(c.roster.Members()) != 1 {
		t.Fatal("not kept, or interpreted")
	}
}

func TestOpenTokens(t *testing.T) {
	c := newCampus(t)
	id := NewTokenID()
	campus := c.root.Campus()
	issued, _ := SignTokenIssued(c.first, campus, TokenIssued{Token: id, Issuer: c.first.ID(), Role: RoleDesk, Expires: t0.Add(time.Hour).UnixMilli(), Uses: 1})
	if c.roster.OpenTokens(t0) {
		t.Fatal("open without a token")
	}
	c.add(issued)
	if !c.roster.OpenTokens(t0) || !c.roster.OpenTokens(t0.Add(24*time.Hour)) || c.roster.OpenTokens(t0.Add(25*time.Hour)) {
		t.Fatal("wrong window after expiry")
	}
	// Another issuer's word does not spend it.
	desk := newKey(t)
	c.add(c.cert(c.first, desk.Public(), "desk", 10))
	if _, err := c.roster.Appoint(c.root, desk.ID(), true, t0); err != nil {
		t.Fatal(err)
	}
	foreign, _ := SignTokenSpent(desk, campus, TokenSpent{Token: id, Node: desk.ID(), At: t0.UnixMilli()})
	c.add(foreign)
	if st, ok := c.roster.Token(c.first.ID(), id); !ok || !st.Open(t0) {
		t.Fatalf("%+v", st)
	}
	spent, _ := SignTokenSpent(c.first, campus, TokenSpent{Token: id, Node: desk.ID(), At: t0.Add(-time.Hour).UnixMilli()})
	c.add(spent)
	if st, _ := c.roster.Token(c.first.ID(), id); st.Open(t0) || !c.roster.OpenTokens(t0) || c.roster.OpenTokens(t0.Add(23*time.Hour)) {
		t.Fatalf("wrong window after spending: %+v", st)
	}
}

func TestRosterSurvivesItsKeeper(t *testing.T) {
	c := newCampus(t)
	k := &MemKeeper{}
	desk, gate := newKey(t), newKey(t)
	c.add(c.cert(c.first, desk.Public(), "desk", 10))
	if _, err := c.roster.Appoint(c.root, desk.ID(), true, t0); err != nil {
		t.Fatal(err)
	}
	c.add(c.cert(desk, gate.Public(), "east", 20))
	raws := c.roster.Records()
	slices.Reverse(raws)
	k.raws = raws
	back, err := NewRoster(c.root.Public(), k)
	if err != nil || back.Digest() != c.roster.Digest() || !back.Admitted(gate.Public()) {
		t.Fatalf("%v", err)
	}
	if _, err := NewRoster(newCampus(t).root.Public(), k); !errors.Is(err, ErrSignature) {
		t.Fatalf("foreign keeper: %v", err)
	}
	full := errors.New("disk is full")
	broken, err := NewRoster(c.root.Public(), failing{full})
	if err != nil {
		t.Fatal(err)
	}
	if added, err := broken.Add(c.roster.Records()[0]); added || !errors.Is(err, full) || len(broken.Members()) != 0 {
		t.Fatalf("shown without being durable: %v", err)
	}
}

type failing struct{ err error }

func (failing) Load() ([][]byte, error) { return nil, nil }
func (f failing) Append([]byte) error   { return f.err }

func TestChainAndBriefStandAlone(t *testing.T) {
	c := newCampus(t)
	desk, gate := newKey(t), newKey(t)
	c.add(c.cert(c.first, desk.Public(), "desk", 10))
	if _, err := c.roster.Appoint(c.root, desk.ID(), true, t0); err != nil {
		t.Fatal(err)
	}
	c.add(c.cert(desk, gate.Public(), "east", 20))
	for _, raws := range [][][]byte{c.roster.Chain(gate.ID()), c.roster.Brief(1 << 20)} {
		r, _ := NewRoster(c.root.Public(), &MemKeeper{})
		if _, err := r.Merge(raws); err != nil || !r.Admitted(gate.Public()) {
			t.Fatalf("%d records: %v", len(raws), err)
		}
	}
	size := 0
	for _, raw := range c.roster.Brief(700) {
		size += len(raw)
	}
	if size == 0 || size > 700 {
		t.Fatalf("%d bytes", size)
	}
}

func TestLongRevocationIsSplit(t *testing.T) {
	c := newCampus(t)
	gate := newKey(t)
	c.add(c.cert(c.first, gate.Public(), "east", 10))
	var last []LastSeq
	for i := range 300 {
		last = append(last, LastSeq{Doc: "2026-11-02/north", Actor: []byte{byte(i), byte(i >> 8), 1}, Seq: uint64(i)})
	}
	raws := c.revoke(c.first, gate.ID(), Ending{Last: last}, t0)
	m, _ := c.roster.Member(gate.ID())
	if len(raws) < 2 || m.Revoked == nil || len(m.Revoked.Last) != 300 {
		t.Fatalf("%d records, %+v", len(raws), m.Revoked)
	}
}
