package api

import (
	"errors"
	"net/http"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/photos"
)

// PhotoRequest names a visit and, to keep one of it, a picture: a JPEG, in Base64,
// which the visitor has agreed to. Lang is the language in which they read by what
// words.
type PhotoRequest struct {
	Visit  string `json:"visit"`
	Photo  []byte `json:"photo,omitempty"`
	Agreed bool   `json:"agreed,omitempty"`
	Lang   string `json:"lang,omitempty"`
}

// Photo is the photograph of a visit; Photo is null, and so is all else, where none
// is kept.
type Photo struct {
	Visit record.VisitID `json:"visit"`
	State photos.State   `json:"state"`
	Photo []byte         `json:"photo"`
	At    Stamp          `json:"at"`
	How   *string        `json:"how"`
}

// errNotAgreed is returned where nobody says that the visitor has agreed.
var errNotAgreed = &Error{Status: http.StatusUnprocessableEntity, Message: "a photo is kept of nobody who has not agreed to it", Hint: "ask the visitor, and say that they have agreed: `upprop photo set --agreed`", Key: "photo.not_agreed", Field: "agreed"}

func (a *API) readPhoto(r *http.Request) (in PhotoRequest, v record.VisitID, err error) {
	if err := read(r, &in); err != nil {
		return in, v, err
	}
	v, err = visitNamed(in.Visit)
	return in, v, err
}

// openPhoto hands out a photo; that it was looked at is on record first.
func (a *API) openPhoto(r *http.Request) (any, error) {
	_, v, err := a.readPhoto(r)
	if err != nil {
		return nil, err
	}
	out := Photo{Visit: v, State: a.cfg.Node.Photos().State(v)}
	p, err := a.cfg.Node.Photos().Open(v)
	if errors.Is(err, photos.ErrNone) {
		return out, nil
	}
	if err != nil {
		return nil, inSubject(err)
	}
	if err := a.cfg.Node.Audit().Act("photo.open", []record.VisitID{v}, ""); err != nil {
		return nil, err
	}
	out.Photo, out.At, out.How = p.Picture, Stamp{p.Taken}, orNull(p.How)
	return out, nil
}

// setPhoto keeps a photo of somebody who has agreed to it.
func (a *API) setPhoto(r *http.Request) (any, error) {
	in, v, err := a.readPhoto(r)
	if err != nil {
		return nil, err
	}
	if !in.Agreed {
		return nil, errNotAgreed
	}
	if err := a.cfg.Node.TakePhoto(r.Context(), v, in.Photo, in.Lang, how(r), ""); err != nil {
		return nil, inSubject(err)
	}
	return Photo{Visit: v, State: photos.There}, nil
}
