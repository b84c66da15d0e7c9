// Package look keeps how the campus's screens look: the house's own logo and its
// colour. Both are settings of the campus, so that every node has them. It draws no
// screen; of a colour it says which shades can be read.
//
// Invariant: a logo is a PNG that this package has made itself and that is whole,
// whatever the settings say; and text in shades of any colour, or on them, has the
// contrast that WCAG's level AA asks for.
package look

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/node/sheet"
)

// Config is what a Book is made of; Settings is required.
type Config struct {
	Settings sheet.Settings
	// MayEdit reports whether this node's settings count. Nil: they do.
	MayEdit func() bool
	// Barred says why nothing that this node writes would count, or nil. Nil:
	// never.
	Barred func() error
	// Record is told what by did, once it is durable. Nil: nobody.
	Record func(by, what, note string)
}

// Problem is what a person can do something about.
type Problem = sheet.Problem

// Prefix is where the settings are, ColourKey and LogoKey those that people edit;
// None is their value where there is no colour, or no logo.
const (
	Prefix    = "look/"
	ColourKey = Prefix + "colour"
	LogoKey   = Prefix + "logo"
	None      = "none"

	pictureKey = Prefix + "picture/"
	// maxPictures is how many logos are kept at most, so that one can be put back.
	maxPictures = 8
)

var (
	errNotHere = &Problem{Key: "look.not_here", Hint: "this node may not change the campus's settings, and nothing was saved: do it at a desk, or at a node that may make tokens (`upprop nodes` lists them)"}
	errColour  = &Problem{Key: "look.bad_colour", Field: "colour", Hint: "this is no colour: write it with # and six digits of 0 to 9 and a to f, like #0b4f8a"}
	errPicture = &Problem{Key: "look.picture", Field: "logo", Hint: "the file is no picture that can be read, and nothing was saved: choose a PNG or a JPEG"}
	errDrawing = &Problem{Key: "look.svg", Field: "logo", Hint: "the file is a drawing in SVG, which can hold programs and is not taken, and nothing was saved: save it as PNG in the program that made it"}
	errLarge   = &Problem{Key: "look.too_large", Field: "logo", Limit: MaxUpload >> 10, Hint: fmt.Sprintf("the file is larger than %d kB or has more than 16 million pixels, and nothing was saved: make it smaller", MaxUpload>>10)}
	errSmall   = &Problem{Key: "look.too_small", Field: "logo", Limit: leastSide, Hint: fmt.Sprintf("the picture is less than %d pixels high or wide, and nothing was saved: choose a larger one", leastSide)}
	errForgot  = &Problem{Key: "look.gone", Field: "logo", Hint: "that logo is not kept any more, and nothing was changed: upload it again"}
)

// Look is how the screens look. The zero Look is the program's own.
type Look struct {
	// Colour is the one that was chosen; nil for none.
	Colour *Colour
	// Logo is nil for none.
	Logo *Logo
}

// Plain reports whether it is the program's own.
func (l Look) Plain() bool { return l.Colour == nil && l.Logo == nil }

// Mark is another for another look; empty for the program's own.
func (l Look) Mark() string {
	if l.Plain() {
		return ""
	}
	h := sha256.New()
	if l.Colour != nil {
		_, _ = fmt.Fprint(h, *l.Colour)
	}
	if l.Logo != nil {
		_, _ = fmt.Fprint(h, "/", l.Logo.ID)
	}
	return hex.EncodeToString(h.Sum(nil)[:6])
}

// Book is how the screens look, as this node knows it. Safe for concurrent use.
type Book struct {
	cfg Config
	// writing makes reading what stands and writing upon it one step.
	writing sync.Mutex
	memo    sheet.Memo[Look]
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
	return &Book{cfg: cfg}
}

// Now is how the screens look. What is in the settings and is no colour, or no
// logo that is whole, counts for nothing. It is asked for every page, and cheap.
func (b *Book) Now() Look { return b.memo.Of(b.cfg.Settings, "", b.read)[0] }

func (b *Book) read() []Look {
	var l Look
	if c, ok := ParseColour(b.value(ColourKey)); ok {
		l.Colour = &c
	}
	if id := b.value(LogoKey); id != "" && id != None {
		l.Logo = restored(id, b.picture(id))
	}
	return []Look{l}
}

func (b *Book) value(key string) string {
	for _, s := range b.cfg.Settings.Settings(key) {
		if s.Key == key {
			return s.Value.String()
		}
	}
	return ""
}

// picture is a kept picture, of the parts in which it was written.
func (b *Book) picture(id string) []byte {
	return sheet.Whole(b.cfg.Settings, pictureKey+id+"/", MaxStored)
}

func (b *Book) may() error {
	if err := b.cfg.Barred(); err != nil {
		return err
	}
	if !b.cfg.MayEdit() {
		return errNotHere
	}
	return nil
}

// Edit is what is to be changed: nil stays as it is.
type Edit struct {
	// Colour is a colour as a person writes it, or None.
	Colour *string
	// Logo is a file as it was uploaded.
	Logo []byte
	// Drop takes the logo away.
	Drop bool
}

// Set changes the look on every node, all of what is said or nothing. Errors:
// *Problem.
func (b *Book) Set(ctx context.Context, by string, e Edit) error {
	b.writing.Lock()
	defer b.writing.Unlock()
	if err := b.may(); err != nil {
		return err
	}
	var all []crdt.Setting
	var did []string
	if e.Colour != nil {
		c, err := tidy(*e.Colour)
		if err != nil {
			return err
		}
		if c != cmp.Or(b.value(ColourKey), None) {
			all, did = append(all, sheet.Text(ColourKey, c)), append(did, "colour "+c)
		}
	}
	switch {
	case e.Drop && cmp.Or(b.value(LogoKey), None) != None:
		all, did = append(all, sheet.Text(LogoKey, None)), append(did, "logo "+None)
	case len(e.Logo) > 0:
		logo, err := made(e.Logo)
		if err != nil {
			return err
		}
		if logo.ID != b.value(LogoKey) {
			all, did = append(all, b.keep(logo)...), append(did, "logo "+logo.ID)
			all = append(all, sheet.Text(LogoKey, logo.ID))
		}
	}
	if err := sheet.Write(ctx, b.cfg.Settings, all...); err != nil {
		return fmt.Errorf("save look: %w", err)
	}
	for _, d := range did {
		b.cfg.Record(by, "look.set", d)
	}
	return nil
}

// PutBack writes a value of one of the settings anew. Errors: *Problem.
func (b *Book) PutBack(ctx context.Context, by, key, value string) error {
	b.writing.Lock()
	defer b.writing.Unlock()
	if err := b.may(); err != nil {
		return err
	}
	if key == LogoKey && value != None && restored(value, b.picture(value)) == nil {
		return errForgot
	}
	if key == ColourKey {
		if _, err := tidy(value); err != nil {
			return err
		}
	}
	if err := sheet.Write(ctx, b.cfg.Settings, sheet.Text(key, value)); err != nil {
		return fmt.Errorf("save look: %w", err)
	}
	b.cfg.Record(by, "look.set", strings.TrimPrefix(key, Prefix)+" "+value)
	return nil
}

// keep is what writes a picture, where it is not kept already. A picture is named by
// what is in it, so that two operators' never mix. Of too many, those that are not
// shown now are let go.
func (b *Book) keep(l *Logo) (all []crdt.Setting) {
	if restored(l.ID, b.picture(l.ID)) != nil {
		return nil
	}
	kept, now := map[string][]string{}, b.value(LogoKey)
	for _, s := range b.cfg.Settings.Settings(pictureKey) {
		if id, _, ok := strings.Cut(strings.TrimPrefix(s.Key, pictureKey), "/"); ok && len(s.Value.Bytes()) > 0 {
			kept[id] = append(kept[id], s.Key)
		}
	}
	if len(kept) >= maxPictures {
		for id, keys := range kept {
			for _, key := range keys {
				if id != now && id != l.ID {
					all = append(all, sheet.Text(key, ""))
				}
			}
		}
	}
	return append(all, sheet.Parts(pictureKey+l.ID+"/", l.PNG)...)
}

func tidy(colour string) (string, error) {
	colour = strings.ToLower(strings.TrimSpace(colour))
	if colour == None {
		return None, nil
	}
	if !strings.HasPrefix(colour, "#") {
		colour = "#" + colour
	}
	c, ok := ParseColour(colour)
	if !ok {
		return "", errColour
	}
	return c.String(), nil
}

func made(file []byte) (*Logo, error) {
	if len(file) > MaxUpload {
		return nil, errLarge
	}
	l, err := shrink(file)
	switch {
	case errors.Is(err, errSVG):
		return nil, errDrawing
	case errors.Is(err, errHuge):
		return nil, errLarge
	case errors.Is(err, errTiny):
		return nil, errSmall
	case err != nil:
		return nil, errPicture
	}
	return l, nil
}
