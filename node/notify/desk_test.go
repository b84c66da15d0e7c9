package notify

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// A desk's word waits in the outbox over a power cut, sealed, and is sent once. It is
// gone with the visit: erased, ended or restricted before it was sent.
func TestADesksWord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		o := w.office(1, true)
		defer func() { o.stop() }()
		var down atomic.Bool
		down.Store(true)
		o.post.fails = func(int, message) error {
			if down.Load() {
				return &fault{why: whyUnreachable}
			}
			return nil
		}
		say := func(v record.VisitID, once string) Letter {
			subject, text := DeskMail(v, false, "Din taxi, Astrid Marker")
			return Letter{Kind: DeskKind, Visit: v, To: "+46701234567", Subject: subject, Text: text, Until: time.Now().Add(time.Hour), Once: once}
		}
		told, left, erased, restricted := w.comes(1, "North", record.Dossier{}), w.comes(2, "North", record.Dossier{}), w.comes(3, "North", record.Dossier{}), w.comes(4, "North", record.Dossier{})
		for _, v := range []record.VisitID{told, left, erased, restricted} {
			for range 2 {
				if err := o.Text(say(v, "form")); err != nil {
					t.Fatal(err)
				}
			}
		}
		later(time.Second)
		if o.inClear("arker") || o.inClear("46701234567") {
			t.Error("it lies in clear")
		}
		o.crash()
		w.leaves(left)
		w.erase(erased)
		w.edit(func() {
			for i := range w.open {
				if w.open[i].Visit == restricted {
					w.open[i].Restricted = []record.Restriction{{}}
				}
			}
		})
		down.Store(false)
		later(10 * time.Minute)
		if o.post.count() != 1 || !strings.HasPrefix(o.post.sent[0].text, "Din taxi, Astrid Marker\n") {
			t.Fatal("sent:", o.post.count())
		}
		o.crash()
		if err := o.Text(say(told, "form")); err != nil {
			t.Fatal(err)
		}
		later(10 * time.Minute)
		if o.post.count() != 1 || o.inClear("arker") {
			t.Error("sent again")
		}
		if err := o.Change(func(s *Settings) error { s.SMTP, s.SMS = nil, nil; return nil }); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(o.Mail(say(told, "")), o.Text(say(told, ""))); !errors.Is(err, ErrNoMail) || !errors.Is(err, ErrNoTexts) {
			t.Error(err)
		}
	})
}

func TestWhereAWordGoes(t *testing.T) {
	for text, want := range map[record.Private]record.Private{
		"sven@example.org": "sven@example.org", "Sven Ask <sven@example.org>": "sven@example.org", "Sven Ask": "", "": "", "a@b\r\nBcc: c@d": "",
	} {
		if got := MailTo(text); got != want {
			t.Errorf("%q: %q", text.Reveal(), got.Reveal())
		}
	}
	for number, want := range map[record.Private]bool{"070-123 45 67": true, "+46 70 1234567": true, "växeln": false, "": false} {
		if TextTo(number) != want {
			t.Errorf("%q: %v", number.Reveal(), !want)
		}
	}
	if _, text := DeskMail(record.VisitID{1}, true, "Hon väntar"); !strings.Contains(text, record.VisitID{1}.Badge().String()) || !strings.Contains(text, "\nHon väntar\n") {
		t.Error(text)
	}
}
