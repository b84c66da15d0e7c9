package node

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/terms"
	"github.com/upprop/upprop/node/visits"
)

// alone is a desk that is all of its campus.
func alone(t *testing.T) *Node {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "d")
	if err := Init(InitOptions{Dir: dir, Campus: "Ekudden", Site: "North", Name: "Reception", Role: identity.RoleDesk, Listen: "127.0.0.1:0"}); err != nil {
		t.Fatal(err)
	}
	n, err := Open(Config{Dir: dir, PasswordCost: operators.Cost{Time: 1, Memory: 64, Threads: 1}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-done, n.Close()); err != nil {
			t.Error(err)
		}
	})
	return n
}

// newest is the last change of a setting.
func newest(t *testing.T, n *Node, key string) SettingEdit {
	t.Helper()
	all, err := n.SettingHistory(key)
	if err != nil || len(all) == 0 {
		t.Fatalf("%s: %d changes, %v", key, len(all), err)
	}
	return all[0]
}

func TestSettingsArePutBack(t *testing.T) {
	n := alone(t)
	const by = "operator abcdefghjk"
	ctx := Doing(t.Context(), by)
	began := time.Now().Add(-time.Second)
	set := func(key, value string) {
		t.Helper()
		if err := n.EditSetting(ctx, by, key, value); err != nil {
			t.Fatal(err)
		}
	}
	set(settingCampusName, "Eken")
	set(settingCampusName, "Udden")
	set(settingDrillEvery, "90")
	e := newest(t, n, settingCampusName)
	if e.From != "Eken" || e.To != "Udden" || e.By != by || e.At.Before(began) || !e.Stands || !e.Open || e.Back == nil || *e.Back != "Eken" {
		t.Fatalf("%+v", e)
	}
	all, err := n.SettingHistory("")
	if err != nil || all[0].Key != settingDrillEvery || all[0].From != "365" || !all[0].First {
		t.Fatalf("%+v %v", all, err)
	}
	// What the campus was called when it was made nobody is on record for.
	if first := all[len(all)-1]; first.Key != settingCampusName || !first.First || first.By != "" || first.Back != nil {
		t.Fatalf("%+v", first)
	}
	for _, id := range []string{e.ID, all[0].ID} {
		if _, err := n.UndoSetting(t.Context(), "operator other", id, ""); err != nil {
			t.Fatal(err)
		}
	}
	if n.CampusName() != "Eken" || n.DrillEvery() != 365 {
		t.Fatal(n.CampusName(), n.DrillEvery())
	}
	if e := newest(t, n, settingCampusName); e.From != "Udden" || e.To != "Eken" || e.By != "operator other" {
		t.Fatalf("putting back is not in the history: %+v", e)
	}
	if _, err := n.UndoSetting(t.Context(), by, e.ID, ""); !errors.Is(err, ErrAsItIs) {
		t.Fatal(err)
	}
	if _, err := n.UndoSetting(t.Context(), by, "nothing", ""); !errors.Is(err, ErrNoEdit) {
		t.Fatal(err)
	}
	// By the rules of whom it belongs to.
	if _, err := n.Rights().As(by).SetTerms(ctx, terms.Card, "", 9, false); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Rights().As(by).SetTerms(ctx, terms.Card, "", 7, false); err != nil {
		t.Fatal(err)
	}
	if e = newest(t, n, terms.Prefix); e.From != "9" || e.To != "7" || e.By != by {
		t.Fatalf("%+v", e)
	}
	if _, err := n.UndoSetting(t.Context(), by, e.ID, ""); err != nil || n.Keep("").Card != 9 {
		t.Fatal(n.Keep("").Card, err)
	}
	// Back to the shorter time would destroy something now: not by this way.
	in, err := n.Visits().CheckIn(t.Context(), visits.Arrival{Name: "Anna Marker", How: "kiosk"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.Visits().CheckOut(t.Context(), in.Badge.String(), "kiosk"); err != nil {
		t.Fatal(err)
	}
	if _, err := n.UndoSetting(t.Context(), by, newest(t, n, terms.Prefix).ID, ""); !errors.Is(err, ErrWouldDestroy) || n.Keep("").Card != 9 {
		t.Fatal(n.Keep("").Card, err)
	}
}

func TestHistoryOfAccountsTellsNoSecret(t *testing.T) {
	n := alone(t)
	const by = "operator abcdefghjk"
	ctx := Doing(t.Context(), by)
	o, _, err := n.Operators().Add(ctx, by, "Astrid Marker", operators.Admin, "mossa gitarr ponton")
	if err != nil {
		t.Fatal(err)
	}
	all, err := n.SettingHistory("operator/")
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	for _, e := range all {
		seen = append(seen, e.Key[len("operator/")+len(o.ID)+1:])
		if e.By != by || e.Open != (e.To != "") {
			t.Errorf("%+v", e)
		}
	}
	slices.Sort(seen)
	if want := []string{"alias", "password", "role"}; !slices.Equal(seen, want) {
		t.Fatal(seen)
	}
	if _, err := n.UndoSetting(t.Context(), by, all[slices.IndexFunc(all, func(e SettingEdit) bool { return !e.Open })].ID, ""); !errors.Is(err, ErrNoUndo) {
		t.Fatal(err)
	}
	// The last admin cannot be made something else by this way either.
	if err := n.Operators().SetDisabled(ctx, by, o.ID, true); err != nil {
		t.Fatal(err)
	}
	if err := n.Operators().SetDisabled(ctx, by, o.ID, false); err != nil {
		t.Fatal(err)
	}
	e := newest(t, n, "operator/")
	if _, err := n.UndoSetting(t.Context(), by, e.ID, ""); !errors.Is(err, operators.ErrLastAdmin) {
		t.Fatal(err)
	}
	// What nobody decided is not listed.
	if err := (register{n.replica}).Set(ctx, crdt.Setting{Key: "audience/x", Value: shape.Bool(true)}); err != nil {
		t.Fatal(err)
	}
	if all, err := n.SettingHistory("audience/"); err != nil || len(all) != 0 {
		t.Fatal(all, err)
	}
}
