package evac_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/evac"
)

func api(t testing.TB, h *house, change ...func(*evac.Config)) http.Handler {
	t.Helper()
	s, _ := muster(t, h, change...)
	mux := http.NewServeMux()
	s.API(mux)
	return mux
}

func TestAPI(t *testing.T) {
	h := newHouse()
	h.now = func() time.Time { return at.Add(123_456_789 * time.Nanosecond) }
	h.hear(
		evac.Entrance{Node: node(1), Name: "Här", Site: "Norra", Here: true, CompleteAsOf: at},
		evac.Entrance{Node: node(2), Name: "Östra grinden", Site: "Norra", Role: "entrance"},
	)
	a, b := present(1, 1, "Plan 3"), present(2, 2, "Plan 3")
	h.add(a, &record.Card{Name: "Anna Öberg", Host: "Karin"})
	h.add(b, nil)
	w := get(t, api(t, h), "/api/v1/muster")
	want := fmt.Sprintf(`{"as_of":"2026-11-22T09:02:14.123Z","scope":"visitors","feeds":[],"entrances":[`+
		`{"node":"%s","name":"Här","complete_as_of":"2026-11-22T09:02:14.123Z","state":"here","site":"Norra","last_heard":"2026-11-22T09:02:14.123Z","doubt":0},`+
		`{"node":"%s","name":"Östra grinden","complete_as_of":null,"state":"never","site":"Norra","last_heard":null,"doubt":1}],`+
		`"people":[{"visit":"%s","badge":"%s","name":"Anna Öberg","company":null,"host":"Karin","zone":"Plan 3","state":"inside","marked_by":null,"marked_at":null,"point":null,"point_known":null,"left_at":null,"how":null,"disputed":false,"added":false,"not_sure":false,"joined":[],"type":""},`+
		`{"visit":"%s","badge":"%s","name":null,"company":null,"host":null,"zone":"Plan 3","state":"inside","marked_by":null,"marked_at":null,"point":null,"point_known":null,"left_at":null,"how":null,"disputed":false,"added":false,"not_sure":true,"joined":[],"type":""}],`+
		`"counts":{"inside":2,"missing":0,"refuge":0,"unconfirmed":0,"probably_left":0,"safe":0,"left":0,"total":2,"not_sure":1},"names":"shown","evacuation":null,"names_locked":false,"erasures_unknown_since":null}`,
		node(1), node(2), a.Visit, a.Badge(), b.Visit, b.Badge())
	if diff := cmp.Diff(want, w.Body.String()); diff != "" {
		t.Error(diff)
	}
	if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("headers %v", w.Header())
	}
}

func TestEmptyListsAreLists(t *testing.T) {
	body := get(t, api(t, newHouse()), "/api/v1/muster").Body.String()
	if !strings.Contains(body, `"entrances":[],"people":[]`) {
		t.Errorf("got %s", body)
	}
}

func TestAPIRefuses(t *testing.T) {
	h := api(t, campus(), func(c *evac.Config) { c.Hosts = []string{"upprop.example"} })
	for _, c := range []struct {
		url    string
		status int
	}{
		{"http://127.0.0.1:8080/api/v1/muster", 200},
		{"http://upprop.example/api/v1/muster?site=Norra", 200},
		{"http://evil.example/api/v1/muster", http.StatusMisdirectedRequest},
		{"http://localhost/api/v1/muster?site=nowhere", http.StatusNotFound},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", c.url, nil))
		var answer struct{ Error, Hint string }
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
			t.Fatal(err)
		}
		if w.Code != c.status || (c.status != 200) != (answer.Error != "" && answer.Hint != "") {
			t.Errorf("%s: status %d, %+v", c.url, w.Code, answer)
		}
		if c.status != 200 && strings.Contains(w.Body.String(), "Öberg") {
			t.Errorf("%s gives names", c.url)
		}
	}
}

// TestListPrintsNoNames: only JSON reveals.
func TestListPrintsNoNames(t *testing.T) {
	s, _ := muster(t, campus())
	l, err := s.Muster("Norra")
	if err != nil {
		t.Fatal(err)
	}
	other, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprint(l), fmt.Sprintf("%+v", l), fmt.Sprintf("%#v", l), string(other)} {
		if strings.Contains(text, "Öberg") || strings.Contains(text, "Rullstol") {
			t.Error("a list prints personal data")
		}
	}
	revealed, err := l.JSON()
	if err != nil || !strings.Contains(string(revealed), "Öberg") {
		t.Errorf("JSON does not reveal (%v)", err)
	}
}
