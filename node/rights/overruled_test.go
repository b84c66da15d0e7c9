package rights

import (
	"context"
	"testing"

	"github.com/upprop/upprop/node/consent"
	"github.com/upprop/upprop/node/terms"
)

// What a revoked node has set late can be set to the same by one whose word
// counts, and is on record once.
func TestWhatARevokedNodeHasSetCanBeSet(t *testing.T) {
	ctx := context.Background()
	for name, edit := range map[string]func(*house) error{
		"terms": func(h *house) error { _, err := h.SetTerms(ctx, terms.Card, "", 5, false); return err },
		"words": func(h *house) error { _, err := h.SetWords(ctx, consent.Assist, "sv", "Andra ord"); return err },
		"house": func(h *house) error { return h.SetHouse(ctx, "dpo", "dpo@ekudden.test") },
		"wheel": func(h *house) error { return h.Reviewed(ctx, "drill") },
		"purposes": func(h *house) error {
			_, err := h.SetPurpose(ctx, Change{List: "purpose", ID: "visit", Text: "meet"}, false)
			return err
		},
	} {
		before := newHouse(t)
		if err := edit(before); err != nil || len(before.settings) != 1 || len(before.acts) != 1 {
			t.Fatal(name, err)
		}
		h := newHouse(t)
		h.late = map[string]string{}
		for k, s := range before.settings {
			h.late[k] = s.Value.String()
		}
		if err := edit(h); err != nil || len(h.acts) != 1 {
			t.Errorf("%s: %d acts, %v", name, len(h.acts), err)
		}
		for k, s := range before.settings {
			if h.settings[k].Value.String() != s.Value.String() {
				t.Errorf("%s: another value stands", name)
			}
		}
	}
}
