package paper

import (
	"bytes"
	"strings"
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/evac"
	"github.com/upprop/upprop/kiosk/lang"
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
	pdf := listed(t, printer(t), listOf("real", person(1, "Ali علي 🎉 x")), headOf(lang.English))
	holds(t, pdf, "Ali □□□ □ x", "□ stands for")
}
