package kiosk_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/kiosk"
	"github.com/upprop/upprop/kiosk/lang"
)

// own is the house's answer to a person who knows "0701740605".
type own struct{ asked []kiosk.MineAsk }

func (o *own) at(c *kiosk.Config) {
	c.Mine = func(_ context.Context, a kiosk.MineAsk) (kiosk.MineAnswer, error) {
		o.asked = append(o.asked, a)
		switch {
		case a.Do == "find" && a.Name == "Bo Marker" && a.Knows == "0701740605":
			return kiosk.MineAnswer{Visit: "7K3M9Q28"}, nil
		case a.Do == "find" && a.Knows == "0701740666":
			return kiosk.MineAnswer{}, fmt.Errorf("disk of %s, %s", a.Name, a.Knows)
		case a.Do == "find" && a.Knows != "gone":
			return kiosk.MineAnswer{}, lang.Problem{Key: lang.SelfFind}
		case a.Knows == "gone":
			return kiosk.MineAnswer{}, lang.Problem{Key: lang.SelfNoDesk}
		case a.Knows == "Bo Marker":
			return kiosk.MineAnswer{Text: "REGISTER EXTRACT\n  Name: Bo Marker", Consents: []string{"assist"}, AtDesk: true}, nil
		case a.Knows != "0701740605" && a.Knows != "0701740606" && a.Link != "good":
			return kiosk.MineAnswer{}, lang.Problem{Key: lang.SelfRefused}
		case a.Right["name"] == "bad":
			return kiosk.MineAnswer{}, lang.Problem{Key: lang.NameEmpty, Field: "name"}
		}
		out := kiosk.MineAnswer{Lang: "en", Text: "REGISTER EXTRACT\n  Name: Astrid Marker", Data: []byte(`{"name":"Astrid Marker"}`), Consents: []string{"assist"}}
		if a.Do == "erase" {
			out.Due = at.AddDate(0, 1, 0)
		}
		return out, nil
	}
}

func TestOnesOwnPage(t *testing.T) {
	o := &own{}
	k, _, logs := door(t, o.at)
	v := &visitor{t: t, k: k}
	holds := func(status int, want ...string) {
		t.Helper()
		if v.res.Code != status {
			t.Fatal(v.res.Code, v.res.Header().Get("Location"))
		}
		for _, w := range want {
			if !strings.Contains(v.res.Body.String(), w) {
				t.Errorf("the page lacks %q:\n%s", w, v.res.Body)
			}
		}
	}
	v.get("/kiosk/privacy?lang=en")
	holds(http.StatusOK, "/kiosk/mine")
	v.get("/kiosk/mine?lang=en")
	holds(http.StatusOK, "What is kept about you")
	v.post("/kiosk/mine", "lang=en", "code=K7M4-2QXP", "knows=wrong")
	holds(http.StatusUnprocessableEntity, "does not fit what is kept", "K7M4-2QXP")
	if strings.Contains(v.res.Body.String(), "wrong") {
		t.Error("what they know stands on the page again")
	}
	v.post("/kiosk/mine", "lang=en", "code=K7M4-2QXP", "knows=gone")
	holds(http.StatusUnprocessableEntity, "does not reach the reception")
	v.post("/kiosk/mine", "lang=en", "code=K7M4-2QXP", "knows=0701740605")
	holds(http.StatusSeeOther)
	page, _, _ := strings.Cut(v.res.Header().Get("Location"), "?")
	v.get(page + "?lang=en")
	holds(http.StatusOK, "Astrid Marker", "Forget what help I need", "Ask to have it erased", "imy.se")
	v.post(page+"/copy", "lang=en")
	holds(http.StatusOK, `{"name":"Astrid Marker"}`)
	if v.res.Header().Get("Cache-Control") != "no-store" {
		t.Error("a copy may be kept:", v.res.Header())
	}
	v.post(page, "lang=en", "do=poem")
	holds(http.StatusUnprocessableEntity)
	v.post(page, "lang=en", "do=rectify", "name=bad")
	holds(http.StatusUnprocessableEntity, "Something needs a second look")
	for _, step := range []struct {
		fields []string
		want   string
	}{
		{[]string{"do=rectify", "name=Astrid Al", "phone=0701740606"}, "Corrected."},
		{[]string{"do=withdraw", "purpose=assist"}, "Taken back."},
		{[]string{"do=erase"}, "answer by 2026-12-22"},
	} {
		v.post(page, append(step.fields, "lang=en")...)
		holds(http.StatusSeeOther)
		before := page
		page, _, _ = strings.Cut(v.res.Header().Get("Location"), "?")
		v.get(page + "?lang=en")
		holds(http.StatusOK, step.want)
		v.get(before)
		if v.res.Code != http.StatusSeeOther {
			t.Error("the page of before is still there")
		}
	}
	last := o.asked[len(o.asked)-1]
	if last.Knows != "0701740606" || last.Do != "erase" || last.Code == "" || last.Lang != "en" {
		t.Error("it was not asked with what is right now")
	}
	v.post(page, "lang=en", "do=close")
	if to := v.res.Header().Get("Location"); !strings.HasPrefix(to, "/kiosk") || strings.Contains(to, "mine") {
		t.Error("put away, and led to", to)
	}
	v.get(page)
	if v.res.Code != http.StatusSeeOther {
		t.Error("what was put away is still there")
	}
	for _, u := range v.urls {
		if strings.Contains(u, "0701740605") || strings.Contains(u, "K7M4") || strings.Contains(u, "Marker") {
			t.Error("personal data in an address:", u)
		}
	}
	if s := logs.String(); strings.Contains(s, "Marker") || strings.Contains(s, "0701740605") || strings.Contains(s, "K7M4") {
		t.Error("personal data in the log:", s)
	}
}

// A page that stays open is forgotten, and a door without such a page has none.
func TestOnesOwnPageIsForgotten(t *testing.T) {
	o, now := &own{}, at
	k, _, _ := door(t, o.at, func(c *kiosk.Config) { c.Clock = func() time.Time { return now } })
	v := &visitor{t: t, k: k}
	v.post("/kiosk/mine", "lang=en", "code=K7M4-2QXP", "knows=0701740605")
	page, _, _ := strings.Cut(v.res.Header().Get("Location"), "?")
	now = at.Add(6 * time.Minute)
	v.get(page)
	if v.res.Code != http.StatusSeeOther {
		t.Error("after six minutes it is still there:", v.res.Code)
	}
	k, _, _ = door(t)
	v = &visitor{t: t, k: k}
	v.get("/kiosk/mine")
	if v.res.Code != http.StatusNotFound {
		t.Error(v.res.Code)
	}
	v.get("/kiosk/privacy")
	if strings.Contains(v.res.Body.String(), "/kiosk/mine") {
		t.Error("it leads to a page that is not there")
	}
}

// Who has shown a badge and a name is sent to the reception for what they may not
// change, and is offered the rest.
func TestOnesOwnPageByBadgeAndName(t *testing.T) {
	o := &own{}
	k, _, _ := door(t, o.at)
	v := &visitor{t: t, k: k}
	for l, want := range map[string]string{"en": "Go to the reception", "sv": "Gå till receptionen"} {
		v.post("/kiosk/mine", "lang="+l, "code=K7M4-2QXP", "knows=Bo Marker")
		page, _, _ := strings.Cut(v.res.Header().Get("Location"), "?")
		v.get(page + "?lang=" + l)
		body := v.res.Body.String()
		if !strings.Contains(body, want) || !strings.Contains(body, `value="erase"`) {
			t.Errorf("the page does not say where to go, or offers no erasure:\n%s", body)
		}
		if strings.Contains(body, `value="rectify"`) || strings.Contains(body, `value="withdraw"`) {
			t.Error("the page offers what will be refused")
		}
	}
}

// What is kept is said to be in another language than the page, where it is.
func TestOnesOwnPageInArabic(t *testing.T) {
	o := &own{}
	k, _, _ := door(t, o.at)
	v := &visitor{t: t, k: k}
	v.post("/kiosk/mine", "lang=ar", "code=K7M4-2QXP", "knows=0701740605")
	v.get(v.res.Header().Get("Location"))
	for _, want := range []string{`<html lang="ar" dir="rtl">`, `lang="en" dir="ltr">REGISTER EXTRACT`, "ما نحفظه عنك"} {
		if !strings.Contains(v.res.Body.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}
