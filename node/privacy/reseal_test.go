package privacy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/consent"
	"github.com/upprop/upprop/node/terms"
)

const (
	cardOf    = record.CardAudience
	dossierOf = record.DossierAudience
	bearerOf  = record.BearerAudience
)

// safe is Records and Sealer in memory. A wrap is "campus" or "dated".
type safe struct {
	now      time.Time
	role     identity.Role
	keys     map[record.PartKey]KeyRecord
	parts    map[record.PartKey]crdt.SealedPart
	present  map[record.VisitID]record.Presence
	shut     map[record.Audience]bool
	campus   bool
	covered  bool
	unsure   bool
	dated    time.Time
	acts     []record.Act
	stored   int
	fail     error
	replaced []uint32
	// early is the date of the key that a wrap "earlier" is for; reach is the
	// last date that can be sealed to, zero: any.
	early, reach record.Day
}

func newSafe() *safe {
	return &safe{
		now: t0, role: identity.RoleDesk, keys: map[record.PartKey]KeyRecord{}, parts: map[record.PartKey]crdt.SealedPart{},
		present: map[record.VisitID]record.Presence{}, shut: map[record.Audience]bool{}, campus: true, dated: t0.Add(-time.Hour),
	}
}

func (s *safe) today() record.Day { return record.DayOf(s.now) }

// holds puts a visit in, with a date so many days from today.
func (s *safe) holds(v record.VisitID, days record.Day, open bool, wrap string) {
	for a, clear := range map[record.Audience][]byte{
		cardOf:    codec.EncodeCard(record.Card{Name: "Astrid Ek", Company: "Bolaget", Assist: "wheelchair"}),
		dossierOf: codec.EncodeDossier(record.Dossier{Email: "a@b.se", Lang: "sv"}),
		bearerOf:  []byte("Astrid Ek"),
	} {
		k := record.PartKey{Visit: v, Audience: a}
		s.keys[k] = KeyRecord{Visit: v, Audience: a, Version: 1, Until: s.today() + days, Wrap: []byte(wrap)}
		s.parts[k] = crdt.SealedPart{Version: 1, Box: clear, Key: []byte(wrap)}
	}
	p := record.Presence{Visit: v, State: record.Present, Since: record.HLCOf(s.now), Ends: s.today() + days}
	if !open {
		p.State = record.Gone
	}
	s.present[v] = p
}

func (s *safe) KeyRecords(fn func(KeyRecord) error) error {
	for _, k := range s.keys {
		if err := fn(k); err != nil {
			return err
		}
	}
	return nil
}

func (s *safe) Sealed(k record.PartKey) (crdt.SealedPart, error) {
	p, ok := s.parts[k]
	switch {
	case !ok:
		return p, crdt.ErrUnknownVisit
	case s.keys[k].Shredded:
		return p, crdt.ErrErased
	}
	p.Until = s.keys[k].Until
	return p, nil
}

func (s *safe) Presence(v record.VisitID) (record.Presence, error) {
	p, ok := s.present[v]
	if !ok {
		return p, crdt.ErrUnknownVisit
	}
	return p, nil
}

func (s *safe) Commit(_ context.Context, drafts ...crdt.Draft) ([]record.EventID, error) {
	if s.fail != nil {
		return nil, s.fail
	}
	for _, e := range drafts[0].Sealed {
		k := record.PartKey{Visit: e.Visit, Audience: e.Audience}
		if e.Version <= s.keys[k].Version {
			return nil, errors.New("it does not outrank what stands")
		}
		switch e.Kind {
		case record.KeyPut:
			s.keys[k] = KeyRecord{Visit: e.Visit, Audience: e.Audience, Version: e.Version, Until: e.Until, Wrap: e.Box}
			s.replaced = append(s.replaced, e.Version)
		case record.PartPut:
			s.parts[k] = crdt.SealedPart{Version: e.Version, Box: e.Box}
		}
	}
	return nil, nil
}

func (s *safe) Seal(v record.VisitID, version uint32, until record.Day, parts map[record.Audience][]byte) (out []record.SealedEntry, stored func(), err error) {
	for _, kind := range []record.SealedKind{record.PartPut, record.KeyPut} {
		for a, clear := range parts {
			box := slices.Clone(clear)
			if kind == record.KeyPut {
				box = []byte("dated")
			}
			out = append(out, record.SealedEntry{Kind: kind, Visit: v, Audience: a, Version: version, Until: until, Box: box})
		}
	}
	return out, func() { s.stored++ }, nil
}

func (s *safe) Open(k record.PartKey, p crdt.SealedPart) ([]byte, error) {
	if s.shut[k.Audience] {
		return nil, errors.New("not for this node")
	}
	return slices.Clone(p.Box), nil
}

func (s *safe) Dies(wrap []byte) (record.Day, bool) {
	return s.early, string(wrap) == "earlier"
}

func (s *safe) Reach(until record.Day) record.Day {
	if s.reach != 0 {
		return s.reach
	}
	return until
}

func (s *safe) OfCampus(wrap []byte) bool { return string(wrap) == "campus" }
func (s *safe) HoldsCampus() bool         { return s.campus }
func (s *safe) DropCampus() error         { s.campus = false; return nil }

func (s *safe) resealer() *Resealer {
	return NewResealer(ResealerConfig{
		Records: s, Sealer: s, Role: func() identity.Role { return s.role }, Today: s.today, Sure: func() (record.Day, bool) { return s.today(), !s.unsure },
		Now:   func() time.Time { return s.now },
		Dated: func() time.Time { return s.dated }, AllCovered: func() bool { return s.covered },
		Act: func(_ context.Context, a []record.Act) error { s.acts = append(s.acts, a...); return nil },
	})
}

func TestOpenVisitsNearTheirDateAreSealedAnew(t *testing.T) {
	for role, within := range map[identity.Role]record.Day{identity.RoleDesk: 3, identity.RoleWarden: 1, identity.RoleEntrance: -1, identity.RoleRelay: -1} {
		t.Run(string(role), func(t *testing.T) {
			s := newSafe()
			s.role, s.shut[dossierOf] = role, role != identity.RoleDesk
			for d := range record.Day(6) {
				s.holds(visit(byte(d)), d, true, "dated")
				s.holds(visit(byte(100+d)), d, false, "dated")
			}
			erased := record.PartKey{Visit: visit(1), Audience: cardOf}
			for k := range s.keys {
				if k.Visit == erased.Visit {
					x := s.keys[k]
					x.Shredded = true
					s.keys[k] = x
				}
			}
			if err := s.resealer().Step(t.Context()); err != nil {
				t.Fatal(err)
			}
			for d := range record.Day(6) {
				k := s.keys[record.PartKey{Visit: visit(byte(d)), Audience: cardOf}]
				want := s.today() + d
				if d <= within && d != 1 {
					want = s.today() + terms.Most
				}
				if k.Until != want {
					t.Errorf("open, %d days: until %d days", d, k.Until-s.today())
				}
				if k := s.keys[record.PartKey{Visit: visit(byte(100 + d)), Audience: cardOf}]; k.Version != 1 {
					t.Errorf("left, %d days: sealed anew", d)
				}
			}
			n := s.stored
			if err := s.resealer().Step(t.Context()); err != nil || s.stored != n {
				t.Error("done twice", err)
			}
		})
	}
}

// What had to be sealed to the key of an earlier date dies on that one, and is
// sealed anew before it; not again and again where there is none later.
func TestAnEarlierKeyCounts(t *testing.T) {
	s := newSafe()
	s.holds(visit(1), 30, true, "earlier")
	s.early = s.today() + 3
	s.reach = s.early
	r := s.resealer()
	if err := r.Step(t.Context()); err != nil || s.stored != 0 {
		t.Fatal("sealed anew to a key that dies as early", err)
	}
	s.reach = 0
	if err := r.Step(t.Context()); err != nil || s.stored != 1 {
		t.Fatalf("sealed anew %d times; %v", s.stored, err)
	}
	if k := s.keys[record.PartKey{Visit: visit(1), Audience: cardOf}]; k.Until != s.today()+terms.Most || string(k.Wrap) != "dated" {
		t.Errorf("%+v", k)
	}
	s = newSafe()
	s.holds(visit(1), 30, true, "earlier")
	s.early = s.today() + 4
	if err := s.resealer().Step(t.Context()); err != nil || s.stored != 0 {
		t.Error("sealed anew too early", err)
	}
}

func TestTheCampusKeyIsLeftBehind(t *testing.T) {
	s := newSafe()
	s.holds(visit(1), 20, false, "campus")
	s.holds(visit(2), 2, true, "campus")
	s.holds(visit(3), -1, false, "campus") // past its date
	s.dated = time.Time{}
	if err := s.resealer().Step(t.Context()); err != nil || s.stored != 0 {
		t.Fatal("sealed anew to no better key", err)
	}
	s.dated = t0
	if err := s.resealer().Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	for v, days := range map[byte]record.Day{1: 20, 2: terms.Most} {
		for _, a := range []record.Audience{cardOf, dossierOf, bearerOf} {
			k := s.keys[record.PartKey{Visit: visit(v), Audience: a}]
			if string(k.Wrap) == "campus" || k.Until != s.today()+days || k.Version != 2 {
				t.Errorf("visit %d, %s: %+v", v, a, k)
			}
		}
	}
	s.covered = true
	if err := s.resealer().Step(t.Context()); err != nil || !s.campus {
		t.Fatal("a live record needs the key that was destroyed", err)
	}
	for k := range s.keys {
		if k.Visit == visit(3) {
			delete(s.keys, k)
		}
	}
	s.covered = false
	if err := s.resealer().Step(t.Context()); err != nil || !s.campus {
		t.Fatal("destroyed while others may still have some", err)
	}
	s.covered = true
	if err := s.resealer().Step(t.Context()); err != nil || s.campus {
		t.Fatal("not destroyed", err)
	}
	s.campus, s.covered, s.now = true, false, t0.Add(31*24*time.Hour)
	s.holds(visit(9), 20, false, "campus")
	s.role = identity.RoleEntrance
	if err := s.resealer().Step(t.Context()); err != nil || s.campus {
		t.Fatal("kept for ever", err)
	}
}

func private(s string) *record.Private { p := record.Private(s); return &p }

func TestRectify(t *testing.T) {
	s := newSafe()
	s.holds(visit(1), 20, true, "dated")
	r, ctx := s.resealer(), t.Context()
	if err := r.Rectify(ctx, visit(1), Correction{Name: private("Astrid Ek-Al"), Phone: private("070")}, "operator x"); err != nil {
		t.Fatal(err)
	}
	card, err := codec.DecodeCard(s.parts[record.PartKey{Visit: visit(1), Audience: cardOf}].Box)
	dossier, err2 := codec.DecodeDossier(s.parts[record.PartKey{Visit: visit(1), Audience: dossierOf}].Box)
	if err != nil || err2 != nil || card.Name != "Astrid Ek-Al" || card.Company != "Bolaget" || card.Assist != "wheelchair" || dossier.Phone != "070" || dossier.Email != "a@b.se" || dossier.Lang != "sv" {
		t.Errorf("%v %v", err, err2)
	}
	if !slices.Equal(s.replaced, []uint32{1 << 16, 1 << 16, 1 << 16}) || s.keys[record.PartKey{Visit: visit(1), Audience: cardOf}].Until != s.today()+20 {
		t.Errorf("%v %+v", s.replaced, s.keys)
	}
	if k := s.keys[record.PartKey{Visit: visit(1), Audience: bearerOf}]; k.Version != 1<<16 || len(k.Wrap) != 48 {
		t.Error("the badge still opens the name that was wrong")
	}
	if len(s.acts) != 1 || s.acts[0].What != ActRectify || s.acts[0].By != "operator x" || fmt.Sprint(s.acts) == "" {
		t.Errorf("%+v", s.acts)
	}

	for what, c := range map[string]struct {
		do   func()
		in   Correction
		want error
	}{
		"nothing":       {func() {}, Correction{}, ErrNoChange},
		"no desk":       {func() { s.role = identity.RoleWarden }, Correction{Name: private("x")}, ErrNotDesk},
		"unknown":       {func() { clear(s.parts) }, Correction{Name: private("x")}, ErrNotOpened},
		"half of it":    {func() { s.shut[dossierOf] = true }, Correction{Name: private("x")}, ErrNotOpened},
		"the disk":      {func() { s.fail = context.DeadlineExceeded }, Correction{Name: private("x")}, context.DeadlineExceeded},
		"the date":      {func() { s.fail = fmt.Errorf("%w: %w", crdt.ErrExpired, crdt.ErrDraft) }, Correction{Name: private("x")}, ErrNotOpened},
		"not even read": {func() { s.shut[dossierOf], s.shut[cardOf] = true, true }, Correction{Name: private("x")}, ErrNotOpened},
	} {
		s = newSafe()
		s.holds(visit(1), 20, true, "dated")
		r = s.resealer()
		c.do()
		if err := r.Rectify(ctx, visit(1), c.in, "operator x"); !errors.Is(err, c.want) || s.stored != 0 {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// left puts in a visit of a type that ended so many days ago.
func (s *safe) left(v record.VisitID, kind string, ago record.Day) {
	s.holds(v, 30-ago, false, "dated")
	p := s.present[v]
	p.Type, p.Since, p.Seen.At, p.Left.At = kind, record.HLCOf(s.now.AddDate(0, 0, -int(ago)-1)), record.HLCOf(s.now.AddDate(0, 0, -int(ago)-1)), record.HLCOf(s.now.AddDate(0, 0, -int(ago)))
	s.present[v] = p
}

func (s *safe) until(v record.VisitID, a record.Audience) record.Day {
	return s.keys[record.PartKey{Visit: v, Audience: a}].Until - s.today()
}

// What is kept no longer by the terms is destroyed; what would live longer than
// they allow is sealed anew, part by part.
func TestShorterTermsHoldForWhatIsStored(t *testing.T) {
	s := newSafe()
	for i, ago := range []record.Day{1, 5, 12} {
		s.left(visit(byte(i)), "visitor", ago)
	}
	s.left(visit(10), "delivery", 1)
	s.holds(visit(20), 25, true, "dated") // inside
	s.holds(visit(21), 20, false, "dated")
	p := s.present[visit(21)]
	p.Since = 0 // nobody knows when
	s.present[visit(21)] = p
	var over []record.VisitID
	r := s.resealer()
	r.cfg.Keep = func(kind string) terms.Days {
		if kind == "delivery" {
			return terms.Days{Card: 1, Contact: 1}
		}
		return terms.Days{Card: 10, Contact: 3}
	}
	r.cfg.Over = func(_ context.Context, v []record.VisitID) (int, error) {
		over = append(over, v...)
		return len(v), nil
	}
	s.role = identity.RoleWarden
	if err := r.Step(t.Context()); err != nil || s.stored != 0 || len(over) != 0 {
		t.Fatal("not at a desk, and done all the same", err)
	}
	s.role = identity.RoleDesk
	if err := r.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	if slices.SortFunc(over, func(a, b record.VisitID) int { return slices.Compare(a[:], b[:]) }); !slices.Equal(over, []record.VisitID{visit(2), visit(10)}) {
		t.Error("destroyed:", over)
	}
	if s.until(visit(0), cardOf) != 9 || s.until(visit(0), dossierOf) != 2 {
		t.Error("a day ago:", s.until(visit(0), cardOf), s.until(visit(0), dossierOf))
	}
	if k := s.keys[record.PartKey{Visit: visit(1), Audience: dossierOf}]; s.until(visit(1), cardOf) != 5 || string(k.Wrap) == "dated" || k.Version != 2 {
		t.Errorf("five days ago: %d days, and the dossier %+v", s.until(visit(1), cardOf), k)
	}
	if s.until(visit(20), cardOf) != 25 || s.until(visit(21), cardOf) != 20 {
		t.Error("who is inside, or of whom nobody knows when, was shortened")
	}
	n := s.stored
	r.cfg.Over = func(context.Context, []record.VisitID) (int, error) { return 0, nil }
	if err := r.Step(t.Context()); err != nil || s.stored != n {
		t.Error("done twice", err)
	}
	// A correction keeps the dates that the parts have.
	if err := r.Rectify(t.Context(), visit(0), Correction{Name: private("Astrid Al")}, "operator x"); err != nil {
		t.Fatal(err)
	}
	if s.until(visit(0), cardOf) != 9 || s.until(visit(0), dossierOf) != 2 {
		t.Error("corrected:", s.until(visit(0), cardOf), s.until(visit(0), dossierOf))
	}
}

func TestWithdrawnConsentTakesItsDataAlong(t *testing.T) {
	s := newSafe()
	s.holds(visit(1), 20, true, "dated")
	k := record.PartKey{Visit: visit(1), Audience: dossierOf}
	p := s.parts[k]
	p.Box = codec.EncodeDossier(record.Dossier{Email: "a@b.se", Notify: true, Consents: []record.Consent{
		{Purpose: "assist", Version: 1, At: t0}, {Purpose: "notify", Version: 3, At: t0},
	}})
	s.parts[k] = p
	s.holds(visit(2), 20, true, "dated") // of a release without a register
	r, ctx := s.resealer(), t.Context()
	open := func(v record.VisitID) (record.Card, record.Dossier) {
		t.Helper()
		c, err1 := codec.DecodeCard(s.parts[record.PartKey{Visit: v, Audience: cardOf}].Box)
		d, err2 := codec.DecodeDossier(s.parts[record.PartKey{Visit: v, Audience: dossierOf}].Box)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		return c, d
	}
	if err := r.Withdraw(ctx, visit(1), consent.Assist, "desk", "operator x"); err != nil {
		t.Fatal(err)
	}
	c, d := open(visit(1))
	if c.Assist != "" || c.Name != "Astrid Ek" || !d.Notify || !d.Consents[0].Withdrawn.Equal(t0) || d.Consents[0].WithdrawnHow != "desk" || !d.Consents[1].Withdrawn.IsZero() {
		t.Errorf("%+v", d.Consents)
	}
	if !slices.Equal(s.replaced, []uint32{1 << 16, 1 << 16, 1 << 16}) {
		t.Error("the old keys are not all outranked:", s.replaced)
	}
	if err := r.Withdraw(ctx, visit(1), consent.Notify, "desk", "operator x"); err != nil {
		t.Fatal(err)
	}
	if _, d := open(visit(1)); d.Notify || d.Consents[1].Withdrawn.IsZero() {
		t.Errorf("%+v", d.Consents)
	}
	if len(s.acts) != 2 || s.acts[0].What != ActWithdraw || s.acts[0].Note != "" || s.acts[0].By != "operator x" {
		t.Errorf("%+v", s.acts)
	}
	for _, p := range []consent.Purpose{consent.Assist, consent.Notify, "fax"} {
		if err := r.Withdraw(ctx, visit(1), p, "desk", ""); !errors.Is(err, ErrNoConsent) {
			t.Error(p, err)
		}
	}
	if err := r.Withdraw(ctx, visit(2), consent.Assist, "desk", ""); err != nil {
		t.Fatal(err)
	}
	if c, d := open(visit(2)); c.Assist != "" || len(d.Consents) != 1 || d.Consents[0].Withdrawn.IsZero() {
		t.Errorf("%+v", d.Consents)
	}
	s.shut[cardOf] = true
	if err := r.Withdraw(ctx, visit(2), consent.Assist, "desk", ""); !errors.Is(err, ErrNotOpened) {
		t.Error(err)
	}
	s.role = identity.RoleEntrance
	if err := r.Withdraw(ctx, visit(2), consent.Assist, "desk", ""); !errors.Is(err, ErrNotDesk) {
		t.Error(err)
	}
}
