package node

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/memnet"
	"github.com/upprop/upprop/node/consent"
	"github.com/upprop/upprop/node/kinds"
	"github.com/upprop/upprop/node/photos"
	"github.com/upprop/upprop/node/privacy"
	"github.com/upprop/upprop/node/rights"
	"github.com/upprop/upprop/node/terms"
	"github.com/upprop/upprop/node/visits"
)

// snapped is a picture as a camera gives it.
func snapped(t testing.TB) record.Picture {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 160, 200))
	for i := range 160 * 200 {
		m.Set(i%160, i/160, color.RGBA{uint8(i), uint8(i / 160), 90, 255})
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// asksPhotos lets visitors of a type be asked for a photo.
func asksPhotos(t *testing.T, desk *house, kind string) {
	t.Helper()
	if _, err := desk.Kinds().Put(context.Background(), "", kind, kinds.Edit{Ask: map[string]kinds.Asked{kinds.Photo: kinds.May}}); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Minute)
}

func (h *house) photoKey(v record.VisitID) error {
	_, err := h.replica.Sealed(record.PartKey{Visit: record.PhotoID(v), Audience: record.DossierAudience})
	return err
}

// A photo that was agreed to is seen at desks alone; taking that back destroys its
// key on every node, with receipts, and nothing else of the visit.
func TestAPhotoIsTakenAndRemovedEverywhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, "Reception", "East gate")
		defer w.close()
		south := w.join("South desk", identity.RoleDesk)
		desk, east := w.houses[0], w.houses[1]
		ctx := context.Background()
		in := visits.Arrival{Name: "Astrid Marker", Type: "contractor", Photo: snapped(t), Lang: "en", How: "kiosk"}
		if got, err := east.Visits().CheckIn(ctx, in); err != nil || got.Photo != nil || !got.NoPhoto {
			t.Fatalf("a type that asks for no photo: %v", err)
		}
		asksPhotos(t, desk, "contractor")
		spoilt, young := in, in
		spoilt.Photo, young.Under16 = record.Picture("no picture"), true
		for name, a := range map[string]visits.Arrival{"spoilt": spoilt, "young": young} {
			if got, err := east.Visits().CheckIn(ctx, a); err != nil || got.Photo != nil || !got.NoPhoto {
				t.Fatalf("%s: nobody is kept out for want of a photo: %v", name, err)
			}
		}
		got, err := east.Visits().CheckIn(ctx, in)
		if err != nil || len(got.Photo) == 0 || got.NoPhoto {
			t.Fatalf("%v %v", got.NoPhoto, err)
		}
		v := got.Visit
		time.Sleep(time.Minute)
		for _, h := range []*house{desk, south} {
			p, err := h.Photos().Open(v)
			if err != nil || !bytes.Equal(p.Picture, got.Photo) || p.How != "kiosk" || p.Type != "contractor" {
				t.Fatalf("%s: %v", h.name, err)
			}
			d, err := h.Visits().Dossier(v)
			if err != nil || len(d.Consents) != 1 || d.Consents[0].Purpose != "photo" || d.Consents[0].Hash == "" || d.Consents[0].How != "kiosk" {
				t.Fatalf("the consent is not told: %+v %v", d.Consents, err)
			}
		}
		if _, err := east.Photos().Open(v); err == nil {
			t.Fatal("an entrance opens a photo")
		}
		x, err := desk.Rights().Export(ctx, v, "json")
		if err != nil || !bytes.Equal(x.Particulars.Photo.Picture, got.Photo) {
			t.Fatalf("the extract is without the photo: %v", err)
		}

		// It is taken anew at the desk, and outranks the first.
		if err := south.TakePhoto(ctx, v, snapped(t), "sv", "desk", "op"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if p, err := desk.Photos().Open(v); err != nil || p.How != "desk" {
			t.Fatalf("it was not taken anew: %v", err)
		}

		// Restricted: for nobody's eyes but the person's.
		if _, _, err := desk.Rights().OpenCase(ctx, v, rights.Objection, "objects"); err != nil {
			t.Fatal(err)
		}
		if _, err := desk.Photos().Open(v); !errors.Is(err, visits.ErrRestricted) {
			t.Fatalf("a restriction does not hide it: %v", err)
		}
		if _, err := desk.Photos().ForSubject(v); err != nil {
			t.Fatal(err)
		}

		// Taken back at one desk while the gate is cut off.
		w.net.Cut(memnet.Closing, east.key.ID(), desk.key.ID())
		w.net.Cut(memnet.Closing, east.key.ID(), south.key.ID())
		if err := south.Withdraw(ctx, v, consent.Photo, "desk", ""); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if err := desk.photoKey(v); !errors.Is(err, crdt.ErrErased) {
			t.Fatalf("the other desk: %v", err)
		}
		if err := east.photoKey(v); err != nil {
			t.Fatalf("who is cut off has heard of it: %v", err)
		}
		w.net.Heal()
		time.Sleep(5 * time.Minute)
		for _, h := range []*house{desk, south, east} {
			if err := h.photoKey(v); !errors.Is(err, crdt.ErrErased) {
				t.Errorf("%s: %v", h.name, err)
			}
		}
		all, err := desk.ErasureStatuses()
		if err != nil || len(all) != 1 || !all[0].Photo || all[0].Visits != 1 || !all[0].Complete || len(all[0].Pending) != 0 {
			t.Fatalf("%+v %v", all, err)
		}
		if c, d, err := desk.Visits().ForSubject(v); err != nil || c.Name != "Astrid Marker" || len(d.Consents) != 1 || d.Consents[0].Withdrawn.IsZero() {
			t.Errorf("the rest of the visit: %+v %v", d.Consents, err)
		}
		if err := desk.TakePhoto(ctx, v, snapped(t), "sv", "desk", "op"); !errors.Is(err, photos.ErrRemoved) && !errors.Is(err, visits.ErrRestricted) {
			t.Errorf("what was removed for good is taken again: %v", err)
		}
	})
}

// A consent is taken back at a desk that has the visit and not its photo, which
// comes last: it finds itself destroyed.
func TestAPhotoIsRemovedBeforeItComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, "Reception")
		defer w.close()
		desk, ctx := w.houses[0], context.Background()
		v, without := desk.told("Astrid Marker", "visitor"), desk.told("Bo Marker", "visitor")
		if err := desk.resealer.Agree(ctx, v, record.Consent{Purpose: string(consent.Photo), At: desk.now(), How: "kiosk"}); err != nil {
			t.Fatal(err)
		}
		if err := desk.Withdraw(ctx, v, consent.Photo, "desk", ""); err != nil {
			t.Fatal(err)
		}
		if err := desk.Photos().Keep(ctx, record.Photo{Visit: v, Picture: snapped(t)}); !errors.Is(err, photos.ErrRemoved) || desk.Photos().State(v) != photos.Removed {
			t.Errorf("it comes, and stands: %v", err)
		}
		if desk.agreedToPhoto(v) {
			t.Error("the consent stands")
		}
		if err := desk.Withdraw(ctx, without, consent.Photo, "desk", ""); !errors.Is(err, privacy.ErrNoConsent) || desk.Photos().State(without) != photos.None {
			t.Errorf("of who agreed to none: %v", err)
		}
	})
}

// An erasure takes the photo along where it has not come yet; a photo dies on its
// date before the name does, at once when the terms are made shorter.
func TestAPhotoDiesWithItsVisitOrBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, "Reception", "East gate")
		defer w.close()
		desk, east := w.houses[0], w.houses[1]
		ctx := context.Background()
		asksPhotos(t, desk, "visitor")
		arrive := func(name record.Private) record.VisitID {
			got, err := east.Visits().CheckIn(ctx, visits.Arrival{Name: name, Photo: snapped(t), How: "kiosk"})
			if err != nil || got.NoPhoto {
				t.Fatal(err)
			}
			return got.Visit
		}
		a, b, c, d := arrive("Anna"), arrive("Bo"), arrive("Cilla"), arrive("Doris")
		time.Sleep(time.Minute)
		if _, err := desk.Erase(ctx, a); err != nil {
			t.Fatal(err)
		}
		// One whose photo has come nowhere: the visit alone is known here.
		late := record.VisitID{9, 9, 9, 9, 9, 9, 9, 9, 9}
		if got := desk.withPhotos([]record.VisitID{late}); len(got) != 2 || got[1] != record.PhotoID(late) {
			t.Fatal("a photo that has not come is left out of the erasure")
		}
		time.Sleep(time.Minute)
		for _, h := range []*house{desk, east} {
			if err := h.photoKey(a); !errors.Is(err, crdt.ErrErased) {
				t.Errorf("%s: the photo of who was erased: %v", h.name, err)
			}
		}
		for _, v := range []record.VisitID{b, c, d} {
			if _, err := east.Visits().CheckOut(ctx, v.Badge().String(), "kiosk"); err != nil {
				t.Fatal(err)
			}
		}
		// Who has asked for something has all until that is answered.
		if _, _, err := desk.Rights().OpenCase(ctx, c, rights.Access, "asked"); err != nil {
			t.Fatal(err)
		}
		// A hostile entrance seals the photo of one under the last version there is, for
		// longer than anybody may: no sealing can follow it, and it holds up no other's.
		sealed, _, err := east.vault.Seal(record.PhotoID(d), math.MaxUint32, record.DayOf(time.Now())+60, map[record.Audience][]byte{
			record.DossierAudience: codec.EncodePhoto(record.Photo{Visit: d, Type: "visitor", Taken: time.Now().UTC(), Picture: snapped(t)}),
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := east.replica.Commit(ctx, crdt.Draft{Sealed: sealed}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		// Four days, and the photo is gone, while the name is not.
		if _, err := desk.Rights().SetTerms(ctx, terms.Photos, "", 4, false); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if part, err := desk.replica.Sealed(record.PartKey{Visit: record.PhotoID(b), Audience: record.DossierAudience}); err != nil || part.Until > record.DayOf(time.Now())+4 {
			t.Fatalf("until %v: %v", part.Until, err)
		}
		if part, err := desk.replica.Sealed(record.PartKey{Visit: record.PhotoID(c), Audience: record.DossierAudience}); err != nil || part.Until < record.DayOf(time.Now())+9 {
			t.Errorf("of who has asked, until %v: %v", part.Until, err)
		}
		if err := desk.photoKey(d); !errors.Is(err, crdt.ErrErased) {
			t.Errorf("what no sealing can follow lives on: %v", err)
		}
		if _, err := desk.Photos().Open(b); err != nil {
			t.Errorf("it is gone before its date: %v", err)
		}
		if got, _, err := desk.Visits().ForSubject(b); err != nil || got.Name != "Bo" {
			t.Errorf("the name went along: %v", err)
		}
		part, err := desk.replica.Sealed(record.PartKey{Visit: c, Audience: record.CardAudience})
		if err != nil || part.Until < record.DayOf(time.Now())+29 {
			t.Errorf("the name is kept until %v: %v", part.Until, err)
		}
	})
}

// Photographs come after all that a muster needs, of whatever day.
func TestPhotosArePulledLast(t *testing.T) {
	today := record.Day(20_000)
	rank := priority(today)
	late := record.Doc{Kind: record.DocSealed, Day: today, Site: record.LateSite}.ID()
	if _, err := record.ParseDocID(string(late)); err != nil {
		t.Fatal("other releases do not know its document:", err)
	}
	for _, d := range []record.Doc{
		{Kind: record.DocDay, Day: today - 40, Site: "north"},
		{Kind: record.DocSealed, Day: today - 40, Site: "north"},
		{Kind: record.DocActs, Day: today, Site: "north"},
		{Kind: record.DocCampus, Year: 2026},
	} {
		if rank(string(d.ID())) >= rank(string(late)) {
			t.Errorf("%s comes after a photo", d.ID())
		}
	}
}
