package office_test

import (
	"bytes"
	"fmt"
	"image"
	_ "image/png"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/webkit/browsertest"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/badges"
	"github.com/upprop/upprop/node/kinds"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/visits"
)

// badgeForm is the page's form as it stands before anybody has said anything, with
// changes; one that is empty takes a tick away.
func badgeForm(changes ...string) []string {
	all := map[string]string{"shape": "card", "was-shape": "card", "foot-sv": "", "foot-en": ""}
	for _, part := range []string{"campus", "photo", "company", "host", "since"} {
		all["show-"+part], all["was-show-"+part] = "yes", "yes"
	}
	for _, c := range changes {
		field, value, _ := strings.Cut(c, "=")
		all[field] = value
	}
	var out []string
	for field, value := range all {
		out = append(out, field+"="+value)
	}
	return append(out, "do=save")
}

func TestWhatStandsOnBadges(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	admin := h.operator("desk", operators.Admin)
	h.operator("reception", operators.Reception)
	const at = "/admin/badges"
	h.reader().login("reception").get(at).is(403, at)
	r := h.reader()
	r.login("desk").get("/admin/settings").is(200, "/admin/settings", at)
	r.get(at).is(200, at, "Åsa Öberg Lind", "Ångpanna", "Björn Ek", "label.png")

	// What is being chosen shows before it is saved, and nothing is saved by looking.
	r.get(at+"/preview?shape=label&show-host=yes&given=yes&foot-en=Hand+it+back").is(200, at+"/preview", `data-shape=\"label\"`, "Öberg Lind", "!Åsa Öberg Lind", "Björn Ek", "!Ångpanna", "Hand it back")
	r.post(at, append(badgeForm("show-host="), "do=show")...)
	r.get(at+"/preview?show-company=yes").is(200, at+"/preview", "Ångpanna", "!Björn Ek")
	if l := h.node.Badges().Now(); !l.Shown[badges.Host] || l.Given {
		t.Errorf("looking has saved %+v", l)
	}

	// Two operators have the page before them: what each changes stands.
	r.post(at, badgeForm("show-host=", "foot-en=Hand it back")...).is(200, at, "Saved.", "!Björn Ek", "Hand it back")
	r.post(at, badgeForm("show-where=yes", "given=yes")...).is(200, at, "Saved.", "Norra", "!Björn Ek")
	l := h.node.Badges().Now()
	if l.Shown[badges.Host] || !l.Shown[badges.Where] || !l.Given || l.Foot["en"] != "Hand it back" || !l.Shown[badges.Company] {
		t.Errorf("%+v", l)
	}
	h.recorded("badges.set", admin.ID.By())
	r.post(at, badgeForm("foot-sv="+strings.Repeat("x", 100))...).is(422, at, "too long", `id="foot-sv-fault"`)
	r.post(at, badgeForm("shape=round")...).is(422, at)

	// It holds for the badges of the desk.
	form := formID.FindStringSubmatch(r.get("/desk/new").body)
	r.post("/desk/new", "form="+form[1], "name=Anna Marker Berg", "company=Firman", "host=Sven Ask")
	r.is(200, r.at.Path, "<bdi>Anna</bdi>", "<bdi>Marker Berg</bdi>", "Firman", "!Sven Ask", "Hand it back", "!Show this badge")
	r.get("/admin/history?key=badge/").is(200, "/admin/history", "Badges")
}

// The label is drawn of the size that this node's printer has, and another for another
// layout.
func TestTheLabelThatIsShown(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	h.operator("desk", operators.Admin)
	r := h.reader()
	r.login("desk")
	picture := func(query string) (image.Config, string) {
		t.Helper()
		r.get("/admin/badges/label.png?"+query).is(200, "/admin/badges/label.png")
		c, kind, err := image.DecodeConfig(bytes.NewReader([]byte(r.body)))
		if err != nil || kind != "png" {
			t.Fatal(kind, err)
		}
		return c, r.body
	}
	seen := map[string]string{}
	for _, q := range []string{"", "show-host=yes", "show-host=yes&show-photo=yes", "given=yes", "show-campus=yes", "show-where=yes"} {
		c, body := picture(q)
		if c.Width != 607 || c.Height != 407 || seen[body] != "" {
			t.Errorf("%q: %d × %d, like %q", q, c.Width, c.Height, seen[body])
		}
		seen[body] = q + " "
	}
	r.post("/admin/printers", "do=printers", "printers=zpl://127.0.0.1:1", "width=62", "height=40", "dpi=300").is(200, "/admin/printers", "Saved.")
	if c, _ := picture("show-host=yes"); c.Width != 732 || c.Height != 472 {
		t.Errorf("%d × %d", c.Width, c.Height)
	}
	r.get("/admin/badges").is(200, "/admin/badges", "62 × 40 mm")
}

// TestBadgesInABrowser chooses what stands on badges and sees it, saves it by the
// keyboard, and looks at the page in both languages and themes. With UPPROP_SHOTS
// pictures are kept.
func TestBadgesInABrowser(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	h.operator("Astrid Ek", operators.Admin)
	mark, escort := kinds.Mark("triangle"), true
	if _, err := h.node.Kinds().Put(t.Context(), "", "contractor", kinds.Edit{Mark: &mark, Escort: &escort}); err != nil {
		t.Fatal(err)
	}
	v := h.guest(visits.Arrival{Name: "Åsa Öberg Lind", Company: "Bolaget", Type: "contractor"})
	p := browsertest.Start(t).Page(t, browsertest.Look{})
	p.Goto(h.url + "/login?lang=sv")
	p.Type("Astrid Ek" + browsertest.Tab + good + browsertest.Enter)
	p.Wait(".desk")
	p.Goto(h.url + "/admin/badges?lang=sv")
	p.Wait(".badge-shown .badge")
	p.Until(`document.querySelector(".label-shown").naturalWidth === 607`)
	p.Click("[name=show-host]")
	p.Until(`!document.querySelector(".badge-looks").innerText.includes("Björn Ek")`)
	p.Click("[name=given]")
	p.Until(`document.querySelector(".badge-rest")?.innerText === "Öberg Lind"`)
	p.Click("#foot-sv")
	p.Type("Lämna tillbaka brickan")
	p.Until(`document.querySelector(".badge-leave").innerText === "Lämna tillbaka brickan"`)
	if l := h.node.Badges().Now(); !l.Shown[badges.Host] {
		t.Error("looking has saved something")
	}
	p.Type(browsertest.Enter)
	p.Wait(".notice[data-tone=done]")
	if l := h.node.Badges().Now(); l.Shown[badges.Host] || !l.Given || l.Foot["sv"] != "Lämna tillbaka brickan" {
		t.Errorf("%+v", l)
	}
	for _, look := range []struct {
		lang string
		dark bool
	}{{"sv", false}, {"en", true}} {
		for path, name := range map[string]string{"/admin/badges": "badges", "/admin/printers": "printers", "/admin/types": "types-signs", "/admin/types/contractor": "type-sign", "/desk": "desk-signs", "/desk/visit/" + v.String(): "visit-sign"} {
			p.Look(browsertest.Look{Dark: look.dark})
			p.Goto(h.url + path + "?lang=" + look.lang)
			p.Wait("main h1")
			p.Weight(name, 150_000)
			p.Axe(name + " " + look.lang)
			for _, s := range append(sizes, [2]int{320, 640}) {
				p.Look(browsertest.Look{Width: s[0], Height: s[1], Dark: look.dark})
				p.Fits(fmt.Sprintf("%s at %d", name, s[0]))
				p.Targets(fmt.Sprintf("%s at %d", name, s[0]), "44")
				if dir := os.Getenv("UPPROP_SHOTS"); dir != "" {
					p.Screenshot(filepath.Join(dir, fmt.Sprintf("o-%s-%d-%s.png", name, s[0], look.lang)))
				}
			}
		}
	}
	p.Goto(h.url + "/desk?lang=sv")
	p.Until(`document.querySelector("#present .mark") !== null`)
	if got := regexp.MustCompile(`(?i)ska ledsagas`); !got.MatchString(p.Text("#present")) {
		t.Error("the desk does not say who is to be accompanied")
	}
}

// Where badges are to be handed back, the desk sees whose is not, and says that one is:
// once, with the check-out or after it; nobody is let out by that alone.
func TestBadgesHandedBack(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	admin := h.operator("desk", operators.Admin)
	h.operator("audit", operators.Auditor)
	r := h.reader()
	r.login("desk")
	anna, bo := h.guest(visits.Arrival{Name: "Anna Marker"}), h.guest(visits.Arrival{Name: "Bo Marker"})
	page := func(v record.VisitID) string { return "/desk/visit/" + v.String() }
	r.post(page(anna)+"/out").is(200, "/desk", "!Badge not handed back")
	r.get(page(anna)).is(200, page(anna), "!Badge is back")

	r.post("/admin/badges", badgeForm("back=yes")...).is(200, "/admin/badges", "Saved.")
	r.get("/desk").is(200, "/desk", "Badge not handed back")
	r.get(page(anna)).is(200, page(anna), "Badge not handed back", "Badge is back")
	a := h.reader()
	a.login("audit")
	a.get(page(anna)).is(200, page(anna), "!Badge is back")
	a.post(page(anna)+"/back").is(403, page(anna)+"/back")
	for range 2 { // the button was pressed twice
		r.post(page(anna)+"/back").is(200, page(anna), "the badge has been handed back", "Handed back", "!Badge is back")
	}
	all, err := h.node.Replica().Evidence(anna.Badge())
	if err != nil || len(all) != 3 {
		t.Error(err, len(all), "events")
	}
	h.recorded(node.ActBadgeBack, admin.ID.By())
	r.get("/desk").is(200, "/desk", "!Badge not handed back")

	// Who hands it back and is said to be inside still is inside.
	r.get(page(bo)).is(200, page(bo), "Check out, badge is back")
	r.post(page(bo)+"/back").is(200, page(bo), "Handed back")
	if p, err := h.node.Replica().Presence(bo); err != nil || !p.Open() {
		t.Error("a badge let somebody out", err)
	}
	cleo := h.guest(visits.Arrival{Name: "Cleo Marker"})
	r.post(page(cleo)+"/back", "out=yes").is(200, "/desk", "!Badge not handed back")
	if p, err := h.node.Replica().Presence(cleo); err != nil || p.Open() || p.BadgeBack.IsZero() {
		t.Error("not out, or not back", err)
	}
	r.post("/desk/visit/"+record.VisitID{9}.String()+"/back").is(404, "/desk/visit/"+record.VisitID{9}.String()+"/back")
}
