package points

import (
	"cmp"
	"context"
	"slices"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/node/sheet"
)

// Screen is where a kiosk's screen stands, so that it can point the way.
type Screen struct {
	Node record.NodeID `json:"-"`
	Name string        `json:"name"`
	// At is nil where only the refuge is known.
	At *LatLon `json:"at"`
	// Facing is the direction in which someone looks who reads the screen, in
	// degrees from north, clockwise; nil where that is not known, and then
	// north is up.
	Facing *int `json:"facing"`
	// Refuge is the refuge at which it stands; empty for none.
	Refuge record.PointName `json:"refuge"`
}

const prefixScreen = "screen/"

// Screens are those whose place is known, in order of name.
func (b *Book) Screens() (out []Screen) {
	for _, m := range b.cfg.Members() {
		s, ok := b.ScreenOf(m.ID)
		if s.Refuge, _ = b.RefugeOf(m.ID); ok || s.Refuge != "" {
			s.Node, s.Name = m.ID, m.Name
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b Screen) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// ScreenOf is where a node's screen stands; false where that is not known.
func (b *Book) ScreenOf(node record.NodeID) (Screen, bool) {
	f := sheet.Groups(b.cfg.Settings, prefixScreen)[slug(node.String())]
	at, err := ParseLatLon(f["at"].String())
	if err != nil {
		return Screen{}, false
	}
	s := Screen{Node: node, At: &at}
	if v := f["facing"]; v.Kind() == shape.KindInt && v.Int() >= 0 && v.Int() < 360 {
		facing := int(v.Int())
		s.Facing = &facing
	}
	return s, true
}

// PutScreen says where a node's screen stands, durably; at is "LAT,LON", and
// empty takes it back. Errors: ErrNotHere, *Problem, the Barred one.
func (b *Book) PutScreen(ctx context.Context, name, at string, facing *int) error {
	if err := b.may(); err != nil {
		return err
	}
	b.writing.Lock()
	defer b.writing.Unlock()
	node, err := b.member(name)
	if err != nil {
		return err
	}
	if at != "" {
		p, err := ParseLatLon(at)
		if err != nil {
			return err
		}
		at = p.String()
	}
	towards := int64(-1)
	if facing != nil {
		if *facing < 0 || *facing >= 360 {
			return &Problem{Key: "points.facing", Hint: "a direction is written in degrees from north, clockwise: 0 to 359, so 90 is east"}
		}
		towards = int64(*facing)
	}
	key := prefixScreen + slug(node.String()) + "/"
	return b.set(ctx, "", "screen.place", node.String(), []crdt.Setting{
		sheet.Text(key+"at", at), {Key: key + "facing", Value: shape.Int(towards)},
	})
}

// RefugeOf is the refuge at which a node's screen stands; false where it stands at
// none that is set up.
func (b *Book) RefugeOf(node record.NodeID) (record.PointName, bool) {
	f := sheet.Groups(b.cfg.Settings, prefixScreen)[slug(node.String())]
	p, ok := b.find(record.PointName(f["refuge"].String()))
	if !ok || p.Kind != Refuge {
		return "", false
	}
	return p.Name, true
}

// PutScreenAt says at which refuge a node's screen stands, durably, so that who
// waits there can answer by it; an empty name takes it back. Errors: as of
// PutScreen.
func (b *Book) PutScreenAt(ctx context.Context, name string, refuge record.PointName) error {
	if err := b.may(); err != nil {
		return err
	}
	b.writing.Lock()
	defer b.writing.Unlock()
	node, err := b.member(name)
	if err != nil {
		return err
	}
	if refuge = record.PointName(sheet.Tidy(string(refuge))); refuge != "" {
		if p, ok := b.find(refuge); !ok || p.Kind != Refuge {
			return &Problem{Key: "points.no_refuge", Hint: "no refuge of that name is set up, and nothing was saved: write it as `upprop point list` does, or add it with --kind refuge"}
		}
	}
	return b.set(ctx, "", "screen.refuge", node.String(), []crdt.Setting{
		sheet.Text(prefixScreen+slug(node.String())+"/refuge", string(refuge)),
	})
}

// member is the node of a name or an id.
func (b *Book) member(name string) (record.NodeID, error) {
	name = sheet.Tidy(name)
	all := b.cfg.Members()
	i := slices.IndexFunc(all, func(m Member) bool { return m.Name == name || m.ID.String() == name })
	if i < 0 {
		return record.NodeID{}, &Problem{Key: "points.no_node", Hint: "no node of that name is known here: write it as `upprop nodes` does"}
	}
	return all[i].ID, nil
}
