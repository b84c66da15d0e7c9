// Package watch keeps the watch list: a few people of whose coming a desk is to
// know, why, and who says so. An entry is sealed for desks and dies on its date.
// A door holds keyed hashes of it, in memory, and compares whoever comes; desks
// compare anew what they may open, and ask an operator. It keeps nobody out and
// takes nobody off a list: who is inside is inside.
//
// Invariant: of an entry nothing is in clear outside a desk's memory, and
// nothing at all on the disk of a node that is none but what only desks open.
package watch

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/node/sheet"
)

// Vault seals for desks; see operators.Vault.
type Vault interface {
	SealForDesks(label [16]byte, until record.Day, plain []byte) (box []byte, err error)
	OpenForDesks(label [16]byte, box []byte) ([]byte, error)
	BoxDies(box []byte) (record.Day, bool)
}

// Config is what a Book is made of; Settings, Vault and Today are required.
type Config struct {
	Settings sheet.Settings
	Vault    Vault
	// Today is the date by all that this node has to go by.
	Today func() record.Day
	// Desk reports whether this node opens what is sealed for desks; nil: it does.
	Desk func() bool
	// MayEdit reports whether this node's settings count; nil: they do.
	MayEdit func() bool
	// Barred says why nothing that this node writes would count; nil: it counts.
	Barred func() error
	// Act puts on record what by did about visits; it must not block, and what it
	// refuses is not done. Nil: nothing is put on record.
	Act func(by, what string, visits []record.VisitID, note string) error
	// Revoked counts the members whose membership has ended; nil: none has.
	Revoked func() int
	// Cost is that of tags; zero: DefaultCost. For tests.
	Cost   Cost
	Now    func() time.Time
	Logger *slog.Logger
}

// Book is the list as this node knows it. Safe for concurrent use.
type Book struct {
	cfg     Config
	writing sync.Mutex
	memo    sheet.Memo[Entry]
	// shut: the last look met entries whose keys have not come yet.
	shut atomic.Bool

	making  sync.Mutex
	key     key
	revoked int
	held    *Held
	holds   int // how many entries held was made of
	tags    map[form]tag
	door    *Held
}

// New makes a Book.
func New(cfg Config) *Book {
	if cfg.Desk == nil {
		cfg.Desk = func() bool { return true }
	}
	if cfg.MayEdit == nil {
		cfg.MayEdit = func() bool { return true }
	}
	if cfg.Barred == nil {
		cfg.Barred = func() error { return nil }
	}
	if cfg.Act == nil {
		cfg.Act = func(string, string, []record.VisitID, string) error { return nil }
	}
	if cfg.Revoked == nil {
		cfg.Revoked = func() int { return 0 }
	}
	if cfg.Cost == (Cost{}) {
		cfg.Cost = DefaultCost
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Book{cfg: cfg, key: newKey(), tags: map[form]tag{}}
}

// An entry is the setting "watch/ID/entry", sealed for desks until its day, or as
// long ahead as there are keys, and then sealed anew. It is never changed:
// whoever wants it otherwise makes another. "watch/ID/removed": it is off, also
// where somebody who had not heard of that sealed it anew.
const (
	// Prefix is that of the entries' settings.
	Prefix = "watch/"
	ahead  = 90 // days from today until which an entry is sealed
	near   = 60 // and from how many days on it is sealed anew
)

// The settings of the list.
const (
	// UsualDays is for how long an entry stands where nobody says; MostDays is the
	// longest that can be said; Country the prefix of numbers without one.
	UsualDays, MostDays, Country     = "watch.days", "watch.most", "watch.country"
	usualDays, mostDays, homeCountry = 180, 365, "46"
)

func label(id string) [16]byte {
	sum := sha256.Sum256([]byte("upprop/watch/entry/1\x00" + id))
	return [16]byte(sum[:16])
}

// Terms are for how many days an entry stands: usually, and at most.
func (b *Book) Terms() (usual, most int) {
	most = b.number(MostDays, mostDays)
	return min(b.number(UsualDays, usualDays), most), most
}

func (b *Book) number(key string, fallback int) int {
	if n, err := strconv.Atoi(b.text(key)); err == nil && n >= 1 && n <= maxSettings {
		return n
	}
	return fallback
}

func (b *Book) text(key string) string {
	for _, s := range b.cfg.Settings.Settings(key) {
		if s.Key == key {
			return s.Value.String()
		}
	}
	return ""
}

// Country is the prefix of numbers that are written without one.
func (b *Book) Country() string {
	if s := b.text(Country); country(s) {
		return s
	}
	return homeCountry
}

// SetTerms sets for how long entries stand, and the country; zero and empty leave
// what is. Entries that are on the list stay as they are. Errors: *Problem.
func (b *Book) SetTerms(ctx context.Context, by string, usual, most int, home string) error {
	b.writing.Lock()
	defer b.writing.Unlock()
	if err := b.may(); err != nil {
		return err
	}
	was, limit := b.Terms()
	usual, most = cmp.Or(usual, was), cmp.Or(most, limit)
	home = cmp.Or(strings.TrimPrefix(home, "+"), b.Country())
	switch {
	case usual < 1 || most < 1 || most > maxSettings || usual > most:
		return errTerms
	case !country(home):
		return errCountry
	}
	if err := b.cfg.Act(by, "watch.terms", nil, fmt.Sprintf("%d of %d days", usual, most)); err != nil {
		return err
	}
	set := []crdt.Setting{sheet.Text(UsualDays, strconv.Itoa(usual)), sheet.Text(MostDays, strconv.Itoa(most)), sheet.Text(Country, home)}
	if err := sheet.Write(ctx, b.cfg.Settings, set...); err != nil {
		return fmt.Errorf("set the terms of the watch list: %w", err)
	}
	return nil
}

// Digest tells lists apart without opening them; false where nothing is listed.
func (b *Book) Digest() (sum [32]byte, any bool) {
	h := sha256.New()
	for _, s := range b.cfg.Settings.Settings(Prefix) {
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(s.Key))))
		h.Write([]byte(s.Key))
		v := s.Value.Bytes()
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(v))))
		h.Write(v)
		any = any || strings.HasSuffix(s.Key, "/entry") && len(v) > 0
	}
	h.Write([]byte(b.Country()))
	h.Sum(sum[:0])
	return sum, any
}

// List are the entries that count today, the newest first; none on a node that
// opens none. The caller may not change them.
func (b *Book) List() []Entry {
	if !b.cfg.Desk() {
		b.memo.Forget()
		return nil
	}
	also := b.cfg.Today().String()
	if b.shut.Load() { // keys come without any setting
		also += b.cfg.Now().Truncate(reopening).Format(time.RFC3339)
	}
	return b.memo.Of(b.cfg.Settings, also, b.fold)
}

// reopening is how often it is tried to open entries whose keys have not come.
const reopening = 2 * time.Second

func (b *Book) fold() (out []Entry) {
	shut := false
	defer func() { b.shut.Store(shut) }()
	for id, f := range sheet.Groups(b.cfg.Settings, Prefix) {
		if f["removed"].Bool() || len(f["entry"].Bytes()) == 0 {
			continue
		}
		plain, err := b.cfg.Vault.OpenForDesks(label(id), f["entry"].Bytes())
		if err != nil {
			dies, ok := b.cfg.Vault.BoxDies(f["entry"].Bytes())
			shut = shut || ok && dies > b.cfg.Today()
			continue
		}
		e, err := decodeEntry(id, plain)
		clear(plain)
		if err == nil && e.Until >= b.cfg.Today() {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b Entry) int { return cmp.Or(b.Added.Compare(a.Added), cmp.Compare(a.ID, b.ID)) })
	return out
}

// Get is one entry. Errors: ErrUnknown.
func (b *Book) Get(id string) (Entry, error) {
	for _, e := range b.List() {
		if e.ID == id {
			return e, nil
		}
	}
	return Entry{}, ErrUnknown
}

func (b *Book) may() error {
	if err := b.cfg.Barred(); err != nil {
		return err
	}
	if !b.cfg.Desk() || !b.cfg.MayEdit() {
		return ErrNotHere
	}
	return nil
}

// Add puts an entry on the list, durably and on record. Its id, maker and time
// are the Book's to give; an Until of zero is the usual one. Errors: *Problem.
func (b *Book) Add(ctx context.Context, by string, e Entry) (Entry, error) {
	b.writing.Lock()
	defer b.writing.Unlock()
	if err := b.may(); err != nil {
		return e, err
	}
	usual, most := b.Terms()
	today := b.cfg.Today()
	if e.Until == 0 {
		e.Until = today + record.Day(usual)
	}
	switch {
	case e.Until < today || e.Until > today+record.Day(most):
		return e, &Problem{Key: "watch.bad_until", Field: "until", Limit: most, Hint: fmt.Sprintf("an entry ends on a day from today on, %d days ahead at most: choose an earlier day; it can be made anew then, if it is still needed", most)}
	case len(b.List()) >= MaxEntries:
		return e, errFull
	}
	if err := e.check(b.Country()); err != nil {
		return e, err
	}
	e.ID, e.By, e.Added = strings.ToLower(rand.Text()[:12]), by, b.cfg.Now().UTC().Truncate(time.Millisecond)
	box, err := b.seal(e)
	if err != nil {
		return e, err
	}
	if err := b.cfg.Act(by, "watch.add", nil, e.ID); err != nil {
		return e, err
	}
	if err := sheet.Write(ctx, b.cfg.Settings, crdt.Setting{Key: Prefix + e.ID + "/entry", Value: shape.Bytes(box)}); err != nil {
		return e, fmt.Errorf("add to the watch list: %w", err)
	}
	return e, nil
}

// seal seals an entry until the day after its last, or as late as can be.
func (b *Book) seal(e Entry) ([]byte, error) {
	plain, err := e.encode()
	if err != nil {
		return nil, errNothing
	}
	defer clear(plain)
	box, err := b.cfg.Vault.SealForDesks(label(e.ID), min(e.Until+1, b.cfg.Today()+ahead), plain)
	if err != nil {
		return nil, fmt.Errorf("seal an entry: %w", err)
	}
	return box, nil
}

// Remove takes an entry off the list, durably and on record. Errors: *Problem.
func (b *Book) Remove(ctx context.Context, by, id string) error {
	b.writing.Lock()
	defer b.writing.Unlock()
	if err := b.may(); err != nil {
		return err
	}
	if _, err := b.Get(id); err != nil {
		return err
	}
	if err := b.cfg.Act(by, "watch.remove", nil, id); err != nil {
		return err
	}
	if err := sheet.Write(ctx, b.cfg.Settings, sheet.Flag(Prefix+id+"/removed", true), empty(id)); err != nil {
		return fmt.Errorf("remove from the watch list: %w", err)
	}
	return nil
}

func empty(id string) crdt.Setting {
	return crdt.Setting{Key: Prefix + id + "/entry", Value: shape.Bytes(nil)}
}

// renew seals anew, at desks, what would die before its day, and takes away what
// has been removed or is over. It returns how many entries it wrote.
func (b *Book) renew(ctx context.Context) (n int, errs error) {
	b.writing.Lock()
	defer b.writing.Unlock()
	if b.may() != nil {
		return 0, nil
	}
	today := b.cfg.Today()
	for id, f := range sheet.Groups(b.cfg.Settings, Prefix) {
		box := f["entry"].Bytes()
		if len(box) == 0 {
			continue
		}
		dies, ok := b.cfg.Vault.BoxDies(box)
		if f["removed"].Bool() || !ok || dies <= today {
			n, errs = n+1, errors.Join(errs, sheet.Write(ctx, b.cfg.Settings, empty(id)))
			continue
		}
		if dies > today+near {
			continue
		}
		e, err := b.Get(id)
		if err != nil || dies > e.Until {
			continue // its key has not come yet, or it lasts for long enough
		}
		anew, err := b.seal(e)
		if err != nil {
			errs = errors.Join(errs, err)
			continue
		}
		if until, _ := b.cfg.Vault.BoxDies(anew); until > dies {
			n, errs = n+1, errors.Join(errs, b.cfg.Settings.Set(ctx, crdt.Setting{Key: Prefix + id + "/entry", Value: shape.Bytes(anew)}))
		}
	}
	return n, errs
}
