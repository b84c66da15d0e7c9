package browsertest

import (
	_ "embed"
	"strings"

	"github.com/chromedp/chromedp"
)

//go:embed testdata/axe.min.js
var axe string

type violation struct {
	ID, Help string
	Nodes    []string
}

// Axe runs axe-core's WCAG 2.2 A and AA rules, its best practices and AAA
// contrast (7:1 for text, 4.5:1 for large text) over the page as it stands, and reports every violation as an error of the test. what
// names the page in the report.
func (p *Page) Axe(what string) {
	p.t.Helper()
	p.do(chromedp.Evaluate[chromedp.Void](axe))
	found := run(p, chromedp.Evaluate[[]violation](`
		axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], rules: {"color-contrast-enhanced": {enabled: true}}})
			.then(r => r.violations.map(v => ({ID: v.id, Help: v.help, Nodes: v.nodes.map(n => n.html + " " + n.failureSummary)})))
	`, chromedp.EvalAwaitPromise))
	for _, v := range found {
		p.t.Errorf("%s: axe %s: %s\n  %s", what, v.ID, v.Help, strings.Join(v.Nodes, "\n  "))
	}
}

// tight lists what a finger cannot hit: links and controls under the given
// size, apart from links within running text, boxes inside a large label, and
// what is not shown.
const tight = `(min => [...document.querySelectorAll("a, button, input, select, textarea, summary")].flatMap(e => {
	const b = e.getBoundingClientRect();
	if (!e.checkVisibility({visibilityProperty: true}) || b.width === 0 || e.type === "hidden" || e.matches(".skip, .notice a")) return [];
	const of = e.matches("input[type=checkbox], input[type=radio]") ? e.closest("label").getBoundingClientRect() : b;
	return of.height + 0.5 < min || of.width + 0.5 < min ? [e.outerHTML.slice(0, 120) + " " + of.width + "x" + of.height] : [];
}))`

// Targets reports every control that is smaller than size CSS pixels.
func (p *Page) Targets(what string, size string) {
	p.t.Helper()
	for _, e := range run(p, chromedp.Evaluate[[]string](tight+"("+size+")")) {
		p.t.Errorf("%s: target too small: %s", what, e)
	}
}

// Fits reports when the page has to be scrolled sideways.
func (p *Page) Fits(what string) {
	p.t.Helper()
	if !p.Bool(`document.documentElement.scrollWidth <= document.documentElement.clientWidth`) {
		p.t.Errorf("%s: wider than the window (%s)", what, p.String(
			`[...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.tagName + "." + e.className).slice(0, 5).join(", ")`))
	}
}
