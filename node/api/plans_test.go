package api

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/png"
	"testing"
)

func TestPlans(t *testing.T) {
	h := newHouse(t)
	const at = "/api/v1/plans"
	if got := h.list(at); len(got) != 0 {
		t.Error(got)
	}
	var file bytes.Buffer
	if err := png.Encode(&file, image.NewGray(image.Rect(0, 0, 60, 40))); err != nil {
		t.Fatal(err)
	}
	picture := base64.StdEncoding.EncodeToString(file.Bytes())
	for _, c := range []struct {
		body, key string
		status    int
	}{
		{`{"site":"","picture":"aGVsbG8="}`, "plans.picture", 422},
		{`{"site":"Nowhere","picture":"` + picture + `"}`, "plans.no_site", 422},
		{`{"site":"","clear":true}`, "plans.unknown", 404},
	} {
		if status, got := h.do(h.local, "POST", at, c.body); status != c.status || got["key"] != c.key {
			t.Error(c.body, status, got)
		}
	}
	if status, _ := h.do(h.local, "GET", at+"/picture", ""); status != 404 {
		t.Error(status)
	}
	if status, got := h.do(h.local, "POST", at, `{"site":"","picture":"`+picture+`"}`); status != 200 {
		t.Fatal(status, got)
	}
	all := h.list(at)
	if len(all) != 1 || all[0]["width"] != 60.0 || all[0]["type"] != "image/png" {
		t.Fatal(all)
	}
	asDescribed(t, "Plan", all[0])
	_, got := h.do(h.local, "GET", at+"/picture?site=", "")
	asDescribed(t, "PlanPicture", got)
	if raw, err := base64.StdEncoding.DecodeString(got["picture"].(string)); err != nil || float64(len(raw)) != got["bytes"] {
		t.Error(err, len(raw))
	}
	_, p := h.do(h.local, "POST", "/api/v1/points", `{"name":"Parking","site":"","x":250,"y":1000}`)
	if place, _ := p["place"].(map[string]any); place["x"] != 250.0 || place["y"] != 1000.0 {
		t.Error(p)
	}
	if status, _ := h.do(h.local, "POST", "/api/v1/points", `{"name":"Parking","x":1001}`); status != 422 {
		t.Error(status)
	}
	if status, _ := h.do(h.local, "POST", at, `{"site":"","clear":true}`); status != 200 || len(h.list(at)) != 0 {
		t.Error(status)
	}
}
