package browsertest

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/chromedp/chromedp"
)

// Hand is by what somebody works a screen.
type Hand string

// The hands: a finger on the screen, and a keyboard without a mouse.
const (
	Finger   Hand = "touch"
	Keyboard Hand = "keyboard"
)

// Flow is what somebody does, from one page on, and what must then stand there.
type Flow struct {
	Name, From string
	Steps      []Step
	// By is the only hand that it is for; empty: both.
	By Hand
}

// Step is one thing that is done, At an element of the page, With words.
type Step struct {
	do       func(w *Walk, at, with string)
	what     string
	at, with string
}

// Press presses what leads on, or a box.
func Press(css string) Step { return Step{press, "press", css, ""} }

// Write writes into a field, in place of what stands there.
func Write(css, words string) Step { return Step{write, "write", css, words} }

// Choose chooses one of a select by how its word begins. Fingers do so in a list that
// is the system's and not the page's: what they choose there is set.
func Choose(css, word string) Step { return Step{choose, "choose", css, word} }

// Sign draws with a finger.
func Sign(css string) Step {
	return Step{func(w *Walk, at, _ string) { w.Page.Scrawl(at) }, "sign", css, ""}
}

// Show holds a code to the reader, which types it: a code, or the name of one that
// was kept.
func Show(code string) Step { return Step{show, "show", "", code} }

// Keep reads a code off the screen.
func Keep(css, name string) Step {
	return Step{func(w *Walk, at, name string) { w.kept[name] = w.Read(w.Page.Element(at, 1)) }, "keep", css, name}
}

// Meanwhile is what happens elsewhere, by its name in Walk.House.
func Meanwhile(what string) Step {
	return Step{func(w *Walk, _, what string) { w.House[what]() }, "meanwhile", "", what}
}

// Stands is what must then stand on the page: an element, and words by the key of
// the catalog; empty: any. Where face is not empty, the page is judged under it.
func Stands(face, css, key string) Step {
	return Step{func(w *Walk, at, with string) {
		key, face, _ := strings.Cut(with, "|")
		w.stands(at, key)
		if face != "" && !w.judged[face] {
			w.judged[face] = true
			w.See(face)
		}
	}, "stands", css, key + "|" + face}
}

// Begins: the screen is as the next person finds it, in whatever language that is.
func Begins(css string) Step {
	return Step{func(w *Walk, at, _ string) {
		w.Page.await(stand + "(" + strconv.Quote(at) + ", [])")
		w.Page.settle()
	}, "begins", css, ""}
}

// Walk goes through flows on one page.
type Walk struct {
	Page *Page
	Hand Hand
	// URL is where the screens are, Lang the language, and Dir its direction.
	URL, Lang, Dir string
	// Words are those of a key; placeholders read "<no value>".
	Words func(key string) string
	House map[string]func()
	// Read reads a code off a picture, and See judges a page, once.
	Read func(png []byte) string
	See  func(face string)

	judged map[string]bool
	kept   map[string]string
}

// Go goes through a flow, unless it is for another hand. "{lang}" in it is the
// language.
func (w *Walk) Go(f Flow) {
	t := w.Page.t
	t.Helper()
	if w.judged == nil {
		w.judged, w.kept = map[string]bool{}, map[string]string{}
		if w.Page.Attended(); w.Hand == Finger {
			w.Page.Touchscreen()
		}
	}
	if f.By != "" && f.By != w.Hand {
		return
	}
	here := func(s string) string { return strings.ReplaceAll(s, "{lang}", w.Lang) }
	step := "begins"
	before := t.Failed()
	defer func() {
		if t.Failed() && !before {
			t.Logf("%s, by %s in %s: %s", f.Name, w.Hand, w.Lang, step)
		}
	}()
	w.Page.Goto("about:blank") // else a page that is left may load anew, and overtake the next
	w.Page.Goto(w.URL + here(f.From))
	for i, s := range f.Steps {
		step = fmt.Sprintf("step %d, %s %s %s", i+1, s.what, s.at, s.with)
		s.do(w, here(s.at), here(s.with))
		if t.Failed() && !before {
			t.Logf("%s, by %s in %s: %s", f.Name, w.Hand, w.Lang, step)
			before = true
		}
	}
}

func press(w *Walk, at, _ string) {
	if w.Hand == Finger {
		w.Page.Tap(at)
		return
	}
	w.Page.Reach(at)
	if w.Page.Bool(`document.activeElement.matches("[type=checkbox], [type=radio]")`) {
		w.Page.Type(Space)
		return
	}
	w.Page.Type(Enter)
}

func write(w *Walk, at, words string) {
	if w.Hand == Keyboard {
		w.Page.Reach(at)
		w.Page.Type(words)
	} else {
		w.Page.Tap(at)
		w.stands(at+":focus", "")
		w.Page.Insert(words)
	}
	if got := w.Page.String(`document.activeElement.value`); got != words {
		w.Page.t.Fatalf("%s holds %q after %q was written", at, got, words)
	}
}

func choose(w *Walk, at, word string) {
	if w.Hand == Keyboard {
		w.Page.Reach(at)
		w.Page.Type(word)
	} else {
		w.Page.Bool(fmt.Sprintf(`((e, word) => { e.value = [...e.options].find(o => o.text.startsWith(word))?.value ?? ""; return true; })(document.querySelector(%q), %q)`, at, word))
	}
	if got := w.Page.String(fmt.Sprintf(`document.querySelector(%q).selectedOptions[0]?.text ?? ""`, at)); !strings.HasPrefix(got, word) {
		w.Page.t.Fatalf("%s is at %q after %q was chosen", at, got, word)
	}
}

// show types as a reader does, whose keys come faster than a busy machine can
// send them: for the page no time goes by.
func show(w *Walk, _, code string) {
	if kept := w.kept[code]; kept != "" {
		code = kept
	}
	w.Page.Bool(`(performance.now = () => 1, true)`)
	w.Page.Type(code + Enter)
}

// stand is true once an element is seen, and words are on the page.
const stand = `((css, words) => new Promise(done => {
	const plain = s => s.replace(/[\u2066-\u2069\u00ad]/g, "").replace(/\s+/g, " ");
	const look = () => {
		const there = document.readyState === "complete" && [...document.querySelectorAll(css)].some(e => e.checkVisibility({visibilityProperty: true}));
		if (there && words.every(w => plain(document.body.innerText).includes(plain(w).trim()))) return done(true);
		setTimeout(look, 15);
	};
	look();
}))`

func (w *Walk) stands(css, key string) {
	w.Page.t.Helper()
	words := []string{}
	if key != "" {
		words = strings.Split(w.Words(key), "<no value>")
	}
	list, err := json.Marshal(words)
	if err != nil {
		w.Page.t.Fatal(err)
	}
	w.Page.await(stand + "(" + strconv.Quote(css) + ", " + string(list) + ")")
	w.Page.settle()
	if got := w.Page.String(`document.documentElement.lang + " " + getComputedStyle(document.documentElement).direction`); got != w.Lang+" "+w.Dir {
		w.Page.t.Errorf("the page is in %s, want %s %s", got, w.Lang, w.Dir)
	}
}

// await waits for a promise of the page, anew where the page is left meanwhile.
func (p *Page) await(promise string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, limit)
	defer cancel()
	for {
		if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool](promise, chromedp.EvalAwaitPromise)); err == nil {
			return
		}
		if ctx.Err() != nil {
			p.t.Fatalf("never on the page at %s: %s\n%s", p.URL(), promise[strings.LastIndex(promise, "}))"):], p.String(`document.body.innerText.slice(0, 600)`))
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// eval puts the value of an expression into v.
func (p *Page) eval(expression string, v any) {
	p.t.Helper()
	if err := json.Unmarshal([]byte(p.String("JSON.stringify("+expression+")")), v); err != nil {
		p.t.Fatalf("read page: %v", err)
	}
}
