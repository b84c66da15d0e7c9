package office_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/documents"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/visits"
)

var holdLink = regexp.MustCompile(`/desk/rights/hold/[0-9A-Z]+`)

// An officer holds a visit, finds it on the list, and lifts the hold; nothing erases
// the visit meanwhile, and who is no officer has no part in it.
func TestHoldsOnTheScreen(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	h.operator("lina", operators.Officer)
	h.operator("front", operators.Reception)
	d, err := h.node.Documents().Put(t.Context(), "op", "nda", documents.Edit{Name: map[string]string{"en": "Secrecy"}, Text: map[string]string{"en": "Keep quiet."}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := h.node.Documents().Signature("nda", "en", d.Text["en"].Hash, "typed", "Astrid Marker", "")
	if err != nil {
		t.Fatal(err)
	}
	v := h.guest(visits.Arrival{Name: "Astrid Marker", Company: "Bolaget", Phone: "0701234567", Signed: []record.Signature{s}})
	page := "/desk/rights/visit/" + v.String()
	until := time.Now().AddDate(0, 3, 0).Format(time.DateOnly)
	r := h.reader()
	r.login("lina")
	r.get("/desk/rights").is(200, "/desk/rights", "/desk/rights/holds")
	r.get("/desk/rights/holds").is(200, "/desk/rights/holds", "Nothing is held", "!Secrecy")
	r.get(page).is(200, page, "Hold the visit", "Erase")
	r.post(page+"/hold", "why=an accident", "until=soon").is(422, page+"/hold", "a year ahead at most", "an accident")
	r.post(page+"/hold", "why=Marker fell", "until="+until).is(422, page+"/hold", "Write it without")
	r.post(page+"/hold", "why=an accident", "until="+until).is(200, page, "keeps this visit until "+until, "an accident", "!Hold the visit", "!Yes, erase it")
	r.post(page+"/erase", "sure=yes").is(422, page+"/erase", "cannot be erased before its end")
	r.get("/desk/visit/"+v.String()).is(200, "/desk/visit/"+v.String(), "keeps this visit until "+until)
	r.post(page+"/case", "kind=erasure", "reason=asked").is(200, page, "Erasure")
	link := caseLink.FindString(r.body)
	r.post(link, "do=grant").is(422, link, "Refuse the erasure for that reason")
	r.post(link, "do=refuse").is(200, link, "an accident; kept until "+until)

	r.get("/desk/rights/holds").is(200, "/desk/rights/holds", "an accident", until, "!Astrid")
	hold := holdLink.FindString(r.body)
	r.get(hold).is(200, hold, "Astrid Marker", "Bolaget", "0701234567", "Renew", "an accident")
	r.post(hold, "do=renew", "reason=again", "until="+until).is(422, hold, "a later date")
	later := time.Now().AddDate(0, 5, 0).Format(time.DateOnly)
	r.post(hold, "do=renew", "reason=not decided", "until="+later).is(200, hold, later, "not decided")
	r.get("/admin/retention").is(403, "/admin/retention")
	if err := h.node.Kept().Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.post("/desk/rights/holds").is(200, "/desk/rights/holds", "Astrid Marker", "Secrecy", "Held")
	r.post(hold, "do=lift", "reason=settled").is(200, hold, "Lifted", "!Astrid", "!Renew or lift")
	r.get("/desk/rights/holds").is(200, "/desk/rights/holds", "Nothing is held", "Holds that are over")
	r.get(page).is(200, page, "Hold the visit")

	front := h.reader()
	front.login("front")
	for _, path := range []string{"/desk/rights/holds", hold} {
		front.get(path).is(403, path, "!an accident")
	}
}
