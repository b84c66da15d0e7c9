package paper

import (
	"bytes"
	hexadecimal "encoding/hex"
	"regexp"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/evac"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/letters"
)

// FuzzAnyName prints a list, a hand-over and a report around any text.
func FuzzAnyName(f *testing.F) {
	p := printer(f)
	for _, s := range []string{
		"", "علي حسن", "🎉👩‍👩‍👧‍👦", "a\x00b\x1b[31m\r\n\t", "\u202eevil\u202c", "\xff\xfe\xfd", "{nb}" + pages, "(\\)", "\uffff\U0010ffff\ufffe",
		strings.Repeat("W", 5000), strings.Repeat("å ", 3000), "e\u0301\u0301\u0301", "□", "日本語", "\ufeff", "\u2028",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name := record.Private(s)
		l := listOf("real", person(1, "x", func(p *evac.Person) {
			p.Name, p.Company, p.Host, p.Assist, p.Zone, p.Point, p.MarkedBy, p.MarkedAt = name, name, name, name, s, record.PointName(s), s, at
		}))
		l.Entrances[1].Name = s
		h := headOf(lang.Swedish)
		h.Campus, h.Node, h.Site = s, s, record.SiteID(s)
		pdf := listed(t, p, l, h)
		if !strings.Contains(strings.Join(texts(pdf), "\n"), l.People[0].Badge.String()) {
			t.Error("the badge is not on the list")
		}
		for _, text := range texts(pdf) {
			if strings.ContainsAny(text, "\x00\r\n\t\x1b\u202e") || strings.ContainsRune(text, pageRune) {
				t.Errorf("%q is on the paper", text)
			}
		}
		var b bytes.Buffer
		if err := p.HandOver(&b, l, h); err != nil || pagesOf(b.Bytes()) != 1 {
			t.Error(err, pagesOf(b.Bytes()))
		}
		r := reportOf(3)
		r.Reason, r.Points[0].Point = s, record.PointName(s)
		if err := p.Report(&b, r, h); err != nil {
			t.Error(err)
		}
	})
}

func TestWhatCannotBePrintedShows(t *testing.T) {
	pdf := listed(t, printer(t), listOf("real", person(1, "Ali علي 𠮷 x")), headOf(lang.English))
	holds(t, pdf, across("Ali علي □ x"), "□ stands for")
}

var (
	aDrawing = regexp.MustCompile(`/TPL([0-9a-f]{40}) Do`)
	aForm    = regexp.MustCompile(`/TPL([0-9a-f]{40}) \d+ 0 R`)
	aSaying  = regexp.MustCompile(`/ActualText <FEFF([0-9A-F]*)>`)
)

// across is a text from left to right.
func across(text string) string {
	if l := letters.NewWriter().Line(text, true); l.Across != "" {
		return l.Across
	}
	return text
}

// Names in every script are drawn in it, can be copied, and leave no □; one letter is in the
// file once.
func TestEveryScriptOnPaper(t *testing.T) {
	names := []string{
		"محمد علي الحسن", "Ελένη Παπαδοπούλου", "Катерина Щербакова", "สมชาย ใจดี", "דוד בן־גוריון", "प्रिया क्षत्रिय", "王小明", "佐藤 ひろし",
		"김민수", "Nguyễn Thị Bích", "நந்தினி", "გიორგი", "አበበ ቢቂላ", "Björn علي Ek", "𠀋野 太郎",
	}
	var people []evac.Person
	for i, n := range append(names, names...) {
		people = append(people, person(i, n, func(p *evac.Person) {
			p.Host = record.Private(n)
			if i%2 == 0 {
				p.Company = record.Private(n)
			}
		}))
	}
	p, l := printer(t), listOf("real", people...)
	for i := range l.People {
		l.People[i].Assist = l.People[i].Host
	}
	for name, h := range map[string]Head{"": headOf(lang.Swedish), "-ar": {Campus: "مصنع", Node: "الاستقبال", Site: "الموقع", Lang: lang.English}} {
		pdf := listed(t, p, l, h)
		kept(t, "scripts"+name, pdf)
		said := map[string]bool{}
		for _, m := range aSaying.FindAllSubmatch(pdf, -1) {
			raw, err := hexadecimal.DecodeString(string(m[1]))
			if err != nil {
				t.Fatal(err)
			}
			var units []uint16
			for i := 0; i+1 < len(raw); i += 2 {
				units = append(units, uint16(raw[i])<<8|uint16(raw[i+1]))
			}
			said[string(utf16.Decode(units))] = true
		}
		all := strings.Join(texts(pdf), "\n")
		if strings.Contains(all, "□ ") || strings.Contains(all, "□\n") {
			t.Error("a name has a □")
		}
		for _, n := range names {
			if across := across(n); !said[n] && !strings.Contains(all, across) {
				t.Errorf("%q is not on the paper", n)
			}
		}
		forms := map[string]bool{}
		for _, m := range aForm.FindAllSubmatch(pdf, -1) {
			forms[string(m[1])] = true
		}
		drawn := aDrawing.FindAllSubmatch(pdf, -1)
		if len(forms) < 80 || len(drawn) < 4*len(forms) {
			t.Errorf("%d letters drawn %d times", len(forms), len(drawn))
		}
		for _, m := range drawn {
			if !forms[string(m[1])] {
				t.Error("a letter is drawn that is not in the file")
			}
		}
	}
	var b bytes.Buffer
	if err := p.HandOver(&b, l, headOf(lang.Swedish)); err != nil || pagesOf(b.Bytes()) != 1 {
		t.Error(err)
	}
	kept(t, "scripts-handover", b.Bytes())
}
