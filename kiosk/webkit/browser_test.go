package webkit_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/kiosk/webkit/browsertest"
)

// TestSpecimen looks at every part of the design system at once.
func TestSpecimen(t *testing.T) {
	h, _ := screen(t, func(ctx context.Context, _ string, _ *webkit.Request, _ func(webkit.Event) error) error {
		<-ctx.Done()
		return nil
	})
	srv := httptest.NewServer(h)
	defer srv.Close()
	b := browsertest.Start(t)
	for _, dark := range []bool{false, true} {
		p := b.Page(t, browsertest.Look{Dark: dark})
		p.Goto(srv.URL + "/specimen")
		p.Wait("[data-live-on]")
		p.Axe(fmt.Sprintf("specimen, dark %v", dark))
		for _, width := range []int{320, 390, 820, 1440} {
			p.Look(browsertest.Look{Width: width, Height: 900, Dark: dark})
			p.Fits(fmt.Sprintf("specimen at %d", width))
			p.Targets(fmt.Sprintf("specimen at %d", width), "60")
			if dir := os.Getenv("UPPROP_SHOTS"); dir != "" {
				p.Screenshot(filepath.Join(dir, fmt.Sprintf("specimen-%d-dark-%v.png", width, dark)))
			}
		}
		p.Goto("about:blank")
	}
}

// TestLive changes the roll under a reader who is typing, then cuts the line.
func TestLive(t *testing.T) {
	changes := make(chan roll)
	h, _ := screen(t, func(ctx context.Context, _ string, r *webkit.Request, send func(webkit.Event) error) error {
		for {
			select {
			case <-ctx.Done():
				return nil
			case now, ok := <-changes:
				if !ok {
					return nil
				}
				html, err := r.Fragment("specimen", "roll", now)
				if err != nil {
					return err
				}
				if err := send(webkit.Event{Name: "fragment", Data: html}); err != nil {
					return err
				}
			}
		}
	})
	srv := httptest.NewServer(h)
	p := browsertest.Start(t).Page(t, browsertest.Look{})
	p.Goto(srv.URL + "/specimen")
	p.Wait("[data-live-on]")
	p.Click("#note")
	p.Type("vid grinden")
	if !p.Bool(`(window.kept = document.querySelector("#p3"), true)`) {
		t.Fatal("no row")
	}
	// One has left, one is new and first, two have changed places.
	next := []person{{"p8", "Hugo <i>Ny</i>", "inside", "Inne"}, people[2], people[1], people[0]}
	next[1].State, next[1].Word = "safe", "På plats"
	changes <- roll{Inside: 4, People: next}
	p.Until(`document.querySelector("#p8") !== null`)
	for what, script := range map[string]string{
		"the order is right":         `[...document.querySelectorAll("tbody tr")].map(e => e.id).join() === "p8,p3,p2,p1"`,
		"a row that stays is kept":   `document.querySelector("#p3") === window.kept`,
		"its mark has changed":       `document.querySelector("#p3 .chip").dataset.state === "safe"`,
		"its word has changed":       `document.querySelector("#p3 .chip").textContent.trim() === "På plats"`,
		"the counter has changed":    `document.querySelector(".counter .figures").textContent === "4"`,
		"the focus stays":            `document.activeElement.id === "note"`,
		"what was typed stays":       `document.querySelector("#note").value === "vid grinden"`,
		"a name is text, not markup": `document.querySelector("#p8 i") === null`,
	} {
		if !p.Bool(script) {
			t.Errorf("not so: %s", what)
		}
	}
	close(changes)
	srv.CloseClientConnections()
	srv.Close()
	p.Wait("[data-live-lost]")
	p.Axe("lost")
	p.Goto("about:blank")
}
