// Package points keeps where people gather in an evacuation: muster points and
// refuges, who is on duty at which, and where the kiosks' screens stand that
// point the way. All of it is settings of the campus, one field each, so that
// two operators' edits merge field by field. It marks nobody and starts
// nothing.
//
// Invariant: what it keeps names places, nodes and duties, never a person, and
// every node that holds the same settings shows the same.
package points

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/sheet"
)

// Member is a node of the campus in good standing.
type Member struct {
	ID     record.NodeID
	Name   string
	Warden bool
}

// Config is what a Book is made of; Settings is required.
type Config struct {
	Settings sheet.Settings
	// MayEdit reports whether this node's settings count. Nil: they do.
	MayEdit func() bool
	// Barred says why nothing that this node writes would count, or nil. Nil:
	// never.
	Barred func() error
	// Site is where this node stands: where a point is unless said otherwise.
	Site func() record.SiteID
	// Known says whether there is a site of this name. Nil: there is.
	Known func(record.SiteID) bool
	// Members are the campus's nodes in good standing.
	Members func() []Member
	// Record is told who did what, and to what, once it is durable; nobody's name
	// is whoever works at this node. Nil: nobody is told.
	Record func(by, what, note string)
}

// Book is the campus's muster points as this node knows them. Safe for
// concurrent use.
type Book struct {
	cfg Config
	// writing makes reading what stands and writing upon it one step.
	writing sync.Mutex
	memo    sheet.Memo[Point]
}

// New makes a Book.
func New(cfg Config) *Book {
	if cfg.MayEdit == nil {
		cfg.MayEdit = func() bool { return true }
	}
	if cfg.Barred == nil {
		cfg.Barred = func() error { return nil }
	}
	if cfg.Site == nil {
		cfg.Site = func() record.SiteID { return "" }
	}
	if cfg.Known == nil {
		cfg.Known = func(record.SiteID) bool { return true }
	}
	if cfg.Members == nil {
		cfg.Members = func() []Member { return nil }
	}
	if cfg.Record == nil {
		cfg.Record = func(string, string, string) {}
	}
	return &Book{cfg: cfg}
}

// Problem is what a person can do something about.
type Problem = sheet.Problem

// ErrNotHere is returned on a node whose settings would count nowhere.
var ErrNotHere = &Problem{Key: "points.not_here", Hint: "this node may not change the campus's settings, and nothing was saved: do it at a desk, or at a node that may make tokens (`upprop nodes` lists them)"}

const (
	// MaxPoints bounds the points and refuges of a campus.
	MaxPoints = 200
	// MaxWardens bounds the wardens and duties that are assigned.
	MaxWardens = 500
	// MaxText is the longest position, text or duty, in characters.
	MaxText = 300
	// MaxCapacity is the largest capacity.
	MaxCapacity = 100_000
)

// may says why nothing may be written here, or nil.
func (b *Book) may() error {
	if err := b.cfg.Barred(); err != nil {
		return err
	}
	if !b.cfg.MayEdit() {
		return ErrNotHere
	}
	return nil
}

// set writes settings and puts on record what was done.
func (b *Book) set(ctx context.Context, by, what, note string, all []crdt.Setting) error {
	if err := sheet.Write(ctx, b.cfg.Settings, all...); err != nil {
		return fmt.Errorf("save %s: %w", what, err)
	}
	b.cfg.Record(by, what, note)
	return nil
}

// slug is how something is named in the key of a setting. It follows from the
// name alone: what two halves of a campus add under one name is one.
func slug(name string) string {
	sum := sha256.Sum256([]byte("upprop place\x00" + name))
	return hex.EncodeToString(sum[:8])
}
