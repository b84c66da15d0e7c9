package office_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/webkit/browsertest"
	"github.com/upprop/upprop/node/documents"
	"github.com/upprop/upprop/node/invitations"
	"github.com/upprop/upprop/node/kinds"
	"github.com/upprop/upprop/node/points"
	"github.com/upprop/upprop/node/visits"
)

// furnished is a house with types, documents, hosts, invitations and a visitor
// who has signed.
func furnished(t *testing.T) (*house, string, string) {
	h := peopled(t)
	ctx := context.Background()
	body := "Spring inte i korridorerna.\n\nBär brickan så att den syns."
	if _, err := h.node.Documents().Put(ctx, "", "rules", documents.Edit{Name: map[string]string{"sv": "Ordningsregler", "en": "House rules"}, Text: map[string]string{"sv": body}}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.node.Kinds().Put(ctx, "", "contractor", kinds.Edit{Documents: map[string]bool{"rules": true}, Ask: map[string]kinds.Asked{"company": kinds.Must}}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.node.Hosts().Import(ctx, "", []byte("name,unit,mail\nKarin Lindqvist,Plan 3,karin@example.org\nMaximiliana Konstantinidou-Vasilopoulos,Avdelningen för lokalförsörjning,\n"), false); err != nil {
		t.Fatal(err)
	}
	for name, e := range map[record.PointName]points.Edit{
		"Parkeringen": {Position: ptr("vid den stora eken"), Capacity: ptr(200), At: ptr("57.70690,11.93780")},
		"Godsmottagningens yttre vändplan mot Norra industrigatan": {Position: ptr("innanför grindarna, till höger om vakten")},
		"Trapphus B, plan 2": {Kind: ptr(points.Refuge), Capacity: ptr(4)},
	} {
		if _, err := h.node.Points().Put(ctx, "", name, e); err != nil {
			t.Fatal(err)
		}
	}
	now := time.Now()
	var id string
	evening := time.Date(now.Year(), now.Month(), now.Day()+2, 23, 30, 0, 0, now.Location())
	for i, name := range []record.Private{"Åsa Öberg", "محمد الأحمد", "Maximiliana Konstantinidou-Vasilopoulos"} {
		again := invitations.Repeat{}
		if i == 0 {
			again = invitations.Repeat{Every: invitations.Weekly, Until: now.AddDate(0, 0, 22)}
		}
		from := now.AddDate(0, 0, i)
		if i == 2 { // past midnight
			from = evening
		}
		made, err := h.node.Invitations().Invite(ctx, "", invitations.Request{
			Repeat: again, Name: name, Company: "Statens fastighetsverk", Host: "Karin Lindqvist", Note: "Parkera vid port 3", Type: "contractor",
			From: from, To: from.Add(time.Hour),
		})
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			id = made.ID.String()
		}
	}
	signed, err := h.node.Documents().Signature("rules", "sv", documents.HashOf(body), "drawn", "Åsa Öberg", "100,150 200,60 300,240 400,60;500,150 900,160")
	if err != nil {
		t.Fatal(err)
	}
	for _, zone := range []record.ZoneID{"Plan 2", "Lagret vid Norra industrigatan"} {
		if err := h.node.Points().Assign(ctx, "", points.Duty{Name: "Plan 2 och lagret", Free: true, Zone: zone}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := h.node.Visits().CheckIn(ctx, visits.Arrival{Name: "Åsa Öberg", Company: "Bolaget", Type: "contractor", How: "kiosk", Signed: []record.Signature{signed}})
	if err != nil {
		t.Fatal(err)
	}
	return h, id, got.Visit.String()
}

// TestReceptionPages runs axe over the pages of types, documents, hosts and
// invitations, in both languages and themes, at the sizes of phone, tablet and
// desktop. With UPPROP_SHOTS it keeps pictures.
func TestReceptionPages(t *testing.T) {
	b := browsertest.Start(t)
	shots := os.Getenv("UPPROP_SHOTS")
	for _, l := range []string{"sv", "en"} {
		for _, dark := range []bool{false, true} {
			if dark != (l == "en") && !browsertest.All() {
				continue
			}
			theme := map[bool]string{true: "dark", false: "light"}[dark]
			t.Run(l+"-"+theme, func(t *testing.T) {
				h, invitation, visit := furnished(t)
				p := b.Page(t, browsertest.Look{Dark: dark})
				see := func(name string) {
					p.Axe(name)
					for _, s := range append(sizes, [2]int{320, 640}) {
						p.Look(browsertest.Look{Width: s[0], Height: s[1], Dark: dark})
						p.Fits(fmt.Sprintf("%s at %d", name, s[0]))
						p.Targets(fmt.Sprintf("%s at %d", name, s[0]), "44")
						if shots != "" && s[0] != 320 {
							p.Screenshot(filepath.Join(shots, fmt.Sprintf("o-%s-%d-%s-%s.png", name, s[0], l, theme)))
						}
					}
					p.Look(browsertest.Look{Dark: dark})
				}
				goTo := func(path string) { p.Goto(h.url + path + "?lang=" + l) }
				goTo("/login")
				p.Type("Astrid Ek" + browsertest.Tab + good + browsertest.Enter)
				p.Wait(".desk")
				goTo("/desk/expected")
				see("expected")
				p.Type("n")
				p.Wait("#date")
				see("invite")
				p.Type(browsertest.Enter)
				p.Wait(".summary")
				see("invite-fault")
				goTo("/desk/invitation/" + invitation)
				see("invitation")
				goTo("/desk/import")
				p.Click("#csv")
				p.Type("name,from\nBo,never")
				p.Click("form.form button[type=submit]")
				p.Wait(".summary")
				see("import-fault")
				goTo("/desk/new")
				see("arrive-papers")
				goTo("/desk/visit/" + visit)
				p.Click("form[action$=dossier] button")
				p.Wait(".signature")
				see("visit-signed")
				goTo("/admin/types")
				see("types")
				goTo("/admin/types/contractor")
				see("type")
				goTo("/admin/documents")
				see("documents")
				goTo("/admin/documents/rules")
				see("document")
				goTo("/admin/hosts")
				p.Click("#q")
				p.Type("max" + browsertest.Enter)
				p.Wait("table")
				see("hosts")
				goTo("/admin/points")
				p.Wait("table")
				see("points")
				p.Click("form [value=show] ~ button")
				p.Wait(".box .actions a.button")
				p.Click("#capacity")
				p.Type("många")
				p.Click(".box .actions button")
				p.Wait(".summary")
				see("points-fault")
				goTo("/admin/wardens")
				p.Wait("table")
				see("wardens")
			})
		}
	}
}
