package notify

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// parts takes a mail apart, down to what is not made of parts: by type.
func parts(t *testing.T, kind string, body io.Reader, into map[string]string) {
	t.Helper()
	_, args, err := mime.ParseMediaType(kind)
	if err != nil {
		t.Fatal(kind, err)
	}
	r := multipart.NewReader(body, args["boundary"])
	for {
		p, err := r.NextRawPart()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		kind := p.Header.Get("Content-Type")
		if strings.HasPrefix(kind, "multipart/") {
			parts(t, kind, p, into)
			continue
		}
		var in io.Reader = p
		switch p.Header.Get("Content-Transfer-Encoding") {
		case "base64":
			in = base64.NewDecoder(base64.StdEncoding, p)
		case "quoted-printable":
			in = quotedprintable.NewReader(p)
		}
		b, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		into[kind+" "+p.Header.Get("Content-ID")] = string(b)
	}
}

func TestInvitationAsMail(t *testing.T) {
	box := serveMail(t, false, "")
	m := letterTo
	m.html, m.calendar, m.method, m.picture, m.logo = `<img src="cid:logo"><p>Astrid Märker</p><img src="cid:qr">`, "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "REQUEST", []byte("\x89PNG picture"), []byte("\x89PNG logo")
	if err := (mailSender{box.smtp(t, "starttls"), time.Now}).send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	msg, err := mail.ReadMessage(strings.NewReader(box.mails[0]))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	parts(t, msg.Header.Get("Content-Type"), msg.Body, got)
	found := 0
	for kind, body := range got {
		var want string
		switch {
		case strings.HasPrefix(kind, "text/plain"):
			want = "Astrid Märker väntar."
		case strings.HasPrefix(kind, "text/html"):
			want = m.html
		case strings.HasPrefix(kind, "text/calendar") && strings.Contains(kind, "method=REQUEST"):
			want = m.calendar
		case strings.HasPrefix(kind, "image/png") && strings.HasSuffix(kind, "<qr>"):
			want = string(m.picture)
		case strings.HasPrefix(kind, "image/png") && strings.HasSuffix(kind, "<logo>"):
			want = string(m.logo)
		default:
			t.Errorf("a part of type %s", kind)
			continue
		}
		if !strings.Contains(body, want) {
			t.Errorf("%s: %q, want %q", kind, body, want)
		}
		found++
	}
	if found != 5 {
		t.Errorf("%d of five parts:\n%s", found, box.mails[0])
	}
}

// An invitation waits in the outbox over a power cut, sealed, and is removed
// when it is erased.
func TestInvitationInTheOutbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newTown(t).office(1, false)
		defer func() { o.stop() }()
		l := Letter{
			Visit: record.VisitID{9}, To: "astrid.marker@example.org", Subject: "Välkommen", Text: "Astrid Marker", HTML: "<p>Astrid Marker</p>",
			Calendar: "BEGIN", Method: "REQUEST", Picture: bytes.Repeat([]byte{1}, 1000), Until: time.Now().Add(time.Hour),
		}
		if err := o.Mail(l); err != nil {
			t.Fatal(err)
		}
		if o.inClear("arker") {
			t.Error("it lies in clear")
		}
		if got := o.Mailed(record.VisitID{9}); got != Pending && got != Sent {
			t.Error(got)
		}
		later(time.Second)
		if o.post.count() != 1 || o.post.sent[0].calendar != "BEGIN" || len(o.post.sent[0].picture) != 1000 || o.Mailed(record.VisitID{9}) != Sent {
			t.Fatal("sent:", o.post.count())
		}
		// What has a name of its own is taken down once.
		l.Once = "answer"
		for range 2 {
			if err := o.Mail(l); err != nil {
				t.Fatal(err)
			}
			later(time.Second)
		}
		if n := o.post.count(); n != 2 {
			t.Error(n, "mails")
		}
		l.Once, l.Text = "", strings.Repeat("x", maxLetter)
		if err := o.Mail(l); err == nil {
			t.Error("a letter without an end is taken")
		}
		if o.Mailed(record.VisitID{8}) != "" {
			t.Error("an invitation that nobody mailed was mailed")
		}
	})
}
