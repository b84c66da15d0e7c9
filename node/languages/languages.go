// Package languages keeps in which languages the campus speaks to visitors: the
// files that operators have added, and which languages the doors offer, in which
// order. Both are settings of the campus, so that every node has them. It speaks
// none: whether a file is whole, whoever makes it says.
//
// Invariant: what is offered is spoken, whatever the settings say; and where
// nothing is set, all that the program comes with is offered.
package languages

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/node/sheet"
)

// Config is what a Book is made of; Settings is required.
type Config struct {
	Settings sheet.Settings
	// Built are the languages that the program comes with, in order.
	Built []string
	// Check says what is wrong with a file of a language, or nil. Nil: nothing is.
	Check func(lang string, file []byte) error
	// Usable says why a file that was whole when it was added cannot be used any more,
	// or nil; what it lacks since is said in another language. Nil: Check does.
	Usable func(lang string, file []byte) error
	// MayEdit reports whether this node's settings count. Nil: they do.
	MayEdit func() bool
	// Barred says why nothing that this node writes would count, or nil. Nil:
	// never.
	Barred func() error
	// Record is told what by did to which language, once it is durable. Nil:
	// nobody.
	Record func(by, what, note string)
}

// Language is one that the campus speaks.
type Language struct {
	Lang string
	// File is the file that an operator has added; nil for one that the program
	// comes with. It may not be changed.
	File []byte
}

// Problem is what a person can do something about.
type Problem = sheet.Problem

const (
	prefix   = "language/"
	fileKey  = prefix + "file/"
	offerKey = prefix + "offer"
	// MaxFile is the largest file, in bytes: twice what the longest of the
	// program's own takes.
	MaxFile = 64 << 10
	// MaxFiles is how many languages may be added.
	MaxFiles = 8
)

var (
	errNotHere = &Problem{Key: "languages.not_here", Hint: "this node may not change the campus's settings, and nothing was saved: do it at a desk, or at a node that may make tokens (`upprop nodes` lists them)"}
	errTag     = &Problem{Key: "languages.tag", Field: "lang", Hint: "a language is named by its tag in small letters, like so or pl or zh-hant"}
	errBuilt   = &Problem{Key: "languages.taken", Field: "lang", Hint: "the program speaks that language already: offer it, or name another"}
	errLarge   = &Problem{Key: "languages.too_large", Field: "file", Limit: MaxFile, Hint: fmt.Sprintf("the file is larger than %d KiB, or than the 16 KiB of a setting when it is compressed: shorten it; it must be on every node", MaxFile>>10)}
	errMany    = &Problem{Key: "languages.too_many", Field: "lang", Limit: MaxFiles, Hint: fmt.Sprintf("%d languages have been added, which is as many as there may be: remove one first", MaxFiles)}
	errUnknown = &Problem{Key: "languages.unknown", Field: "lang", Hint: "the campus does not speak that language: `upprop language list` shows those that it does"}
	errNone    = &Problem{Key: "languages.none", Field: "lang", Hint: "a door offers one language at least, each once: name them in order, like sv en ar"}
	errOffered = &Problem{Key: "languages.used", Field: "lang", Hint: "the doors offer that language: take it out of `upprop language offer` first"}
)

// FileError is what Check says of a file.
type FileError struct{ err error }

func (e *FileError) Error() string {
	return "the file cannot be used, and nothing was saved: " + e.err.Error()
}

// Unwrap is what Check said.
func (e *FileError) Unwrap() error { return e.err }

// Book is which languages the campus speaks, as this node knows them. Safe for
// concurrent use.
type Book struct {
	cfg Config
	// writing makes reading what stands and writing upon it one step.
	writing sync.Mutex
	memo    sheet.Memo[Language]
	offers  sheet.Memo[string]
	marks   sheet.Memo[string]
}

// New makes a Book.
func New(cfg Config) *Book {
	if cfg.Check == nil {
		cfg.Check = func(string, []byte) error { return nil }
	}
	if cfg.Usable == nil {
		cfg.Usable = cfg.Check
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
	return &Book{cfg: cfg}
}

// List are all languages that the campus speaks: those of the program, and after
// them the added ones by tag. What is in the settings and is no such file counts
// for nothing.
func (b *Book) List() []Language {
	return b.memo.Of(b.cfg.Settings, "", func() (out []Language) {
		for _, l := range b.cfg.Built {
			out = append(out, Language{Lang: l})
		}
		for _, s := range b.cfg.Settings.Settings(fileKey) {
			l := strings.TrimPrefix(s.Key, fileKey)
			file, err := unpack(s.Value.Bytes())
			if err == nil && sheet.Language(l) && !slices.Contains(b.cfg.Built, l) && b.cfg.Usable(l, file) == nil && len(out) < len(b.cfg.Built)+MaxFiles {
				out = append(out, Language{Lang: l, File: file})
			}
		}
		return out
	})
}

// Offered are the languages that the doors offer, in order; never none.
func (b *Book) Offered() []string {
	return slices.Clone(b.offers.Of(b.cfg.Settings, "", b.offered))
}

func (b *Book) offered() (out []string) {
	all := b.List()
	known := func(l string) bool { return slices.ContainsFunc(all, func(x Language) bool { return x.Lang == l }) }
	for _, s := range b.cfg.Settings.Settings(offerKey) {
		if s.Key != offerKey {
			continue
		}
		for _, l := range strings.Fields(s.Value.String()) {
			if known(l) && !slices.Contains(out, l) {
				out = append(out, l)
			}
		}
	}
	if len(out) == 0 {
		return b.cfg.Built
	}
	return out
}

// Mark is another whenever what is spoken or offered is.
func (b *Book) Mark() string {
	return b.marks.Of(b.cfg.Settings, "", func() []string {
		h := sha256.New()
		for _, l := range b.List() {
			_, _ = fmt.Fprintf(h, "%q %q ", l.Lang, l.File)
		}
		_, _ = fmt.Fprintf(h, "%q", b.Offered())
		return []string{hex.EncodeToString(h.Sum(nil)[:8])}
	})[0]
}

// Check says what is wrong with a file of a language, phrase by phrase, or nil.
func (b *Book) Check(lang string, file []byte) error { return b.cfg.Check(lang, file) }

func (b *Book) may() error {
	if err := b.cfg.Barred(); err != nil {
		return err
	}
	if !b.cfg.MayEdit() {
		return errNotHere
	}
	return nil
}

// Add adds a language by its file, or replaces its file, on every node. It is
// offered once that is asked for. Errors: *Problem, *FileError.
func (b *Book) Add(ctx context.Context, by, lang string, file []byte) error {
	b.writing.Lock()
	defer b.writing.Unlock()
	if err := b.may(); err != nil {
		return err
	}
	switch {
	case !sheet.Language(lang):
		return errTag
	case slices.Contains(b.cfg.Built, lang):
		return errBuilt
	case len(file) > MaxFile:
		return errLarge
	}
	if err := b.cfg.Check(lang, file); err != nil {
		return &FileError{err}
	}
	all := b.List()
	if len(all)-len(b.cfg.Built) >= MaxFiles && !slices.ContainsFunc(all, func(x Language) bool { return x.Lang == lang }) {
		return errMany
	}
	packed := pack(file)
	if len(packed) > shape.MaxSetting {
		return errLarge
	}
	return b.set(ctx, by, "language.add", lang, crdt.Setting{Key: fileKey + lang, Value: shape.Bytes(packed)})
}

// Remove takes an added language away. Errors: *Problem.
func (b *Book) Remove(ctx context.Context, by, lang string) error {
	b.writing.Lock()
	defer b.writing.Unlock()
	if err := b.may(); err != nil {
		return err
	}
	switch {
	case !slices.ContainsFunc(b.List(), func(x Language) bool { return x.Lang == lang && x.File != nil }):
		return errUnknown
	case slices.Contains(b.Offered(), lang):
		return errOffered
	}
	return b.set(ctx, by, "language.remove", lang, crdt.Setting{Key: fileKey + lang, Value: shape.String("")})
}

// Offer says which languages the doors offer, in which order. Errors: *Problem.
func (b *Book) Offer(ctx context.Context, by string, langs []string) error {
	b.writing.Lock()
	defer b.writing.Unlock()
	if err := b.may(); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, l := range langs {
		if !slices.ContainsFunc(b.List(), func(x Language) bool { return x.Lang == l }) {
			return errUnknown
		}
		if seen[l] {
			return errNone
		}
		seen[l] = true
	}
	if len(langs) == 0 {
		return errNone
	}
	all := strings.Join(langs, " ")
	return b.set(ctx, by, "language.offer", all, sheet.Text(offerKey, all))
}

func (b *Book) set(ctx context.Context, by, what, note string, s crdt.Setting) error {
	if err := sheet.Write(ctx, b.cfg.Settings, s); err != nil {
		return fmt.Errorf("save %s: %w", what, err)
	}
	b.cfg.Record(by, what, note)
	return nil
}

// pack compresses a file, so that it goes into a setting.
func pack(file []byte) []byte {
	var out bytes.Buffer
	w, _ := zlib.NewWriterLevel(&out, zlib.BestCompression) // the level is one
	_, _ = w.Write(file)                                    // into memory
	_ = w.Close()
	return out.Bytes()
}

var errPacked = errors.New("no packed file")

// unpack is the reverse, of what may be hostile: it yields no more than a file
// may be.
func unpack(packed []byte) ([]byte, error) {
	r, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, errPacked
	}
	file, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	if err != nil || len(file) > MaxFile {
		return nil, errPacked
	}
	return file, nil
}
