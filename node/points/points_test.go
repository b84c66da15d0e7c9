package points

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
)

// ledger is a real, small Settings: the last of each key stands, and which were
// written is remembered.
type ledger struct {
	now     map[string]shape.Value
	version uint64
	written []string
}

func (l *ledger) Settings(prefix string) (out []crdt.Setting) {
	for _, k := range slices.Sorted(maps.Keys(l.now)) {
		if strings.HasPrefix(k, prefix) {
			out = append(out, crdt.Setting{Key: k, Value: l.now[k]})
		}
	}
	return out
}

func (l *ledger) SettingsVersion() uint64 { return l.version }

func (l *ledger) Set(_ context.Context, all ...crdt.Setting) error {
	l.version++
	l.written = nil
	for _, s := range all {
		if !shape.SettingKey(s.Key) {
			return fmt.Errorf("no key: %q", s.Key)
		}
		l.now[s.Key] = s.Value
		l.written = append(l.written, s.Key)
	}
	return nil
}

var (
	desk   = Member{record.NodeID{1}, "Reception", false}
	warden = Member{record.NodeID{2}, "Warden 1", true}
)

func newBook() (*Book, *ledger) {
	l := &ledger{now: map[string]shape.Value{}}
	return New(Config{
		Settings: l, Site: func() record.SiteID { return "North" },
		Known:   func(s record.SiteID) bool { return s == "North" || s == "South" },
		Members: func() []Member { return []Member{desk, warden} },
	}), l
}

func ptr[T any](v T) *T { return &v }

func problem(t *testing.T, what string, err error, key string) {
	t.Helper()
	var p *Problem
	if !errors.As(err, &p) || p.Key != key || !strings.Contains(p.Hint, ":") && !strings.Contains(p.Hint, "is ") {
		t.Errorf("%s: %v, want %s in words", what, err, key)
	}
}

func TestPoints(t *testing.T) {
	b, l := newBook()
	p, err := b.Put(t.Context(), "", "Parking", Edit{Position: ptr("by the big oak"), At: ptr("57.7069, 11.9378"), Capacity: ptr(200), Text: map[string]string{"sv": "Ställ dig vid eken."}})
	if err != nil {
		t.Fatal(err)
	}
	if p.Site != "North" || p.Kind != Muster || p.At.Lat != 57.7069 || p.Capacity != 200 || p.Text["sv"] != "Ställ dig vid eken." {
		t.Errorf("%+v", p)
	}
	if _, err := b.Put(t.Context(), "", "Stair B", Edit{Kind: ptr(Refuge), Site: ptr(record.SiteID("South"))}); err != nil {
		t.Fatal(err)
	}
	if got := b.List(); len(got) != 2 || got[0].Name != "Parking" || got[1].Kind != Refuge {
		t.Errorf("%+v", got)
	}
	// A change writes what is changed and nothing else, so that another's
	// change of another field stays.
	if _, err := b.Put(t.Context(), "", "Parking", Edit{Capacity: ptr(50)}); err != nil {
		t.Fatal(err)
	}
	for _, key := range l.written {
		if !strings.HasSuffix(key, "/capacity") && !strings.HasSuffix(key, "/name") {
			t.Errorf("a change of the capacity writes %s", key)
		}
	}
	if p, _ := b.find("Parking"); p.Capacity != 50 || p.Position != "by the big oak" {
		t.Errorf("%+v", p)
	}
	// The same name in another spelling of its letters is the same point.
	if _, err := b.Put(t.Context(), "", "A\u030angstro\u0308m", Edit{}); err != nil || !b.Known("Ångström") {
		t.Error("a name in decomposed letters is another:", err)
	}
	if err := b.Remove(t.Context(), "", "Parking"); err != nil || b.Known("Parking") {
		t.Error("it is still there:", err)
	}
	if p, err := b.Put(t.Context(), "", "Parking", Edit{}); err != nil || p.Position != "" || p.At != nil || p.Capacity != 0 || len(p.Text) != 0 {
		t.Errorf("a new point has what the former had: %+v, %v", p, err)
	}
}

func TestRefusals(t *testing.T) {
	b, _ := newBook()
	if _, err := b.Put(t.Context(), "", "Parking", Edit{}); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("å", MaxText+1)
	for _, c := range []struct {
		name record.PointName
		edit Edit
		key  string
	}{
		{"", Edit{}, "points.name"},
		{"a/b", Edit{}, "points.name"},
		{"-x", Edit{}, "points.name"},
		{"PARKING", Edit{}, "points.alike"},
		{"P", Edit{Site: ptr(record.SiteID("Nroth"))}, "points.no_site"},
		{"P", Edit{Kind: ptr(Kind("removed"))}, "points.kind"},
		{"P", Edit{At: ptr("57.7")}, "points.at"},
		{"P", Edit{At: ptr("91,0")}, "points.at"},
		{"P", Edit{At: ptr("NaN,0")}, "points.at"},
		{"P", Edit{X: ptr(1001), Y: ptr(0)}, "points.place"},
		{"P", Edit{X: ptr(0), Y: ptr(-2)}, "points.place"},
		{"P", Edit{Capacity: ptr(-1)}, "points.capacity"},
		{"P", Edit{Capacity: ptr(MaxCapacity + 1)}, "points.capacity"},
		{"P", Edit{Position: ptr(long)}, "text.too_long"},
		{"P", Edit{Position: ptr("a\nb")}, "text.control"},
		{"P", Edit{Text: map[string]string{"sv": "\u202e"}}, "text.control"},
		{"P", Edit{Text: map[string]string{"Svenska": "x"}}, "points.language"},
	} {
		_, err := b.Put(t.Context(), "", c.name, c.edit)
		problem(t, fmt.Sprintf("%q %+v", c.name, c.edit), err, c.key)
	}
	problem(t, "remove", b.Remove(t.Context(), "", "Nowhere"), "points.unknown")
	for i := len(b.List()); i < MaxPoints; i++ {
		if _, err := b.Put(t.Context(), "", record.PointName(fmt.Sprint("P", i)), Edit{}); err != nil {
			t.Fatal(err)
		}
	}
	_, err := b.Put(t.Context(), "", "One more", Edit{})
	problem(t, "too many", err, "points.full")

	b.cfg.MayEdit = func() bool { return false }
	_, err = b.Put(t.Context(), "", "Parking", Edit{})
	for what, err := range map[string]error{
		"put": err, "remove": b.Remove(t.Context(), "", "Parking"), "assign": b.Assign(t.Context(), "", Duty{}),
		"relieve": b.Relieve(t.Context(), "", ""), "screen": b.PutScreen(t.Context(), "", "", nil),
	} {
		if !errors.Is(err, ErrNotHere) {
			t.Errorf("%s on a node whose settings do not count: %v", what, err)
		}
	}
}

// What another release or a hostile desk has written is passed over.
func TestOddSettings(t *testing.T) {
	b, l := newBook()
	id := slug("Oak")
	for _, odd := range []map[string]shape.Value{
		{"point/" + id + "/name": shape.String("Oak")},
		{"point/" + id + "/name": shape.String("Elm"), "point/" + id + "/kind": shape.String("point")},
		{"point/" + id + "/name": shape.Int(3), "point/" + id + "/kind": shape.String("point")},
		{"point/x": shape.String("Oak"), "point/": shape.Bool(true)},
		{"warden/x/who": shape.String("node:nonsense"), "warden/" + slug("node:y") + "/who": shape.String("node:y"), "warden/" + slug("node:y") + "/point/1": shape.String("Oak")},
		{"screen/" + slug(desk.ID.String()) + "/at": shape.Int(4)},
	} {
		l.now, l.version = odd, l.version+1
		if len(b.List())+len(b.Wardens())+len(b.Screens()) != 0 {
			t.Errorf("%v: %v %v %v", odd, b.List(), b.Wardens(), b.Screens())
		}
	}
	l.now, l.version = map[string]shape.Value{
		"point/" + id + "/name": shape.String("Oak"), "point/" + id + "/kind": shape.String("point"),
		"point/" + id + "/at": shape.String("here"), "point/" + id + "/capacity": shape.Int(-4), "point/" + id + "/later": shape.Bool(true),
	}, l.version+1
	if got := b.List(); len(got) != 1 || got[0].At != nil || got[0].Capacity != 0 {
		t.Errorf("%+v", got)
	}
}

func TestWardens(t *testing.T) {
	b, _ := newBook()
	if _, err := b.Put(t.Context(), "", "Parking", Edit{}); err != nil {
		t.Fatal(err)
	}
	for _, d := range []Duty{
		{Name: "Warden 1", Point: "Parking", Zone: "B2"},
		{Name: warden.ID.String(), Zone: "B1", Site: "South"},
		{Name: "Floor 2", Free: true, Zone: "Floor 2"},
	} {
		if err := b.Assign(t.Context(), "", d); err != nil {
			t.Fatal(d, err)
		}
	}
	got := b.Wardens()
	if len(got) != 2 || got[0].Name != "Floor 2" || got[1].Name != "Warden 1" || got[1].Gone || got[1].Node != warden.ID ||
		!slices.Equal(got[1].Points, []record.PointName{"Parking"}) || !slices.Equal(got[1].Zones, []Zone{{"North", "B2"}, {"South", "B1"}}) {
		t.Errorf("%+v", got)
	}
	for _, c := range []struct {
		duty Duty
		key  string
	}{
		{Duty{Name: "Anna Berg", Zone: "B2"}, "points.no_node"},
		{Duty{Name: "Reception", Zone: "B2"}, "points.not_warden"},
		{Duty{Name: "Warden 1", Point: "Nowhere"}, "points.unknown"},
		{Duty{Name: "Warden 1", Zone: "a/b"}, "points.zone"},
		{Duty{Name: "Warden 1", Zone: "B2", Site: "Nroth"}, "points.no_site"},
		{Duty{Name: "Warden 1"}, "points.nothing"},
		{Duty{Name: "a/b", Free: true, Zone: "B2"}, "points.duty"},
	} {
		problem(t, fmt.Sprintf("%+v", c.duty), b.Assign(t.Context(), "", c.duty), c.key)
	}
	b.cfg.Members = func() []Member { return []Member{desk} }
	if got := b.Wardens(); len(got) != 2 || !got[0].Gone && !got[1].Gone {
		t.Errorf("a warden that is no member is not told apart: %+v", got)
	}
	if err := b.Relieve(t.Context(), "", warden.ID.String()); err != nil {
		t.Fatal(err)
	}
	if err := b.Relieve(t.Context(), "", "Floor 2"); err != nil || len(b.Wardens()) != 0 {
		t.Errorf("%v %+v", err, b.Wardens())
	}
	problem(t, "twice", b.Relieve(t.Context(), "", "Floor 2"), "points.no_warden")
}

func TestScreens(t *testing.T) {
	b, _ := newBook()
	if err := b.PutScreen(t.Context(), "Reception", "57.7,11.9", ptr(90)); err != nil {
		t.Fatal(err)
	}
	if got := b.Screens(); len(got) != 1 || got[0].Name != "Reception" || *got[0].Facing != 90 {
		t.Errorf("%+v", got)
	}
	problem(t, "facing", b.PutScreen(t.Context(), "Reception", "57.7,11.9", ptr(360)), "points.facing")
	problem(t, "node", b.PutScreen(t.Context(), "Nobody", "57.7,11.9", nil), "points.no_node")
	if _, err := b.Put(t.Context(), "", "Stair B", Edit{Kind: ptr(Refuge)}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Put(t.Context(), "", "Car park", Edit{}); err != nil {
		t.Fatal(err)
	}
	problem(t, "no refuge", b.PutScreenAt(t.Context(), "Reception", "Car park"), "points.no_refuge")
	problem(t, "node", b.PutScreenAt(t.Context(), "Nobody", "Stair B"), "points.no_node")
	if err := b.PutScreenAt(t.Context(), "Warden 1", " Stair B"); err != nil {
		t.Fatal(err)
	}
	if at, ok := b.RefugeOf(warden.ID); !ok || at != "Stair B" || len(b.Screens()) != 2 || b.Screens()[1].At != nil {
		t.Errorf("%v %q %+v", ok, at, b.Screens())
	}
	if err := b.PutScreenAt(t.Context(), "Warden 1", ""); err != nil {
		t.Fatal(err)
	}
	if err := b.PutScreen(t.Context(), "Reception", "", nil); err != nil || len(b.Screens()) != 0 {
		t.Error("its place is still known:", err)
	}
}

func TestWay(t *testing.T) {
	at := LatLon{57.7, 11.9}
	for _, c := range []struct {
		to              LatLon
		metres, degrees float64
	}{
		{LatLon{57.701, 11.9}, 111, 0},
		{LatLon{57.7, 11.902}, 119, 90},
		{LatLon{57.699, 11.9}, 111, 180},
		{LatLon{57.7, 11.898}, 119, 270},
		{at, 0, 0},
	} {
		m, d := at.Way(c.to)
		if m < c.metres-1 || m > c.metres+1 || d < c.degrees-1 || d > c.degrees+1 {
			t.Errorf("%v: %.1f m at %.1f", c.to, m, d)
		}
	}
}
