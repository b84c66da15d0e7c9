package documents

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/sheet"
)

// Edit is what is to be said of a document; what is nil, or is not in a map,
// stays as it is. An empty text is taken out of force.
type Edit struct {
	Name, Text map[string]string
	Off        *bool
}

// Empty reports whether an edit says nothing.
func (e Edit) Empty() bool { return len(e.Name)+len(e.Text) == 0 && e.Off == nil }

// Put adds a document or changes one, durably, and returns it as it stands. A
// text that is in force already does not come into force again. Errors:
// ErrNotHere, *Problem, the Barred one.
func (b *Book) Put(ctx context.Context, by, id string, e Edit) (Document, error) {
	if err := b.cfg.Barred(); err != nil {
		return Document{}, err
	}
	if !b.cfg.MayEdit() {
		return Document{}, ErrNotHere
	}
	b.writing.Lock()
	defer b.writing.Unlock()
	id = strings.ToLower(sheet.Tidy(id))
	if !sheet.Name(id) {
		return Document{}, &Problem{Key: "documents.bad_id", Field: "id", Hint: "that cannot be the id of a document: write 1 to 32 small letters of a to z, digits or hyphens, like house-rules"}
	}
	was, known := b.Get(id)
	if !known && len(b.current()) >= MaxDocuments {
		return Document{}, &Problem{Key: "documents.too_many", Limit: MaxDocuments, Hint: fmt.Sprintf("there are %d documents already, which is as many as a campus may have: change one that is not used", MaxDocuments)}
	}
	all, err := b.settings(prefix+id+"/", was, e)
	if err != nil {
		return Document{}, err
	}
	if !known {
		if len(e.Name) == 0 {
			return Document{}, errNoName
		}
		all = append(all, sheet.Flag(prefix+id+"/made", true))
	}
	if err := sheet.Write(ctx, b.cfg.Settings, all...); err != nil {
		return Document{}, fmt.Errorf("save document: %w", err)
	}
	b.cfg.Record(by, "document.set", id)
	d, ok := b.Get(id)
	if !ok {
		return d, errUnknown
	}
	return d, nil
}

var errNoName = &Problem{Key: "documents.no_name", Field: "name", Hint: "a document needs a name that people read: give it with --name sv=TEXT"}

func (b *Book) settings(at string, was Document, e Edit) (all []crdt.Setting, err error) {
	for _, l := range slices.Sorted(maps.Keys(e.Name)) {
		if !sheet.Language(l) {
			return nil, errLanguage
		}
		name, err := sheet.Line("name", e.Name[l], MaxName)
		if err != nil {
			return nil, err
		}
		if name == "" && was.Name[l] == "" {
			return nil, errNoName
		}
		all = append(all, sheet.Text(at+"name/"+l, name))
	}
	now := b.cfg.Now().Unix()
	for _, l := range slices.Sorted(maps.Keys(e.Text)) {
		if !sheet.Language(l) {
			return nil, errLanguage
		}
		body, err := body(e.Text[l])
		switch {
		case err != nil:
			return nil, err
		case body == "":
			all = append(all, sheet.Text(at+"text/"+l, ""))
		case was.Text[l].Body != body:
			// First the text, then that it stands.
			hash := HashOf(body)
			all = append(all, sheet.Text(at+"kept/"+hash, body), sheet.Text(at+"text/"+l, fmt.Sprintf("%d %s", now, hash)))
		}
	}
	if e.Off != nil {
		all = append(all, sheet.Flag(at+"off", *e.Off))
	}
	return all, nil
}

var errLanguage = &Problem{Key: "documents.language", Field: "text", Hint: "a text's language is written with two or three small letters, like sv or en"}

var errLong = &Problem{Key: "documents.too_long", Field: "text", Limit: MaxText, Hint: fmt.Sprintf("the text is longer than %d bytes: shorten it, or make two documents of it", MaxText)}

// body judges a text of several lines.
func body(s string) (string, error) {
	s = strings.ReplaceAll(strings.ReplaceAll(sheet.Tidy(s), "\r\n", "\n"), "\r", "\n")
	bad := func(r rune) bool { return r != '\n' && r != '\t' && sheet.Misleads(r) }
	switch {
	case !utf8.ValidString(s) || strings.ContainsFunc(s, bad):
		return "", &Problem{Key: "text.control", Field: "text", Hint: "the text has control characters or hidden marks of text direction in it: write it as plain text in UTF-8"}
	case len(s) > MaxText:
		return "", errLong
	}
	return s, nil
}

// Signature makes what is kept of a signature that is given now.
func (b *Book) Signature(id, lang, hash, how string, name, drawing record.Private) (record.Signature, error) {
	d, ok := b.Get(id)
	if !ok || d.Off {
		return record.Signature{}, errUnknown
	}
	for l, t := range d.Text {
		if t.Hash == hash && (l == lang || d.Text[lang].Hash != hash) {
			return record.Signature{
				Document: id, Lang: l, Hash: hash, Version: t.Version(), At: b.cfg.Now().UTC().UnixMilli(), How: how, Name: name, Drawing: drawing,
			}, nil
		}
	}
	return record.Signature{}, &Problem{Key: "documents.changed", Field: "signature", Hint: "the document has a new version since it was shown: read it again and sign that"}
}
