package rights

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/upprop/upprop/crdt/record"
)

// The notice and the record of processing speak of photos where a type of visitor
// asks for one, and nowhere else.
func TestDocumentsSpeakOfPhotosWhereAsked(t *testing.T) {
	h := newHouse(t)
	for _, asked := range []bool{false, true} {
		h.cfg.AsksPhotos = func() bool { return asked }
		for lang, words := range map[Lang]string{Swedish: "foto", English: "photo"} {
			for _, name := range []string{"notice", "record", "dpia"} {
				s := h.document(t, name, lang)
				if got := strings.Contains(strings.ToLower(s), words); got != asked {
					t.Errorf("%s %s, asked %v:\n%s", name, lang, asked, s)
				}
				if strings.Contains(s, "<no value>") {
					t.Errorf("%s %s:\n%s", name, lang, s)
				}
			}
		}
	}
}

// The register extract says that there is a photo, why, and hands it over.
func TestTheExtractHasThePhoto(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	h.cfg.Photo = func(record.VisitID) (record.Photo, bool, error) {
		return record.Photo{Visit: aVis, Picture: record.Picture("a face"), Taken: noon, How: "kiosk"}, true, nil
	}
	x, err := h.Export(ctx, aVis, "text")
	if err != nil || string(x.Particulars.Photo.Picture) != "a face" {
		t.Fatal(err)
	}
	said := false
	for _, r := range x.Reasons {
		said = said || r.Datum == "photo" && strings.Contains(r.LegalBasis, "6(1)(a)")
	}
	text, err := h.Text(x, English)
	if err != nil || !said || !strings.Contains(text.Reveal(), "Photo:") || strings.Contains(text.Reveal(), "a face") {
		t.Errorf("%v %v:\n%s", said, err, text.Reveal())
	}
}

// A photo is taken of who shows no more than themself, so whoever shows no more than
// the badge has it removed; all else a desk takes back.
func TestABadgeRemovesItsPhoto(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	h.dossier = record.Dossier{Consents: []record.Consent{{Purpose: "photo", At: noon}}}
	h.cfg.Photo = func(record.VisitID) (record.Photo, bool, error) {
		return record.Photo{Visit: aVis, Picture: record.Picture("a face"), Taken: noon}, true, nil
	}
	self, did := h.own()
	ask := SelfAsk{Code: "qr", Knows: "Astrid Ek", Lang: English, Do: AskSee}
	got, err := self.Answer(ctx, ask)
	if err != nil || !got.AtDesk || string(got.Photo) != "a face" || len(got.Consents) != 1 || got.Consents[0] != "photo" {
		t.Fatalf("%v %v", got.Consents, err)
	}
	ask.Do, ask.Purpose = AskWithdraw, "photo"
	if _, err := self.Answer(ctx, ask); err != nil || len(*did) != 1 {
		t.Errorf("%v: %v", *did, err)
	}
	ask.Purpose = "notify"
	if _, err := self.Answer(ctx, ask); !errors.Is(err, ErrSelfDesk) || len(*did) != 1 {
		t.Errorf("%v: %v", *did, err)
	}
}
