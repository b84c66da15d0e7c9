package app

import (
	"errors"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/documents"
	"github.com/upprop/upprop/node/invitations"
	"github.com/upprop/upprop/node/kinds"
	"github.com/upprop/upprop/node/notify"
)

// Who is invited fills in and signs by the link in the mail; at the door nothing is
// asked again, and what they signed is in the visit's dossier.
func TestFilledInByTheLinkIsInTheDossier(t *testing.T) {
	a := running(t, Config{Node: node.Config{Dir: first(t, identity.RoleDesk)}})
	n := a.Node()
	put := func(text string) documents.Document {
		t.Helper()
		d, err := n.Documents().Put(t.Context(), "", "rules", documents.Edit{Name: map[string]string{"en": "House rules"}, Text: map[string]string{"en": text}})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	rules := put("Do not run.").Text["en"]
	yes := true
	if _, err := n.Kinds().Put(t.Context(), "", "contractor", kinds.Edit{Unattended: &yes, Documents: map[string]bool{"rules": true}, Ask: map[string]kinds.Asked{"company": kinds.Must, "purpose": kinds.May, "email": kinds.No}}); err != nil {
		t.Fatal(err)
	}
	if err := n.Notices().Change(func(s *notify.Settings) error {
		s.Link = "https://visit.example.org"
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	made, err := n.Invitations().Invite(t.Context(), "", invitations.Request{Name: "Åsa Öberg", Email: "asa@example.org", Type: "contractor", From: now.Add(-time.Minute), To: now.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	paper, _, err := n.Invitations().Paper(made.ID)
	path, ok := strings.CutPrefix(paper.Link, "https://visit.example.org")
	if err != nil || !ok {
		t.Fatal(err, "no link")
	}
	h, err := a.guests(place{campus: "Ekudden"})
	if err != nil {
		t.Fatal(err)
	}
	send := func(status int, form url.Values, text string) {
		t.Helper()
		method := "GET"
		if form != nil {
			method = "POST"
		}
		req := httptest.NewRequest(method, path+"?lang=en", strings.NewReader(form.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", "same-origin")
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, req); w.Code != status || !strings.Contains(w.Body.String(), text) {
			t.Fatalf("%d, want %d and %q in\n%s", w.Code, status, text, w.Body)
		}
	}
	send(200, nil, "Do not run.")
	form := url.Values{"lang": {"en"}, "do": {"fill"}, "paper-rules": {rules.Hash}}
	send(422, form, `id="company-fault"`)
	form.Set("company", "Ekström & Söner")
	send(422, form, `id="signature-fault"`)
	form.Set("signature", "Åsa Öberg")
	send(303, form, "")
	send(200, nil, "You filled this in")

	opened, err := invited{n.Invitations()}.Open(t.Context(), paper.QR, "")
	if err != nil || !opened.Filled || opened.Arrival.Company != "Ekström & Söner" || len(opened.Signed) != 1 {
		t.Fatalf("%v %d signed", err, len(opened.Signed))
	}
	if i, err := n.Invitations().Get(made.ID); err != nil || i.Invite.With(i.Before).Email != "asa@example.org" {
		t.Error("filling in takes an address away that is not asked for:", err)
	}
	kind, _ := n.Kinds().Get("contractor")
	door := door{n.Visits(), n.Documents()}
	arrive := func() (kiosk.Receipt, error) {
		arrival := opened.Arrival
		arrival.Invitation, arrival.Before = opened.ID, opened.Signed.Standing(a.kioskType(kind).Papers, nil)
		return door.CheckIn(t.Context(), arrival)
	}
	// Another text than the one that was signed is asked for again.
	put("Walk.")
	var p lang.Problem
	if _, err := arrive(); !errors.As(err, &p) || p.Key != "document.unsigned" {
		t.Error("a signature under another text counts:", err)
	}
	put("Do not run.")
	got, err := arrive()
	if err != nil {
		t.Fatal(err)
	}
	v, err := record.ParseVisitID(got.Visit)
	if err != nil {
		t.Fatal(err)
	}
	d, err := n.Visits().Dossier(v)
	if err != nil || len(d.Signed) != 1 || d.Signed[0].Name != "Åsa Öberg" || d.Signed[0].Hash != rules.Hash || d.Lang != "en" {
		t.Errorf("%v %d signed", err, len(d.Signed))
	}
}
