package office_test

import (
	"context"
	"strings"
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/documents"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/visits"
)

func TestDocumentsAndSignatures(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	h.operator("desk", operators.Admin)
	r := h.reader()
	r.login("desk")
	r.post("/admin/documents", "id=rules", "name=House rules").is(200, "/admin/documents/rules")
	text := "No running.\nNo <b>shouting</b>."
	r.post("/admin/documents/rules", "name-en=House rules", "was-name-en=House rules", "text-en="+strings.ReplaceAll(text, "\n", "\r\n")).is(200, "/admin/documents/rules", "Saved.", "In force since")
	hash := documents.HashOf(text)
	// Another operator replaces it while this page is open.
	if _, err := h.node.Documents().Put(context.Background(), "", "rules", documents.Edit{Text: map[string]string{"en": "Silence."}}); err != nil {
		t.Fatal(err)
	}
	r.post("/admin/documents/rules", "name-en=House rules", "was-name-en=House rules", "text-en=Mine.", "was-text-en="+hash).is(422, "/admin/documents/rules", "Somebody else has changed the text", "Mine.")
	if d, _ := h.node.Documents().Get("rules"); d.Text["en"].Body != "Silence." {
		t.Errorf("it was written over: %+v", d)
	}
	r.post("/admin/documents/rules", "name-en=House rules", "was-name-en=House rules", "text-en="+text, "was-text-en="+documents.HashOf("Silence.")).is(200, "/admin/documents/rules", "Saved.")
	r.post("/admin/types/visitor", "name-en=Visitor", "was-name-en=Visitor", "name-sv=Besökare", "was-name-sv=Besökare", "signs-rules=yes", "unattended=yes", "was-unattended=yes").is(200, "/admin/types/visitor", "Saved.")
	r.get("/admin/types").is(200, "/admin/types", "Signs House rules")

	// A visitor signs at a door; the desk sees what, and when.
	signed, err := h.node.Documents().Signature("rules", "en", hash, "drawn", "Anna Marker", "10,20 30,40;50,60")
	if err != nil {
		t.Fatal(err)
	}
	got, err := h.node.Visits().CheckIn(context.Background(), visits.Arrival{Name: "Anna Marker", How: "kiosk", Signed: []record.Signature{signed}})
	if err != nil {
		t.Fatal(err)
	}
	visit := "/desk/visit/" + got.Visit.String()
	r.get(visit).is(200, visit, "!No running.", "!"+hash)
	r.post(visit+"/dossier").is(200, visit+"/dossier", "House rules", hash, "No running.", "Anna Marker", "M10,20L30,40L30,40M50,60L50,60", "!Another text is in force")
	if _, err := h.node.Documents().Put(context.Background(), "", "rules", documents.Edit{Text: map[string]string{"en": "Silence."}}); err != nil {
		t.Fatal(err)
	}
	r.post(visit+"/dossier").is(200, visit+"/dossier", "No running.", "Another text is in force")

	// At the desk it may be signed on paper.
	form := formID.FindStringSubmatch(r.get("/desk/new").is(200, "/desk/new", "Read and signed on paper", "House rules").body)
	r.post("/desk/new", "form="+form[1], "name=Bo Marker", "signed-rules=yes")
	for _, p := range h.node.Replica().Open() {
		d, err := h.node.Visits().Dossier(p.Visit)
		if err != nil || len(d.Signed) != 1 {
			t.Errorf("%d signatures, %v", len(d.Signed), err)
		}
	}
}
