package kiosk_test

import (
	"net/http"
	"strings"
	"testing"
)

// Who has lost the badge leaves by their name and what only they know, and nothing of
// that stands on a page, in an address or in the log.
func TestLeavesByName(t *testing.T) {
	o := &own{}
	k, h, logs := door(t, o.at)
	v := &visitor{t: t, k: k}
	v.get("/kiosk/leave?lang=en")
	if !strings.Contains(v.res.Body.String(), "/kiosk/leave/name") {
		t.Error("nothing leads there")
	}
	for knows, says := range map[string]string{"0701740699": "Nobody inside has that name", "gone": "does not reach the reception"} {
		v.post("/kiosk/leave/name", "lang=en", "name=Bo Marker", "knows="+knows)
		body := v.res.Body.String()
		if v.res.Code != http.StatusUnprocessableEntity || !strings.Contains(body, says) || !strings.Contains(body, `value="Bo Marker"`) || !strings.Contains(body, `id="name-fault"`) || strings.Contains(body, knows) {
			t.Errorf("%s: %d %s", knows, v.res.Code, body)
		}
	}
	if v.post("/kiosk/leave/name", "lang=en", "name=", "knows=0701740605"); v.res.Code != http.StatusUnprocessableEntity {
		t.Error(v.res.Code)
	}
	// A fault here is told of with a reference, and never with who it was.
	if v.post("/kiosk/leave/name", "lang=en", "name=Bo Marker", "knows=0701740666"); v.res.Code != http.StatusInternalServerError || !strings.Contains(logs.String(), "disk of") {
		t.Error(v.res.Code, logs.String())
	}
	if len(h.asked) != 0 {
		t.Error("somebody was checked out:", h.asked)
	}
	v.post("/kiosk/leave/name", "lang=en", "name=Bo Marker", "knows=0701740605")
	v.follow()
	if len(h.asked) != 1 || h.asked[0] != "7K3M9Q28" || v.res.Code != http.StatusOK {
		t.Error(h.asked, v.res.Code)
	}
	if s := logs.String() + strings.Join(v.urls, " "); strings.Contains(s, "Marker") || strings.Contains(s, "0701740605") || strings.Contains(s, "0701740666") {
		t.Error("it says who:", s)
	}
	k, _, _ = door(t)
	v = &visitor{t: t, k: k}
	if v.get("/kiosk/leave?lang=en"); strings.Contains(v.res.Body.String(), "/kiosk/leave/name") {
		t.Error("it leads to what no desk answers")
	}
}
