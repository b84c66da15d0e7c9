package phone_test

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/evac"
	"github.com/upprop/upprop/evac/phone"
	"github.com/upprop/upprop/kiosk/lang/langtest"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/node/alarm"
	"github.com/upprop/upprop/node/pairing"
)

var now = time.Date(2026, 11, 27, 10, 2, 14, 0, time.UTC)

// pairings know the keys "good" and "over".
type pairings struct{}

func (pairings) Check(key string) (pairing.Pairing, error) {
	p := pairing.Pairing{ID: pairing.ID{1}, Label: "Car park 2", Expires: now.Add(time.Hour)}
	switch key {
	case "good":
		return p, nil
	case "over":
		return p, pairing.ErrOver
	case "stranger":
		return pairing.Pairing{}, pairing.ErrSigner
	case "broken":
		return pairing.Pairing{}, errors.New("disk of Astrid Marker")
	}
	return pairing.Pairing{}, pairing.ErrForm
}

func (pairings) Pair(context.Context, string, time.Duration) (pairing.Key, error) {
	return pairing.Key{}, &pairing.Problem{Key: "phone.label_long", Hint: "x"}
}

// bell takes down what it is told.
type bell struct {
	marks []alarm.MarkRequest
	adds  []alarm.AddRequest
	tells []alarm.TellRequest
	err   error
}

func (b *bell) Mark(_ context.Context, r alarm.MarkRequest) (alarm.Marked, error) {
	b.marks = append(b.marks, r)
	return alarm.Marked{Known: true, ID: record.EventID{Doc: "day/20261127/0/North", Seq: 7}}, b.err
}

func (b *bell) Retract(context.Context, record.Code, record.OnceID, record.OnceID) (alarm.Undone, error) {
	return alarm.Undone{}, b.err
}

func (b *bell) Add(_ context.Context, r alarm.AddRequest) (alarm.Added, error) {
	b.adds = append(b.adds, r)
	return alarm.Added{Visit: record.VisitID{1}, Badge: record.VisitID{1}.Badge()}, b.err
}

func (b *bell) Tell(_ context.Context, r alarm.TellRequest) (record.Talk, error) {
	b.tells = append(b.tells, r)
	return record.Talk{Stands: record.Call{Help: r.Help}}, b.err
}

func service(t *testing.T, b *bell, logs *strings.Builder, change ...func(*phone.Config)) *phone.Service {
	t.Helper()
	v := record.VisitID{7}
	c := phone.Config{
		Pairings: pairings{}, Alarm: b, Now: func() time.Time { return now }, NodeName: "East gate", CampusName: "Ekudden",
		Web: "https://192.0.2.7:8443", Logger: slog.New(slog.NewTextHandler(logs, nil)),
		List: func(record.NodeID) (evac.List, error) {
			return evac.List{
				AsOf: now, Scope: evac.ScopeVisitors, People: []evac.Person{{Visit: v, Badge: v.Badge(), Name: "Astrid Marker", Assist: "wheelchair", State: evac.Inside, Opened: true}},
				Standing: map[record.VisitID][]record.EventID{v: {{Doc: "day/20261127/0/North", Seq: 3}}},
			}, nil
		},
	}
	for _, f := range change {
		f(&c)
	}
	s, err := phone.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ask(h http.Handler, method, path, key, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://192.0.2.7"+path, strings.NewReader(body))
	if key != "" {
		r.Header.Set("Authorization", "Phone "+key)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestCatalog(t *testing.T) {
	langtest.Lint(t, phone.Words(), langtest.Sources{Templates: []fs.FS{webkit.Templates(), os.DirFS("pages")}, GoDirs: []string{"."}})
}

func TestWhoIsAnswered(t *testing.T) {
	var logs strings.Builder
	api := service(t, &bell{}, &logs).API()
	for key, want := range map[string]int{"good": 200, "over": 410, "stranger": 401, "nonsense": 401, "": 401, "broken": 503} {
		for _, path := range []string{"GET list", "POST marks", "POST add", "POST refuge"} {
			method, name, _ := strings.Cut(path, " ")
			if key == "good" && method == "POST" {
				continue
			}
			w := ask(api, method, "/api/v1/phone/"+name, key, "")
			if w.Code != want || w.Header().Get("Access-Control-Allow-Origin") != "*" {
				t.Errorf("%s with %q: %d, want %d", path, key, w.Code, want)
			}
			if strings.Contains(w.Body.String(), "Marker") != (want == 200) {
				t.Errorf("%s with %q: %s", path, key, w.Body)
			}
		}
	}
	for _, given := range []string{"Bearer good", "Basic good", "good"} {
		if w := ask(api, "GET", "/api/v1/phone/list", "", "", "Authorization", given); w.Code != 401 {
			t.Errorf("%q: %d", given, w.Code)
		}
	}
	if w := ask(api, "GET", "/api/v1/phone/list", "", "", "Cookie", "Authorization=Phone good"); w.Code != 401 {
		t.Error("a cookie lets in")
	}
	if w := ask(api, "GET", "/api/v1/phone/nowhere", "good", ""); w.Code != 404 {
		t.Error(w.Code)
	}
}

// A page that came from another node asks, and no browser adds anything of its
// own.
func TestFromAnotherNode(t *testing.T) {
	var logs strings.Builder
	api := service(t, &bell{}, &logs).API()
	w := ask(api, "OPTIONS", "/api/v1/phone/marks", "", "", "Origin", "https://198.51.100.1:8443",
		"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,content-type", "Access-Control-Request-Private-Network", "true")
	h := w.Header()
	if w.Code != 204 || h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Access-Control-Allow-Private-Network") != "true" ||
		!strings.Contains(h.Get("Access-Control-Allow-Headers"), "Authorization") || h.Get("Access-Control-Allow-Credentials") != "" || w.Body.Len() != 0 {
		t.Errorf("%d %v %s", w.Code, h, w.Body)
	}
	if h := ask(api, "OPTIONS", "/api/v1/phone/list", "", "").Header(); h.Get("Access-Control-Allow-Private-Network") != "" {
		t.Error("allowed what was not asked")
	}
}

func TestList(t *testing.T) {
	var logs strings.Builder
	api := service(t, &bell{}, &logs).API()
	type answer struct {
		List     map[string]json.RawMessage
		Version  string `json:"people_version"`
		Standing map[string][]string
		Assist   map[string]string
		Pairing  struct {
			Label string
			Ends  time.Time
		}
	}
	var first, again answer
	if err := json.Unmarshal(ask(api, "GET", "/api/v1/phone/list", "good", "").Body.Bytes(), &first); err != nil {
		t.Fatal(err)
	}
	v := record.VisitID{7}.String()
	if !strings.Contains(string(first.List["people"]), "Astrid Marker") || first.Assist[v] != "wheelchair" || len(first.Standing[v]) != 1 || first.Pairing.Label != "Car park 2" || !first.Pairing.Ends.Equal(now.Add(time.Hour)) {
		t.Errorf("%+v", first)
	}
	b := ask(api, "GET", "/api/v1/phone/list?have="+first.Version, "good", "").Body
	if strings.Contains(b.String(), "Astrid") {
		t.Error("the people are sent again")
	}
	if err := json.Unmarshal(b.Bytes(), &again); err != nil || again.Version != first.Version || again.List["as_of"] == nil {
		t.Errorf("%+v %v", again, err)
	}
}

// Those who wait at a refuge are shown and answered from a phone; it is told what
// stands only when that is durable here.
func TestRefuges(t *testing.T) {
	var logs strings.Builder
	b := &bell{}
	known := func(err error) func(*phone.Config) {
		return func(c *phone.Config) {
			c.Refuges = func(evac.List) ([]byte, error) { return []byte(`[{"point":"Stair B","waiting":2}]`), err }
		}
	}
	api := service(t, b, &logs, known(nil)).API()
	if w := ask(api, "GET", "/api/v1/phone/list", "good", ""); !strings.Contains(w.Body.String(), `"refuges":[{"point":"Stair B","waiting":2}]`) {
		t.Error(w.Body)
	}
	if w := ask(service(t, b, &logs, known(evac.ErrNoEvacuation)).API(), "GET", "/api/v1/phone/list", "good", ""); !strings.Contains(w.Body.String(), `"refuges":[]`) {
		t.Error(w.Body)
	}
	w := ask(api, "POST", "/api/v1/phone/refuge", "good", `{"point":"Stair B","help":"coming"}`)
	if w.Code != 200 || w.Body.String() != "{\"help\":\"coming\"}\n" {
		t.Error(w.Code, w.Body)
	}
	if want := (alarm.TellRequest{Point: "Stair B", Help: record.HelpComing, How: "phone"}); len(b.tells) != 1 || b.tells[0] != want {
		t.Errorf("%+v", b.tells)
	}
	for body, want := range map[string]int{`{"point":"Stair B","help":"coming","x":1}`: 400, `{`: 400, ``: 400} {
		if w := ask(api, "POST", "/api/v1/phone/refuge", "good", body); w.Code != want {
			t.Errorf("%q: %d", body, w.Code)
		}
	}
	b.err = &alarm.Problem{Key: "evacuation.not_covered", Hint: "nothing runs: start one"}
	if w := ask(api, "POST", "/api/v1/phone/refuge", "good", `{"point":"Stair B","help":"coming"}`); w.Code != 422 || !strings.Contains(w.Body.String(), "evacuation.not_covered") {
		t.Error(w.Code, w.Body)
	}
}

func TestActs(t *testing.T) {
	var logs strings.Builder
	b := &bell{}
	api := service(t, b, &logs).API()
	post := func(body string) (int, string) {
		w := ask(api, "POST", "/api/v1/phone/marks", "good", body)
		return w.Code, w.Body.String()
	}
	code, said := post(`{"acts":[{"once":"00112233445566778899aabbccddeeff","code":"` + record.VisitID{7}.String() + `","mark":"safe","over":["day/20261127/0/North ` + strings.Repeat("0", 64) + ` 3"]},` +
		`{"once":"00000000000000000000000000000000","code":"x","mark":"safe"},{"once":"10112233445566778899aabbccddeeff","code":"nonsense","mark":"safe"}]}`)
	if code != 200 || strings.Count(said, `"ok":true`) != 1 || strings.Count(said, `"ok":false`) != 2 || !strings.Contains(said, "badge.malformed") {
		t.Fatal(code, said)
	}
	if m := b.marks; len(m) != 1 || !m[0].Blind || m[0].How != "phone" || len(m[0].Over) != 1 || m[0].Over[0].Seq != 3 || m[0].Once.IsZero() {
		t.Fatalf("%+v", m)
	}
	b.err = errors.New("secret of Astrid Marker")
	if _, said = post(`{"acts":[{"once":"00112233445566778899aabbccddeeff","code":"` + record.VisitID{7}.String() + `","mark":"safe"}]}`); !strings.Contains(said, `"again":true`) || strings.Contains(said, "Marker") {
		t.Error(said)
	}
	b.err = alarm.ErrNotCovered
	if _, said = post(`{"acts":[{"once":"00112233445566778899aabbccddeeff","code":"` + record.VisitID{7}.String() + `","mark":"safe"}]}`); strings.Contains(said, `"again"`) || !strings.Contains(said, "evacuation.not_covered") {
		t.Error(said)
	}
	w := ask(api, "POST", "/api/v1/phone/add", "good", `{"once":"00112233445566778899aabbccddeeff","text":"man in red"}`)
	if w.Code != 422 || len(b.adds) != 1 || b.adds[0].How != "phone" {
		t.Error(w.Code, w.Body)
	}
	for _, body := range []string{"[]", `{"acts":[{"mark":1}]}`, `{"more":1}`} {
		if code, _ := post(body); code != 400 {
			t.Errorf("%s: %d", body, code)
		}
	}
	if code, _ := post(`{"acts":[` + strings.Repeat(" ", 65<<10) + `]}`); code != 413 {
		t.Error("too large:", code)
	}
}

func TestPace(t *testing.T) {
	var logs strings.Builder
	api := service(t, &bell{}, &logs).API()
	for range 41 {
		if w := ask(api, "GET", "/api/v1/phone/list", "good", ""); w.Code == 429 && w.Header().Get("Retry-After") != "" {
			return
		}
	}
	t.Error("a phone may ask without end")
}

func TestPages(t *testing.T) {
	var logs strings.Builder
	s := service(t, &bell{}, &logs)
	for path, has := range map[string]string{
		"/phone": "main.js", "/phone/": "main.js", "/phone/worker.js": "const version", "/phone/app/app.webmanifest": `"scope": "/phone"`,
		"/phone/app/upprop.css": "--paper", "/phone/app/decode.js": "jsQR(", "/phone/app/jsQR.js": "jsQR", "/phone/app/icon-192.png": "PNG", "/phone/pair?lang=en": "Pair a phone",
	} {
		w := ask(s, "GET", path, "", "")
		if w.Code != 200 || !strings.Contains(w.Body.String(), has) || !strings.Contains(w.Header().Get("Content-Security-Policy"), "script-src 'self'") {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if w := ask(s, "GET", "/phone/worker.js", "", ""); w.Header().Get("Service-Worker-Allowed") != "/phone" || strings.Contains(w.Body.String(), `"/phone/app/worker.js"`) {
		t.Error(w.Header())
	}
	away := service(t, &bell{}, &logs, func(c *phone.Config) { c.Withhold = func(*http.Request) bool { return true } })
	for _, method := range []string{"GET", "POST"} {
		if w := ask(away, method, "/phone/pair?lang=en", "", ""); w.Code != 422 || !strings.Contains(w.Body.String(), "own screen") {
			t.Errorf("paired from afar: %d", w.Code)
		}
	}
	r := httptest.NewRequest("POST", "http://localhost/phone/pair", strings.NewReader("days=7&label=x&lang=en"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code != 422 || !strings.Contains(w.Body.String(), "longer than 48") {
		t.Errorf("%d", w.Code)
	}
	if strings.Contains(logs.String(), "Marker") {
		t.Error("a name is in the log")
	}
}
