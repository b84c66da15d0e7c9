package node

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/consent"
	"github.com/upprop/upprop/node/rights"
	"github.com/upprop/upprop/node/visits"
)

// A person sees their own data at an entrance that opens nothing, since a desk
// answers; takes back a consent there, corrects, and asks for erasure. Without a
// desk in touch the entrance says so.
func TestOnesOwnPageAtAnEntrance(t *testing.T) {
	ctx := context.Background()
	here := first(t)
	gate := here.joined("East gate", identity.RoleEntrance)
	eventually(t, "the gate has heard of keys", gate.CanSeal)
	in, err := gate.Visits().CheckIn(ctx, visits.Arrival{Name: "Astrid Marker", Phone: "070-123 45 67", Assist: "uses a chair", Lang: "en", How: "desk"})
	if err != nil {
		t.Fatal(err)
	}
	bare, err := gate.Visits().CheckIn(ctx, visits.Arrival{Name: "Bo Marker", How: "kiosk"})
	if err != nil {
		t.Fatal(err)
	}
	ask := rights.SelfAsk{Code: in.Badge.String(), Knows: "+46701234567", Do: rights.AskSee, Lang: rights.English, How: "kiosk"}
	var got rights.SelfAnswer
	eventually(t, "the desk answers for the gate", func() bool {
		got, err = gate.AnswerSelf(ctx, ask)
		return err == nil
	})
	if !strings.Contains(got.Text, "Astrid Marker") || !strings.Contains(got.Text, "uses a chair") || len(got.Consents) != 1 {
		t.Error(got.Text)
	}
	if _, _, err := gate.Visits().ForSubject(in.Visit); !errors.Is(err, visits.ErrNotForUs) {
		t.Error("the gate opens it itself:", err)
	}
	var p *visits.Problem
	for name, a := range map[string]rights.SelfAsk{
		"another number":  {Code: ask.Code, Knows: "0701234568", Do: rights.AskSee, Lang: rights.English},
		"no such badge":   {Code: "AAAA-AAAA", Knows: "0701234567", Do: rights.AskSee, Lang: rights.English},
		"a name and code": {Code: bare.Badge.String(), Knows: "Bo Marker", Do: rights.AskSee, Lang: rights.English},
		"the visit's id":  {Code: bare.Visit.String(), Knows: "Bo Marker", Do: rights.AskSee, Lang: rights.English},
	} {
		if _, err := gate.AnswerSelf(ctx, a); !errors.As(err, &p) || p.Key != rights.ErrSelf.Key {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got, err := gate.AnswerSelf(ctx, rights.SelfAsk{Code: bare.QR, Knows: "bo marker", Do: rights.AskSee, Lang: rights.Swedish}); err != nil || !strings.Contains(got.Text, "Bo Marker") {
		t.Error("the badge in hand and the name:", err)
	}

	if _, err := gate.AnswerSelf(ctx, rights.SelfAsk{Code: bare.QR, Knows: "bo marker", Do: rights.AskRectify, Lang: rights.Swedish, Right: map[string]string{"email": "thief@marker.test"}}); !errors.As(err, &p) || p.Key != rights.ErrSelfDesk.Key {
		t.Error("the badge in hand and the name correct:", err)
	}

	ask.Do, ask.Purpose = rights.AskWithdraw, string(consent.Assist)
	if got, err = gate.AnswerSelf(ctx, ask); err != nil || strings.Contains(got.Text, "uses a chair") || len(got.Consents) != 0 {
		t.Error("taken back:", err)
	}
	ask.Do, ask.Right = rights.AskRectify, map[string]string{"name": "Astrid Markör"}
	if got, err = gate.AnswerSelf(ctx, ask); err != nil || !strings.Contains(got.Text, "Astrid Markör") {
		t.Error("corrected:", err)
	}
	ask.Right = map[string]string{"name": "a\nb"}
	if _, err = gate.AnswerSelf(ctx, ask); !errors.As(err, &p) || p.Field != "name" {
		t.Error("a name that cannot be:", err)
	}
	ask.Do = rights.AskErase
	if got, err = gate.AnswerSelf(ctx, ask); err != nil || got.Due.IsZero() {
		t.Error("asked for erasure:", err)
	}
	if all := here.Rights().Cases(); len(all) != 1 || all[0].Kind != rights.Erasure || all[0].Opened.By != "the person themself" {
		t.Errorf("%+v", all)
	}
	lines, err := here.AuditLines()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, l := range lines {
		if l.By == "the person themself" {
			seen[l.What] = true
		}
	}
	if !seen["subject.export"] || !seen["subject.rectify"] || !seen["consent.withdraw"] || !seen["case.open"] {
		t.Error("not on record as the person's own:", seen)
	}
	here.stop()
	if _, err := gate.AnswerSelf(ctx, ask); !errors.Is(err, rights.ErrSelfNone) {
		t.Error("without a desk:", err)
	}
}
