package office_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/office"
	. "github.com/upprop/upprop/kiosk/webkit/browsertest"
	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/visits"
)

const submit = "main form.form button[type=submit]"

// flows are what somebody at a desk does all day.
var flows = []Flow{
	{Name: "signs in", From: "/login?lang={lang}", Steps: []Step{
		Write("#alias", "Astrid Ek"), Write("#password", "fel"), Press(submit), Stands("login-fault", ".summary", ""),
		Write("#password", good), Press(submit), Stands("desk", ".desk #unsure", "desk.unsure_hint"),
	}},
	{Name: "checks in", From: "/desk?lang={lang}", Steps: []Step{
		Press(`.desk-top a[href*="/desk/new"]`), Stands("arrive", "#name", "desk.in_lede"),
		Press(submit), Stands("arrive-fault", ".summary", "summary.heading"),
		Write("#name", "Eva Lund"), Write("#company", "Volvo"), Press(submit), Stands("badge", ".badge", "desk.is_in_lede"),
		Press(`main form a[href^="/desk?"]`), Stands("", ".lists[data-live]", "desk.present"),
	}},
	{Name: "finds, prints anew, reads the contact details, and checks out", From: "/desk?lang={lang}", Steps: []Step{
		Write("#q", "Eva Lund"), Press(".find button"), Stands("found", ".desk [data-filtered] a", "desk.all"),
		Press("#present tbody a"), Stands("visit", ".visit", "visit.evidence_hint"),
		Press(`form[action$="/badge"] button`), Stands("badge-again", ".badge", "desk.badge_again"),
		Press(`main form a[href^="/desk?"]`), Stands("", ".lists[data-live]", ""),
		Write("#q", "Eva Lund"), Press(".find button"), Stands("", ".desk [data-filtered] a", ""), Press("#present tbody a"), Stands("", ".visit", ""),
		Press(`form[action$="/dossier"] button`), Stands("", ".visit:not(:has(form[action$='/dossier']))", "visit.no_dossier"),
		Press(`form[action$="/out"] button`), Stands("", ".lists[data-live] #gone table", ""),
	}},
	{Name: "corrects what is written of somebody", From: "/desk?lang={lang}", Steps: []Step{
		Press("#present tbody a"), Stands("", ".visit", "visit.correct"),
		Press("#correct > summary"), Stands("", "#company", "visit.correct_hint"),
		Write("#name", " "), Press("#correct [type=submit]"), Stands("visit-correct-fault", "#name-fault", "summary.heading"),
		Write("#name", "Stina Bergström"), Press("#correct [type=submit]"), Stands("visit-corrected", ".visit [role=status]", "visit.corrected"),
	}},
	{Name: "says where somebody is now", From: "/desk?lang={lang}", Steps: []Step{
		Press("#present tbody a"), Stands("", ".visit", "visit.move"),
		Press("#move > summary"), Stands("visit-move", "#place", "visit.move_hint"),
		Choose("#place", "Lagret vid"), Press("#move [type=submit]"), Stands("", ".visit [role=status]", "visit.moved"),
	}},
	{Name: "says that somebody stays longer", From: "/desk?lang={lang}", Steps: []Step{
		Press("#present tbody a"), Stands("", ".visit", "visit.lasts"),
		Press("#longer > summary"), Stands("visit-longer", "#longer [type=submit]", "visit.longer"),
		Press("#longer [type=submit]"), Stands("", ".visit [role=status]", "visit.seen_now"),
	}},
	{Name: "sends a message to a host", From: "/desk?lang={lang}", Steps: []Step{
		Write("#q", "Anna-Lena"), Press(".find button"), Stands("", ".desk [data-filtered] a", ""), Press("#present tbody a"), Stands("", ".visit", ""),
		Press("#say > summary"), Stands("visit-message", "#message", "visit.message_hint"),
		Press("#say [type=submit]"), Stands("visit-message-fault", "#message-fault", "visit.no_words"),
		Write("#message", "Din besökare väntar i receptionen"), Press("#say [type=submit]"), Stands("", ".visit [role=status]", "visit.messaged"),
	}},
	{Name: "has seen somebody who is unsure", From: "/desk?lang={lang}", Steps: []Step{
		Press("#unsure tbody a"), Stands("visit-unsure", ".visit", "visit.has_left"),
		Press(`form[action$="/seen"] button`), Stands("", ".visit:not(:has(.actions > form[action$='/seen']))", "visit.out"),
	}},
	{Name: "lets an invited in", From: "/desk/expected?lang={lang}", Steps: []Step{
		Stands("expected", ".desk tbody a", "expected.today"),
		Press("tbody tr:first-child a"), Stands("invitation", ".facts", "expected.paper_hint"),
		Press(`form:has([value="in"]) button`), Stands("", ".badge", ""),
	}},
	{Name: "is told of somebody on the watch list", From: "/desk/watch?lang={lang}", Steps: []Step{
		Write("#name", "Gunnar Ek"), Write("#reason", "Hot"), Write("#advice", "Ring vakten"), Press("section:has(#reason) form button"),
		Stands("watch", "#watch-list article", ""), Meanwhile("comes"),
	}},
	{Name: "answers the alert", From: "/desk?lang={lang}", Steps: []Step{
		Stands("desk-alert", "#alerts a", "watch.ask"), Press("#alerts a"), Stands("alert", "[name=outcome]", "watch.careful"),
		Press(`[name=outcome][value="other"]`), Stands("", ".desk:not(:has(#alerts))", "desk.present"),
	}},
	{Name: "signs out", From: "/desk?lang={lang}", Steps: []Step{
		Press("form[action='/logout'] button"), Stands("", "#alias", "login.submit"),
	}},
}

// TestDesksFlows goes through a desk's day by touch on a tablet and by keyboard alone,
// in both languages of staff: with UPPROP_FLOWS=all in both by both.
func TestDesksFlows(t *testing.T) {
	b := Start(t)
	words, err := lang.Load(office.Words())
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range []lang.Locale{lang.Swedish, lang.English, lang.English, lang.Swedish} {
		if i > 1 && !All() {
			break
		}
		hand, look := Finger, Look{Width: 820, Height: 1180, Dark: i > 1}
		if i%2 == 1 {
			hand, look = Keyboard, Look{Dark: i == 1}
		}
		t.Run(string(l)+"-"+string(hand), func(t *testing.T) {
			h, _, _ := furnished(t)
			h.channels()
			if err := h.node.EditSetting(t.Context(), "", node.SignOutAfterSetting, "4"); err != nil {
				t.Fatal(err)
			}
			p := b.Page(t, look)
			w := Walk{Page: p, Hand: hand, URL: h.url, Lang: string(l), Dir: "ltr", Words: func(key string) string { return words.Text(l, key, nil) }}
			w.House = map[string]func(){"comes": func() { h.arrived(visits.Arrival{Name: "Gunnar Ek", How: "kiosk"}, true) }}
			w.See = func(face string) {
				p.Axe(face)
				p.Fits(face)
				p.Targets(face, "44")
				p.Weight(face, 150_000)
				if shots := os.Getenv("UPPROP_SHOTS"); shots != "" {
					p.Shot(filepath.Join(shots, fmt.Sprintf("desk-%s-%s-%s.png", face, hand, l)))
				}
			}
			for _, f := range flows {
				w.Go(f)
			}
		})
	}
}
