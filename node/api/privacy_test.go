package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/audit"
	"github.com/upprop/upprop/node/expiry"
	"github.com/upprop/upprop/node/privacy"
)

// acts are Privacy and Audit that note what they are asked.
type acts struct {
	fail   error
	erased []record.VisitID
	right  privacy.Correction
	until  record.Day
	off    string
}

var (
	anErasure = record.ErasureID{7}
	aVisit    = record.VisitID{9}
	someTime  = time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)
)

func (a *acts) Erase(_ context.Context, v ...record.VisitID) (privacy.Erasure, error) {
	a.erased = v
	return privacy.Erasure{ID: anErasure}, a.fail
}

func (a *acts) ErasureStatuses() ([]privacy.Summary, error) { return nil, nil }

func (a *acts) ErasureStatus(id record.ErasureID) (privacy.Status, error) {
	return privacy.Status{
		Erasure:    id,
		Receipts:   []privacy.Receipt{{Name: "Reception", At: someTime}},
		Pending:    []privacy.Pending{{Name: "Alfa"}},
		WrittenOff: []privacy.WrittenOff{{Name: "Bravo", At: someTime, By: "Reception"}},
	}, a.fail
}

func (a *acts) Rectify(_ context.Context, _ record.VisitID, c privacy.Correction, _ string) error {
	a.right = c
	return a.fail
}

func (a *acts) WriteOff(_ context.Context, name string) error { a.off = name; return a.fail }

func (a *acts) AllowExpiry(_ context.Context, d record.Day) error { a.until = d; return a.fail }

func (a *acts) VerifyAudit() (audit.Report, error) {
	return audit.Report{
		Chains: []audit.Chain{{Entries: 3, First: 2, Last: 4, Dropped: true}},
		Faults: []audit.Fault{{Kind: audit.Missing, N: 3, What: "1 entries from 3 on are missing"}},
	}, a.fail
}

func (a *acts) AuditLines() ([]audit.Line, error) {
	return []audit.Line{{At: someTime, N: 1, What: "shred", Erasure: anErasure, Visits: []record.VisitID{aVisit}}, {At: someTime, What: "x"}}, a.fail
}

// with serves this house's API with what acts does.
func (h *house) with(a *acts) *API {
	api := New(Config{Node: h.node, Logger: slog.New(slog.DiscardHandler), Privacy: a, Audit: a})
	mux := http.NewServeMux()
	api.Register(mux)
	h.local, h.remote = Local(mux), Bearer(token, mux)
	return api
}

func TestPrivacyVerbs(t *testing.T) {
	h, a := newHouse(t), &acts{}
	h.with(a)
	if status, out := h.do(h.local, "POST", "/api/v1/erasures", fmt.Sprintf(`{"visits":[%q,%q]}`, aVisit, aVisit.QR())); status != 200 || out["erasure"] != anErasure.String() || len(a.erased) != 2 || a.erased[1] != aVisit {
		t.Error(status, out)
	}
	status, out := h.do(h.local, "GET", "/api/v1/erasures?erasure="+anErasure.String(), "")
	if b, _ := json.Marshal(out); status != 200 || !strings.Contains(string(b), `"pending":[{"id":"00000000000000000000000000`) || !strings.Contains(string(b), `"last_heard":null,"node":"Alfa"`) {
		t.Errorf("%d %s", status, b)
	}
	if status, _ := h.do(h.local, "POST", "/api/v1/subjects/rectify", fmt.Sprintf(`{"visit":%q,"name":" Astrid Ek ","phone":""}`, aVisit)); status != 200 || *a.right.Name != "Astrid Ek" || *a.right.Phone != "" || a.right.Host != nil {
		t.Error(status)
	}
	if status, _ := h.do(h.local, "POST", "/api/v1/nodes/writeoff", `{"name":"Alfa"}`); status != 200 || a.off != "Alfa" {
		t.Error(status, a.off)
	}
	if status, _ := h.do(h.local, "POST", "/api/v1/expire", `{"until":"2026-11-20"}`); status != 200 || a.until.String() != "20261120" {
		t.Error(status, a.until)
	}
	status, out = h.do(h.local, "GET", "/api/v1/audit/verify", "")
	if b, _ := json.Marshal(out); status != 200 || out["ok"] != false || !strings.Contains(string(b), `"kind":"missing","n":3`) {
		t.Errorf("%d %s", status, b)
	}
	if status, _ := h.do(h.local, "GET", "/api/v1/audit", ""); status != 200 {
		t.Error(status)
	}
}

func TestPrivacyRefusals(t *testing.T) {
	h, a := newHouse(t), &acts{}
	h.with(a)
	for _, c := range []struct {
		method, path, body string
		fail               error
		want               int
	}{
		{"POST", "/api/v1/erasures", `{"visits":["nonsense"]}`, nil, 422},
		{"POST", "/api/v1/erasures", fmt.Sprintf(`{"visits":[%q]}`, aVisit.Badge()), nil, 422},
		{"POST", "/api/v1/erasures", fmt.Sprintf(`{"visits":[%q]}`, aVisit), privacy.ErrUnknownVisit, 404},
		{"POST", "/api/v1/erasures", `{}`, privacy.ErrNoVisits, 422},
		{"POST", "/api/v1/erasures", `{}`, fmt.Errorf("erase: %w", privacy.ErrNotDesk), 403},
		{"GET", "/api/v1/erasures", "", nil, 422},
		{"GET", "/api/v1/erasures?erasure=" + aVisit.String(), "", nil, 422},
		{"GET", "/api/v1/erasures?erasure=" + anErasure.String(), "", privacy.ErrUnknownErasure, 404},
		{"POST", "/api/v1/subjects/rectify", fmt.Sprintf(`{"visit":%q,"name":"  "}`, aVisit), nil, 422},
		{"POST", "/api/v1/subjects/rectify", fmt.Sprintf(`{"visit":%q,"host":"a\u001bb"}`, aVisit), nil, 422},
		{"POST", "/api/v1/subjects/rectify", fmt.Sprintf(`{"visit":%q}`, aVisit), privacy.ErrNoChange, 422},
		{"POST", "/api/v1/nodes/writeoff", `{"name":"x"}`, privacy.ErrUnknownNode, 404},
		{"POST", "/api/v1/nodes/writeoff", `{"name":"x"}`, privacy.ErrWriteOffAlive, 409},
		{"POST", "/api/v1/expire", `{"until":"tomorrow"}`, nil, 422},
		{"POST", "/api/v1/expire", `{"until":"2099-01-01"}`, expiry.ErrNotYet, 422},
	} {
		a.fail = c.fail
		if status, out := h.do(h.local, c.method, c.path, c.body); status != c.want {
			t.Errorf("%s %s %s: %d %v, want %d", c.method, c.path, c.body, status, out, c.want)
		}
	}
	if status, _ := h.do(h.remote, "POST", "/api/v1/expire", `{"until":"2026-11-20"}`, "Authorization", "Bearer "+token); status != 403 {
		t.Error("keys are let die from afar:", status)
	}
	a.fail = errors.New("the disk")
	if status, out := h.do(h.local, "GET", "/api/v1/audit/verify", ""); status != 500 || strings.Contains(fmt.Sprint(out), "the disk") {
		t.Error(status, out)
	}
}

// TestPrivacyAnswersAreAsDescribed holds the answers to the document's fields.
func TestPrivacyAnswersAreAsDescribed(t *testing.T) {
	h, a := newHouse(t), &acts{}
	h.with(a)
	var d struct {
		Components struct {
			Schemas map[string]struct{ Required []string } `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(openapi, &d); err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	h.local.ServeHTTP(w, httptest.NewRequest("GET", "/api/v1/audit", nil))
	var lines []map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &lines); err != nil {
		t.Fatal(err)
	}
	_, status := h.do(h.local, "GET", "/api/v1/erasures?erasure="+anErasure.String(), "")
	_, report := h.do(h.local, "GET", "/api/v1/audit/verify", "")
	for name, got := range map[string]map[string]any{"Act": lines[0], "ErasureStatus": status, "AuditReport": report} {
		want := d.Components.Schemas[name].Required
		if len(got) != len(want) {
			t.Errorf("%s answers %v, the document says %v", name, got, want)
		}
		for _, f := range want {
			if _, ok := got[f]; !ok {
				t.Errorf("%s lacks %s", name, f)
			}
		}
	}
}
