package demo

import (
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/upprop/upprop/mesh/identity"
)

// own are how many people each node has marked by a node's list.
func own(t *testing.T, m *member) map[string]int {
	t.Helper()
	marks, err := m.marks()
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]int{}
	for s := range marks {
		by[s.by]++
	}
	return by
}

// alone reports that a node is connected with nobody but the given ones.
func alone(m *member, with ...identity.NodeID) bool {
	return slices.Equal(m.app.Node().Network().Peers(), with)
}

// screen is a page of a node's own.
func screen(t *testing.T, url string) string {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: status %d, %v", url, res.StatusCode, err)
	}
	return tags.ReplaceAllString(string(b), " ")
}

// TestTheMeeting: in an alarm two handhelds lose everybody, either warden marks
// those of one part, and when the two are connected with each other and with
// nobody else, either list has the other's marks. Three buttons do it.
func TestTheMeeting(t *testing.T) {
	d := start(t, Config{Quiet: true, Seed: 5})
	r := reader{t, d.URL()}
	a, b := d.handhelds()
	done := func() int {
		_, p, _ := strings.Cut(r.page(), `id="meeting"`)
		p, _, _ = strings.Cut(p, "</section>")
		return strings.Count(p, `data-is="done"`)
	}
	if r.press("demo/meet", "do", "alarm") != http.StatusOK {
		t.Fatal("no alarm")
	}
	if p := r.page(); strings.Count(p, `<line class="wire" data-state="cut"`) != 7 {
		t.Fatal("the picture does not show that both handhelds are cut off")
	}
	r.eventually("both handhelds are alone, and know whom to look for", func(rows map[string]row) bool {
		return alone(a) && alone(b) && rows[warden].inside == "4" && rows[warden2].inside == "4" && done() == 1 &&
			strings.Contains(rows[warden].html, "may read the names") && strings.Contains(rows[warden2].html, "may read the names")
	})
	if r.press("demo/meet", "do", "alarm") != http.StatusOK || done() != 1 {
		t.Error("a second press undid the first")
	}

	if r.press("demo/meet", "do", "mark") != http.StatusOK {
		t.Fatal("nobody could be marked")
	}
	rows := r.eventually("each has marked those of one part", func(rows map[string]row) bool { return done() == 2 })
	if rows[warden].marked != "2" || rows[warden2].marked != "2" || rows["reception"].marked != "0" {
		t.Fatalf("marked: %v", rows)
	}
	if is := own(t, a); len(is) != 1 || is[a.name] != 2 {
		t.Fatalf("the first handheld's list: %v", is)
	}
	if is := own(t, b); len(is) != 1 || is[b.name] != 2 {
		t.Fatalf("the second handheld's list: %v", is)
	}
	for slot, says := range map[string]string{
		warden: "2 marks here have not reached everybody.", warden2: "2 marks made elsewhere are not here yet.", "reception": "4 marks made elsewhere are not here yet.",
	} {
		if rows[slot].agrees != "false" || !strings.Contains(rows[slot].html, says) {
			t.Errorf("%s does not say %q: %s", slot, says, tags.ReplaceAllString(rows[slot].html, " "))
		}
	}

	r.press("demo/meet", "do", "meet")
	rows = r.eventually("each list has the other's marks", func(rows map[string]row) bool {
		return done() == 3 && rows[warden].marked == "4" && rows[warden2].marked == "4"
	})
	if !alone(a, b.id()) || !alone(b, a.id()) {
		t.Errorf("they are connected with others: %v, %v", a.app.Node().Network().Peers(), b.app.Node().Network().Peers())
	}
	for _, slot := range []string{"reception", "east", "west"} {
		if rows[slot].marked != "0" {
			t.Errorf("%s has heard of %s marks", slot, rows[slot].marked)
		}
	}
	for _, m := range []*member{a, b} {
		if is := own(t, m); is[a.name] != 2 || is[b.name] != 2 {
			t.Errorf("the list of %s: %v", m.name, is)
		}
	}
	for _, m := range []struct{ on, by *member }{{a, b}, {b, a}} {
		is := screen(t, m.on.app.URL()+"warden?tab=all&lang=en")
		if !strings.Contains(is, m.by.name) || !strings.Contains(is, m.by.zone) {
			t.Errorf("the screen of %s does not tell what %s said: %s", m.on.name, m.by.name, is)
		}
	}
	r.told("the meeting", "Warden 1 and Warden 2 met")

	r.press("demo/links", "do", "heal")
	r.eventually("everybody knows what the two have marked", func(rows map[string]row) bool {
		return done() == meetings && all(func(r row) string { return r.marked }, strconv.Itoa(2*atLeast))(rows) && all(agrees, "true")(rows)
	})
	if got := r.press("demo/meet", "do", "mark"); got != http.StatusUnprocessableEntity {
		t.Errorf("nobody left to mark: status %d", got)
	}
}

// TestAgainWithoutEnding: the meeting is gone through a second time while the
// alarm of the first runs on.
func TestAgainWithoutEnding(t *testing.T) {
	d := start(t, Config{Quiet: true, Seed: 6})
	r := reader{t, d.URL()}
	for _, marked := range []string{"4", "8"} {
		r.press("demo/meet", "do", "alarm")
		r.press("demo/meet", "do", "mark")
		r.eventually("both have marked", func(map[string]row) bool { return d.meeting.look() == [meetings]bool{true, true} })
		r.press("demo/meet", "do", "meet")
		r.eventually("both know all", func(rows map[string]row) bool {
			return d.meeting.look()[stepMet] && rows[warden].marked == marked && rows[warden2].marked == marked
		})
		r.press("demo/links", "do", "heal")
		r.eventually("all agree", func(rows map[string]row) bool { return d.meeting.look()[stepKnown] && all(agrees, "true")(rows) })
	}
}

// TestGivenUp: who heals everything before the two have met starts anew.
func TestGivenUp(t *testing.T) {
	d := start(t, Config{Quiet: true, Seed: 8})
	r := reader{t, d.URL()}
	r.press("demo/meet", "do", "alarm")
	r.press("demo/meet", "do", "mark")
	r.eventually("both have marked", func(map[string]row) bool { return d.meeting.look()[stepMarked] })
	r.press("demo/links", "do", "heal")
	r.eventually("it begins anew", func(map[string]row) bool { return d.meeting.look() == [meetings]bool{} })
}
