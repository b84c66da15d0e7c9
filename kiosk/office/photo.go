package office

import (
	"context"
	"encoding/base64"
	"errors"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/node/consent"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/photos"
	"github.com/upprop/upprop/node/privacy"
	"github.com/upprop/upprop/node/visits"
)

// photoPart is what a visit's page says of its photo.
type photoPart struct {
	// Any: there is something to say. Kept, Removed and Takes say what.
	Any, Kept, Removed, Takes bool
	// At is where the picture is; empty: it is not shown now.
	At string
	// Words are those that the visitor agrees by, and Lang their language where it is
	// not the page's.
	Words  string
	Lang   lang.Locale
	Faults faults
}

func (o *Office) photoPart(r request, s record.Presence) (p photoPart) {
	if !r.who.May(operators.Photos) {
		return p
	}
	state := o.cfg.Node.Photos().State(s.Visit)
	closed := o.cfg.Node.Visits().MayOpen(s.Visit) != nil || o.cfg.Node.Replica().Shredded(s.Visit)
	p.Kept, p.Removed = state == photos.There, state == photos.Removed && !o.cfg.Node.Replica().Shredded(s.Visit)
	p.Takes = s.Open() && !p.Removed && !closed && o.cfg.Node.Visits().TakesPhotos(s.Type)
	p.Any = p.Kept || p.Removed || p.Takes
	if p.Kept && !closed {
		p.At = "/desk/visit/" + s.Visit.String() + "/photo"
	}
	if p.Takes {
		w := o.cfg.Node.Words(consent.Photo, string(r.Locale))
		if p.Words = w.Text; w.Lang != string(r.Locale) {
			p.Lang = lang.Locale(w.Lang)
		}
	}
	return p
}

// photo is the picture; that it was looked at is on record first.
func (o *Office) photo(r request) (webkit.Response, error) {
	s, err := o.presence(r)
	if err != nil {
		return nil, err
	}
	p, err := o.cfg.Node.Photos().Open(s.Visit)
	if err != nil {
		return nil, lang.Problem{Key: "page.missing"}
	}
	if err := o.cfg.Node.ActBy(r.by(), "photo.open", []record.VisitID{s.Visit}, ""); err != nil {
		return nil, err
	}
	return webkit.File{Type: "image/jpeg", Name: "photo.jpg", Body: p.Picture}, nil
}

// subjectPhoto is the picture for the person themself, restricted or not.
func (o *Office) subjectPhoto(r request) (webkit.Response, error) {
	s, err := o.presence(r)
	if err != nil {
		return nil, err
	}
	p, err := o.cfg.Node.Photos().ForSubject(s.Visit)
	if err != nil {
		return nil, lang.Problem{Key: "page.missing"}
	}
	if err := o.cfg.Node.ActBy(r.by(), "photo.open", []record.VisitID{s.Visit}, ""); err != nil {
		return nil, err
	}
	return webkit.File{Type: "image/jpeg", Name: "photo.jpg", Body: p.Picture}, nil
}

// takePhoto keeps a picture that the visitor, at the desk, has agreed to.
func (o *Office) takePhoto(r request) (webkit.Response, error) {
	s, err := o.presence(r)
	if err != nil {
		return nil, err
	}
	raw, err := base64.RawURLEncoding.DecodeString(r.Field("photo"))
	if r.Field("photo_agreed") == "" || err != nil || len(raw) == 0 {
		return o.photoAgain(r, lang.Problem{Key: "photo.nothing", Field: "photo"})
	}
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	if err := o.cfg.Node.TakePhoto(ctx, s.Visit, raw, string(r.Locale), "desk", r.by()); err != nil {
		return o.photoAgain(r, err)
	}
	return webkit.Redirect{To: r.Link("/desk/visit/" + s.Visit.String())}, nil
}

// removePhoto takes back, for the visitor, that a photo is kept.
func (o *Office) removePhoto(r request) (webkit.Response, error) {
	s, err := o.presence(r)
	if err != nil {
		return nil, err
	}
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	if err := o.cfg.Node.Withdraw(ctx, s.Visit, consent.Photo, "desk", r.by()); err != nil && !errors.Is(err, privacy.ErrNoConsent) {
		return o.photoAgain(r, err)
	}
	return webkit.Redirect{To: r.Link("/desk/visit/" + s.Visit.String())}, nil
}

// photoFields are the fields that problems of photos are told at.
var photoFields = map[string]string{
	"photo.no_photo": "photo", "photo.removed": "photo", "photo.not_desk": "photo", "photo.not_asked": "photo", "photo.erased": "photo", "photo.picture": "photo",
}

// photoAgain is the visit's page with what is wrong with its photo.
func (o *Office) photoAgain(r request, err error) (webkit.Response, error) {
	var p *photos.Problem
	switch {
	case errors.As(err, &p):
		err = lang.Problem{Key: p.Key, Field: photoFields[p.Key]}
	case errors.Is(err, visits.ErrNotForUs), errors.Is(err, visits.ErrRestricted), errors.Is(err, visits.ErrNotYet), errors.Is(err, privacy.ErrNotOpened), errors.Is(err, crdt.ErrExpired):
		err = lang.Problem{Key: "photo.not_now", Field: "photo"}
	}
	page, pageErr := o.visitPage(r)
	if pageErr != nil {
		return nil, pageErr
	}
	return fault(r.Request, err, func(f faults) webkit.Page {
		page.Photo.Faults = f
		return webkit.Page{Name: "visit", Path: "/desk/visit/" + page.Row.ID, Data: page}
	})
}
