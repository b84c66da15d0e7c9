package demo

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/lang/langtest"
)

func TestMain(m *testing.M) {
	// The last probe of a gossip that was shut down runs out by itself.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/hashicorp/memberlist.(*Memberlist).probeNode"))
}

// start runs a demo until the test ends, and sees that nothing is left of it.
func start(t *testing.T, cfg Config) *Demo {
	t.Helper()
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	cfg.HTTP = "127.0.0.1:0"
	d, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		if left, err := filepath.Glob(filepath.Join(tmp, "upprop-demo-*")); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v %v", left, err)
		}
	})
	return d
}

// reader is somebody with a browser and no script.
type reader struct {
	t    *testing.T
	home string
}

func (r reader) page() string {
	r.t.Helper()
	res, err := http.Get(r.home + "?lang=en")
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		r.t.Fatalf("status %d, %v", res.StatusCode, err)
	}
	if strings.Contains(string(b), "<script>") || strings.Contains(string(b), "style=") {
		r.t.Fatal("the page has something inline")
	}
	return string(b)
}

// press sends a form and returns the status of the page that follows.
func (r reader) press(path string, form ...string) int {
	r.t.Helper()
	v := url.Values{"lang": {"en"}}
	for i := 0; i < len(form); i += 2 {
		v.Set(form[i], form[i+1])
	}
	res, err := http.PostForm(r.home+path, v)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	return res.StatusCode
}

// row is what the page says of one node.
type row struct{ inside, agrees, unsure, marked, html string }

var tags = regexp.MustCompile(`(?s)<[^>]*>|\s+`)

var rowPattern = regexp.MustCompile(`(?s)<tr id="r-(\w+)" data-node="\w+" data-inside="(\d+)" data-agrees="(\w+)" data-unsure="(\w+)" data-marked="(\d+)">(.*?)</tr>`)

func (r reader) rows() map[string]row {
	r.t.Helper()
	out := map[string]row{}
	for _, m := range rowPattern.FindAllStringSubmatch(r.page(), -1) {
		out[m[1]] = row{m[2], m[3], m[4], m[5], m[6]}
	}
	if len(out) != 5 {
		r.t.Fatalf("%d nodes on the page", len(out))
	}
	return out
}

func (r reader) eventually(what string, ok func(rows map[string]row) bool) map[string]row {
	r.t.Helper()
	end := time.Now().Add(30 * time.Second)
	for {
		rows := r.rows()
		if ok(rows) {
			return rows
		}
		if time.Now().After(end) {
			r.t.Fatalf("never: %s\n%v", what, tags.ReplaceAllString(fmt.Sprint(rows), " "))
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// ticked is how many steps of the tour are done.
func (r reader) ticked() int { return strings.Count(r.page(), `class="step" data-is="done"`) }

// told waits until the story says something.
func (r reader) told(what, words string) {
	r.t.Helper()
	var p string
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if p = r.page(); strings.Contains(p, words) {
			return
		}
	}
	_, p, _ = strings.Cut(p, `id="story"`)
	r.t.Fatalf("never told of %s (%q): %s", what, words, tags.ReplaceAllString(p, " "))
}

func all(field func(row) string, want string) func(map[string]row) bool {
	return func(rows map[string]row) bool {
		for _, r := range rows {
			if field(r) != want {
				return false
			}
		}
		return true
	}
}

func agrees(r row) string { return r.agrees }
func inside(r row) string { return r.inside }

var codePattern = regexp.MustCompile(`<code>([0-9A-Z]{4}-[0-9A-Z]{4})</code>`)

// TestTheMinute goes through the steps that the page tells, with a browser
// without script, and the promise is kept at every one of them.
func TestTheMinute(t *testing.T) {
	d := start(t, Config{Quiet: true, Seed: 7})
	if d.Took() > 10*time.Second {
		t.Errorf("the campus took %s to come up", d.Took())
	}
	r := reader{t, d.URL()}
	if r.press("demo/arrive", "node", "west") != http.StatusOK {
		t.Fatal("nobody could come in")
	}
	r.eventually("all five know of the first visitor", all(inside, "1"))
	r.eventually("all five agree", all(agrees, "true"))

	r.press("demo/links", "do", "off", "node", "east")
	if p := r.page(); strings.Count(p, `<line class="wire" data-state="cut"`) != 4 || !strings.Contains(p, "4 links are cut.") {
		t.Fatal("the picture does not show four cut links")
	}
	r.press("demo/arrive", "node", "east")
	rows := r.eventually("the east gate alone knows", func(rows map[string]row) bool { return rows["east"].inside == "2" })
	if rows["east"].agrees != "false" || rows["west"].inside != "1" || rows["west"].agrees != "false" {
		t.Fatalf("the lists do not differ: %v", rows)
	}
	m := codePattern.FindStringSubmatch(rows["west"].html)
	if m == nil || !strings.Contains(rows["east"].html, m[1]) {
		t.Fatalf("the page does not say over which badge: %s", rows["west"].html)
	}
	badge := m[1]
	rows = r.eventually("the others say what they are not sure of", func(rows map[string]row) bool {
		return rows["reception"].unsure == "true" && rows["west"].unsure == "true" && rows["warden"].unsure == "true" && rows["warden2"].unsure == "true" && r.ticked() == 3
	})
	if !strings.Contains(rows["reception"].html, "East gate last heard") {
		t.Errorf("the reception does not say whom it has not heard: %s", rows["reception"].html)
	}

	if r.press("demo/leave", "node", "west", "badge", badge) != http.StatusOK {
		t.Fatal("the badge code did not do")
	}
	rows = r.eventually("the west gate notes it", func(rows map[string]row) bool { return strings.Contains(rows["west"].html, "has left") })
	if rows["east"].inside != "2" {
		t.Error("the east gate has heard through a cut link")
	}
	r.told("the check-out by code alone", badge+" left at West gate, which had never heard of the visit.")
	if strings.Contains(r.page(), "East gate has now heard") {
		t.Error("the visit is told closed through a cut link")
	}

	r.press("demo/links", "do", "heal")
	r.eventually("all five have the same one inside", func(rows map[string]row) bool { return all(inside, "1")(rows) && all(agrees, "true")(rows) })
	r.eventually("all is fresh", all(func(r row) string { return r.unsure }, "false"))
	r.told("the merge", "East gate has now heard that "+badge+" left")
	r.told("agreement", "All five lists agree again")
	r.eventually("every step is done and every link up", func(map[string]row) bool {
		return r.ticked() == steps && strings.Count(r.page(), `<line class="wire" data-state="up"`) == 10
	})
}

// TestOneLinkIsNotMissed: with one link cut, news goes another way.
func TestOneLinkIsNotMissed(t *testing.T) {
	r := reader{t, start(t, Config{Quiet: true}).URL()}
	r.press("demo/link", "link", "reception-east", "do", "cut")
	r.press("demo/arrive", "node", "east")
	r.eventually("the reception knows all the same", func(rows map[string]row) bool {
		return rows["reception"].inside == "1" && rows["reception"].agrees == "true" && regexp.MustCompile("via West|via Warden|by way of").MatchString(rows["reception"].html)
	})
	if r.press("demo/leave", "node", "reception"); !all(inside, "0")(r.eventually("everybody is out", all(inside, "0"))) {
		t.Error("somebody is left")
	}
	if got := r.press("demo/leave", "node", "reception"); got != http.StatusUnprocessableEntity {
		t.Errorf("nobody to let out: status %d", got)
	}
	for _, wrong := range [][]string{
		{"demo/link", "link", "east-nowhere", "do", "cut"},
		{"demo/link", "link", "east-west", "do", "saw"},
		{"demo/links", "do", "off", "node", "moon"},
		{"demo/arrive"},
		{"demo/visitors", "do", "dance"},
		{"demo/drill", "do", "panic"},
		{"demo/meet", "do", "hide"},
	} {
		if got := r.press(wrong[0], wrong[1:]...); got != http.StatusBadRequest {
			t.Errorf("%v: status %d", wrong, got)
		}
	}
}

// TestVisitorsComeByThemselves, at a node whose names only some may read.
func TestVisitorsComeByThemselves(t *testing.T) {
	d := start(t, Config{Seed: 3, Locale: lang.Swedish})
	r := reader{t, d.URL()}
	rows := r.eventually("all know the same crowd", func(rows map[string]row) bool {
		n, err := strconv.Atoi(rows["warden"].inside)
		return err == nil && n >= already-1 && all(agrees, "true")(rows)
	})
	if !strings.Contains(rows["east"].html, "holds no key to names") {
		t.Errorf("an entrance reads names: %s", rows["east"].html)
	}
	// Presence travels before sealed particulars and granted keys.
	if !strings.Contains(rows["warden"].html, "reads names during an evacuation or drill") || strings.Contains(rows["warden"].html, "may read the names") {
		t.Errorf("a warden reads names at rest: %s", rows["warden"].html)
	}
	r.press("demo/drill", "do", "start")
	rows = r.eventually("the warden reads names in the drill", func(rows map[string]row) bool {
		return strings.Contains(rows["warden"].html, "may read the names")
	})
	if !strings.Contains(rows["east"].html, "holds no key to names") {
		t.Errorf("an entrance reads names: %s", rows["east"].html)
	}
	if p := r.page(); !strings.Contains(p, "Västra grinden") || strings.Contains(p, "West gate") {
		t.Error("the nodes are not named in Swedish")
	}
	for _, n := range d.Nodes() {
		for _, screen := range []string{"kiosk", "warden", "healthz"} {
			res, err := http.Get(n.URL + screen)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			if res.StatusCode != http.StatusOK {
				t.Errorf("%s%s: status %d", n.URL, screen, res.StatusCode)
			}
		}
	}
	// Its names are locked and unlocked on its own screen, as on a real one.
	handheld := d.at(warden).app
	pinned := func(form url.Values) {
		t.Helper()
		res, err := http.PostForm(handheld.URL()+"warden/pin", form)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusOK {
			t.Errorf("%v: status %d", form, res.StatusCode)
		}
	}
	pinned(url.Values{"do": {"lock"}})
	r.eventually("the warden's names are locked", func(rows map[string]row) bool {
		return strings.Contains(rows["warden"].html, "names are locked") && strings.Contains(rows["warden"].html, "Its PIN is 1234: give it")
	})
	pinned(url.Values{"do": {"unlock"}, "pin": {"1234"}})
	r.eventually("the warden reads names again", func(rows map[string]row) bool {
		return strings.Contains(rows["warden"].html, "may read the names") && strings.Contains(rows["warden"].html, "the demo has given it")
	})
	r.told("the drill", "A drill was started at Utrymning 1")
	r.press("demo/drill", "do", "end")
	r.eventually("the drill is over", func(rows map[string]row) bool {
		return !strings.Contains(rows["warden"].html, "may read the names")
	})
	r.press("demo/visitors", "do", "pause")
	if !strings.Contains(r.page(), "Let visitors come and go") {
		t.Error("the visitors are not paused")
	}
}

func TestPortsInWords(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for where, want := range map[string]string{
		l.Addr().String(): "is already in use by another program",
		"0.0.0.0:0":       "on this machine only",
		"nonsense":        "on this machine only",
	} {
		_, err := Open(t.Context(), Config{HTTP: where})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", where, err)
		}
	}
}

func TestSameSeedSamePeople(t *testing.T) {
	a, b, c := newPeople(1), newPeople(1), newPeople(2)
	same := true
	for range 50 {
		x, y, z := a.next(), b.next(), c.next()
		if !reflect.DeepEqual(x, y) {
			t.Fatal("the same seed made other people")
		}
		same = same && reflect.DeepEqual(x, z)
	}
	if same {
		t.Error("another seed made the same people")
	}
}

func TestCatalog(t *testing.T) {
	langtest.Lint(t, sub("words"), langtest.Sources{Templates: []fs.FS{os.DirFS("pages")}, GoDirs: []string{"."}})
}

func TestScreensAreFoundFromTheDemosAddress(t *testing.T) {
	d := start(t, Config{Quiet: true})
	for _, path := range []string{"kiosk", "warden", "healthz"} {
		res, err := http.Get(d.URL() + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusOK {
			t.Errorf("/%s: %s", path, res.Status)
		}
	}
}
