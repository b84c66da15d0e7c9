package kiosk

import (
	"cmp"
	"html/template"
	"time"

	"github.com/upprop/upprop/kiosk/badge"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/node/badges"
)

// welcome is a page with a badge, held until it is put away.
type welcome struct {
	Receipt Receipt
	Type    Type
	// Others are those who came on the same form, and With their names.
	Others              []Receipt
	With                []string
	Name, Company, Host string
	// Phone and Email are for a pass, should the visitor ask for one.
	Phone, Email string
	// Coming: the badges come out of a label printer.
	Coming bool
}

type welcomePage struct {
	welcome
	Page, Code string
	Shape      badges.Shape
	Note       template.HTML
	// Faces are the badges, the first that of who wrote the form.
	Faces []badge.Face
	House houseNote
	Pause webkit.Pause
}

func (k *Kiosk) welcome(r *webkit.Request) (webkit.Response, error) {
	id := r.PathValue("page")
	w, ok := k.welcomes.get(id)
	if !ok {
		return nil, lang.Problem{Key: "page.put_away"}
	}
	faces, err := k.faces(r, w)
	if err != nil {
		return nil, err
	}
	if len(faces[0].Photo) > 0 {
		faces[0].PhotoAt = "/kiosk/welcome/" + id + "/photo"
	}
	house, err := k.houseNote(r, w.Type)
	if err != nil {
		return nil, err
	}
	note, err := k.note(r)
	if err != nil {
		return nil, err
	}
	return webkit.Page{
		Name: "welcome",
		Data: welcomePage{
			welcome: w, Page: id, Code: badge.Group(w.Receipt.Badge), Shape: faces[0].Shape, Note: note, Pause: k.pause(),
			Faces: faces, House: house,
		},
		Refresh: webkit.Refresh{After: time.Minute, To: "/kiosk"},
	}, nil
}

// photo is the picture on a badge, for as long as its page may be shown.
func (k *Kiosk) photo(r *webkit.Request) (webkit.Response, error) {
	w, ok := k.welcomes.get(r.PathValue("page"))
	if !ok || len(w.Receipt.Photo) == 0 {
		return nil, lang.Problem{Key: "page.put_away"}
	}
	return webkit.File{Type: "image/jpeg", Name: "photo.jpg", Body: w.Receipt.Photo}, nil
}

// ofBadges is the language of a badge: those who work in the house read it, so it
// is Swedish for who chose that, and English for all others.
func ofBadges(l lang.Locale) lang.Locale {
	if l == lang.Swedish || l == lang.EasySwedish {
		return lang.Swedish
	}
	return lang.English
}

// faces are the badges of those who came on one form.
func (k *Kiosk) faces(r *webkit.Request, w welcome) ([]badge.Face, error) {
	l := ofBadges(r.Locale)
	layout, escort := k.cfg.Badges(), ""
	if w.Type.Escort {
		escort = r.TextIn(l, "badge.escort")
	}
	faces := make([]badge.Face, 0, 1+len(w.Others))
	for i, one := range append([]Receipt{w.Receipt}, w.Others...) {
		name := w.Name
		if i > 0 {
			name = w.With[i-1]
		}
		grouped := badge.Group(one.Badge)
		qr, err := badge.SVG(one.QR, r.Text("badge.qr", map[string]any{"Code": grouped}))
		if err != nil {
			return nil, err
		}
		faces = append(faces, badge.Face{
			Campus: k.cfg.CampusName, Kind: cmp.Or(w.Type.OnBadge(l), r.TextIn(l, "badge.visitor")), Mark: w.Type.Mark, Escort: escort, Name: name, Company: w.Company, Host: w.Host,
			Code: grouped, At: one.At, QR: qr, Payload: one.QR, Photo: one.Photo, Where: k.cfg.Where,
		}.Lay(layout, string(l)))
	}
	return faces, nil
}

// print has the badges printed where there is a label printer. Somebody who is in
// is in, whether or not that can be done.
func (k *Kiosk) print(r *webkit.Request, w welcome) bool {
	if k.cfg.Print == nil {
		return false
	}
	faces, err := k.faces(r, w)
	if err != nil {
		k.cfg.Logger.Error("a badge could not be drawn", "err", err)
		return false
	}
	return k.cfg.Print(faces, func(key string) string { return r.TextIn(ofBadges(r.Locale), key) })
}

// putAway forgets the page and goes back to the start, in the language of
// whoever comes next.
func (k *Kiosk) putAway(r *webkit.Request) (webkit.Response, error) {
	k.welcomes.drop(r.PathValue("page"))
	return webkit.Redirect{To: "/kiosk"}, nil
}
