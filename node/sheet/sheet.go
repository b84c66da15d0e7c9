// Package sheet reads and writes groups of settings of the campus that belong
// together: one setting for each field, so that what two operators change apart
// merges field by field. It knows no field's meaning.
//
// Invariant: Write returns without error only when all is durable, and nothing
// of it was written otherwise.
package sheet

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
)

// Settings is what is asked of the campus's settings.
type Settings interface {
	// Settings are those whose key begins with prefix.
	Settings(prefix string) []crdt.Setting
	// SettingsVersion changes with any of them.
	SettingsVersion() uint64
	// Set writes settings, durably, all or none.
	Set(ctx context.Context, all ...crdt.Setting) error
}

// Problem is what a person can do something about: a stable key, the field that
// is meant, if any, and a sentence for commands. It never holds personal data.
type Problem struct {
	Key, Field string
	Limit      int
	Hint       string
}

func (p *Problem) Error() string { return p.Hint }

// Write writes settings, durably, all or none; none is no error.
func Write(ctx context.Context, s Settings, all ...crdt.Setting) error {
	if len(all) == 0 {
		return nil
	}
	drafts := make([]crdt.Draft, len(all))
	for i := range all {
		drafts[i].Setting = &all[i]
	}
	return Commit(ctx, func(ctx context.Context, drafts ...crdt.Draft) ([]record.EventID, error) {
		set := make([]crdt.Setting, len(drafts))
		for i, d := range drafts {
			set[i] = *d.Setting
		}
		return nil, s.Set(ctx, set...)
	}, drafts...)
}

// Commit writes drafts by commit, all or none, settings among them. Where a node
// whose word does not count any more has set one to this very value, the same is
// not written twice by itself: another value goes before it, for these settings
// alone, since a commit holds no more than it does.
func Commit(ctx context.Context, commit func(context.Context, ...crdt.Draft) ([]record.EventID, error), drafts ...crdt.Draft) error {
	settings := len(drafts)
	for {
		_, err := commit(ctx, drafts...)
		var over *crdt.OverruledError
		if !errors.As(err, &over) || settings == 0 {
			return err
		}
		settings-- // each of them once at most
		at := slices.IndexFunc(drafts, func(d crdt.Draft) bool { return d.Setting != nil && d.Setting.Key == over.Key })
		if at < 0 {
			return err
		}
		other := crdt.Setting{Key: over.Key, Value: shape.String("- " + rand.Text())}
		drafts = slices.Insert(slices.Clone(drafts), at, crdt.Draft{Setting: &other})
	}
}

// Groups are the settings below a prefix: by what stands between it and the
// next slash, and by what follows.
func Groups(s Settings, prefix string) map[string]map[string]shape.Value {
	out := map[string]map[string]shape.Value{}
	for _, one := range s.Settings(prefix) {
		id, field, ok := strings.Cut(strings.TrimPrefix(one.Key, prefix), "/")
		if !ok || id == "" || field == "" {
			continue
		}
		if out[id] == nil {
			out[id] = map[string]shape.Value{}
		}
		out[id][field] = one.Value
	}
	return out
}

// ByLanguage are the texts of the fields "NAME/LANGUAGE" that are not empty.
func ByLanguage(fields map[string]shape.Value, name string) map[string]string {
	out := map[string]string{}
	for field, v := range fields {
		if l, ok := strings.CutPrefix(field, name+"/"); ok && v.String() != "" && Language(l) {
			out[l] = v.String()
		}
	}
	return out
}

// Text is a setting with a text.
func Text(key, value string) crdt.Setting {
	return crdt.Setting{Key: key, Value: shape.String(value)}
}

// Flag is a setting with a truth value.
func Flag(key string, value bool) crdt.Setting {
	return crdt.Setting{Key: key, Value: shape.Bool(value)}
}

var (
	language = regexp.MustCompile(`^[a-z]{2,3}(-[a-z0-9]{2,8}){0,3}$`)
	name     = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)
)

// Language reports whether l can name a language, by its BCP 47 tag: "sv", or
// "sv-simple".
func Language(l string) bool { return language.MatchString(l) }

// Name reports whether id can name a group: 1 to 32 small letters of a to z,
// digits and hyphens.
func Name(id string) bool { return name.MatchString(id) }

// Tidy is a text as it is compared and kept.
func Tidy(s string) string { return strings.TrimSpace(norm.NFC.String(s)) }

// Line judges one line of text that a person wrote, up to limit characters.
// Errors: *Problem.
func Line(field, s string, limit int) (string, error) {
	s = Tidy(s)
	switch {
	case !utf8.ValidString(s) || strings.ContainsFunc(s, Misleads):
		return "", &Problem{Key: "text.control", Field: field, Hint: fmt.Sprintf("the %s has control characters or hidden marks of text direction in it: write it as plain text on one line", field)}
	case utf8.RuneCountInString(s) > limit:
		return "", &Problem{Key: "text.too_long", Field: field, Limit: limit, Hint: fmt.Sprintf("the %s is longer than %d characters: write it shorter", field, limit)}
	}
	return s, nil
}

// Misleads reports characters that break a line, or that show a text in another
// order than it is written.
func Misleads(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == '\ufeff' || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}
