// Package badges keeps what stands on the badges of a campus, and in which shape they
// are printed from a screen: settings, one field each, so that two operators' edits
// merge, and on every node. It draws no badge.
//
// Invariant: whatever the settings say, a badge has the name, the code and the QR code:
// by those its bearer is known, checks out, and is marked in an evacuation.
package badges

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/node/sheet"
)

// Problem is what a person can do something about.
type Problem = sheet.Problem

// Config is what a Book is made of; Settings is required.
type Config struct {
	Settings sheet.Settings
	// MayEdit reports whether this node's settings count. Nil: they do.
	MayEdit func() bool
	// Barred says why nothing that this node writes would count, or nil. Nil: never.
	Barred func() error
	// Record is told what by did, once it is durable. Nil: nobody.
	Record func(by, what, note string)
}

// Book is the layout as this node knows it. Safe for concurrent use.
type Book struct {
	cfg  Config
	memo sheet.Memo[Layout]
	// writing makes checking what is to be written and writing it one step.
	writing sync.Mutex
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

// Prefix is where the settings are.
const Prefix = "badge/"

var (
	errNotHere = &Problem{Key: "badges.not_here", Hint: "this node may not change the campus's settings, and nothing was saved: do it at a desk, or at a node that may make tokens (`upprop nodes` lists them)"}
	errPart    = &Problem{Key: "badges.part", Field: "shown", Hint: fmt.Sprintf("there is no such part of a badge, and nothing was saved: it is one of %v; the name and the code always stand there", parts)}
	errShape   = &Problem{Key: "badges.shape", Field: "shape", Hint: fmt.Sprintf("there is no such shape of a badge, and nothing was saved: it is one of %v", shapes)}
	errLang    = &Problem{Key: "badges.language", Field: "foot", Hint: "a text's language is written with two or three small letters, like sv or en, and nothing was saved"}
	errUnknown = &Problem{Key: "badges.unknown", Hint: "badges have no such setting"}
)

// Now is the layout. It is asked for every badge, and cheap; the caller changes
// nothing in it.
func (b *Book) Now() Layout { return b.memo.Of(b.cfg.Settings, "", b.read)[0] }

// read lays the settings over the standard layout. What has not the form that this
// release writes is passed over: another may have written it.
func (b *Book) read() []Layout {
	l, fields := Standard(), map[string]shape.Value{}
	for _, s := range b.cfg.Settings.Settings(Prefix) {
		fields[strings.TrimPrefix(s.Key, Prefix)] = s.Value
	}
	if s := Shape(fields["shape"].String()); slices.Contains(shapes, s) {
		l.Shape = s
	}
	for _, p := range parts {
		if v := fields["show/"+string(p)]; v.Kind() == shape.KindBool {
			l.Shown[p] = v.Bool()
		}
	}
	for field, to := range map[string]*bool{"given": &l.Given, "back": &l.Back} {
		if v := fields[field]; v.Kind() == shape.KindBool {
			*to = v.Bool()
		}
	}
	for lang, text := range sheet.ByLanguage(fields, "foot") {
		if t, err := sheet.Line("foot", text, MaxFoot); err == nil && t == text && t != "" {
			l.Foot[lang] = t
		}
	}
	return []Layout{l}
}

// Set changes the layout on every node, durably, all of what is said or nothing.
// Errors: *Problem, the Barred one.
func (b *Book) Set(ctx context.Context, by string, e Edit) error {
	b.writing.Lock()
	defer b.writing.Unlock()
	if err := b.cfg.Barred(); err != nil {
		return err
	}
	if !b.cfg.MayEdit() {
		return errNotHere
	}
	var all []crdt.Setting
	if e.Shape != nil {
		if !slices.Contains(shapes, *e.Shape) {
			return errShape
		}
		all = append(all, sheet.Text(Prefix+"shape", string(*e.Shape)))
	}
	for _, p := range slices.Sorted(maps.Keys(e.Shown)) {
		if !slices.Contains(parts, p) {
			return errPart
		}
		all = append(all, sheet.Flag(Prefix+"show/"+string(p), e.Shown[p]))
	}
	if e.Given != nil {
		all = append(all, sheet.Flag(Prefix+"given", *e.Given))
	}
	if e.Back != nil {
		all = append(all, sheet.Flag(Prefix+"back", *e.Back))
	}
	for _, l := range slices.Sorted(maps.Keys(e.Foot)) {
		if !sheet.Language(l) {
			return errLang
		}
		t, err := sheet.Line("foot-"+l, e.Foot[l], MaxFoot)
		if err != nil {
			return err
		}
		all = append(all, sheet.Text(Prefix+"foot/"+l, t))
	}
	if err := sheet.Write(ctx, b.cfg.Settings, all...); err != nil {
		return fmt.Errorf("save what stands on badges: %w", err)
	}
	for _, s := range all {
		b.cfg.Record(by, "badges.set", strings.TrimPrefix(s.Key, Prefix))
	}
	return nil
}

// Before is what a field ("show/host") says before anybody has set it; false where
// there is no such field.
func Before(field string) (string, bool) {
	what, of, _ := strings.Cut(field, "/")
	switch l := Standard(); what {
	case "shape":
		return string(l.Shape), of == ""
	case "given", "back":
		return "false", of == ""
	case "foot":
		return "", sheet.Language(of)
	case "show":
		v, ok := l.Shown[Part(of)]
		return fmt.Sprint(v), ok
	}
	return "", false
}

// PutBack says anew what one field said once; every other stays as it is. Errors: as
// of Set.
func (b *Book) PutBack(ctx context.Context, by, field, value string) error {
	what, of, _ := strings.Cut(field, "/")
	s, flag := Shape(value), value == "true"
	switch what {
	case "shape":
		return b.Set(ctx, by, Edit{Shape: &s})
	case "given":
		return b.Set(ctx, by, Edit{Given: &flag})
	case "back":
		return b.Set(ctx, by, Edit{Back: &flag})
	case "foot":
		return b.Set(ctx, by, Edit{Foot: map[string]string{of: value}})
	case "show":
		return b.Set(ctx, by, Edit{Shown: map[Part]bool{Part(of): flag}})
	}
	return errUnknown
}
