// Package hosts keeps whom visitors may name as their host. Those are people:
// what is kept of them is sealed, on every node, and only desks open it. Whoever
// searches gets a few names for three letters, and never the whole.
//
// One key seals all, since there may be thousands: it is itself sealed for
// desks, anew before its date comes. So who was taken off the list can be read
// by desks that hold the log until the campus's settings are begun anew, at the
// turn of the year.
//
// Invariant: nothing of a host is in clear outside a desk's memory, and no
// answer to a search has more than MaxFound hosts.
package hosts

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"maps"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/chacha20poly1305"
	"golang.org/x/text/unicode/norm"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/node/sheet"
)

// Problem is what a person can do something about.
type Problem = sheet.Problem

const (
	// MaxHosts bounds the hosts of a campus.
	MaxHosts = 5000
	// MaxFound is how many hosts a search gives, and MinLetters how many letters
	// it needs.
	MaxFound   = 5
	MinLetters = 3
	maxName    = 120
)

var (
	// ErrNotHere is returned on a node that opens nothing sealed for desks.
	ErrNotHere = &Problem{Key: "hosts.not_here", Hint: "hosts are looked after at a desk, and this node is none, or may not: nothing was saved; `upprop nodes` lists the desks"}
	errUnknown = &Problem{Key: "hosts.unknown", Hint: "there is no such host: search anew with `upprop host find`"}
)

// Host is somebody whom visitors come to see.
type Host struct {
	ID string
	// Name is required; Unit is a department or a place, Mail where the host is
	// told of arrivals.
	Name, Unit, Mail record.Private
}

// Vault seals for desks; see operators.Vault.
type Vault interface {
	SealForDesks(label [16]byte, until record.Day, plain []byte) (box []byte, err error)
	OpenForDesks(label [16]byte, box []byte) ([]byte, error)
	BoxDies(box []byte) (record.Day, bool)
}

// Config is what a Book is made of; the first three are required.
type Config struct {
	Settings sheet.Settings
	Vault    Vault
	// Today is the date by all that this node has to go by.
	Today func() record.Day
	// Desk reports whether this node opens what is sealed for desks.
	Desk func() bool
	// MayEdit reports whether this node's settings count. Nil: they do.
	MayEdit func() bool
	// Barred says why nothing that this node writes would count, or nil. Nil:
	// never.
	Barred func() error
	// Record is told what by did, with how many hosts. Nil: nobody is.
	Record func(by, what, note string)
	Logger *slog.Logger
}

// Book is the campus's hosts as this node knows them. Safe for concurrent use.
type Book struct {
	cfg     Config
	writing sync.Mutex
	memo    sheet.Memo[Host]
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
	if cfg.Record == nil {
		cfg.Record = func(string, string, string) {}
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Book{cfg: cfg}
}

// A host is these settings, each sealed by itself under the key that its first
// ten characters name: "name", "unit" and "mail". An empty name: the host has
// been taken off. A key is "hosts/key/MARK", sealed for desks.
const (
	prefixHost = "host/"
	prefixKey  = "hosts/key/"
	markSize   = 10
	ahead      = 90 // days from today until which a key is sealed
	near       = 60 // and from how many days on it is sealed anew
)

var fields = []string{"name", "unit", "mail"}

func label(mark string) [16]byte {
	sum := sha256.Sum256([]byte("upprop/hosts/1\x00" + mark))
	return [16]byte(sum[:16])
}

// keys are those that this node opens, by mark.
func (b *Book) keys() map[string][]byte {
	out := map[string][]byte{}
	for _, s := range b.cfg.Settings.Settings(prefixKey) {
		mark := strings.TrimPrefix(s.Key, prefixKey)
		if k, err := b.cfg.Vault.OpenForDesks(label(mark), s.Value.Bytes()); err == nil && len(k) == chacha20poly1305.KeySize && len(mark) == markSize {
			out[mark] = k
		}
	}
	return out
}

func seal(mark string, key []byte, at, plain string) ([]byte, error) {
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails
	return aead.Seal(append([]byte(mark), nonce...), nonce, []byte(plain), []byte(at)), nil
}

func open(keys map[string][]byte, at string, box []byte) (string, bool) {
	if len(box) < markSize+chacha20poly1305.NonceSizeX {
		return "", false
	}
	key, ok := keys[string(box[:markSize])]
	if !ok {
		return "", false
	}
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		return "", false
	}
	rest := box[markSize:]
	plain, err := aead.Open(nil, rest[:aead.NonceSize()], rest[aead.NonceSize():], []byte(at))
	return string(plain), err == nil && utf8.Valid(plain)
}

// current opens the hosts anew when a setting has changed, or which keys this
// node opens: those that have come since, and those whose date has.
func (b *Book) current() []Host {
	if !b.cfg.Desk() {
		b.memo.Forget()
		return nil
	}
	keys := b.keys()
	marks := strings.Join(slices.Sorted(maps.Keys(keys)), "")
	return b.memo.Of(b.cfg.Settings, marks, func() []Host { return b.fold(keys) })
}

func (b *Book) fold(keys map[string][]byte) (out []Host) {
	for id, f := range sheet.Groups(b.cfg.Settings, prefixHost) {
		h := Host{ID: id}
		for _, x := range []struct {
			field string
			to    *record.Private
		}{{"name", &h.Name}, {"unit", &h.Unit}, {"mail", &h.Mail}} {
			if s, ok := open(keys, prefixHost+id+"/"+x.field, f[x.field].Bytes()); ok {
				*x.to = record.Private(s)
			}
		}
		// Two desks that did not hear each other may have read one file.
		if h.Name != "" && !slices.ContainsFunc(out, func(o Host) bool { return o.Name == h.Name && o.Unit == h.Unit && o.Mail == h.Mail }) {
			out = append(out, h)
		}
	}
	slices.SortFunc(out, func(a, b Host) int {
		return cmp.Or(cmp.Compare(plain(a.Name.Reveal()), plain(b.Name.Reveal())), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// plain is a text without case and accents.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(s))
}

func words(s string) []string {
	return strings.FieldsFunc(plain(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// Count is how many hosts this node can open.
func (b *Book) Count() int { return len(b.current()) }

// Find gives the first MaxFound hosts of whom every word that is sought begins a
// word of the name or the unit, and whether there are more. It gives none for
// fewer than MinLetters letters.
func (b *Book) Find(query string) (out []Host, more bool) {
	want := words(query)
	if utf8.RuneCountInString(strings.Join(want, "")) < MinLetters || len(query) > 4*maxName {
		return nil, false
	}
	for _, h := range b.current() {
		have := words(h.Name.Reveal() + " " + h.Unit.Reveal())
		if slices.ContainsFunc(want, func(w string) bool {
			return !slices.ContainsFunc(have, func(s string) bool { return strings.HasPrefix(s, w) })
		}) {
			continue
		}
		if len(out) == MaxFound {
			return out, true
		}
		out = append(out, h)
	}
	return out, false
}

// MailOf is where a host is told who was named as a visitor would: by the whole
// name, with the unit or without. Empty where none or several are so called.
func (b *Book) MailOf(named string) record.Private {
	want := strings.Join(words(named), " ")
	var found []Host
	for _, h := range b.current() {
		name, unit := words(h.Name.Reveal()), words(h.Unit.Reveal())
		if want != "" && (want == strings.Join(name, " ") || want == strings.Join(append(name, unit...), " ")) {
			found = append(found, h)
		}
	}
	if len(found) != 1 {
		return ""
	}
	return found[0].Mail
}

// Get is a host by id.
func (b *Book) Get(id string) (Host, bool) {
	for _, h := range b.current() {
		if h.ID == id {
			return h, true
		}
	}
	return Host{}, false
}

func (b *Book) may() error {
	if err := b.cfg.Barred(); err != nil {
		return err
	}
	if !b.cfg.MayEdit() || !b.cfg.Desk() {
		return ErrNotHere
	}
	return nil
}

func check(h *Host) error {
	for _, f := range []struct {
		name string
		text *record.Private
	}{{"name", &h.Name}, {"unit", &h.Unit}, {"mail", &h.Mail}} {
		t, err := sheet.Line(f.name, f.text.Reveal(), maxName)
		if err != nil {
			return err
		}
		if t != "" && strings.ContainsAny(t[:1], "=+-@") {
			return &Problem{Key: "hosts.formula", Field: f.name, Hint: "the " + f.name + " begins like a formula of a spreadsheet: write it as plain text"}
		}
		*f.text = record.Private(t)
	}
	if utf8.RuneCountInString(strings.Join(words(h.Name.Reveal()), "")) < MinLetters {
		return &Problem{Key: "hosts.name", Field: "name", Hint: fmt.Sprintf("a host needs a name of %d letters or more: write how visitors would ask for them", MinLetters)}
	}
	if a, err := mail.ParseAddress(h.Mail.Reveal()); h.Mail != "" && (err != nil || a.Address != h.Mail.Reveal()) {
		return &Problem{Key: "hosts.mail", Field: "mail", Hint: "that is no e-mail address: write it like anna@example.org"}
	}
	return nil
}

// Put adds a host (with an empty ID), or changes one, durably. It writes what
// differs and nothing else. Errors: ErrNotHere, *Problem, the Barred one.
func (b *Book) Put(ctx context.Context, by string, h Host) (Host, error) {
	b.writing.Lock()
	defer b.writing.Unlock()
	if err := b.may(); err != nil {
		return Host{}, err
	}
	if _, ok := b.Get(h.ID); h.ID != "" && !ok {
		return Host{}, errUnknown
	}
	if err := check(&h); err != nil {
		return Host{}, err
	}
	all, err := b.put(&h)
	if err != nil {
		return Host{}, err
	}
	if err := sheet.Write(ctx, b.cfg.Settings, all...); err != nil {
		return Host{}, fmt.Errorf("save host: %w", err)
	}
	b.cfg.Record(by, "host.set", h.ID)
	return h, nil
}

// put are the settings that make a host what it is to be.
func (b *Book) put(h *Host) (all []crdt.Setting, err error) {
	was, _ := b.Get(h.ID)
	if h.ID == "" {
		if len(b.current()) >= MaxHosts {
			return nil, &Problem{Key: "hosts.too_many", Limit: MaxHosts, Hint: fmt.Sprintf("there are %d hosts already, which is as many as a campus may have", MaxHosts)}
		}
		h.ID = strings.ToLower(rand.Text()[:16])
	}
	mark, key, fresh, err := b.key()
	if err != nil {
		return nil, err
	}
	all = append(all, fresh...)
	for field, v := range map[string][2]record.Private{"name": {was.Name, h.Name}, "unit": {was.Unit, h.Unit}, "mail": {was.Mail, h.Mail}} {
		if v[0] == v[1] {
			continue
		}
		at := prefixHost + h.ID + "/" + field
		box, err := seal(mark, key, at, v[1].Reveal())
		if err != nil {
			return nil, fmt.Errorf("seal a host: %w", err)
		}
		all = append(all, crdt.Setting{Key: at, Value: shape.Bytes(box)})
	}
	return all, nil
}

// key is the key to seal under, and the setting that makes it known where it is
// new.
func (b *Book) key() (mark string, key []byte, fresh []crdt.Setting, err error) {
	keys := b.keys()
	for _, mark := range slices.Sorted(maps.Keys(keys)) {
		return mark, keys[mark], nil, nil
	}
	mark, key = strings.ToLower(rand.Text()[:markSize]), make([]byte, chacha20poly1305.KeySize)
	_, _ = rand.Read(key) // never fails
	box, err := b.cfg.Vault.SealForDesks(label(mark), b.cfg.Today()+ahead, key)
	if err != nil {
		return "", nil, nil, fmt.Errorf("seal the key of hosts: %w", err)
	}
	return mark, key, []crdt.Setting{{Key: prefixKey + mark, Value: shape.Bytes(box)}}, nil
}

// Remove takes a host off, durably. Errors: ErrNotHere, *Problem.
func (b *Book) Remove(ctx context.Context, by, id string) error {
	b.writing.Lock()
	defer b.writing.Unlock()
	if err := b.may(); err != nil {
		return err
	}
	if _, ok := b.Get(id); !ok {
		return errUnknown
	}
	if err := b.take(ctx, id); err != nil {
		return err
	}
	b.cfg.Record(by, "host.remove", id)
	return nil
}

// take takes a host off. Callers hold writing.
func (b *Book) take(ctx context.Context, id string) error {
	var all []crdt.Setting
	for _, f := range fields {
		all = append(all, crdt.Setting{Key: prefixHost + id + "/" + f, Value: shape.Bytes(nil)})
	}
	if err := sheet.Write(ctx, b.cfg.Settings, all...); err != nil {
		return fmt.Errorf("remove host: %w", err)
	}
	return nil
}

// Run seals the keys anew, at desks, before they would die, until ctx ends.
func (b *Book) Run(ctx context.Context) error {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if err := b.renew(ctx); err != nil && ctx.Err() == nil {
			b.cfg.Logger.Error("the key of hosts could not be sealed anew; tried again later", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (b *Book) renew(ctx context.Context) error {
	b.writing.Lock()
	defer b.writing.Unlock()
	if b.may() != nil {
		return nil
	}
	for mark, key := range b.keys() {
		var was crdt.Setting
		for _, s := range b.cfg.Settings.Settings(prefixKey + mark) {
			was = s
		}
		dies, ok := b.cfg.Vault.BoxDies(was.Value.Bytes())
		if !ok || dies > b.cfg.Today()+near {
			continue
		}
		box, err := b.cfg.Vault.SealForDesks(label(mark), b.cfg.Today()+ahead, key)
		if err != nil {
			return err
		}
		if until, _ := b.cfg.Vault.BoxDies(box); until <= dies {
			continue
		}
		if err := b.cfg.Settings.Set(ctx, crdt.Setting{Key: prefixKey + mark, Value: shape.Bytes(box)}); err != nil {
			return err
		}
	}
	return nil
}
