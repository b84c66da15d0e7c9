package rights

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// post is a desk that mails, over a house; its links say their visit in clear.
type post struct {
	*house
	off  bool
	out  []LinkMail
	to   []string
	once map[string]bool
}

func (p *post) last(what string) (at time.Time, note string) {
	for _, a := range p.acts {
		if a.What == what {
			at, note = a.At.Time(), a.Note
		}
	}
	return at, note
}

func (p *post) Ready() bool { return !p.off }

func (p *post) Sign(l record.Link) (string, error) {
	token, err := record.SignLink(l, func(b []byte) []byte { return make([]byte, 64) })
	return "https://ekudden.test/o/" + token, err
}

func (p *post) Read(token string) (record.Link, error) { return record.ParseLink(token) }

func (p *post) Sent(record.VisitID) (time.Time, error) { at, _ := p.last(ActLink); return at, nil }

func (p *post) Corrected(record.VisitID) (time.Time, error) {
	at, _ := p.last(actRectify)
	return at, nil
}

func (p *post) Opened(link string) (string, time.Time, error) {
	at, note := p.last(ActLinkOpened)
	name, by, _ := strings.Cut(note, " ")
	if name != link {
		return "", time.Time{}, nil
	}
	return by, at, nil
}

func (p *post) Mail(_ record.VisitID, to record.Private, l LinkMail, _ time.Time, once string) error {
	if p.once[once] {
		return nil
	}
	p.once[once], p.out, p.to = true, append(p.out, l), append(p.to, to.Reveal())
	return nil
}

func (p *post) token(t *testing.T) string {
	t.Helper()
	_, rest, ok := strings.Cut(p.out[len(p.out)-1].Text, "/o/")
	if !ok {
		t.Fatal("no link in", p.out)
	}
	token, _, _ := strings.Cut(rest, "\n")
	return token
}

func newPost(t *testing.T) (*post, *Self) {
	p := &post{house: newHouse(t), once: map[string]bool{}}
	self, _ := p.own()
	self.cfg.Links = p
	self.cfg.Rectify = func(context.Context, record.VisitID, map[string]string, string) error {
		_, err := p.Commit(context.Background(), self.s.act(actRectify, "name", aVis))
		return err
	}
	return p, self
}

// The answer is the same whether or not an address is kept, and given before that
// is known; the mail goes to the address that is kept, once within the hour.
func TestAskingForALinkTellsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, self := newPost(t)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- self.Run(ctx) }()
		ask := func(to string, want error) {
			t.Helper()
			got, err := self.Answer(ctx, SelfAsk{Do: AskMail, Knows: to, Lang: English})
			if !errors.Is(err, want) || got.Text != "" || got.AtDesk || got.Data != nil {
				t.Errorf("asked for %q: %v", to, err)
			}
			synctest.Wait()
		}
		ask("nobody@ek.test", nil)
		ask("", nil)
		if len(p.out) != 0 || p.onRecord(ActLink) != 0 {
			t.Fatal("mailed to", p.to)
		}
		ask(" ASTRID@ek.test", nil)
		ask("astrid@ek.test", nil)
		if !slices.Equal(p.to, []string{"astrid@ek.test"}) || p.onRecord(ActLink) != 1 {
			t.Error("mailed to", p.to, p.onRecord(ActLink))
		}
		if m := fmt.Sprint(p.out); strings.Contains(m, "Astrid") || strings.Contains(m, "astrid@") {
			t.Error("personal data in the mail:", m)
		}
		// Another desk has sent one: this one does not.
		p.clock = noon.Add(30 * time.Minute)
		p.once = map[string]bool{}
		ask("astrid@ek.test", nil)
		if len(p.out) != 1 {
			t.Error("sent again within the hour")
		}
		p.clock = noon.Add(3 * time.Hour)
		ask("astrid@ek.test", nil)
		if len(p.out) != 2 {
			t.Error("hours later none is sent")
		}
		for i := range mailsAll - 1 {
			ask(fmt.Sprint("guess", i, "@ek.test"), nil)
		}
		ask("another@ek.test", ErrSelfWait)
		p.off = true
		ask("astrid@ek.test", ErrSelfNoMail)
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// A link opens the page of one visit, once, for a day; who has opened it has all
// rights on it, for half an hour, and nobody else.
func TestALinkIsOpenedOnce(t *testing.T) {
	p, self := newPost(t)
	ctx := t.Context()
	if err := self.MailLink(ctx, aVis, "operator a"); err != nil {
		t.Fatal(err)
	}
	if a := p.acts[len(p.acts)-1]; a.What != ActLink || a.By != "operator a" || a.Visits[0] != aVis {
		t.Errorf("on record: %+v", a)
	}
	if err := self.MailLink(ctx, aVis, "operator a"); !errors.Is(err, ErrMailed) {
		t.Error("sent twice:", err)
	}
	mine := SelfAsk{Link: p.token(t), Use: "a secret of this browser", Do: AskSee, Lang: English}
	short := mine
	short.Use = "x"
	torn := mine
	torn.Link = torn.Link[:40]
	for name, a := range map[string]SelfAsk{"a short secret": short, "half a link": torn} {
		if _, err := self.Answer(ctx, a); !errors.Is(err, ErrSelfLink) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, mine.Do = range []string{AskSee, AskRectify, AskErase, AskWithdraw} {
		if got, err := self.Answer(ctx, mine); err != nil || got.AtDesk || !strings.Contains(got.Text, "Astrid Ek") {
			t.Errorf("%s: %v", mine.Do, err)
		}
	}
	mine.Do = AskSee
	other := mine
	other.Use = "a secret of another browser"
	if _, err := self.Answer(ctx, other); !errors.Is(err, ErrSelfLink) {
		t.Error("opened again by another:", err)
	}
	p.clock = noon.Add(linkUse)
	if _, err := self.Answer(ctx, mine); !errors.Is(err, ErrSelfLink) {
		t.Error("used after half an hour:", err)
	}
	if p.onRecord(ActLinkOpened) != 1 || p.onRecord(ActExport) != 4 {
		t.Error("on record:", p.onRecord(ActLinkOpened), p.onRecord(ActExport))
	}
}

func TestALinkIsOver(t *testing.T) {
	for name, change := range map[string]func(p *post, self *Self){
		"a day later": func(p *post, _ *Self) { p.clock = noon.Add(linkFor) },
		"corrected since": func(p *post, self *Self) {
			p.clock = noon.Add(time.Minute)
			_ = self.cfg.Rectify(context.Background(), aVis, nil, "")
		},
		"erased": func(p *post, _ *Self) { p.shut = errDisk },
	} {
		p, self := newPost(t)
		if err := self.MailLink(t.Context(), aVis, "operator a"); err != nil {
			t.Fatal(err)
		}
		change(p, self)
		if _, err := self.Answer(t.Context(), SelfAsk{Link: p.token(t), Use: "a secret of this browser", Do: AskSee, Lang: English}); !errors.Is(err, ErrSelfLink) {
			t.Errorf("%s: %v", name, err)
		}
	}
	p, self := newPost(t)
	p.dossier.Email = ""
	if err := self.MailLink(t.Context(), aVis, "operator a"); !errors.Is(err, ErrNoAddress) || p.onRecord(ActLink) != 0 {
		t.Error("sent to nowhere:", err)
	}
}

func TestTheMailIsInTheReadersLanguage(t *testing.T) {
	at := []LinkLine{{noon, "https://ekudden.test/o/x"}}
	for lang, want := range map[string]string{"": "Ditt besök", "sv": "Ditt besök", "en": "Your visit", "pl": "Your visit", "ar": "زيارتك", "de": "Ihr Besuch", "fi": "Käyntisi", "nb": "Besøket", "da": "Dit besøg", "sv-simple": "bara din"} {
		m := linkMail(lang, "Eku<dden", at)
		if !strings.Contains(m.Text, want) || !strings.Contains(m.Text, "\nhttps://ekudden.test/o/x\n") || !strings.Contains(m.HTML, "Eku&lt;dden") || !strings.Contains(m.Subject, "Eku<dden") ||
			strings.Contains(m.HTML, `dir="rtl"`) != (lang == "ar") {
			t.Errorf("%s: %+v", lang, m)
		}
	}
}
