// Package documents keeps what visitors read and sign: a confidentiality
// agreement, house rules, a safety briefing. They are settings of the campus,
// one field each, on every node. Who signed what is not its business: that is
// sealed with the visit.
//
// A text is known by its hash. What has been in force stays readable under it
// when another text takes its place, so that what somebody signed can be shown
// for as long as the signature is kept.
//
// Invariant: a text is never altered under its hash, and every node that holds
// the same settings has the same texts in force.
package documents

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/node/sheet"
)

// Problem is what a person can do something about.
type Problem = sheet.Problem

const (
	// MaxDocuments bounds the documents of a campus.
	MaxDocuments = 30
	// MaxName is the longest name, in characters.
	MaxName = 80
	// MaxText is the longest text in one language, in bytes of UTF-8.
	MaxText = 15_000
)

var (
	// ErrNotHere is returned on a node whose settings would count nowhere.
	ErrNotHere = &Problem{Key: "documents.not_here", Hint: "this node may not change the campus's settings, and nothing was saved: do it at a desk, or at a node that may make tokens (`upprop nodes` lists them)"}
	errUnknown = &Problem{Key: "documents.unknown", Hint: "there is no such document: `upprop document list` shows those there are"}
)

// Text is what a document says in one language, and since when.
type Text struct {
	Body string `json:"body"`
	// Hash is the SHA-256 of Body, in UTF-8, as 64 hexadecimal digits.
	Hash string `json:"hash"`
	// Since is when this text came into force, to the second, in UTC: what the
	// version is called. It is the clock's of the node where it was written.
	Since time.Time `json:"since"`
}

// Version is what a text's version is called.
func (t Text) Version() string { return t.Since.UTC().Format("2006-01-02 15:04:05") }

// Document is one of them, in several languages.
type Document struct {
	ID string `json:"id"`
	// Name and Text are by language ("sv").
	Name map[string]string `json:"name"`
	Text map[string]Text   `json:"text"`
	// Off: nobody signs it any more. What has been signed stays readable.
	Off bool `json:"off"`
}

// Word is what the document is called in a language.
func (d Document) Word(lang string) string { return d.Name[d.language(lang, d.Name)] }

// In is the text for a reader of a language, and the language that it is in;
// false where the document has none.
func (d Document) In(lang string) (Text, string, bool) {
	texts := map[string]string{}
	for l := range d.Text {
		texts[l] = l
	}
	l := d.language(lang, texts)
	t, ok := d.Text[l]
	return t, l, ok
}

// language is the best of those that there are: the reader's, Swedish, English,
// or the first.
func (d Document) language(lang string, there map[string]string) string {
	for _, l := range []string{lang, "sv", "en"} {
		if there[l] != "" {
			return l
		}
	}
	for _, l := range slices.Sorted(maps.Keys(there)) {
		return l
	}
	return ""
}

// Config is what a Book is made of; Settings is required.
type Config struct {
	Settings sheet.Settings
	// MayEdit reports whether this node's settings count. Nil: they do.
	MayEdit func() bool
	// Barred says why nothing that this node writes would count, or nil. Nil:
	// never.
	Barred func() error
	// Record is told what by did to which document, once it is durable. Nil:
	// nobody.
	Record func(by, what, note string)
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Book is the campus's documents as this node knows them. Safe for concurrent
// use.
type Book struct {
	cfg     Config
	writing sync.Mutex
	memo    sheet.Memo[Document]
}

// New makes a Book.
func New(cfg Config) *Book {
	if cfg.MayEdit == nil {
		cfg.MayEdit = func() bool { return true }
	}
	if cfg.Barred == nil {
		cfg.Barred = func() error { return nil }
	}
	if cfg.Record == nil {
		cfg.Record = func(string, string, string) {}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Book{cfg: cfg}
}

// A document is these settings: "made", "off", "name/LANGUAGE"; "text/LANGUAGE"
// with the second since when and the hash of what stands; and "kept/HASH" with
// that text, for good.
const prefix = "document/"

// List are all documents, in order of id; those that are off too. The caller
// may keep the slice, and changes nothing in it.
func (b *Book) List() []Document { return slices.Clone(b.current()) }

// Get is a document by its id, also one that is off.
func (b *Book) Get(id string) (Document, bool) {
	for _, d := range b.current() {
		if d.ID == id {
			return d, true
		}
	}
	return Document{}, false
}

// Known reports whether there is a document of this id to be signed.
func (b *Book) Known(id string) bool {
	d, ok := b.Get(id)
	return ok && !d.Off
}

// Stands reports whether a text of this hash is in force for a document, in any
// language.
func (b *Book) Stands(id, hash string) bool {
	d, ok := b.Get(id)
	if !ok || d.Off {
		return false
	}
	for _, t := range d.Text {
		if t.Hash == hash {
			return true
		}
	}
	return false
}

// Kept is a text that is or was in force, by its hash; false where this node
// does not know it.
func (b *Book) Kept(id, hash string) (string, bool) {
	if !sheet.Name(id) {
		return "", false
	}
	for _, s := range b.cfg.Settings.Settings(prefix + id + "/kept/" + hash) {
		if s.Key == prefix+id+"/kept/"+hash && HashOf(s.Value.String()) == hash {
			return s.Value.String(), true
		}
	}
	return "", false
}

// HashOf is the hash of a text.
func HashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func (b *Book) current() []Document {
	return b.memo.Of(b.cfg.Settings, "", b.fold)
}

// fold reads the settings. What has not the form that this release writes is
// passed over: another may have written it.
func (b *Book) fold() (out []Document) {
	for id, f := range sheet.Groups(b.cfg.Settings, prefix) {
		if !sheet.Name(id) || !f["made"].Bool() {
			continue
		}
		d := Document{ID: id, Name: sheet.ByLanguage(f, "name"), Text: map[string]Text{}, Off: f["off"].Bool()}
		for l, at := range sheet.ByLanguage(f, "text") {
			if t, ok := textOf(f, at); ok {
				d.Text[l] = t
			}
		}
		if len(d.Name) > 0 {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b Document) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

func textOf(f map[string]shape.Value, at string) (Text, bool) {
	since, hash, ok := strings.Cut(at, " ")
	body := f["kept/"+hash].String()
	s, err := strconv.ParseInt(since, 10, 64)
	if !ok || err != nil || s < 0 || s > 1<<38 || HashOf(body) != hash || body == "" {
		return Text{}, false
	}
	return Text{Body: body, Hash: hash, Since: time.Unix(s, 0).UTC()}, true
}
