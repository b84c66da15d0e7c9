package office_test

import (
	"strings"
	"testing"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/printer"
)

// The printers of badges and of the list are set, tried and let go, each by itself; what
// is no printer is refused in words, and stands as it was written.
func TestPrintersAreSet(t *testing.T) {
	h := newHouse(t, identity.RoleDesk)
	admin := h.operator("desk", operators.Admin)
	h.operator("reception", operators.Reception)
	const at = "/admin/printers"
	h.reader().login("reception").get(at).is(403, at)
	r := h.reader()
	r.login("desk").get("/admin/settings").is(200, "/admin/settings", at)
	r.get(at).is(200, at, "No badge is printed by itself", "No list is printed by itself")
	for _, bad := range [][]string{
		{"printers=http://h", "width=62", "height=40", "dpi=300"},
		{"printers=", "width=62", "height=40", "dpi=300"},
		{"printers=zpl://h", "width=9", "height=40", "dpi=300"},
		{"printers=zpl://h", "width=sixty", "height=40", "dpi=300"},
	} {
		r.post(at, append(bad, "do=printers")...).is(422, at, "Nothing was saved", strings.TrimPrefix(bad[0], "printers="), `value="`+strings.TrimPrefix(bad[1], "width=")+`"`)
	}
	r.post(at, "do=test").is(422, at, "Save one first")
	r.post(at, "do=printers", "printers=zpl://127.0.0.1:1\nlp:Nowhere", "width=62", "height=40", "dpi=300").is(200, at, "Saved.", "zpl://127.0.0.1:1", "No list is printed by itself")
	h.recorded("label.set", admin.ID.By())
	h.node.Labels().Sample(func(printer.LabelSettings) (printer.Label, error) { return printer.Label{ZPL: []byte("^XA^XZ")}, nil })
	r.post(at, "do=test").is(422, at, "Not every printer took the badge", "zpl://127.0.0.1:1")
	r.post(at, "do=no_printers").is(200, at, "No badge is printed by itself")

	for change, says := range map[string]string{"printer=http://h": "no printer&#39;s address", "every=121": "1 to 120 minutes", "every=five": "1 to 120 minutes", "paper=fr": "Choose a language"} {
		form := map[string]string{"do": "list", "printer": "ipp://127.0.0.1:1/ipp/print", "every": "5", "paper": "sv"}
		field, value, _ := strings.Cut(change, "=")
		form[field] = value
		var sent []string
		for f, v := range form {
			sent = append(sent, f+"="+v)
		}
		r.post(at, sent...).is(422, at, strings.ReplaceAll(says, "&#39;", "'"), "No list is printed by itself")
	}
	r.post(at, "do=list_test").is(422, at, "Save one first")
	r.post(at, "do=list", "printer=ipp://127.0.0.1:1/ipp/print", "every=0", "paper=en", "drills=yes").is(200, at, "Saved.", "None has been since", `value="ipp://127.0.0.1:1/ipp/print"`)
	if s, _ := h.node.Printer().Settings(); s != (printer.Settings{Printer: "ipp://127.0.0.1:1/ipp/print", Lang: "en", Drills: true}) {
		t.Errorf("%+v", s)
	}
	h.recorded("printer.set", admin.ID.By())
	r.post(at, "do=no_list").is(200, at, "No list is printed by itself")
}
