package kiosk

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/kiosk/lang"
)

func is(err error, want lang.Problem) bool {
	var p lang.Problem
	return errors.As(err, &p) && p.Key == want.Key
}

func TestPassSaysWhatWasWritten(t *testing.T) {
	now := time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
	for _, p := range []pass{
		{Name: "Åsa Öberg", Company: "Ångpanna & Söner AB", Phone: "070-123 45 67", Email: "asa@example.org", Type: "contractor"},
		{Name: "مرحبا 漢字 👩‍🚒"},
		{},
	} {
		p.Made = now
		text := p.encode()
		if strings.ToUpper(text) != text || strings.HasPrefix(text, "-") {
			t.Error("not for a QR's alphanumeric mode:", text)
		}
		got, err := readPass(text, now.Add(300*24*time.Hour))
		want := p
		want.Made = now.Truncate(24 * time.Hour)
		if err != nil || got != want {
			t.Errorf("%+v %v", got, err)
		}
		if _, err := readPass(text, now.Add(400*24*time.Hour)); !is(err, errPassOld) {
			t.Error(err)
		}
		for i := len(passPrefix); i < len(text); i += 7 {
			for _, torn := range []string{text[:i], text[:i] + "A" + text[i+1:]} {
				if got, err := readPass(torn, now); torn != text && !is(err, errPass) && got.Name != p.Name {
					t.Errorf("a pass that was not read whole: %+v %v", got, err)
				}
			}
		}
	}
	long := pass{Name: strings.Repeat("ö", 300) + "\x00\x07", Company: strings.Repeat("👩", 300), Made: now}
	got, err := readPass(long.encode(), now)
	if err != nil || got.Name != strings.Repeat("ö", passField) || len([]rune(got.Company)) != passField {
		t.Errorf("%+v %v", got, err)
	}
}

// Whatever is scanned, nothing that a form could not have held comes of it.
func FuzzPass(f *testing.F) {
	now := time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
	f.Add(pass{Name: "Åsa", Made: now}.encode())
	f.Add(passPrefix + "AAAA")
	f.Fuzz(func(t *testing.T, code string) {
		p, err := readPass(tidy(code), now)
		if err != nil {
			if p != (pass{}) {
				t.Fatal("refused, and half read")
			}
			return
		}
		for _, s := range []string{p.Name, p.Company, p.Phone, p.Email, p.Type} {
			if strings.ContainsAny(s, "\x00\r\n\x1b") || len([]rune(s)) > passField {
				t.Fatalf("%q", s)
			}
		}
	})
}
