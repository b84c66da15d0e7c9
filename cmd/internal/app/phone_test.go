package app

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/webkit/browsertest"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/visits"
)

// desk is an App with what ends it.
type desk struct {
	*App
	stop func()
}

// twoDesks are two nodes of one campus that hear each other.
func twoDesks(t *testing.T) (a, b desk) { return two(t, identity.RoleDesk) }

// two are a desk and a node of a role that hear each other.
func two(t *testing.T, role identity.Role) (a, b desk) {
	t.Helper()
	a.App, a.stop = stoppable(t, Config{Node: node.Config{Dir: first(t, identity.RoleDesk), DialEvery: 100 * time.Millisecond}})
	tok, err := a.Node().CreateToken(node.TokenOptions{Role: role, Name: "East desk"})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "east")
	if _, err := node.Enroll(t.Context(), node.EnrollOptions{Dir: dir, Token: tok, Listen: "127.0.0.1:0", HTTP: "127.0.0.1:0"}); err != nil {
		t.Fatal(err)
	}
	b.App, b.stop = stoppable(t, Config{Node: node.Config{Dir: dir, DialEvery: 100 * time.Millisecond}})
	within(t, "both are ready", func() bool { return b.AwaitReady(t.Context()) })
	return a, b
}

// within waits for what two real nodes do in their own time.
func within(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("never:", what)
		}
	}
}

func post(t *testing.T, a *App, path, key, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequest("POST", strings.TrimSuffix(a.URL(), "/")+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Phone "+key)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// presence is what a node knows of a badge.
func presence(t *testing.T, a *App, code record.BadgeCode) record.Presence {
	t.Helper()
	all, err := a.Node().Replica().ByBadge(code)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 1 {
		return record.Presence{}
	}
	return all[0]
}

// stoppable is an App that works until it is stopped or the test ends.
func stoppable(t *testing.T, cfg Config) (*App, func()) {
	t.Helper()
	a, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		http.DefaultClient.CloseIdleConnections()
		if err := errors.Join(<-done, a.Close()); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return a, stop
}

// TestPhoneAtTwoNodes: a phone tells two nodes the same that do not hear each
// other. When they do, it counts once; and a pairing that one has ended is over
// at the other.
func TestPhoneAtTwoNodes(t *testing.T) {
	a, b := twoDesks(t)
	got, err := a.Node().Visits().CheckIn(t.Context(), visits.Arrival{Name: "Astrid Marker"})
	if err != nil {
		t.Fatal(err)
	}
	e, err := a.Node().Alarm().Start(t.Context(), false, "")
	if err != nil {
		t.Fatal(err)
	}
	key, err := a.Node().Phones().Pair(t.Context(), "Car park 2", 0)
	if err != nil {
		t.Fatal(err)
	}
	within(t, "the evacuation at the other node", func() bool {
		_, on := b.Node().Alarm().Running("")
		return on && presence(t, b.App, got.Badge).Visit == got.Visit
	})
	cfg := func(x desk) Config {
		return Config{HTTP: "127.0.0.1:0", Node: node.Config{Dir: string(x.Node().Folder()), Listen: x.Node().Network().Addrs()[0], DialEvery: 100 * time.Millisecond}}
	}
	ofA, ofB := cfg(a), cfg(b)
	b.stop()
	act := `{"once":"00112233445566778899aabbccddeeff","code":"` + got.Visit.String() + `","mark":"safe","point":"Car park","starts":["` + e.ID.String() + `"]}`
	add := `{"once":"10112233445566778899aabbccddeeff","text":"man in red","mark":"safe"}`
	answers := map[string]bool{}
	tell := func(n *App) {
		t.Helper()
		for range 2 {
			if code, said := post(t, n, "/api/v1/phone/marks", key.Text(), `{"acts":[`+act+`]}`); code != 200 || !strings.Contains(said, `"ok":true`) {
				t.Fatal(code, said)
			}
			code, said := post(t, n, "/api/v1/phone/add", key.Text(), add)
			if code != 200 {
				t.Fatal(code, said)
			}
			answers[said] = true
		}
	}
	tell(a.App)
	a.stop()
	east, _ := stoppable(t, ofB)
	tell(east)
	if len(answers) != 1 {
		t.Error("who was added once is several:", answers)
	}
	north, _ := stoppable(t, ofA)
	both := []*App{north, east}
	for _, n := range both {
		within(t, "both marks, as one", func() bool {
			p := presence(t, n, got.Badge)
			return len(p.Marks) == 1 && len(p.Marks[0].Copies) == 1
		})
		within(t, "two are safe", func() bool {
			_, body := get(t, n.URL()+"api/v1/phone/list", "Authorization", "Phone "+key.Text())
			var l struct {
				List struct {
					Counts struct{ Safe, Total int }
				}
			}
			return json.Unmarshal([]byte(body), &l) == nil && l.List.Counts.Safe == 2 && l.List.Counts.Total == 2
		})
	}
	// Taken back at the one, it is at both.
	undo := `{"acts":[` + act + `,{"once":"20112233445566778899aabbccddeeff","code":"` + got.Visit.String() + `","undo":"00112233445566778899aabbccddeeff"}]}`
	if code, said := post(t, east, "/api/v1/phone/marks", key.Text(), undo); code != 200 || strings.Count(said, `"ok":true`) != 2 {
		t.Fatal(code, said)
	}
	for _, n := range both {
		within(t, "no mark stands", func() bool { return len(presence(t, n, got.Badge).Marks) == 0 })
	}
	if err := east.Node().Phones().Revoke(t.Context(), key.ID); err != nil {
		t.Fatal(err)
	}
	within(t, "the pairing is over", func() bool {
		code, _ := get(t, north.URL()+"api/v1/phone/list", "Authorization", "Phone "+key.Text())
		return code == 410
	})
}

// TestPhoneGoesToAnotherNode: the page came from one node, which goes; it
// delivers to another, and empties itself when its time is over by its own clock.
func TestPhoneGoesToAnotherNode(t *testing.T) {
	chromium := browsertest.Start(t)
	a, b := twoDesks(t)
	got, err := a.Node().Visits().CheckIn(t.Context(), visits.Arrival{Name: "Astrid Marker"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Node().Alarm().Start(t.Context(), true, ""); err != nil {
		t.Fatal(err)
	}
	within(t, "the visit at the other node", func() bool { return presence(t, b.App, got.Badge).Visit == got.Visit })
	p := chromium.Page(t, phoneSize)
	p.Goto(a.URL() + "phone/pair?lang=en")
	shot(t, p, "pair")
	p.Axe("pair")
	p.Targets("pair", "56")
	p.Click("#label")
	p.Type("Car park 2\t\t" + browsertest.Enter)
	p.Wait(".qr")
	shot(t, p, "paired")
	p.Axe("paired")
	p.Fits("paired")
	key, err := a.Node().Phones().Pair(t.Context(), "Car park 3", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	p.Goto(a.URL() + "phone#" + key.Text())
	p.Until(`document.querySelectorAll("#people > li").length === 1`)
	p.Click("#about summary")
	p.Click("#address")
	p.Type(strings.TrimSuffix(b.URL(), "/") + browsertest.Enter)
	p.Until(`document.querySelectorAll("#nodes > li").length === 2`)
	shot(t, p, "about")
	p.Axe("about")
	p.Targets("about", "56")
	p.Unreachable(a.URL() + "*")
	p.Until(`document.querySelector("#contact").textContent.includes("In contact with East desk")`)
	p.Click("#people button[name=safe]")
	p.Until(`document.querySelector("#last-text").textContent.includes("Recorded at East desk")`)
	within(t, "the mark at the first node", func() bool { return len(presence(t, a.App, got.Badge).Marks) == 1 })
	// An hour goes by.
	p.Bool(`(Date.now = (was => () => was() + 36e5)(Date.now), true)`)
	p.Until(`document.querySelector("#start-title").textContent === "The pairing has ended"`)
	p.Until(`indexedDB.databases().then(all => all.length === 0)`)
	p.Goto("about:blank")
}

// A phone reads no more than the node may that paired it, whichever node it asks.
func TestAPhoneReadsNoMoreThanWhoPairedIt(t *testing.T) {
	for role, want := range map[identity.Role][2]bool{identity.RoleDesk: {true, true}, identity.RoleWarden: {false, true}, identity.RoleEntrance: {false, false}} {
		t.Run(string(role), func(t *testing.T) {
			a, b := two(t, role)
			if _, err := a.Node().Visits().CheckIn(t.Context(), visits.Arrival{Name: "Astrid Marker", Assist: "a chair"}); err != nil {
				t.Fatal(err)
			}
			key, err := b.Node().Phones().Pair(t.Context(), "Car park 2", 0)
			if err != nil {
				t.Fatal(err)
			}
			for i, when := range []string{"at rest", "in an evacuation"} {
				if i > 0 {
					if _, err := a.Node().Alarm().Start(t.Context(), false, ""); err != nil {
						t.Fatal(err)
					}
				}
				_, said := get(t, a.URL()+"api/v1/phone/list", "Authorization", "Phone "+key.Text())
				if !strings.Contains(said, `"people"`) {
					t.Fatal(said)
				}
				if named := strings.Contains(said, "Astrid") || strings.Contains(said, "a chair"); named != want[i] {
					t.Errorf("%s: names are told: %v", when, named)
				}
			}
		})
	}
}
