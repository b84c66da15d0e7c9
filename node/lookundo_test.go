package node

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"testing"

	"github.com/upprop/upprop/node/look"
	"github.com/upprop/upprop/node/plans"
)

func logoFile(t *testing.T, c color.NRGBA) []byte {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, 60, 20))
	for i := range 60 {
		m.SetNRGBA(i, i/3, c)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// How the screens look is in the history of settings, with who changed it, and is
// put back from there; the first of it back to none.
func TestLookIsPutBack(t *testing.T) {
	n := alone(t)
	const by = "operator abcdefghjk"
	ctx := Doing(t.Context(), by)
	yellow := "#ffe600"
	for _, e := range []look.Edit{{Colour: &yellow}, {Logo: logoFile(t, color.NRGBA{1, 2, 3, 255})}, {Logo: logoFile(t, color.NRGBA{99, 2, 3, 255})}} {
		if err := n.Look().Set(ctx, by, e); err != nil {
			t.Fatal(err)
		}
	}
	all, err := n.SettingHistory(look.Prefix)
	if err != nil || len(all) != 3 {
		t.Fatalf("%+v %v", all, err)
	}
	second, first, chosen := all[0], all[1], all[2]
	if second.By != by || !second.Open || second.From != first.To || first.From != look.None || chosen.From != look.None || chosen.To != yellow {
		t.Fatalf("%+v", all)
	}
	if _, err := n.UndoSetting(t.Context(), by, second.ID, ""); err != nil || n.Look().Now().Logo.ID != first.To {
		t.Fatal(err)
	}
	if _, err := n.UndoSetting(t.Context(), by, first.ID, ""); !errors.Is(err, ErrChangedSince) {
		t.Fatal("what was put back since goes unseen:", err)
	}
	all, err = n.SettingHistory(look.LogoKey)
	if err != nil {
		t.Fatal(err)
	}
	for id, over := range map[string]string{first.ID: all[0].ID, chosen.ID: ""} {
		if _, err := n.UndoSetting(t.Context(), by, id, over); err != nil {
			t.Fatal(err)
		}
	}
	if !n.Look().Now().Plain() {
		t.Errorf("%+v", n.Look().Now())
	}
}

// Which plan a site shows is in that history too, and is put back with its picture;
// the first of it back to none.
func TestPlanIsPutBack(t *testing.T) {
	n := alone(t)
	const by = "operator abcdefghjk"
	ctx := Doing(t.Context(), by)
	var first plans.Plan
	for i, c := range []color.NRGBA{{1, 2, 3, 255}, {99, 2, 3, 255}} {
		m := image.NewNRGBA(image.Rect(0, 0, 60, 40))
		m.SetNRGBA(5, 5, c)
		var b bytes.Buffer
		if err := png.Encode(&b, m); err != nil {
			t.Fatal(err)
		}
		p, err := n.Plans().Set(ctx, by, "", b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = p
		}
	}
	all, err := n.SettingHistory(plans.Prefix)
	if err != nil || len(all) != 2 || all[0].From != first.ID || all[1].From != plans.None || all[0].By != by {
		t.Fatalf("%+v %v", all, err)
	}
	if _, err := n.UndoSetting(t.Context(), by, all[0].ID, ""); err != nil {
		t.Fatal(err)
	}
	if now, ok := n.Plans().Of(""); !ok || now.ID != first.ID {
		t.Fatal(now.ID)
	}
	last, err := n.SettingHistory(plans.Prefix)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.UndoSetting(t.Context(), by, all[1].ID, last[0].ID); err != nil {
		t.Fatal(err)
	}
	if _, ok := n.Plans().Of(""); ok {
		t.Error("there is a plan from before there was one")
	}
}
