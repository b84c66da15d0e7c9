package node

import (
	"context"
	"errors"
	"io"
	"mime/quotedprintable"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/audit"
	"github.com/upprop/upprop/node/notify"
	"github.com/upprop/upprop/node/rights"
	"github.com/upprop/upprop/node/visits"
)

// postbox is a mail server that keeps what it is given, and to whom.
type postbox struct {
	mu    sync.Mutex
	to    []string
	mails []string
}

func (b *postbox) NewSession(*smtp.Conn) (smtp.Session, error) { return letterbox{b}, nil }

type letterbox struct{ *postbox }

func (b letterbox) Mail(string, *smtp.MailOptions) error { return nil }
func (b letterbox) Reset()                               {}
func (b letterbox) Logout() error                        { return nil }

func (b letterbox) Rcpt(to string, _ *smtp.RcptOptions) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.to = append(b.to, to)
	return nil
}

func (b letterbox) Data(r io.Reader) error {
	text, err := io.ReadAll(quotedprintable.NewReader(r))
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mails = append(b.mails, string(text))
	return err
}

func (b *postbox) got() (to, mails []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append(to, b.to...), append(mails, b.mails...)
}

// mailsBy has nodes send through a postbox, and name their screens in links.
func mailsBy(t *testing.T, nodes ...*running) *postbox {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	box, done := &postbox{}, make(chan struct{})
	s := smtp.NewServer(box)
	s.Domain = "mail.test"
	go func() { defer close(done); _ = s.Serve(l) }()
	t.Cleanup(func() { _ = l.Close(); _ = s.Close(); <-done })
	for _, n := range nodes {
		if err := n.ChangeNotices(func(set *notify.Settings) error {
			set.Link = "https://ekudden.test"
			set.SMTP = &notify.SMTP{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, From: "upprop@ekudden.test", TLS: "none"}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	return box
}

// Who asks at an entrance for a link is mailed one by a desk, once, to the address
// that is kept; it opens their page at any node, for the first who opens it.
func TestALinkToOnesOwnPage(t *testing.T) {
	ctx := context.Background()
	here := first(t)
	south := here.joined("South desk", identity.RoleDesk)
	gate := here.joined("East gate", identity.RoleEntrance)
	eventually(t, "the gate has heard of keys", gate.CanSeal)
	in, err := gate.Visits().CheckIn(ctx, visits.Arrival{Name: "Astrid Marker", Email: "astrid@marker.test", Lang: "en", How: "desk"})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []*running{here, south} {
		eventually(t, "the visit is open at "+r.Self().Name, func() bool {
			_, d, err := r.Visits().ForSubject(in.Visit)
			return err == nil && d.Email != ""
		})
	}
	ask := rights.SelfAsk{Do: rights.AskMail, Knows: "Astrid@Marker.test", Lang: rights.English, How: "kiosk"}
	var p *visits.Problem
	eventually(t, "the gate is told that no desk mails", func() bool {
		_, err := gate.AnswerSelf(ctx, ask)
		return errors.Is(err, rights.ErrSelfNoMail)
	})
	box := mailsBy(t, south) // one desk alone: the other passes it on
	for _, r := range []*running{here, gate} {
		if got, err := r.AnswerSelf(ctx, ask); err != nil || got.Text != "" {
			t.Fatal("asked at", r.Self().Name, err)
		}
	}
	var mails []string
	eventually(t, "the mail comes", func() bool { _, mails = box.got(); return len(mails) > 0 })
	_, token, ok := strings.Cut(mails[0], "https://ekudden.test/o/")
	if token, _, _ = strings.Cut(token, "\r\n"); !ok || strings.Contains(mails[0], "Astrid") || !strings.Contains(mails[0], "Your visit") {
		t.Fatal(mails[0])
	}
	eventually(t, "it is on record everywhere that one was sent", func() bool {
		at, err := newSelfLinks(here.Node).Sent(in.Visit)
		return err == nil && !at.IsZero()
	})
	mailsHere := mailsBy(t, here)
	if err := here.MailOwnLink(ctx, in.Visit, ""); !errors.Is(err, rights.ErrMailed) {
		t.Error("another desk sends it again:", err)
	}

	mine := rights.SelfAsk{Link: token, Use: "a secret of this browser", Do: rights.AskSee, Lang: rights.English, How: "link"}
	if got, err := gate.AnswerSelf(ctx, mine); err != nil || !strings.Contains(got.Text, "Astrid Marker") || got.AtDesk {
		t.Fatal("opened at the gate:", err)
	}
	for _, r := range []*running{here, south} {
		eventually(t, r.Self().Name+" knows that it was opened", func() bool {
			lines, err := r.AuditLines()
			return err == nil && slices.ContainsFunc(lines, func(l audit.Line) bool { return l.What == rights.ActLinkOpened })
		})
		other := mine
		other.Use = "a secret of another browser"
		if _, err := r.AnswerSelf(ctx, other); !errors.Is(err, rights.ErrSelfLink) {
			t.Error("opened by another at", r.Self().Name, err)
		}
		if got, err := r.AnswerSelf(ctx, mine); err != nil || !strings.Contains(got.Text, "Astrid Marker") {
			t.Error("not open any more at", r.Self().Name, err)
		}
	}
	mine.Do, mine.Right = rights.AskRectify, map[string]string{"email": "astrid@markor.test"}
	if got, err := gate.AnswerSelf(ctx, mine); err != nil || !strings.Contains(got.Text, "astrid@markor.test") {
		t.Error("corrected by link:", err)
	}
	l, err := south.linkFor(record.OwnLinkDomain, token)
	if err != nil {
		t.Fatal(err)
	}
	invite, err := south.signInviteLink(l)
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]string{"a link for something else": invite, "half of it": token[:60], "none": "x"} {
		if _, err := gate.AnswerSelf(ctx, rights.SelfAsk{Link: bad, Use: mine.Use, Do: rights.AskSee, Lang: rights.English}); !errors.As(err, &p) || p.Key != rights.ErrSelfLink.Key {
			t.Errorf("%s: %v", name, err)
		}
	}
	to, mails := box.got()
	if other, _ := mailsHere.got(); len(mails) != 1 || len(to) != 1 || to[0] != "astrid@marker.test" || len(other) != 0 {
		t.Error("mailed to", to, other)
	}
}
