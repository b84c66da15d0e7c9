package app

import (
	"context"

	"github.com/upprop/upprop/kiosk"
	"github.com/upprop/upprop/node/kinds"
)

// kioskTypes are the types of visitors who check in at a door by themselves.
func (a *App) kioskTypes() (out []kiosk.Type) {
	for _, k := range a.node.Kinds().Offered() {
		if k.Unattended {
			out = append(out, a.kioskType(k))
		}
	}
	return out
}

func (a *App) kioskType(k kinds.Kind) kiosk.Type {
	t := kiosk.Type{
		ID: k.ID, Name: k.Name, Badge: k.Badge, Group: k.Group, Mark: string(k.Mark), Escort: k.Escort, Ask: map[string]string{},
		Note: k.Note, Wifi: kiosk.Wifi{Network: k.Wifi.Network, Password: k.Wifi.Password, Code: k.Wifi.Code()},
	}
	for f, asked := range k.Ask {
		t.Ask[f] = string(asked)
	}
	for _, d := range a.node.Papers(k) {
		p := kiosk.Paper{ID: d.ID, Name: d.Name, Text: map[string]kiosk.PaperText{}}
		for l, text := range d.Text {
			p.Text[l] = kiosk.PaperText{Body: text.Body, Hash: text.Hash, Version: text.Version()}
		}
		t.Papers = append(t.Papers, p)
	}
	return t
}

// typeWord is what a type of visitor is called; one that is not known here is
// shown as it is written.
func (a *App) typeWord(id, lang string) string {
	if k, ok := a.node.Kinds().Get(id); ok {
		return k.Word(lang)
	}
	return id
}

// kioskHosts finds whom somebody may come to see.
func (a *App) kioskHosts(ctx context.Context, query string) (out []kiosk.Host, more bool) {
	found, more := a.node.FindHosts(ctx, query)
	for _, h := range found {
		out = append(out, kiosk.Host{Name: h.Name, Unit: h.Unit})
	}
	return out, more
}
