package browsertest

import "strconv"

// focused says what is wrong with the focus where it is, whether it is on the
// element that is looked for, and what has it.
const focused = `(css => {
	const e = document.activeElement;
	if (!e || e === document.body) return {At: false, Wrong: "", What: ""};
	const what = e.outerHTML.slice(0, 120), b = e.getBoundingClientRect(), s = getComputedStyle(e);
	const left = Math.max(b.left, 0), right = Math.min(b.right, innerWidth), top = Math.max(b.top, 0), bottom = Math.min(b.bottom, innerHeight);
	let wrong = "";
	if (!e.matches("main")) {
		const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
		if (s.outlineStyle === "none" || parseFloat(s.outlineWidth) < 2) wrong = "does not show";
		else if (right <= left || bottom <= top) wrong = "is out of sight";
		else if (!hit || !e.contains(hit) && hit.closest("label")?.control !== e) wrong = "is covered by " + hit?.outerHTML.slice(0, 80);
	}
	return {At: e.matches(css), Wrong: wrong, What: what};
})`

// Reach goes by Tab to an element, unless the focus is there already, and holds
// every place on the way to what a reader without a mouse needs: the focus shows,
// is in the window, and nothing lies over it.
func (p *Page) Reach(css string) {
	p.t.Helper()
	first := ""
	for n := 0; ; n++ {
		var at struct {
			At          bool
			Wrong, What string
		}
		p.eval(focused+"("+strconv.Quote(css)+")", &at)
		if at.Wrong != "" {
			p.t.Errorf("the focus %s: %s", at.Wrong, at.What)
		}
		switch {
		case at.At:
			return
		case n > 120:
			p.t.Fatalf("Tab does not reach %s, from %s", css, first)
		case n == 0:
			first = at.What
		}
		p.Type(Tab)
	}
}
