package api

import (
	"net/http"

	"github.com/upprop/upprop/node/look"
)

// Look is how the screens look: the colour that was chosen and what becomes of it,
// and the logo. Null where there is none.
type Look struct {
	Colour *string   `json:"colour"`
	Light  *Shade    `json:"light"`
	Dark   *Shade    `json:"dark"`
	Logo   *LookLogo `json:"logo"`
}

// Shade is what a colour becomes on light screens, or on dark ones; Changed where it
// cannot be read as it was chosen.
type Shade struct {
	Colour  string `json:"colour"`
	Changed bool   `json:"changed"`
}

// LookLogo is a logo as it is kept.
type LookLogo struct {
	ID     string `json:"id"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Bytes  int    `json:"bytes"`
}

// LookEdit is the request to change the look: what is left out stays as it is.
type LookEdit struct {
	// Colour is like "#0b4f8a", or "none".
	Colour *string `json:"colour,omitempty"`
	// Logo is a PNG or a JPEG; NoLogo takes the logo away.
	Logo   []byte `json:"logo,omitempty"`
	NoLogo bool   `json:"no_logo,omitempty"`
}

func (a *API) showLook(*http.Request) (any, error) {
	now, out := a.cfg.Node.Look().Now(), Look{}
	if c := now.Colour; c != nil {
		said, light, dark := c.String(), look.Light.For(*c), look.Dark.For(*c)
		out.Colour, out.Light, out.Dark = &said, &Shade{light.Accent.String(), light.Changed}, &Shade{dark.Accent.String(), dark.Changed}
	}
	if l := now.Logo; l != nil {
		out.Logo = &LookLogo{ID: l.ID, Width: l.Width, Height: l.Height, Bytes: len(l.PNG)}
	}
	return out, nil
}

func (a *API) setLook(r *http.Request) (any, error) {
	var in LookEdit
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if err := a.cfg.Node.Look().Set(r.Context(), "", look.Edit{Colour: in.Colour, Logo: in.Logo, Drop: in.NoLogo}); err != nil {
		return nil, err
	}
	return a.showLook(r)
}
