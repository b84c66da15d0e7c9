package documents

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/sheet"
	"github.com/upprop/upprop/node/sheet/sheettest"
)

func at(minutes int) func() time.Time {
	return func() time.Time { return sheettest.At.Add(time.Duration(minutes) * time.Minute) }
}

func put(t *testing.T, b *Book, id string, e Edit) Document {
	t.Helper()
	d, err := b.Put(t.Context(), "op", id, e)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func in(lang, text string) map[string]string { return map[string]string{lang: text} }

func TestVersions(t *testing.T) {
	b := New(Config{Settings: sheettest.New(t, "desk"), Now: at(0)})
	put(t, b, "nda", Edit{Name: in("sv", "Sekretess"), Text: in("sv", " Håll tyst.\r\nAlltid. ")})
	d, _ := b.Get("nda")
	first := d.Text["sv"]
	if first.Body != "Håll tyst.\nAlltid." || first.Hash != HashOf(first.Body) || first.Version() != "2026-11-22 09:00:00" || d.Word("en") != "Sekretess" {
		t.Errorf("%+v", d)
	}
	if text, lang, ok := d.In("en"); !ok || lang != "sv" || text != first {
		t.Error("who reads another language reads nothing")
	}
	signed, err := b.Signature("nda", "sv", first.Hash, "typed", "Åsa Ek", "")
	if err != nil || signed.Version != first.Version() || signed.Hash != first.Hash || signed.At != sheettest.At.UnixMilli() {
		t.Errorf("%+v %v", signed, err)
	}

	// The same text again is no new version; another is, from now on.
	b.cfg.Now = at(5)
	if d = put(t, b, "nda", Edit{Text: in("sv", "Håll tyst.\nAlltid.")}); d.Text["sv"] != first {
		t.Error("the same text came into force again")
	}
	d = put(t, b, "nda", Edit{Text: map[string]string{"sv": "Tala fritt.", "en": "Speak freely."}})
	if d.Text["sv"].Version() != "2026-11-22 09:05:00" || b.Stands("nda", first.Hash) || !b.Stands("nda", d.Text["en"].Hash) {
		t.Errorf("%+v", d)
	}
	var p *Problem
	if _, err := b.Signature("nda", "sv", first.Hash, "typed", "Åsa Ek", ""); !errors.As(err, &p) || p.Key != "documents.changed" {
		t.Error("a text that is not in force any more was signed:", err)
	}
	// What was signed stays readable; nothing reads as what it is not.
	if text, ok := b.Kept("nda", first.Hash); !ok || text != first.Body {
		t.Error("what was signed is gone")
	}
	if _, ok := b.Kept("nda", first.Hash[:10]); ok {
		t.Error("half a hash finds a text")
	}
	off := true
	put(t, b, "nda", Edit{Off: &off})
	if b.Known("nda") || b.Stands("nda", d.Text["en"].Hash) {
		t.Error("a document that is off is signed")
	}
}

func TestWhatADocumentCannotBe(t *testing.T) {
	b := New(Config{Settings: sheettest.New(t, "desk")})
	name := in("sv", "Regler")
	for _, c := range []struct {
		id   string
		edit Edit
		key  string
	}{
		{"", Edit{Name: name}, "documents.bad_id"},
		{"a/b", Edit{Name: name}, "documents.bad_id"},
		{"rules", Edit{}, "documents.no_name"},
		{"rules", Edit{Name: in("sv", " ")}, "documents.no_name"},
		{"rules", Edit{Name: in("swedish", "Regler")}, "documents.language"},
		{"rules", Edit{Name: name, Text: in("../x", "a")}, "documents.language"},
		{"rules", Edit{Name: in("sv", strings.Repeat("ö", MaxName+1))}, "text.too_long"},
		{"rules", Edit{Name: name, Text: in("sv", strings.Repeat("ö", MaxText/2+1))}, "documents.too_long"},
		{"rules", Edit{Name: name, Text: in("sv", "a\u202eb")}, "text.control"},
		{"rules", Edit{Name: name, Text: in("sv", "a\x00b")}, "text.control"},
		{"rules", Edit{Name: name, Text: in("sv", "a\xffb")}, "text.control"},
	} {
		_, err := b.Put(t.Context(), "op", c.id, c.edit)
		var p *Problem
		if !errors.As(err, &p) || p.Key != c.key || p.Hint == "" {
			t.Errorf("%q: %v, want %s", c.id, err, c.key)
		}
	}
	if len(b.List()) != 0 {
		t.Error("something was written")
	}
	// The longest there may be, in every script, comes back as it was.
	long := strings.Repeat("محمد 🐂 ", MaxText/len("محمد 🐂 "))
	if d := put(t, b, "rules", Edit{Name: name, Text: in("ar", long)}); d.Text["ar"].Body != sheet.Tidy(long) {
		t.Error("it came back otherwise")
	}
}

// Two operators edit one document at desks that do not hear each other.
func TestTwoOperatorsApart(t *testing.T) {
	a, b := sheettest.New(t, "Reception"), sheettest.New(t, "South desk")
	one, two := New(Config{Settings: a, Now: at(0)}), New(Config{Settings: b, Now: at(1)})
	put(t, one, "rules", Edit{Name: in("sv", "Regler"), Text: in("sv", "Spring inte.")})
	put(t, two, "rules", Edit{Name: in("en", "Rules"), Text: in("en", "Do not run.")})
	put(t, one, "nda", Edit{Name: in("sv", "Sekretess"), Text: in("sv", "Håll tyst.")})
	put(t, two, "nda", Edit{Name: in("sv", "Sekretess"), Text: in("sv", "Håll helt tyst.")})
	sheettest.Heal(t, a, b)
	if d := cmp.Diff(one.List(), two.List()); d != "" {
		t.Error(d)
	}
	d, _ := one.Get("rules")
	if d.Text["sv"].Body != "Spring inte." || d.Text["en"].Body != "Do not run." || d.Name["en"] != "Rules" {
		t.Errorf("one of two edits is gone: %+v", d)
	}
	// Of two texts in one language one stands, whole, with its own time; what
	// was signed at the other desk meanwhile can still be shown.
	for _, text := range []string{"Håll tyst.", "Håll helt tyst."} {
		if got, ok := one.Kept("nda", HashOf(text)); !ok || got != text {
			t.Errorf("%q cannot be shown any more", text)
		}
	}
	n, _ := two.Get("nda")
	if want := map[string]string{"Håll tyst.": "2026-11-22 09:00:00", "Håll helt tyst.": "2026-11-22 09:01:00"}[n.Text["sv"].Body]; n.Text["sv"].Version() != want {
		t.Errorf("%+v", n.Text["sv"])
	}
}

// What another release or a hostile desk has written is passed over.
func TestOddSettings(t *testing.T) {
	s := sheettest.New(t, "desk")
	b := New(Config{Settings: s})
	put(t, b, "rules", Edit{Name: in("sv", "Regler"), Text: in("sv", "Spring inte.")})
	hash := HashOf("Spring inte.")
	if err := s.Set(t.Context(), sheet.Text("document/rules/kept/"+hash, "Spring!"), sheet.Text("document/rules/text/en", "x "+hash), sheet.Text("document/rules/text/fi", "-5 "+hash), sheet.Flag("document/x_y/made", true)); err != nil {
		t.Fatal(err)
	}
	d, _ := b.Get("rules")
	if len(d.Text) != 0 || len(b.List()) != 1 {
		t.Errorf("%+v", d)
	}
	if _, ok := b.Kept("rules", hash); ok {
		t.Error("a text that was altered under its hash is shown")
	}
	if _, err := b.Signature("rules", "sv", hash, "typed", record.Private("Åsa"), ""); err == nil {
		t.Error("it can be signed")
	}
}
