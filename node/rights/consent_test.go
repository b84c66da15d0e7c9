package rights

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/consent"
)

// The register says by which words somebody consented, also once others stand.
func TestConsentsKeepTheirWords(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	by := func(v int, w consent.Words) record.Consent {
		return record.Consent{Purpose: string(w.Purpose), Version: v, Hash: w.Hash(), Lang: w.Lang, At: noon, How: "kiosk"}
	}
	w1 := consent.Of(nil).Words(consent.Assist, "en")
	w2, err := h.SetWords(ctx, consent.Assist, "en", "We may keep it.")
	if err != nil || w2.Version != 2 || h.onRecord("consent.words") != 1 {
		t.Fatal(w2, err)
	}
	if again, err := h.SetWords(ctx, consent.Assist, "en", "We may keep it."); err != nil || again != w2 || h.onRecord("consent.words") != 1 {
		t.Error("the same words are another version", again, err)
	}
	w3, err := h.SetWords(ctx, consent.Assist, "en", "We may keep it and show it.")
	if err != nil {
		t.Fatal(err)
	}
	strange := by(2, w2)
	strange.Hash = strings.Repeat("0", 32)
	h.dossier.Consents = []record.Consent{by(1, w1), by(2, w2), by(3, w3), strange}
	all, err := h.Consents(ctx, aVis)
	if err != nil || len(all) != 4 || all[0].Text != w1.Text || all[1].Text != w2.Text || all[2].Text != w3.Text || all[3].Text != "" {
		t.Errorf("%+v %v", all, err)
	}
	if h.onRecord("consent.list") != 1 {
		t.Error("a look at the register is not on record")
	}
	stand := 0
	for _, w := range h.Words() {
		if w.Purpose == consent.Assist && w.Lang == "en" {
			stand++
		}
	}
	if stand != 3 {
		t.Error(stand, "versions")
	}
	h.dossier.Consents[1].Withdrawn, h.dossier.Consents[1].Guardian = noon, true
	x := h.export(t)
	for lang, want := range map[Lang][]string{
		English: {"WHAT YOU HAVE CONSENTED TO", "Help to get out: given 2026-01-31 12:00:00 by a guardian, by version 2", "TAKEN BACK 2026-01-31", "\"We may keep it.\""},
		Swedish: {"DETTA HAR DU SAMTYCKT TILL", "Hjälp vid utrymning: gavs", "TOGS TILLBAKA", "”We may keep it.”"},
	} {
		s, err := h.Text(x, lang)
		for _, w := range want {
			if err != nil || !strings.Contains(s.Reveal(), w) {
				t.Errorf("%s does not say %q (%v)", lang, w, err)
			}
		}
	}
	if _, err := h.SetWords(ctx, "fax", "en", "x"); !errors.Is(err, consent.ErrPurpose) {
		t.Error(err)
	}
	h.members[0].Desk = false
	if _, err := h.Consents(ctx, aVis); !errors.Is(err, ErrNotDesk) {
		t.Error(err)
	}
	if _, err := h.SetWords(ctx, consent.Assist, "en", "x"); !errors.Is(err, ErrNotDesk) {
		t.Error(err)
	}
}
