// Package kinds keeps the types of visitors. They are settings of the campus,
// one field each, so that two operators' edits merge field by field, and on
// every node, so that a door that is cut off goes by them. It lets nobody in:
// who is taken in, and how, visits decides.
//
// Invariant: what it keeps names no person, and every node that holds the same
// settings has the same types in the same order.
package kinds

import (
	"cmp"
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

const (
	// MaxKinds bounds the types of a campus.
	MaxKinds = 40
	// MaxName is the longest name or badge text, in characters.
	MaxName = 40
	// MaxDocuments bounds the documents that one type signs.
	MaxDocuments = 5
)

// ErrNotHere is returned on a node whose settings would count nowhere.
var ErrNotHere = &Problem{Key: "kinds.not_here", Hint: "this node may not change the campus's settings, and nothing was saved: do it at a desk, or at a node that may make tokens (`upprop nodes` lists them)"}

var errUnknown = &Problem{Key: "kinds.unknown", Hint: "there is no such visitor type: `upprop type list` shows those there are"}

// Config is what a Book is made of; Settings is required.
type Config struct {
	Settings sheet.Settings
	// MayEdit reports whether this node's settings count. Nil: they do.
	MayEdit func() bool
	// Barred says why nothing that this node writes would count, or nil. Nil:
	// never.
	Barred func() error
	// Document says whether there is a document of this id. Nil: there is.
	Document func(string) bool
	// Record is told what by did to which type, once it is durable. Nil: nobody.
	Record func(by, what, note string)
}

// Book is the campus's types as this node knows them. Safe for concurrent use.
type Book struct {
	cfg     Config
	writing sync.Mutex
	memo    sheet.Memo[Kind]
}

// New makes a Book.
func New(cfg Config) *Book {
	if cfg.MayEdit == nil {
		cfg.MayEdit = func() bool { return true }
	}
	if cfg.Barred == nil {
		cfg.Barred = func() error { return nil }
	}
	if cfg.Document == nil {
		cfg.Document = func(string) bool { return true }
	}
	if cfg.Record == nil {
		cfg.Record = func(string, string, string) {}
	}
	return &Book{cfg: cfg}
}

const prefix = "type/"

// List are all types, the standard ones first, then by id; those that are off
// too. The caller may keep the slice, and changes nothing in it.
func (b *Book) List() []Kind { return slices.Clone(b.current()) }

// Offered are the types that are not off, in order.
func (b *Book) Offered() (out []Kind) {
	for _, k := range b.current() {
		if !k.Off {
			out = append(out, k)
		}
	}
	return out
}

// Get is a type by its id, also one that is off; empty is Default.
func (b *Book) Get(id string) (Kind, bool) {
	id = cmp.Or(id, Default)
	for _, k := range b.current() {
		if k.ID == id {
			return k, true
		}
	}
	return Kind{}, false
}

// current reads the settings anew only when one has changed.
func (b *Book) current() []Kind {
	return b.memo.Of(b.cfg.Settings, "", b.fold)
}

// fold lays the settings over the standard types. What has not the form that
// this release writes is passed over: another may have written it.
func (b *Book) fold() []Kind {
	out, made := standard(), []Kind{}
	for id, f := range sheet.Groups(b.cfg.Settings, prefix) {
		i := slices.IndexFunc(out, func(k Kind) bool { return k.ID == id })
		if i >= 0 {
			out[i].lay(f)
			continue
		}
		if f["made"].Kind() != shape.KindBool || !f["made"].Bool() || !sheet.Name(id) || id == staff {
			continue
		}
		k := blank(id)
		k.lay(f)
		made = append(made, k)
	}
	slices.SortFunc(made, func(a, b Kind) int { return cmp.Compare(a.ID, b.ID) })
	out = append(out, made...)
	out[0].Off = false // of those of whom nothing is said
	return out
}

func blank(id string) Kind {
	k := Kind{ID: id, Name: map[string]string{}, Badge: map[string]string{}, Note: map[string]string{}, Ask: map[string]Asked{}, Documents: []string{}, Unattended: true, Approval: NotNeeded}
	for _, f := range fields {
		k.Ask[f] = No
	}
	k.Ask["assist"] = May
	return k
}

// lay lays fields over a type.
func (k *Kind) lay(f map[string]shape.Value) {
	maps.Copy(k.Name, sheet.ByLanguage(f, "name"))
	maps.Copy(k.Badge, sheet.ByLanguage(f, "badge"))
	for l, t := range sheet.ByLanguage(f, "note") {
		if note, err := checkNote(t); err == nil && note == t {
			k.Note[l] = t
		}
	}
	if w := (Wifi{f["wifi/network"].String(), f["wifi/password"].String()}); w.check() == nil {
		k.Wifi = w
	}
	for _, field := range fields {
		if a := Asked(f["ask/"+field].String()); a.valid(field) {
			k.Ask[field] = a
		}
	}
	for _, flag := range []struct {
		field string
		to    *bool
	}{{"unattended", &k.Unattended}, {"group", &k.Group}, {"escort", &k.Escort}, {"off", &k.Off}} {
		if v := f[flag.field]; v.Kind() == shape.KindBool {
			*flag.to = v.Bool()
		}
	}
	if a := Approval(f["approval"].String()); a.valid() {
		k.Approval = a
	}
	if m := Mark(f["mark"].String()); m.valid() {
		k.Mark = m
	}
	for field, v := range f {
		if id, ok := strings.CutPrefix(field, "document/"); ok && v.Bool() && sheet.Name(id) {
			k.Documents = append(k.Documents, id)
		}
	}
	slices.Sort(k.Documents)
	k.Documents = k.Documents[:min(len(k.Documents), MaxDocuments)]
}

// valid reports whether a can be said of a field. Help in an evacuation is
// told freely or not at all: it is about health; and so is a photograph taken.
func (a Asked) valid(field string) bool {
	return a == No || a == May || a == Must && field != "assist" && field != Photo
}

// Edit is what is to be said of a type; what is nil, or is not in a map, stays
// as it is.
type Edit struct {
	Name, Badge, Note map[string]string
	Ask               map[string]Asked
	Wifi              *Wifi
	// Documents says of documents, by id, whether they are to be signed.
	Documents                      map[string]bool
	Unattended, Group, Escort, Off *bool
	Approval                       *Approval
	Mark                           *Mark
}

// Empty reports whether an edit says nothing.
func (e Edit) Empty() bool {
	return len(e.Name)+len(e.Badge)+len(e.Note)+len(e.Ask)+len(e.Documents) == 0 && e.Wifi == nil && e.Unattended == nil && e.Group == nil && e.Escort == nil && e.Off == nil && e.Approval == nil && e.Mark == nil
}

// Put adds a type or changes what is said of one, durably, and returns it as it
// stands. Errors: ErrNotHere, *Problem, the Barred one.
func (b *Book) Put(ctx context.Context, by, id string, e Edit) (Kind, error) {
	if err := b.cfg.Barred(); err != nil {
		return Kind{}, err
	}
	if !b.cfg.MayEdit() {
		return Kind{}, ErrNotHere
	}
	b.writing.Lock()
	defer b.writing.Unlock()
	id = strings.ToLower(sheet.Tidy(id))
	switch {
	case id == staff:
		return Kind{}, &Problem{Key: "kinds.staff", Field: "id", Hint: "who is staff is not a type of visitor, and nothing was saved: choose another name"}
	case !sheet.Name(id):
		return Kind{}, &Problem{Key: "kinds.bad_id", Field: "id", Hint: "that cannot be the id of a type: write 1 to 32 small letters of a to z, digits or hyphens, like school-class"}
	}
	was, known := b.Get(id)
	all, err := b.settings(prefix+id+"/", was, known, e)
	if err != nil {
		return Kind{}, err
	}
	if !known {
		if len(b.current()) >= MaxKinds {
			return Kind{}, &Problem{Key: "kinds.too_many", Limit: MaxKinds, Hint: fmt.Sprintf("there are %d types already, which is as many as a campus may have: change one that is not used", MaxKinds)}
		}
		if len(e.Name) == 0 {
			return Kind{}, &Problem{Key: "kinds.no_name", Field: "name", Hint: "a new type needs a name that people read: give it with --name sv=TEXT"}
		}
		all = append(all, sheet.Flag(prefix+id+"/made", true))
	}
	if err := sheet.Write(ctx, b.cfg.Settings, all...); err != nil {
		return Kind{}, fmt.Errorf("save visitor type: %w", err)
	}
	b.cfg.Record(by, "type.set", id)
	k, ok := b.Get(id)
	if !ok {
		return k, errUnknown
	}
	return k, nil
}

// settings are an edit's, checked.
func (b *Book) settings(at string, was Kind, known bool, e Edit) (all []crdt.Setting, err error) {
	for field, texts := range map[string]map[string]string{"name": e.Name, "badge": e.Badge} {
		for _, l := range slices.Sorted(maps.Keys(texts)) {
			if !sheet.Language(l) {
				return nil, errLanguage(field)
			}
			t, err := sheet.Line(field, texts[l], MaxName)
			if err != nil {
				return nil, err
			}
			if t == "" && field == "name" && !known {
				return nil, &Problem{Key: "kinds.no_name", Field: "name", Hint: "a new type needs a name that people read: give it with --name sv=TEXT"}
			}
			all = append(all, sheet.Text(at+field+"/"+l, t))
		}
	}
	for _, l := range slices.Sorted(maps.Keys(e.Note)) {
		if !sheet.Language(l) {
			return nil, errLanguage("note")
		}
		t, err := checkNote(e.Note[l])
		if err != nil {
			return nil, err
		}
		all = append(all, sheet.Text(at+"note/"+l, t))
	}
	if e.Wifi != nil {
		if err := e.Wifi.check(); err != nil {
			return nil, err
		}
		all = append(all, sheet.Text(at+"wifi/network", e.Wifi.Network), sheet.Text(at+"wifi/password", e.Wifi.Password))
	}
	for _, f := range slices.Sorted(maps.Keys(e.Ask)) {
		switch {
		case !slices.Contains(fields, f):
			return nil, &Problem{Key: "kinds.field", Field: "ask", Hint: "there is no such field: it is one of " + strings.Join(fields, ", ")}
		case !e.Ask[f].valid(f):
			return nil, &Problem{Key: "kinds.asked", Field: "ask-" + f, Hint: "a field is asked for as no, may or must; help in an evacuation and a photo as no or may, since they are told and taken freely"}
		}
		all = append(all, sheet.Text(at+"ask/"+f, string(e.Ask[f])))
	}
	signed := map[string]bool{}
	for _, d := range was.Documents {
		signed[d] = true
	}
	for _, d := range slices.Sorted(maps.Keys(e.Documents)) {
		if e.Documents[d] && (!sheet.Name(d) || !b.cfg.Document(d)) {
			return nil, &Problem{Key: "kinds.document", Field: "document", Hint: "there is no document of that id, and nothing was saved: `upprop document list` shows those there are"}
		}
		if e.Documents[d] {
			signed[d] = true
		} else {
			delete(signed, d)
		}
		all = append(all, sheet.Flag(at+"document/"+d, e.Documents[d]))
	}
	if len(signed) > MaxDocuments {
		return nil, &Problem{Key: "kinds.documents", Field: "document", Limit: MaxDocuments, Hint: fmt.Sprintf("one type may sign %d documents at most: put what belongs together into one", MaxDocuments)}
	}
	if e.Approval != nil {
		if !e.Approval.valid() {
			return nil, &Problem{Key: "kinds.approval", Field: "approval", Hint: "approval is needed as no, one or another: another than the one who invited"}
		}
		all = append(all, sheet.Text(at+"approval", string(*e.Approval)))
	}
	if e.Mark != nil {
		if !e.Mark.valid() {
			return nil, &Problem{Key: "kinds.mark", Field: "mark", Hint: fmt.Sprintf("there is no such sign, and nothing was saved: it is one of %v, or none", marks)}
		}
		all = append(all, sheet.Text(at+"mark", string(*e.Mark)))
	}
	for _, flag := range []struct {
		field string
		v     *bool
	}{{"unattended", e.Unattended}, {"group", e.Group}, {"escort", e.Escort}, {"off", e.Off}} {
		if flag.v == nil {
			continue
		}
		if flag.field == "off" && *flag.v && was.ID == Default {
			return nil, &Problem{Key: "kinds.default", Field: "off", Hint: "visitor is the type of everyone of whom no other is said, and cannot be switched off: change its name, or what it asks for"}
		}
		all = append(all, sheet.Flag(at+flag.field, *flag.v))
	}
	return all, nil
}
