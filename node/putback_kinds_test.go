package node

import (
	"errors"
	"slices"
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/consent"
	"github.com/upprop/upprop/node/documents"
	"github.com/upprop/upprop/node/kinds"
	"github.com/upprop/upprop/node/points"
	"github.com/upprop/upprop/node/rights"
)

// Every group of settings that is put back: what its last change leaves, putting
// back undoes, and what else was set apart stays.
func TestEveryKindIsPutBack(t *testing.T) {
	n := alone(t)
	const by = "operator abcdefghjk"
	ctx := Doing(t.Context(), by)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	kind := func(e kinds.Edit) error { _, err := n.Kinds().Put(ctx, by, "contractor", e); return err }
	kindNow := func() kinds.Kind { k, _ := n.Kinds().Get("contractor"); return k }
	paper := func(e documents.Edit) error { _, err := n.Documents().Put(ctx, by, "rules", e); return err }
	paperNow := func() documents.Document { d, _ := n.Documents().Get("rules"); return d }
	point := func(e points.Edit) error { _, err := n.Points().Put(ctx, by, "Parking", e); return err }
	pointNow := func() (p points.Point) {
		for _, x := range n.Points().List() {
			p = x
		}
		return p
	}
	duties := func() (out string) {
		for _, w := range n.Points().Wardens() {
			for _, z := range w.Zones {
				out += w.Name + " " + z.String() + " "
			}
			for _, p := range w.Points {
				out += w.Name + " " + string(p) + " "
			}
		}
		return out
	}
	as := n.Rights().As(by)
	approval := kinds.ByOne
	wifi := kinds.Wifi{Network: "Guests", Password: "valkommen"}
	shed, wharf := "by the shed", "by the wharf"
	must(paper(documents.Edit{Name: map[string]string{"sv": "Regler"}, Text: map[string]string{"sv": "Rör inget."}}))
	must(point(points.Edit{Position: &shed, Text: map[string]string{"en": "Wait."}}))
	for _, x := range []struct {
		key  string
		set  func() error
		is   func() string
		want string
	}{
		{"reception.phone", func() error { return n.EditSetting(ctx, by, settingReceptionPhone, "031-1") }, n.ReceptionPhone, ""},
		{"type/contractor/name/sv", func() error { return kind(kinds.Edit{Name: map[string]string{"sv": "Hantverkare"}}) }, func() string { return kindNow().Word("sv") }, "Entreprenör"},
		{"type/contractor/badge/sv", func() error { return kind(kinds.Edit{Badge: map[string]string{"sv": "ENTR"}}) }, func() string { return kindNow().Badge["sv"] }, ""},
		{"type/contractor/note/sv", func() error { return kind(kinds.Edit{Note: map[string]string{"sv": "Kaffe finns."}}) }, func() string { return kindNow().Note["sv"] }, ""},
		{"type/contractor/wifi/network", func() error { return kind(kinds.Edit{Wifi: &wifi}) }, func() string { return kindNow().Wifi.Network }, ""},
		{"type/contractor/ask/phone", func() error { return kind(kinds.Edit{Ask: map[string]kinds.Asked{"phone": kinds.Must}}) }, func() string { return string(kindNow().Ask["phone"]) }, "no"},
		{"type/contractor/approval", func() error { return kind(kinds.Edit{Approval: &approval}) }, func() string { return string(kindNow().Approval) }, "no"},
		{"type/contractor/unattended", func() error { return kind(kinds.Edit{Unattended: new(false)}) }, func() string { return yes(kindNow().Unattended) }, "yes"},
		{"type/contractor/group", func() error { return kind(kinds.Edit{Group: new(true)}) }, func() string { return yes(kindNow().Group) }, "no"},
		{"type/contractor/off", func() error { return kind(kinds.Edit{Off: new(true)}) }, func() string { return yes(kindNow().Off) }, "no"},
		{"type/contractor/document/rules", func() error { return kind(kinds.Edit{Documents: map[string]bool{"rules": true}}) }, func() string { return yes(len(kindNow().Documents) > 0) }, "no"},
		{"document/rules/name/sv", func() error { return paper(documents.Edit{Name: map[string]string{"sv": "Husregler"}}) }, func() string { return paperNow().Word("sv") }, "Regler"},
		{"document/rules/text/sv", func() error { return paper(documents.Edit{Text: map[string]string{"sv": "Spring inte."}}) }, func() string { return paperNow().Text["sv"].Body }, "Rör inget."},
		{"document/rules/off", func() error { return paper(documents.Edit{Off: new(true)}) }, func() string { return yes(paperNow().Off) }, "no"},
		{"point/", func() error { return point(points.Edit{Position: &wharf}) }, func() string { return pointNow().Position }, shed},
		{"point/", func() error { return point(points.Edit{Capacity: new(40)}) }, func() string { return yes(pointNow().Capacity == 40) }, "no"},
		{"point/", func() error { return point(points.Edit{X: new(300), Y: new(400)}) }, func() string { return yes(pointNow().Place != nil) }, "no"},
		{"point/", func() error { return n.Points().Remove(ctx, by, "Parking") }, func() string { return string(pointNow().Name) + pointNow().Position + pointNow().Text["en"] }, "Parking" + shed + "Wait."},
		{"warden/", func() error {
			return n.Points().Assign(ctx, by, points.Duty{Name: "Floor 2", Free: true, Point: "Parking"})
		}, duties, ""},
		{"consent/assist/sv", func() error { _, err := as.SetWords(ctx, consent.Assist, "sv", "Ja till hjälp."); return err }, func() string { return n.Words(consent.Assist, "sv").Text }, consent.Of(nil).Words(consent.Assist, "sv").Text},
		{"why/purpose/visit", func() error {
			_, err := as.SetPurpose(ctx, rights.Change{List: "purpose", ID: "visit", Text: "receive"}, false)
			return err
		}, func() string {
			all := as.Purposes().Purposes
			return all[slices.IndexFunc(all, func(l rights.Label) bool { return l.ID == "visit" })].Text
		}, "receive the person and tell their host"},
		{"why/datum/name", func() error {
			_, err := as.SetPurpose(ctx, rights.Change{List: "datum", ID: "name", Basis: "d"}, false)
			return err
		}, func() string { return as.Purposes().Data[5].Basis }, "f"},
		{"privacy/controller", func() error { return as.SetHouse(ctx, "controller", "Ekudden AB") }, func() string { return as.House().Controller }, ""},
	} {
		must(x.set())
		if x.is() == x.want {
			t.Errorf("%s: it was not set", x.key)
		}
		all, err := n.SettingHistory(x.key)
		must(err)
		i := 0
		for !all[i].Undo || !all[i].Stands {
			i++
		}
		if all[i].Back == nil && all[i].Open {
			t.Errorf("%s: what would be put back is not told", x.key)
		}
		if _, err := n.UndoSetting(t.Context(), by, all[i].ID, ""); err != nil || x.is() != x.want {
			t.Errorf("%s: put back it is %q, not %q: %v", x.key, x.is(), x.want, err)
		}
		if _, err := n.UndoSetting(t.Context(), by, all[i].ID, ""); !errors.Is(err, ErrAsItIs) && !errors.Is(err, ErrChangedSince) {
			t.Errorf("%s: put back twice: %v", x.key, err)
		}
	}
	// What a duty had, it has again.
	must(n.Points().Assign(ctx, by, points.Duty{Name: "Floor 2", Free: true, Zone: "Floor 2", Site: "North"}))
	had := duties()
	must(n.Points().Relieve(ctx, by, "Floor 2"))
	if _, err := n.UndoSetting(t.Context(), by, newest(t, n, "warden/").ID, ""); err != nil || duties() != had {
		t.Error(had, duties(), err)
	}
}

// The history tells no password of the visitors' Wi-Fi: not the one that stands, nor
// one of before, nor what would be put back. It is put back all the same.
func TestHistoryTellsNoWifiPassword(t *testing.T) {
	n := alone(t)
	const by = "operator abcdefghjk"
	ctx := Doing(t.Context(), by)
	for _, password := range []string{"rowan lake 26", "birch lake 27"} {
		if _, err := n.Kinds().Put(ctx, by, "contractor", kinds.Edit{Wifi: &kinds.Wifi{Network: "Guests", Password: password}}); err != nil {
			t.Fatal(err)
		}
	}
	all, err := n.SettingHistory("type/contractor/wifi/")
	if err != nil || len(all) != 3 {
		t.Fatal(len(all), err)
	}
	for _, e := range all {
		if told := e.Open; told != (e.Key == "type/contractor/wifi/network") || !told && (e.From != "" || e.To != "" || e.Back != nil) {
			t.Errorf("%+v", e)
		}
	}
	if _, err := n.UndoSetting(t.Context(), by, newest(t, n, "type/contractor/wifi/password").ID, ""); err != nil {
		t.Fatal(err)
	}
	if k, _ := n.Kinds().Get("contractor"); k.Wifi.Password != "rowan lake 26" {
		t.Error("it was not put back")
	}
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// What another has changed since is kept until it is named, and their other fields
// are kept in any case.
func TestWhatWasChangedSinceStays(t *testing.T) {
	n := alone(t)
	const by, other = "operator abcdefghjk", "operator other"
	put := func(by string, e kinds.Edit) {
		t.Helper()
		if _, err := n.Kinds().Put(Doing(t.Context(), by), by, "contractor", e); err != nil {
			t.Fatal(err)
		}
	}
	now := func() kinds.Kind { k, _ := n.Kinds().Get("contractor"); return k }
	put(by, kinds.Edit{Ask: map[string]kinds.Asked{"phone": kinds.May}})
	first := newest(t, n, "type/contractor/ask/phone")
	put(other, kinds.Edit{Ask: map[string]kinds.Asked{"phone": kinds.Must}, Group: new(true)})
	later := newest(t, n, "type/contractor/ask/phone")
	for _, over := range []string{"", first.ID, "nothing"} {
		if _, err := n.UndoSetting(t.Context(), by, first.ID, over); !errors.Is(err, ErrChangedSince) || now().Ask["phone"] != kinds.Must {
			t.Fatalf("over %q: %v, and it is %s", over, err, now().Ask["phone"])
		}
	}
	if _, err := n.UndoSetting(t.Context(), by, first.ID, later.ID); err != nil || now().Ask["phone"] != kinds.No || !now().Group {
		t.Fatal(now(), err)
	}
}

// What is not put back says why, in one word each.
func TestWhatIsNotPutBack(t *testing.T) {
	n := alone(t)
	const by = "operator abcdefghjk"
	ctx := Doing(t.Context(), by)
	if _, err := n.Kinds().Put(ctx, by, "school-class", kinds.Edit{Name: map[string]string{"sv": "Skolklass"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Points().Put(ctx, by, record.PointName("Parking"), points.Edit{}); err != nil {
		t.Fatal(err)
	}
	all, err := n.SettingHistory("")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]WhyNot{"type/school-class/made": NotMade, "type/school-class/name/sv": NotKnown, settingCampusName: NotKnown}
	for _, e := range all {
		if e.Undo != (e.Why == "") || want[e.Key] != "" && want[e.Key] != e.Why {
			t.Errorf("%s is put back %v: %s", e.Key, e.Undo, e.Why)
		}
		if _, err := n.UndoSetting(t.Context(), by, e.ID, ""); want[e.Key] != "" && !errors.Is(err, ErrNoUndo) && !errors.Is(err, ErrNoEarlier) {
			t.Errorf("%s: %v", e.Key, err)
		}
	}
}
