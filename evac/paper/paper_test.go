package paper

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/evac"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/lang/langtest"
)

var keep = flag.String("papers", "", "a folder in which the papers of these tests are kept, to be looked at")

func TestCatalog(t *testing.T) {
	langtest.Lint(t, Words(), langtest.Sources{GoDirs: []string{"."}})
}

var at = time.Date(2026, 11, 22, 9, 2, 14, 0, time.UTC)

func printer(t testing.TB) *Printer {
	t.Helper()
	p, err := New()
	if err != nil {
		t.Fatal(err)
	}
	p.plain = true
	return p
}

func headOf(l lang.Locale) Head {
	return Head{
		Campus: "Ringhals bruk", Node: "Receptionen", Lang: l, Zone: time.FixedZone("CET", 3600),
		Sweeps:  []evac.Swept{{Site: "Norra", Zone: "Plan 2", Clear: true, At: at.Add(-4 * time.Minute), By: "Handenhet 2"}, {Site: "Norra", Zone: "Källaren", At: at.Add(-time.Minute), By: "Handenhet 1"}},
		Refuges: []evac.Point{{Name: "Trapphus B, plan 3", Refuge: true}, {Name: "Trapphus A", Refuge: true}},
		Waiting: []evac.Refuged{{
			RefugeAt: record.RefugeAt{Point: "Trapphus B, plan 3"}, Waiting: 2, Told: &evac.Told{Help: record.HelpComing, At: at.Add(-time.Minute), By: "Handenhet 1"},
		}},
	}
}

func visit(n int) (v record.VisitID) {
	binary.BigEndian.PutUint32(v[:], uint32(n)*2654435761+1)
	binary.BigEndian.PutUint32(v[8:], uint32(n))
	return v
}

func person(n int, name string, change ...func(*evac.Person)) evac.Person {
	p := evac.Person{
		Visit: visit(n), Badge: visit(n).Badge(), State: evac.Inside, Zone: fmt.Sprintf("Plan %d", n%4+1), Opened: name != "",
		Name: record.Private(name), Since: at.Add(-time.Duration(n) * time.Minute),
	}
	if name != "" {
		p.Company, p.Host = "Bygg & Montage i Väröbacka AB", "Karin Åkesson"
	}
	for _, c := range change {
		c(&p)
	}
	return p
}

func listOf(kind string, people ...evac.Person) evac.List {
	l := evac.List{AsOf: at, Scope: evac.ScopeVisitors, Names: evac.NamesShown, People: people}
	l.Entrances = []evac.Door{
		{Name: "Receptionen", News: evac.Here, CompleteAsOf: at, LastHeard: at},
		{Name: "Östra grinden", News: evac.Silent, CompleteAsOf: at.Add(-5 * time.Minute), LastHeard: at.Add(-4 * time.Minute), Doubt: 4},
		{Name: "Godsmottagningen", News: evac.Fresh, CompleteAsOf: at.Add(-2 * time.Second), LastHeard: at},
	}
	if kind != "" {
		e := record.Evacuation{Drill: kind == "drill", At: record.HLCOf(at.Add(-12 * time.Minute))}
		l.Evacuation = &e
	}
	for _, p := range people {
		l.Counts.Total++
		switch p.State {
		case evac.Inside:
			l.Counts.Inside++
		case evac.Missing:
			l.Counts.Missing++
		case evac.Refuge:
			l.Counts.Refuge++
		case evac.Safe:
			l.Counts.Safe++
		case evac.Left:
			l.Counts.Left++
		case evac.ProbablyLeft:
			l.Counts.ProbablyLeft++
		case evac.Unconfirmed:
			l.Counts.Unconfirmed++
		}
		if p.NotSure {
			l.Counts.NotSure++
		}
	}
	return l
}

func marked(state evac.State, point record.PointName) func(*evac.Person) {
	return func(p *evac.Person) {
		p.State, p.MarkedBy, p.MarkedAt, p.Point, p.PointKnown = state, "Handenhet 1", at.Add(-3*time.Minute), point, true
	}
}

func crowd(n int) (all []evac.Person) {
	names := []string{"Anna Öberg", "Björn Ångström", "Cecilia von Hammarskjöld-Lilliehöök af Ängsbacka och Norra Sundby", "Doğan Łukasz", "علي حسن", "Eva 𠮷 Ek", "Катерина Щербакова", "王小明", "김민수", "प्रिया क्षत्रिय", "สมชาย ใจดี", "דוד לוי"}
	for i := range n {
		var c []func(*evac.Person)
		switch i % 11 {
		case 1:
			c = append(c, marked(evac.Safe, "Parkeringen"))
		case 3:
			c = append(c, func(p *evac.Person) { p.NotSure = true })
		case 5:
			c = append(c, marked(evac.Missing, ""), func(p *evac.Person) { p.Disputed, p.NotSure = true, true })
		case 7:
			c = append(c, func(p *evac.Person) { p.Assist = "Rullstol, behöver bäras nedför trappan" }, marked(evac.Refuge, "Trapphus B, plan 3"))
		case 8:
			c = append(c, func(p *evac.Person) { p.State, p.LeftAt = evac.Left, at.Add(-9*time.Minute) })
		case 9:
			c = append(c, func(p *evac.Person) { p.State = evac.ProbablyLeft })
		case 10:
			c = append(c, func(p *evac.Person) {
				p.Opened, p.Name, p.Company, p.Host, p.Zone = false, "", "", "", ""
				p.State, p.NotSure = evac.Unconfirmed, true
			})
		}
		all = append(all, person(i, names[i%len(names)], c...))
	}
	return all
}

// kept keeps a paper where -papers says.
func kept(t testing.TB, name string, b []byte) {
	t.Helper()
	if *keep == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(*keep, name+".pdf"), b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func listed(t testing.TB, p *Printer, l evac.List, h Head) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := p.List(&b, l, h); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var (
	shown   = regexp.MustCompile(`(?s)BT [^()]*?\(((?:[^()\\]|\\.)*)\) Tj`)
	aPage   = regexp.MustCompile(`/Type /Page\b[^s]`)
	escaped = strings.NewReplacer(`\\`, `\`, `\(`, "(", `\)`, ")", `\r`, "\r")
)

// texts are what stands on the pages, in the order in which it was written.
func texts(pdf []byte) (all []string) {
	for _, m := range shown.FindAllSubmatch(pdf, -1) {
		raw := escaped.Replace(string(m[1]))
		var units []uint16
		for i := 0; i+1 < len(raw); i += 2 {
			units = append(units, uint16(raw[i])<<8|uint16(raw[i+1]))
		}
		all = append(all, string(utf16.Decode(units)))
	}
	return all
}

func pagesOf(pdf []byte) int { return len(aPage.FindAll(pdf, -1)) }

func holds(t *testing.T, pdf []byte, want ...string) {
	t.Helper()
	all := strings.Join(texts(pdf), "\n")
	for _, w := range want {
		if !strings.Contains(all, w) {
			t.Errorf("%q is not on the paper:\n%s", w, all)
		}
	}
}

func TestEverybodyIsOnTheList(t *testing.T) {
	p := printer(t)
	for _, locale := range lang.Locales() {
		for _, kind := range []string{"real", "drill", ""} {
			l := listOf(kind, crowd(100)...)
			pdf := listed(t, p, l, headOf(locale))
			kept(t, "list-"+string(locale)+"-"+kind, pdf)
			all := texts(pdf)
			on := map[string]int{}
			for _, text := range all {
				on[text]++
			}
			for _, q := range l.People {
				if on[q.Badge.String()] != 1 {
					t.Errorf("badge %s stands on the list %d times", q.Badge, on[q.Badge.String()])
				}
			}
			n := pagesOf(pdf)
			banner := p.words.Text(locale, map[string]string{"real": "paper.real", "drill": "paper.drill", "": "paper.rest"}[kind], nil)
			if n < 5 || on[banner] != n {
				t.Errorf("%s %q: %d pages, %d say %q", locale, kind, n, on[banner], banner)
			}
			for i := range n {
				args := map[string]any{"Page": strconv.Itoa(i + 1), "All": strconv.Itoa(n)}
				if says := p.words.Text(locale, "paper.page", args); on[says] != 1 {
					t.Errorf("%q stands there %d times", says, on[says])
				}
			}
			scope := p.words.Text(locale, "warden.scope", nil)
			if says := p.words.Text(locale, "paper.counted", map[string]any{"Who": scope}); on[says] != n {
				t.Errorf("who is counted stands on %d of %d pages", on[says], n)
			}
		}
	}
}

func TestListSaysHowSure(t *testing.T) {
	l := listOf("real", crowd(22)...)
	pdf := listed(t, printer(t), l, headOf(lang.English))
	holds(t, pdf, "last heard 09:58:14", "Complete as of 10:02:12", "REAL EVACUATION", "Ringhals bruk, the whole campus", "As of 2026-11-22 10:02:14. Made by Receptionen.", "Name withheld", "Needs help: Rullstol", "Not on this list: found", "□ stands for")
}

func TestEmptyListIsNoEmptyBuilding(t *testing.T) {
	pdf := listed(t, printer(t), listOf(""), headOf(lang.English))
	holds(t, pdf, "the building may not be empty", "Nobody on the list.", "NO EVACUATION RUNS", "Not on this list: found")
	if n := pagesOf(pdf); n != 1 {
		t.Errorf("%d pages", n)
	}
}

func TestWithheld(t *testing.T) {
	l := listOf("", person(1, ""))
	l.Names = evac.NamesWithheld
	holds(t, listed(t, printer(t), l, headOf(lang.English)), "Names are hidden", "Name withheld")
}

func TestHandOverIsOnePage(t *testing.T) {
	p := printer(t)
	for _, n := range []int{0, 1, 12, 60, 5000} {
		for _, locale := range lang.Locales() {
			h := headOf(locale)
			for i := range n {
				h.Sweeps = append(h.Sweeps, evac.Swept{Site: "Norra", Zone: record.ZoneID("Zon " + itoa(i)), Clear: true, At: at, By: "H"})
			}
			l := listOf("real", crowd(n)...)
			var b bytes.Buffer
			if err := p.HandOver(&b, l, h); err != nil {
				t.Fatal(err)
			}
			kept(t, fmt.Sprintf("handover-%s-%d", locale, n), b.Bytes())
			if pages := pagesOf(b.Bytes()); pages != 1 {
				t.Errorf("%d people: %d pages", n, pages)
			}
			holds(t, b.Bytes(), map[lang.Locale]string{lang.Swedish: "väntar. Hjälp på väg 10:01", lang.English: "waiting. Help on its way 10:01"}[locale])
			left := n - l.Counts.Accounted()
			if left > evac.MaxHandedOver {
				holds(t, b.Bytes(), p.words.Text(locale, "paper.more", map[string]any{"Count": left - evac.MaxHandedOver}))
			}
			holds(t, b.Bytes(), p.words.Text(locale, "paper.not_found", map[string]any{"Count": left}), "INTE TOM NOT CLEAR"[map[lang.Locale]int{lang.Swedish: 0, lang.English: 9}[locale]:][:8])
		}
	}
}

// BenchmarkList10k compares names that the page's own font writes with those that are drawn.
func BenchmarkList10k(b *testing.B) {
	for what, names := range map[string][]string{
		"latin": {"Anna Öberg", "Björn Ångström", "Cecilia Hammarskjöld", "Karin Åkesson"},
		"drawn": {"محمد علي الحسن", "王小明", "प्रिया क्षत्रिय", "สมชาย ใจดี"},
	} {
		b.Run(what, func(b *testing.B) {
			var people []evac.Person
			for i := range 10_000 {
				people = append(people, person(i, fmt.Sprint(names[i%len(names)], " ", names[i/4%len(names)], i)))
			}
			p, l := printer(b), listOf("real", people...)
			p.plain = false
			b.ReportAllocs()
			for range b.N {
				b.SetBytes(int64(len(listed(b, p, l, headOf(lang.Swedish)))))
			}
		})
	}
}
