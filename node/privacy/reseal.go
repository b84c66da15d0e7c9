package privacy

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/seal"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/terms"
)

// ActRectify is what the audit calls a correction.
const ActRectify = "subject.rectify"

// ErrNotOpened means that a visit's particulars cannot be opened here.
var ErrNotOpened = &Problem{"rectify.not_opened", "this node cannot open the particulars of that visit, so it cannot correct them: they have been erased, have passed their date, or have not come yet; look at `upprop visit list`"}

// ErrNoChange means that nothing was to be corrected.
var ErrNoChange = &Problem{"rectify.no_change", "nothing is to be corrected: say what is right, such as --name or --company"}

// ErrSpent means that no version is left that would outrank what stands.
var ErrSpent = &Problem{"rectify.spent", "the particulars of that visit have been sealed anew as often as can be, which takes a node that means ill: they stay as they are; look at `upprop audit list`, and erase them if they are wrong: `upprop erase`"}

// ErrTooLong means that no node would read what was to be sealed.
var ErrTooLong = &Problem{"rectify.too_long", "what would be stored of that visit is longer than any node reads: write it shorter"}

// KeyRecord is one key record as it stands. Wrap is nil where it cannot be
// read any more. Until is when it dies: the record's date, or that of the key it
// is sealed to where that one is earlier.
type KeyRecord struct {
	Visit    record.VisitID
	Audience record.Audience
	Version  uint32
	Until    record.Day
	Shredded bool
	Wrap     []byte
}

// Records is what re-sealing asks of the replica.
type Records interface {
	KeyRecords(fn func(KeyRecord) error) error
	// Sealed is the standing version of a part.
	Sealed(record.PartKey) (crdt.SealedPart, error)
	Presence(record.VisitID) (record.Presence, error)
	Commit(ctx context.Context, drafts ...crdt.Draft) ([]record.EventID, error)
}

// Sealer seals and opens.
type Sealer interface {
	// Seal makes the entries that keep parts until a date; stored must be
	// called when they are durable.
	Seal(visit record.VisitID, version uint32, until record.Day, parts map[record.Audience][]byte) (entries []record.SealedEntry, stored func(), err error)
	Open(k record.PartKey, p crdt.SealedPart) ([]byte, error)
	// Dies is the date of the key that a wrapped key is for, which may be earlier
	// than that of its record; false where it is not known here.
	Dies(wrap []byte) (record.Day, bool)
	// Reach is the date of the key that would be sealed to until a date; zero:
	// there is none.
	Reach(until record.Day) record.Day
	// OfCampus reports whether a wrapped key is for a key without a date.
	OfCampus(wrap []byte) bool
	// DropCampus destroys the private keys without a date, durably; held says
	// whether there are any.
	DropCampus() error
	HoldsCampus() (held bool)
}

// ResealerConfig is what a Resealer is made of; Logger has a default.
type ResealerConfig struct {
	Records Records
	Sealer  Sealer
	// Act puts acts on record, durably.
	Act func(ctx context.Context, acts []record.Act) error
	// Role is this node's; Today the date by all it has to go by.
	Role  func() identity.Role
	Today func() record.Day
	// Sure is Today, and whether it may be gone by, both of one moment: a clock
	// alone must not destroy.
	Sure func() (record.Day, bool)
	// Dated is when the first keys with a date came to be known here; zero:
	// there are none.
	Dated func() time.Time
	// AllCovered reports whether every member in good standing was heard just
	// now and all it has written is held here.
	AllCovered func() bool
	// Keep is for how many days the parts of a visit of a type are kept from a
	// check-in or a re-sealing; nil: for as long as anything is.
	Keep func(visitorType string) terms.Days
	// Over has what is sealed about visits destroyed everywhere, since it is kept
	// no longer by the terms that hold now, but for those that Kept would tell of
	// at that moment; nil: it is left to its date. It returns of how many visits,
	// when that is durable here.
	Over func(ctx context.Context, visits []record.VisitID) (int, error)
	// Kept tells, as things stand when it is called, which visits are kept for the
	// person, so that terms end nothing of them; nil: none.
	Kept   func() func(record.Presence) bool
	Now    func() time.Time
	Logger *slog.Logger
}

// Resealer seals anew what must live longer than its key, or is to be read
// otherwise. The key record that it writes outranks the old one, which is
// shredded for it. Safe for concurrent use.
type Resealer struct {
	cfg  ResealerConfig
	wake chan struct{}
	// one at a time: versions are counted on.
	mu sync.Mutex
}

// NewResealer makes a Resealer.
func NewResealer(cfg ResealerConfig) *Resealer {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Kept == nil {
		cfg.Kept = func() func(record.Presence) bool { return func(record.Presence) bool { return false } }
	}
	if cfg.Keep == nil {
		cfg.Keep = terms.Of(nil).For
	}
	return &Resealer{cfg: cfg, wake: make(chan struct{}, 1)}
}

// correctionBits is how many of a version's low bits count what is sealed anew
// since the last correction.
const correctionBits = 16

// Wake has Run look at once, as after the terms have changed.
func (r *Resealer) Wake() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Run seals anew what is due, every hour and when it is woken, until ctx ends.
func (r *Resealer) Run(ctx context.Context) error {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if err := r.Step(ctx); err != nil && ctx.Err() == nil {
			r.cfg.Logger.Error("particulars near their date could not be sealed anew; tried again later", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-r.wake:
		}
	}
}

// Step seals anew what is due now, and destroys the keys of the campus when
// nothing needs them.
func (r *Resealer) Step(ctx context.Context) error {
	if r.cfg.Dated().IsZero() {
		return nil // there is nothing better to seal to
	}
	all, err := r.records()
	if err != nil {
		return err
	}
	ofCampus := func(k KeyRecord) bool { return k.Wrap != nil && r.cfg.Sealer.OfCampus(k.Wrap) }
	today, sure := r.cfg.Sure()
	reached := map[record.Day]record.Day{}
	reach := func(d record.Day) record.Day {
		if _, ok := reached[d]; !ok {
			reached[d] = r.cfg.Sealer.Reach(d)
		}
		return reached[d]
	}
	kept := r.cfg.Kept()
	stand := func(v record.VisitID) Stand { return r.stand(v, kept) }
	var over []record.VisitID
	for _, w := range Plan(all, r.cfg.Role(), today, sure, reach, ofCampus, stand) {
		switch {
		case w.Until.Card <= today && w.Until.Dossier <= today:
			over = append(over, w.Visit)
			continue
		case w.Shortens && r.stand(w.Visit, r.cfg.Kept()).Kept:
			continue // it has become so since
		}
		err := r.reseal(ctx, w.Visit, w.Until, today, nil)
		switch {
		case errors.Is(err, ErrNotOpened), errors.Is(err, ErrSpent):
			// Stays on the list as "name withheld", now or from its date on.
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		}
	}
	if err := r.end(ctx, over); err != nil {
		return err
	}
	return r.dropCampus(ofCampus, sure)
}

// end has what is over destroyed.
func (r *Resealer) end(ctx context.Context, over []record.VisitID) error {
	if r.cfg.Over == nil {
		return nil
	}
	ended := 0
	for part := range slices.Chunk(over, MaxVisits) {
		n, err := r.cfg.Over(ctx, part)
		if err != nil {
			return fmt.Errorf("destroy what is kept no longer: %w", err)
		}
		ended += n
	}
	if ended > 0 {
		r.cfg.Logger.Info("what is kept no longer by the terms is destroyed", "visits", ended)
	}
	return nil
}

func (r *Resealer) records() (all []KeyRecord, err error) {
	err = r.cfg.Records.KeyRecords(func(k KeyRecord) error {
		if k.Wrap != nil {
			if d, ok := r.cfg.Sealer.Dies(k.Wrap); ok && k.Until != 0 {
				k.Until = min(k.Until, d)
			}
		}
		all = append(all, k)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read key records: %w", err)
	}
	return all, nil
}

// stand is how a visit stands, by those that are kept for the person.
func (r *Resealer) stand(v record.VisitID, kept func(record.Presence) bool) (s Stand) {
	p, err := r.cfg.Records.Presence(v)
	s.Keep = r.cfg.Keep(p.Type)
	if err != nil {
		return s
	}
	s.Open, s.Ends, s.Kept = p.Open(), p.Ends, kept(p)
	if s.Ends == 0 && p.Since != 0 {
		s.Ends = record.DayOf(p.Since.Time()) + s.Keep.Card
	}
	for _, at := range []record.HLC{p.Since, p.Seen.At, p.Left.At} {
		if at != 0 {
			s.Last = max(s.Last, record.DayOf(at.Time()))
		}
	}
	return s
}

// dropCampus destroys the private keys without a date when no live record
// needs them and all has been heard that could, or after the longest time that
// a record may live, if this node is sure of the date.
func (r *Resealer) dropCampus(ofCampus func(KeyRecord) bool, sure bool) error {
	if !r.cfg.Sealer.HoldsCampus() {
		return nil
	}
	over := sure && r.cfg.Now().Sub(r.cfg.Dated()) > terms.Most*24*time.Hour
	if !over {
		all, err := r.records()
		if err != nil {
			return err
		}
		for _, k := range all {
			if !k.Shredded && ofCampus(k) {
				return nil
			}
		}
		over = r.cfg.AllCovered()
	}
	if !over {
		return nil
	}
	if err := r.cfg.Sealer.DropCampus(); err != nil {
		return fmt.Errorf("destroy the campus's old key: %w", err)
	}
	r.cfg.Logger.Info("the key without a date is destroyed: nothing is sealed to it any more")
	return nil
}

// Particulars are what is sealed of a visit; nil parts are not here, or are
// not for this node.
type Particulars struct {
	Card    *record.Card
	Dossier *record.Dossier
	// over: the dossier's date has come, before the card's.
	over bool
}

// Reseal seals a visit's particulars anew, under a new key that lives until the
// dates (zero: those they had), as change leaves them; nil changes nothing. What
// would live until today at most is ended. It returns when that is durable here;
// the old key is then outranked, and destroyed as others are. Parts that this
// node may not open stay as they were; what the bearer of the badge could read
// cannot be sealed anew without the badge and ends. Errors: ErrNotOpened, ErrSpent.
func (r *Resealer) Reseal(ctx context.Context, visit record.VisitID, until Dates, change func(*Particulars) error) error {
	return r.reseal(ctx, visit, until, r.cfg.Today(), change)
}

// reseal goes by the date that was planned with, whatever the clock shows since.
func (r *Resealer) reseal(ctx context.Context, visit record.VisitID, until Dates, today record.Day, change func(*Particulars) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var p Particulars
	var version uint32
	var had Dates
	bearer := false
	for _, a := range []record.Audience{record.CardAudience, record.DossierAudience, record.BearerAudience} {
		k := record.PartKey{Visit: visit, Audience: a}
		part, err := r.cfg.Records.Sealed(k)
		if err != nil {
			p.over = p.over || a == record.DossierAudience && (errors.Is(err, crdt.ErrExpired) || errors.Is(err, crdt.ErrUnknownVisit))
			continue
		}
		version = max(version, part.Version)
		if a == record.BearerAudience {
			bearer = true
			continue
		}
		clear, err := r.cfg.Sealer.Open(k, part)
		if err != nil {
			continue
		}
		if err := p.take(a, clear); err != nil {
			return fmt.Errorf("seal anew: %w", err)
		}
		switch a {
		case record.CardAudience:
			had.Card = part.Until
		case record.DossierAudience:
			had.Dossier = part.Until
		}
	}
	if p.Card == nil && p.Dossier == nil {
		return ErrNotOpened
	}
	if until == (Dates{}) {
		until = r.again(visit, had, today)
	}
	version, err := outranking(version, change != nil)
	if err != nil {
		return err
	}
	if change != nil {
		if err := change(&p); err != nil {
			return err
		}
	}
	entries, stored, err := r.sealed(visit, version, until, today, p)
	if err != nil {
		return fmt.Errorf("seal anew: %w", err)
	}
	if bearer {
		entries = append(entries, nobody(visit, record.BearerAudience, version, max(until.Card, today+1)))
	}
	switch _, err := r.cfg.Records.Commit(ctx, crdt.Draft{Sealed: entries}); {
	case errors.Is(err, crdt.ErrExpired):
		return ErrNotOpened // the clock of the campus is ahead of the one that opened it
	case err != nil:
		return fmt.Errorf("seal anew: %w", err)
	}
	stored()
	return nil
}

// outranking is the version after one that stands. A correction outranks whatever
// is sealed anew by who has not heard of it. Errors: ErrSpent.
func outranking(stands uint32, correction bool) (uint32, error) {
	next := uint64(stands) + 1
	if correction {
		next = (uint64(stands)>>correctionBits + 1) << correctionBits
	}
	// What is sealed anew must not pass for a correction, and none begins again at
	// zero, below all that stands.
	if next > math.MaxUint32 || !correction && next>>correctionBits != uint64(stands)>>correctionBits {
		return 0, ErrSpent
	}
	return uint32(next), nil
}

// again are the dates that parts had, or where those have come or are not
// known, those of what is sealed today.
func (r *Resealer) again(visit record.VisitID, had Dates, today record.Day) Dates {
	s := r.stand(visit, func(record.Presence) bool { return false })
	if had.Card <= today {
		had.Card = s.Ends
	}
	if had.Card <= today {
		had.Card = today + s.Keep.Card
	}
	if had.Dossier <= today {
		had.Dossier = min(had.Card, today+s.Keep.Contact)
	}
	return had
}

// sealed are the entries that seal parts until their dates, and end those whose
// date has come.
func (r *Resealer) sealed(visit record.VisitID, version uint32, until Dates, today record.Day, p Particulars) (entries []record.SealedEntry, stored func(), err error) {
	parts := p.parts()
	for _, clear := range parts {
		if len(clear) > codec.MaxPart {
			return nil, nil, ErrTooLong
		}
	}
	done := []func(){}
	for _, dates := range []record.Day{until.Card, until.Dossier} {
		some := map[record.Audience][]byte{}
		for a, clear := range parts {
			switch d := until.of(a); {
			case d <= today:
				entries = append(entries, nobody(visit, a, version, today+1))
				delete(parts, a)
			case d == dates:
				some[a] = clear
				delete(parts, a)
			}
		}
		if len(some) == 0 {
			continue
		}
		more, one, err := r.cfg.Sealer.Seal(visit, version, dates, some)
		if err != nil {
			return nil, nil, err
		}
		entries, done = append(entries, more...), append(done, one)
	}
	return entries, func() {
		for _, one := range done {
			one()
		}
	}, nil
}

// nobodySize is the size of a wrap that opens nothing, in bytes; that of one
// which opens something names its key and is larger.
const nobodySize = 48

// nobody is a key record that opens nothing, so that the one before it is
// destroyed.
func nobody(visit record.VisitID, a record.Audience, version uint32, until record.Day) record.SealedEntry {
	box := make([]byte, nobodySize)
	rand.Read(box)
	return record.SealedEntry{
		Kind: record.KeyPut, Visit: visit, Audience: a, Version: version, Until: until, Box: box,
	}
}

func (p *Particulars) take(a record.Audience, opened []byte) error {
	defer clear(opened)
	switch a {
	case record.CardAudience:
		c, err := codec.DecodeCard(opened)
		p.Card = &c
		return err
	case record.DossierAudience:
		d, err := codec.DecodeDossier(opened)
		p.Dossier = &d
		return err
	}
	return nil
}

func (p *Particulars) parts() map[record.Audience][]byte {
	out := map[record.Audience][]byte{}
	if p.Card != nil {
		out[record.CardAudience] = codec.EncodeCard(*p.Card)
	}
	if p.Dossier != nil {
		out[record.DossierAudience] = codec.EncodeDossier(*p.Dossier)
	}
	return out
}

// Correction is what is right; nil leaves a field as it is.
type Correction struct {
	Name, Company, Host, Email, Phone *record.Private
}

// Rectify corrects a visit's particulars, for by. Done at desks only, on record
// before it is done, durable when it returns. The texts must have been checked as
// those of a check-in are. Errors: *Problem.
func (r *Resealer) Rectify(ctx context.Context, visit record.VisitID, c Correction, by string) error {
	if r.cfg.Role() != identity.RoleDesk {
		return ErrNotDesk
	}
	if c == (Correction{}) {
		return ErrNoChange
	}
	act := record.Act{Kind: record.ActAudit, What: ActRectify, By: by, Visits: []record.VisitID{visit}, Note: c.Fields()}
	return r.Reseal(ctx, visit, Dates{}, func(p *Particulars) error {
		switch {
		case p.Card != nil && p.Dossier == nil && p.over && c.Email == nil && c.Phone == nil:
			p.Dossier = &record.Dossier{} // nothing of it is left to correct
			defer func() { p.Dossier = nil }()
		case p.Card == nil || p.Dossier == nil:
			return ErrNotOpened // a half that cannot be corrected would stand
		}
		for _, f := range []struct {
			to   *record.Private
			from *record.Private
		}{
			{&p.Card.Name, c.Name},
			{&p.Card.Company, c.Company},
			{&p.Card.Host, c.Host},
			{&p.Dossier.Email, c.Email},
			{&p.Dossier.Phone, c.Phone},
		} {
			if f.from != nil {
				*f.to = *f.from
			}
		}
		if err := r.cfg.Act(ctx, []record.Act{act}); err != nil {
			return fmt.Errorf("rectify: %w", err)
		}
		return nil
	})
}

// CampusWrap reports whether a wrap is for one of the keys that have no date.
func CampusWrap(wrap []byte, undated func(seal.KeyID) bool) bool {
	w, err := seal.DecodeWrap(wrap)
	return err == nil && undated(w.KeyID)
}
