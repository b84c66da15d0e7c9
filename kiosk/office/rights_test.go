package office_test

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/rights"
	"github.com/upprop/upprop/node/terms"
	"github.com/upprop/upprop/node/visits"
)

var (
	caseLink = regexp.MustCompile(`/desk/rights/case/[0-9A-Z]+`)
	bulkLink = regexp.MustCompile(`/desk/rights/bulk/[0-9A-Z]+`)
)

// guest has somebody arrive.
func (h *house) guest(a visits.Arrival) record.VisitID {
	h.t.Helper()
	a.How = "desk"
	in, err := h.node.Visits().CheckIn(context.Background(), a)
	if err != nil {
		h.t.Fatal(err)
	}
	return in.Visit
}

// An officer goes through the rights of one person on the screens.
func TestRightsOfOnePerson(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	lina := h.operator("lina", operators.Officer)
	h.operator("front", operators.Reception)
	v := h.guest(visits.Arrival{Name: "Astrid Marker", Host: "Sven", Phone: "0701234567", Assist: "uses a chair", Lang: "en"})
	page := "/desk/rights/visit/" + v.String()
	r := h.reader()
	r.login("lina")
	r.get("/desk").is(200, "/desk", "/desk/rights")
	r.get("/desk/rights").is(200, "/desk/rights", "No case waits")
	r.post("/desk/rights/find", "q=marker").is(200, "/desk/rights/find", "Astrid Marker", page, "1 visit")
	r.post("/desk/rights/find", "q=nobody").is(200, "/desk/rights/find", "0 visits", "!"+page)
	r.post("/desk/rights/find", "q="+v.Badge().String()).is(200, page, "Astrid Marker", "right person who asks")

	r.post(page+"/extract", "form=text", "in=en").is(200, page+"/extract", "REGISTER EXTRACT", "0701234567", "uses a chair", "Help to get out: given")
	r.post(page+"/extract", "form=text", "in=sv").is(200, page+"/extract", "REGISTERUTDRAG")
	for form, want := range map[string]string{"json": `"phone": "0701234567"`, "csv": "particulars,phone,0701234567", "xlsx": "PK"} {
		r.post(page+"/extract", "form="+form).is(200, page+"/extract", want)
		if got := r.header.Get("Content-Disposition"); !strings.Contains(got, v.Badge().String()) || r.header.Get("Cache-Control") != "no-store" {
			t.Error(form, r.header)
		}
	}
	r.post(page+"/extract", "form=pdf", "in=en").is(200, page+"/extract", "pages:", "Handed out by "+lina.ID.By())
	r.post(page+"/extract", "form=poem").is(422, page+"/extract", "Choose what is to be done")
	r.post(page+"/extract", "form=text", "in=fi").is(422, page+"/extract", "Choose Swedish or English")

	r.post(page+"/rectify", "name=Astrid\x00Marker").is(422, page+"/rectify")
	r.post(page+"/rectify").is(422, page+"/rectify", "Write what is right")
	r.post(page+"/rectify", "name=Astrid Markör", "phone=071").is(200, page, "Astrid Markör")
	r.post(page+"/withdraw", "purpose=notify").is(422, page+"/withdraw", "no such consent")
	r.post(page+"/withdraw", "purpose=assist").is(200, page)
	r.post(page+"/extract", "form=text", "in=en").is(200, page+"/extract", "TAKEN BACK", "071", "!uses a chair")

	r.post(page+"/case", "kind=access").is(422, page+"/case", "Write a reason")
	r.post(page+"/case", "kind=access", "reason=Astrid asked").is(422, page+"/case", "holds something of what is stored")
	r.post(page+"/case", "kind=poem", "reason=x").is(422, page+"/case", "Choose what the person asks for")
	r.post(page+"/case", "kind=objection", "reason=protected identity").is(200, page, "Its use is restricted", "Objection")
	one := caseLink.FindString(r.body)
	r.get("/desk/rights").is(200, "/desk/rights", one, "days left")
	r.post("/desk/rights/find", "q=mark").is(200, "/desk/rights/find", "0 visits")
	r.post(page+"/lift").is(422, page+"/lift", "until that is decided")
	r.get(one).is(200, one, "Opened", "protected identity", "Extend")
	r.post(one, "do=extend").is(422, one, "Write a reason")
	r.post(one, "do=extend", "reason=many at once").is(200, one, "Extended", "!Extend by")
	r.post(one+"/letter", "in=en").is(200, one+"/letter", "more time")
	r.post(one, "do=poem").is(422, one)
	r.post(one, "do=refuse").is(422, one, "Write a reason")
	r.post(one, "do=refuse", "reason=a legal claim").is(200, one, "Refused", "!Grant")
	r.post(one, "do=grant").is(422, one, "has been decided already")
	r.get("/desk/rights").is(200, "/desk/rights", "No case waits", "Decided cases")
	r.post(page+"/case", "kind=restriction", "reason=accuracy contested").is(200, page, "Its use is restricted")
	r.post(page+"/lift").is(200, page, "!Its use is restricted")

	r.post(page+"/erase").is(422, page+"/erase", "Tick the box")
	r.post(page+"/erase", "sure=yes").is(200, page, "!Astrid", "!Yes, erase it")
	r.post(page+"/extract", "form=text", "in=en").is(200, page+"/extract", "has been erased")
	r.get("/desk/rights").is(200, "/desk/rights", "Erasures")
	for _, what := range []string{"subject.export", "subject.rectify", "consent.withdraw", "case.open", "case.extend", "case.decide", "subject.unrestrict", "visit.erase"} {
		h.recorded(what, lina.ID.By())
	}
	r.get("/desk/rights/visit/nonsense").is(404, "/desk/rights/visit/nonsense")
	r.get("/desk/rights/case/nonsense").is(404, "/desk/rights/case/nonsense")
	low := h.reader()
	low.login("front").is(200, "/desk", "!/desk/rights")
	for _, p := range []string{"/desk/rights", page, one, "/desk/rights/bulk"} {
		low.get(p).is(403, p)
	}
	low.post(page+"/extract", "form=text", "in=en").is(403, page+"/extract", "!Astrid")
}

// Many are erased on the screen in two steps, above a hundred by two people.
func TestManyAreErasedByTwo(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	lina := h.operator("lina", operators.Officer)
	boss := h.operator("boss", operators.Admin)
	for i := range rights.SecondAbove + 1 {
		v := h.guest(visits.Arrival{Name: record.Private(fmt.Sprint("Guest Marker ", i)), Type: "event"})
		if _, err := h.node.Visits().CheckOut(context.Background(), v.String(), "desk"); err != nil {
			t.Fatal(err)
		}
	}
	one, two := h.reader(), h.reader()
	one.login("lina")
	two.login("boss")
	const page = "/desk/rights/bulk"
	one.get(page).is(200, page)
	one.post(page, "do=count").is(422, page, "That would be everybody")
	one.post(page, "do=count", "since=yesterday").is(422, page, "Write the date as")
	one.post(page, "do=count", "type=event").is(200, page, "101 visits", "Prepare to erase")
	one.post(page, "do=prepare", "type=event").is(422, page, "Write a reason")
	one.post(page, "do=prepare", "type=event", "reason=the fair is over").is(200, "/desk/rights", "101 visits wait", "Another person has to confirm")
	two.get("/desk/rights").is(200, "/desk/rights", "101 visits wait", "the fair is over", "!Another person has to confirm")
	bulk := bulkLink.FindString(two.body)
	one.post(bulk, "count=101").is(422, bulk, "Another person has to confirm")
	two.post(bulk, "count=11").is(422, bulk, "not how many were found")
	two.post(bulk, "count=101").is(200, "/desk/rights", "!101 visits wait", ">101<")
	two.post(bulk, "count=101").is(422, bulk, "not there any more")
	h.recorded("bulk.prepare", lina.ID.By())
	h.recorded("bulk.confirm", boss.ID.By())
	one.post(page, "do=count", "type=event").is(200, page, "0 visits", "101 erased already")
}

// plainPages stands in for pages: what it is given, in clear.
func plainPages(w io.Writer, _ lang.Locale, text, mark string) error {
	_, err := fmt.Fprintf(w, "pages: %s\n%s", mark, text)
	return err
}

// The documents are made of the settings: what is changed there is changed here.
func TestPrivacyDocumentsOnTheScreen(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	lina := h.operator("lina", operators.Officer)
	h.operator("front", operators.Reception)
	r := h.reader()
	r.login("lina")
	const page = "/admin/privacy"
	r.get(page).is(200, page, "Impact assessment", "The yearly wheel", "Evacuation drill")
	for name, want := range map[string]string{
		"notice": "HOW WE USE", "record": "RECORD OF PROCESSING", "dpia": "IMPACT ASSESSMENT", "balancing": "BALANCING TEST", "annex": "ANNEXES TO A PROCESSOR AGREEMENT",
	} {
		r.post(page, "name="+name, "in=en", "form=text").is(200, page, want, "30 days")
		r.post(page, "name="+name, "in=en", "form=pdf").is(200, page, "pages:", want)
	}
	r.post(page, "name=poem", "in=en").is(422, page)
	r.post(page, "name=notice", "in=fi").is(422, page)
	if _, err := h.node.Rights().SetTerms(context.Background(), terms.Card, "", 9, false); err != nil {
		t.Fatal(err)
	}
	r.post(page+"/house", "controller=Ekudden AB", "processors=a\tb").is(422, page+"/house", "Write one line")
	r.post(page+"/house", "controller=Ekudden AB", "processors=Drift AB").is(200, page, "Ekudden AB")
	for _, name := range []string{"notice", "record", "dpia", "balancing", "annex"} {
		r.post(page, "name="+name, "in=en", "form=text").is(200, page, "9 days", "Ekudden AB", "!30 days from the check-in")
	}
	r.post(page+"/wheel/drill").is(200, page)
	r.post(page+"/wheel/poem").is(404, page+"/wheel/poem")
	for _, w := range h.node.Rights().Wheel() {
		if w.Overdue == (w.ID == "drill") {
			t.Errorf("%+v", w)
		}
	}
	h.recorded("privacy.set", lina.ID.By())
	h.recorded("wheel.done", lina.ID.By())
	low := h.reader()
	low.login("front")
	low.get(page).is(403, page)
}
