package invitations

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/sheet/sheettest"
)

// linked lets spots have links, and mail what the first of them invited to.
func linked(spots ...*spot) {
	for n, s := range spots {
		s.cfg.Web = func() string { return "https://visit.example.org/" }
		s.cfg.SignLink = func(l record.Link) (string, error) {
			return record.SignLink(l, func([]byte) []byte { return make([]byte, 64) })
		}
		s.cfg.Link = record.ParseLink
		s.cfg.Mine = func(record.VisitID) bool { return n == 0 }
	}
}

// Who is invited answers at a door; the desk that invited tells the host and
// brings the calendar up to date, once.
func TestAnswering(t *testing.T) {
	h := newHouse(t)
	desk, gate := h.spot("Reception", true), h.spot("East gate", false)
	linked(desk, gate)
	made := desk.invite(nil)
	_, token, ok := strings.Cut(desk.mails[0].Text, "https://visit.example.org/i/")
	if token, _, _ = strings.Cut(token, "\n"); !ok || !strings.Contains(desk.mails[0].HTML, `<a href="https://visit.example.org/i/`+token) {
		t.Fatal("the mail has no link")
	}
	_, err := gate.Asked(token)
	wants(t, "at a door that has not heard", err, "invitations.not_heard")
	sheettest.Heal(t, desk.Desk, gate.Desk)
	for what, bad := range map[string]string{"cut": token[:90], "nothing": "", "words": "<script>"} {
		if err := gate.Answer(t.Context(), bad, ""); !errors.Is(err, record.ErrLink) {
			t.Errorf("%s: %v", what, err)
		}
	}
	wants(t, "no time", gate.Answer(t.Context(), token, "late"), "invitations.clock")
	wants(t, "a time that is over", gate.Answer(t.Context(), token, "03:00"), "invitations.past")
	if err := gate.Answer(t.Context(), token, "11.30"); err != nil {
		t.Fatal(err)
	}
	if err := gate.Answer(t.Context(), token, "11:30"); err != nil {
		t.Fatal(err)
	}
	sheettest.Heal(t, desk.Desk, gate.Desk)
	desk.tellAnswers(t.Context())
	desk.tellAnswers(t.Context())
	gate.tellAnswers(t.Context())
	once := map[string]int{}
	for _, l := range desk.mails[1:] {
		once[l.Once]++
	}
	if len(once) != 2 || once[""] != 0 || len(gate.mails) != 0 {
		t.Errorf("the host, the visitor, each by a name of its own: %v", once)
	}
	host, visitor := desk.mails[1], desk.mails[2]
	if host.To != "sven@example.org" || !strings.Contains(host.Text, "Åsa Öberg comes at 11:30") {
		t.Error(host.Text)
	}
	if !strings.Contains(visitor.Calendar, "DTSTART:20261122T113000Z") || !strings.Contains(visitor.Calendar, "SEQUENCE:2\r\n") || !strings.Contains(visitor.Calendar, "METHOD:REQUEST") {
		t.Error(visitor.Calendar)
	}
	// And then not at all: the calendar is free, and the paper is good all the same.
	if err := desk.Answer(t.Context(), token, ""); err != nil {
		t.Fatal(err)
	}
	desk.mails = nil
	desk.tellAnswers(t.Context())
	if len(desk.mails) != 2 || !strings.Contains(desk.mails[0].Text, "cannot come") || desk.mails[1].Method != "CANCEL" || !strings.Contains(desk.mails[1].Calendar, "SEQUENCE:5\r\n") {
		t.Errorf("%d mails", len(desk.mails))
	}
	if _, err := gate.Open(made.QR, ""); err != nil {
		t.Error(err)
	}
	if asked, err := desk.Asked(token); err != nil || asked.Answer == nil || asked.Answer.At != 0 {
		t.Error(err)
	}
	if err := desk.CallOff(t.Context(), "op", made.ID); err != nil {
		t.Fatal(err)
	}
	wants(t, "off", desk.Answer(t.Context(), token, ""), "invitations.off")
}

func TestAnswersHaveAnEnd(t *testing.T) {
	desk := newHouse(t).spot("Reception", true)
	linked(desk)
	desk.invite(nil)
	i := desk.Replica.Invitations()[0]
	_, token, _ := strings.Cut(desk.link(i, [16]byte{}), "/i/")
	for n := range maxAnswers {
		if err := desk.Answer(t.Context(), token, map[bool]string{true: "11:00"}[n%2 == 0]); err != nil {
			t.Fatal(err)
		}
	}
	wants(t, "one more", desk.Answer(t.Context(), token, "12:00"), "invitations.answers")
	// A link of an evacuation is none of an invitation.
	other, _ := desk.cfg.SignLink(record.Link{Visit: i.ID, Start: record.EvacID{7}, Until: time.Unix(i.To, 0)})
	if err := desk.Answer(t.Context(), other, ""); !errors.Is(err, record.ErrLink) {
		t.Error(err)
	}
}
