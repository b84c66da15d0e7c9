// Package plans keeps a picture of each site on which its muster points are seen.
// The pictures are settings of the campus, so that every node has them, cut off or
// not. It knows no point: where one lies on the picture, its own settings say.
//
// Invariant: a plan is a PNG or a JPEG of this package's own making and is whole,
// whatever the settings say; and there is one for each site at most.
package plans

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"sync"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
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
	// Known says whether there is a site of this name. Nil: there is.
	Known func(record.SiteID) bool
	// Record is told what by did, and to what, once it is durable. Nil: nobody.
	Record func(by, what, note string)
}

// Problem is what a person can do something about.
type Problem = sheet.Problem

const (
	// Prefix is where it is kept which picture a site shows, in the field "picture";
	// None is its value where there is none.
	Prefix = "plan/"
	None   = "none"

	pictureKey = "planpicture/"
	// MaxPlans is how many sites may have a plan, and MaxPictures how many pictures
	// are kept for good, those that are not shown any more among them.
	MaxPlans, MaxPictures = 40, 100
)

var (
	errNotHere = &Problem{Key: "plans.not_here", Hint: "this node may not change the campus's settings, and nothing was saved: do it at a desk, or at a node that may make tokens (`upprop nodes` lists them)"}
	errNoSite  = &Problem{Key: "plans.no_site", Field: "site", Hint: "no site of that name is known here, and nothing was saved: write it as `upprop nodes` does, or \"\" for the plan of the whole campus"}
	errNoPlan  = &Problem{Key: "plans.unknown", Field: "plan", Hint: "there is no plan of that site, and nothing was changed: `upprop point plans` lists those that there are"}
	errForgot  = &Problem{Key: "plans.gone", Field: "plan", Hint: "that picture has not come to this node, or is not whole, and nothing was changed: upload it again"}
	errFull    = &Problem{Key: "plans.full", Field: "plan", Limit: MaxPlans, Hint: fmt.Sprintf("%d sites have a plan already, which is as many as there may be, and nothing was saved: take one away first", MaxPlans)}
	errMany    = &Problem{Key: "plans.used_up", Field: "plan", Limit: MaxPictures, Hint: fmt.Sprintf("%d pictures have been kept, which is as many as every node can hold for good, and nothing was saved: put an earlier one back with `upprop settings history --key plan/`", MaxPictures)}
)

// Plan is the picture of a site; of no site, that of the whole campus. It may not
// be changed.
type Plan struct {
	Site record.SiteID
	Picture
}

// Book is the campus's plans as this node knows them. Safe for concurrent use.
type Book struct {
	cfg Config
	// writing makes reading what stands and writing upon it one step.
	writing sync.Mutex
	memo    sheet.Memo[named]

	// mu guards whole, the pictures that were looked at, by their names: a name follows
	// from what is in it, so that each is looked at once.
	mu    sync.Mutex
	whole map[string]Picture
	// making guards small, what was made of them for pages, by the same names.
	making sync.Mutex
	small  map[string]Picture
}

// New makes a Book.
func New(cfg Config) *Book {
	if cfg.MayEdit == nil {
		cfg.MayEdit = func() bool { return true }
	}
	if cfg.Barred == nil {
		cfg.Barred = func() error { return nil }
	}
	if cfg.Known == nil {
		cfg.Known = func(record.SiteID) bool { return true }
	}
	if cfg.Record == nil {
		cfg.Record = func(string, string, string) {}
	}
	return &Book{cfg: cfg, whole: map[string]Picture{}, small: map[string]Picture{}}
}

// named says which picture a site shows.
type named struct {
	site record.SiteID
	id   string
}

// List are all plans, in order of site. What is in the settings and is no picture
// that is whole counts for nothing. The caller may keep the slice.
func (b *Book) List() (out []Plan) {
	for _, n := range b.memo.Of(b.cfg.Settings, "", b.fold) {
		if p, ok := b.restored(n.id); ok {
			out = append(out, Plan{n.site, p})
		}
	}
	return out
}

// Of is the plan of a site; false where it has none. It looks at no other site's
// picture: lists ask for it, and wait for nothing that does not concern them.
func (b *Book) Of(site record.SiteID) (Plan, bool) {
	all := b.memo.Of(b.cfg.Settings, "", b.fold)
	i := slices.IndexFunc(all, func(n named) bool { return n.site == site })
	if i < 0 {
		return Plan{}, false
	}
	p, ok := b.restored(all[i].id)
	return Plan{site, p}, ok
}

// Small is the plan of a site as pages show it, of MaxSmall bytes at most; false
// where the site has none. Its ID is its own.
func (b *Book) Small(site record.SiteID) (Plan, bool) {
	p, ok := b.Of(site)
	if !ok {
		return p, false
	}
	b.making.Lock()
	defer b.making.Unlock()
	s, made := b.small[p.ID]
	if !made {
		var err error
		if s, err = shrink(p.File, sideSmall, MaxSmall); err != nil {
			return Plan{}, false // it was whole when it was read
		}
		b.small[p.ID] = s
	}
	return Plan{site, s}, true
}

func (b *Book) fold() (out []named) {
	for id, f := range sheet.Groups(b.cfg.Settings, Prefix) {
		site, picture := record.SiteID(f["site"].String()), f["picture"].String()
		if slug(site) == id && (site == "" || record.CheckPlaceName(string(site)) == nil) && picture != "" && picture != None {
			out = append(out, named{site, picture})
		}
	}
	slices.SortFunc(out, func(a, b named) int { return cmp.Compare(a.site, b.site) })
	return out
}

// restored is a picture that the settings hold whole.
func (b *Book) restored(id string) (Picture, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if p, ok := b.whole[id]; ok {
		return p, true
	}
	p, ok := judge(id, sheet.Whole(b.cfg.Settings, pictureKey+id+"/", MaxStored))
	if ok {
		b.whole[id] = p
	}
	return p, ok
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

// Set makes a picture the plan of a site, on every node; file is a PNG or a JPEG
// from outside. It returns the plan as it is kept. Errors: *Problem, the Barred one.
func (b *Book) Set(ctx context.Context, by string, site record.SiteID, file []byte) (Plan, error) {
	if err := b.may(); err != nil {
		return Plan{}, err
	}
	if site = record.SiteID(sheet.Tidy(string(site))); site != "" && (record.CheckPlaceName(string(site)) != nil || !b.cfg.Known(site)) {
		return Plan{}, errNoSite
	}
	p, err := made(file)
	if err != nil {
		return Plan{}, err
	}
	b.writing.Lock()
	defer b.writing.Unlock()
	if _, has := b.Of(site); !has && len(b.List()) >= MaxPlans {
		return Plan{}, errFull
	}
	all, err := b.keep(p)
	if err != nil {
		return Plan{}, err
	}
	at := Prefix + slug(site) + "/"
	all = append(all, sheet.Text(at+"site", string(site)), sheet.Text(at+"picture", p.ID))
	if err := sheet.Write(ctx, b.cfg.Settings, all...); err != nil {
		return Plan{}, fmt.Errorf("save plan: %w", err)
	}
	b.cfg.Record(by, "plan.set", string(site))
	return Plan{site, p}, nil
}

// Clear takes the plan of a site away. Errors: *Problem, the Barred one.
func (b *Book) Clear(ctx context.Context, by string, site record.SiteID) error {
	if err := b.may(); err != nil {
		return err
	}
	b.writing.Lock()
	defer b.writing.Unlock()
	site = record.SiteID(sheet.Tidy(string(site)))
	if _, ok := b.Of(site); !ok {
		return errNoPlan
	}
	return b.put(ctx, by, site, None)
}

// PutBack shows again what a site showed once, by the site's id in the settings;
// the picture is named, or None. Errors: *Problem, the Barred one.
func (b *Book) PutBack(ctx context.Context, by, id, picture string) error {
	if err := b.may(); err != nil {
		return err
	}
	b.writing.Lock()
	defer b.writing.Unlock()
	site := record.SiteID(sheet.Groups(b.cfg.Settings, Prefix)[id]["site"].String())
	if slug(site) != id {
		return errNoPlan
	}
	if _, ok := b.restored(picture); !ok && picture != None {
		return errForgot
	}
	if _, has := b.Of(site); !has && picture != None && len(b.List()) >= MaxPlans {
		return errFull
	}
	return b.put(ctx, by, site, picture)
}

func (b *Book) put(ctx context.Context, by string, site record.SiteID, picture string) error {
	if err := sheet.Write(ctx, b.cfg.Settings, sheet.Text(Prefix+slug(site)+"/picture", picture)); err != nil {
		return fmt.Errorf("save plan: %w", err)
	}
	what := "plan.set"
	if picture == None {
		what = "plan.remove"
	}
	b.cfg.Record(by, what, string(site))
	return nil
}

// keep is what writes a picture, where it is not kept already. A picture is named by
// what is in it, so that two operators' never mix.
func (b *Book) keep(p Picture) (all []crdt.Setting, err error) {
	if _, ok := b.restored(p.ID); ok {
		return nil, nil
	}
	if len(sheet.Groups(b.cfg.Settings, pictureKey)) >= MaxPictures {
		return nil, errMany
	}
	return sheet.Parts(pictureKey+p.ID+"/", p.File), nil
}

// slug is how a site is named in the key of a setting.
func slug(site record.SiteID) string {
	sum := sha256.Sum256([]byte("upprop plan\x00" + site))
	return hex.EncodeToString(sum[:8])
}
