package visits

import (
	"errors"
	"strings"
	"testing"

	"github.com/upprop/upprop/crdt/record"
)

func TestRulesOfAType(t *testing.T) {
	d := newHouse(t).door("East")
	d.cfg.Rules = func(kind string) (Rules, bool) {
		switch kind {
		case "visitor":
			return Rules{Unattended: true, No: []string{"phone", "purpose"}}, true
		case "contractor":
			return Rules{Unattended: true, Must: []string{"company"}}, true
		case "vip":
			return Rules{}, true
		}
		return Rules{}, false
	}
	for _, c := range []struct {
		a   Arrival
		key string
	}{
		{Arrival{Name: "Astrid", How: "kiosk"}, ""},
		{Arrival{Name: "Astrid", How: "kiosk", Type: "contractor", Company: " "}, "field.required"},
		{Arrival{Name: "Astrid", How: "kiosk", Type: "contractor", Company: "Bolaget"}, ""},
		{Arrival{Name: "Astrid", How: "kiosk", Type: "vip"}, "type.attended"},
		{Arrival{Name: "Astrid", How: "kiosk", Type: "nobody"}, "type.unknown"},
		{Arrival{Name: "", How: "kiosk", Type: "nobody"}, "name.empty"},
		// Whoever takes somebody in for them is not held up.
		{Arrival{Name: "Astrid", How: "desk", Type: "contractor"}, ""},
		{Arrival{Name: "Astrid", How: "command", Type: "staff"}, ""},
	} {
		_, err := d.CheckIn(t.Context(), c.a)
		var p *Problem
		if c.key == "" && err != nil || c.key != "" && (!errors.As(err, &p) || p.Key != c.key || p.Hint == "") {
			t.Errorf("%s by %s: %v, want %q", c.a.Type, c.a.How, err, c.key)
		}
	}
	// What is not asked for is not kept, whatever a form sends.
	got, err := d.CheckIn(t.Context(), Arrival{Name: "Bo", Phone: "0701234567", Purpose: "secret", Host: "Sven", How: "kiosk"})
	if err != nil {
		t.Fatal(err)
	}
	dossier, err := d.Dossier(got.Visit)
	if err != nil || dossier.Phone != "" || dossier.Purpose != "" {
		t.Errorf("%#v %v", dossier.Phone == "", err)
	}
}

// What is filled in before an arrival is judged as at a door, also of types that are
// checked in at a desk, and nothing is kept.
func TestPrepare(t *testing.T) {
	d := newHouse(t).door("East")
	d.cfg.Rules = func(kind string) (Rules, bool) {
		return Rules{Must: []string{"company"}, No: []string{"phone"}, Papers: []Paper{{ID: "nda", Hashes: []string{"new"}}}}, kind == "vip"
	}
	signed := func(hash string) []record.Signature {
		return []record.Signature{{Document: "nda", Hash: hash, How: "typed", Name: "Astrid"}}
	}
	for _, c := range []struct {
		a   Arrival
		key string
	}{
		{Arrival{Name: "Astrid", Type: "vip", Company: " Bolaget ", Phone: "070", Signed: signed("new")}, ""},
		{Arrival{Name: "Astrid", Type: "vip", Signed: signed("new")}, "field.required"},
		{Arrival{Name: "Astrid", Type: "vip", Company: "Bolaget"}, "document.unsigned"},
		{Arrival{Name: "Astrid", Type: "vip", Company: "Bolaget", Signed: signed("old")}, "documents.changed"},
		{Arrival{Name: "Astrid", Type: "vip", Company: record.Private(strings.Repeat("å", MaxName+1)), Signed: signed("new")}, "text.too_long"},
		{Arrival{Name: "Astrid", Type: "nobody"}, "type.unknown"},
	} {
		err := d.Prepare(&c.a)
		var p *Problem
		if c.key == "" && (err != nil || c.a.Company != "Bolaget" || c.a.Phone != "") || c.key != "" && (!errors.As(err, &p) || p.Key != c.key) {
			t.Errorf("%v, want %q", err, c.key)
		}
	}
	if rows, err := d.List(true); err != nil || len(rows) != 0 {
		t.Errorf("%v: %d are inside", err, len(rows))
	}
}

func TestDocumentsAreSigned(t *testing.T) {
	d := newHouse(t).door("East")
	d.cfg.Rules = func(string) (Rules, bool) {
		return Rules{Unattended: true, Papers: []Paper{{ID: "nda", Hashes: []string{"new", "new-en"}}}}, true
	}
	sign := func(hash, how string, name, drawing record.Private) []record.Signature {
		return []record.Signature{{Document: "nda", Hash: hash, How: how, Name: name, Drawing: drawing}}
	}
	for _, c := range []struct {
		what   string
		how    string
		signed []record.Signature
		key    string
	}{
		{"nothing", "kiosk", nil, "document.unsigned"},
		{"an old text", "kiosk", sign("old", "typed", "Astrid", ""), "documents.changed"},
		{"neither typed nor drawn", "kiosk", sign("new", "typed", " ", ""), "document.unsigned"},
		{"typed", "kiosk", sign("new-en", "typed", "Astrid", ""), ""},
		{"drawn", "kiosk", sign("new", "drawn", "", "0,0 1000,300;5,6"), ""},
		{"no drawing", "kiosk", sign("new", "drawn", "", "0,0 1001,300"), "document.drawing"},
		{"markup", "kiosk", sign("new", "drawn", "", `0,0"/><script>`), "document.drawing"},
		{"too large", "kiosk", sign("new", "drawn", "", record.Private(strings.Repeat("1,1 ", MaxDrawing/4)+"1,1")), "document.drawing"},
		{"10,000 characters", "kiosk", sign("new", "typed", record.Private(strings.Repeat("å", 10000)), ""), "text.too_long"},
		{"too many", "desk", make([]record.Signature, MaxSigned+1), "document.too_many"},
		{"nothing at a desk", "desk", nil, ""},
		{"on paper", "desk", sign("new", "paper", "", ""), ""},
	} {
		got, err := d.CheckIn(t.Context(), Arrival{Name: "Astrid", How: c.how, Signed: c.signed})
		var p *Problem
		if c.key == "" && err != nil || c.key != "" && (!errors.As(err, &p) || p.Key != c.key || p.Hint == "") {
			t.Errorf("%s: %v, want %q", c.what, err, c.key)
		}
		if c.key != "" {
			continue
		}
		if dossier, err := d.Dossier(got.Visit); err != nil || len(dossier.Signed) != len(c.signed) {
			t.Errorf("%s: %d signatures are kept, %v", c.what, len(dossier.Signed), err)
		}
	}
}
