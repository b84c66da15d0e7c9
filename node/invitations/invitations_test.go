package invitations

import (
	"bytes"
	"errors"
	"image/png"
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/sheet"
	"github.com/upprop/upprop/node/sheet/sheettest"
)

func TestByQRAndByCode(t *testing.T) {
	h := newHouse(t)
	desk, gate := h.spot("Reception", true), h.spot("East gate", false)
	made := desk.invite(nil)
	sheettest.Heal(t, desk.Desk, gate.Desk)
	if all := gate.List(); len(all) != 1 || all[0].Invite != nil || all[0].Type != "contractor" || all[0].State != Expected {
		t.Errorf("a gate reads who is expected: %+v", all)
	}
	if all := desk.List(); len(all) != 1 || all[0].Invite.Name != "Åsa Öberg" || all[0].Invite.Note == "" {
		t.Error("the desk does not")
	}
	// The gate is alone now, and opens it by the paper and by the code.
	for what, show := range map[string][2]string{
		"QR": {made.QR, ""}, "QR in small letters": {strings.ToLower(made.QR), ""},
		"code and name": {made.Code, "Åsa Öberg"}, "plain code, part of the name": {strings.ToLower(strings.ReplaceAll(made.Code, "-", " ")), "oberg"},
	} {
		got, err := gate.Open(show[0], show[1])
		if err != nil || !got.Known || got.Type != "contractor" || got.Invite.Name != "Åsa Öberg" || got.Invite.HostMail != "sven@example.org" || got.Invite.Note != "" {
			t.Errorf("%s: %v, known %v", what, err, got.Known)
		}
	}
	for what, c := range map[string]struct{ code, name, key string }{
		"another name":      {made.Code, "Bo Ek", "invitations.wrong"},
		"no name":           {made.Code, " - ", "invitations.no_name"},
		"another code":      {made.Code[:5] + "0000-0000", "Åsa Öberg", "invitations.wrong"},
		"10,000 characters": {made.Code, strings.Repeat("å ", 5000), "invitations.wrong"},
		"emoji and script":  {made.Code, "🐂 <script>alert(1)</script>", "invitations.wrong"},
	} {
		_, err := gate.Open(c.code, c.name)
		wants(t, what, err, c.key)
	}
	if _, err := gate.Open("nonsense", ""); !errors.Is(err, record.ErrCode) {
		t.Error(err)
	}
	// Of another campus.
	text, err := record.SignQR(record.QR{Kind: record.InvitationQR, Visit: record.VisitID{7, 7, 7, 7, 7}, Issuer: record.IssuerID{9}, Last: record.DayOf(sheettest.At)}, func([]byte) []byte { return make([]byte, 64) })
	if err != nil {
		t.Fatal(err)
	}
	_, err = gate.Open(text, "")
	wants(t, "another campus", err, "invitation.unknown")
}

func TestAtADoorThatWasCutOff(t *testing.T) {
	h := newHouse(t)
	desk, gate := h.spot("Reception", true), h.spot("East gate", false)
	made := desk.invite(nil)
	got, err := gate.Open(made.QR, "")
	if err != nil || got.Known || got.ID != made.ID || got.Invite.Name != "" {
		t.Errorf("%+v %v", got, err)
	}
	_, err = gate.Open(made.Code, "Åsa Öberg")
	wants(t, "a code that nobody has told of", err, "invitations.wrong")
	gate.arrive(made.ID)
	_, err = gate.Open(made.QR, "")
	wants(t, "used here", err, "invitations.used")
	sheettest.Heal(t, desk.Desk, gate.Desk)
	if i, _ := desk.Get(made.ID); i.State != Here || len(i.Uses) != 1 || i.Uses[0].Place.Entrance != "East gate" {
		t.Errorf("the desk does not know who came: %+v", i)
	}
}

// The same paper at two doors that do not hear each other: two are inside, on
// every list, and it is said.
func TestUsedTwice(t *testing.T) {
	h := newHouse(t)
	desk, gate := h.spot("Reception", true), h.spot("East gate", false)
	made := desk.invite(nil)
	sheettest.Heal(t, desk.Desk, gate.Desk)
	a, b := desk.arrive(made.ID), gate.arrive(made.ID)
	sheettest.Heal(t, desk.Desk, gate.Desk)
	for _, s := range []*spot{desk, gate} {
		i, err := s.Get(made.ID)
		if err != nil || !i.Twice || len(i.Uses) != 2 || len(s.Replica.Open()) != 2 {
			t.Errorf("%+v %v", i, err)
		}
		_, err = s.Open(made.QR, "")
		wants(t, "used twice", err, "invitations.used")
		if p := IsProblem(err); p.Where == "" || p.At.IsZero() {
			t.Errorf("it is not said where: %+v", p)
		}
	}
	// Who has left may come again on the same day.
	desk.leave(a)
	gate.leave(b)
	sheettest.Heal(t, desk.Desk, gate.Desk)
	if _, err := gate.Open(made.QR, ""); err != nil {
		t.Error(err)
	}
	if i, _ := gate.Get(made.ID); i.State != Been || i.Twice {
		t.Errorf("%+v", i)
	}
}

func TestDaysAndCallingOff(t *testing.T) {
	h := newHouse(t)
	desk := h.spot("Reception", true)
	day := 24 * time.Hour
	later := desk.invite(func(r *Request) { r.From, r.To = r.From.Add(3*day), r.To.Add(4*day) })
	_, err := desk.Open(later.QR, "")
	wants(t, "too early", err, "invitations.early")
	h.advance(3 * day)
	_, err = desk.Open(later.QR, "")
	wants(t, "on its day", err, "")
	h.advance(3 * day)
	_, err = desk.Open(later.QR, "")
	wants(t, "when it is over", err, "invitations.over")
	if i, _ := desk.Get(later.ID); i.State != Over {
		t.Error(i.State)
	}

	// Two operators change one invitation apart: each new one stands, the old
	// admits nobody.
	other := h.spot("South desk", true)
	now := h.clock()
	at := func(r *Request) { r.From, r.To = now.Add(time.Hour), now.Add(2*time.Hour) }
	first := desk.invite(at)
	sheettest.Heal(t, desk.Desk, other.Desk)
	instead := func(r *Request) { at(r); r.Instead = first.ID }
	one, two := desk.invite(instead), other.invite(func(r *Request) { instead(r); r.Type = "visitor" })
	sheettest.Heal(t, desk.Desk, other.Desk)
	_, err = desk.Open(first.QR, "")
	wants(t, "replaced", err, "invitations.off")
	for _, made := range []Made{one, two} {
		if _, err := other.Open(made.QR, ""); err != nil {
			t.Error("one of two edits is gone:", err)
		}
	}
	if err := desk.CallOff(t.Context(), "op", one.ID); err != nil {
		t.Fatal(err)
	}
	_, err = desk.Open(one.QR, "")
	wants(t, "called off", err, "invitations.off")
	_, err = desk.Send("op", one.ID)
	wants(t, "sending what is off", err, "invitations.off")
	wants(t, "nothing", desk.CallOff(t.Context(), "op", record.VisitID{1, 2, 3}), "invitations.unknown")

	// The mails of the thread: calendars keep one event, and then none.
	uid, sequence := "UID:"+strings.ToLower(first.ID.String())+"@upprop", []string{}
	for _, l := range desk.mails[len(desk.mails)-3:] {
		if !strings.Contains(strings.ReplaceAll(l.Calendar, "\r\n ", ""), uid) {
			t.Errorf("another thread: %s", l.Calendar)
		}
		_, rest, _ := strings.Cut(l.Calendar, "SEQUENCE:")
		s, _, _ := strings.Cut(rest, "\r\n")
		sequence = append(sequence, s+" "+l.Method)
	}
	if got := strings.Join(sequence, ", "); got != "0 REQUEST, 2 REQUEST, 3 CANCEL" {
		t.Error(got)
	}
}

func TestMail(t *testing.T) {
	h := newHouse(t)
	desk := h.spot("Reception", true)
	made := desk.invite(nil)
	if !made.Mailed || len(desk.mails) != 1 {
		t.Fatal("no mail")
	}
	l := desk.mails[0]
	if l.To != "asa@example.org" || l.Subject != "Välkommen till Ekudden" || l.Visit != made.ID || l.Method != "REQUEST" {
		t.Errorf("%q", l.Subject)
	}
	for _, s := range []string{"Hej Åsa Öberg!", made.Code, "2026-11-22 10:00–13:00", "Sven Ask", "Ta <b>hissen</b>, plan 3; tack", "Ekudden, North", "Park <here>\ncontractor sv", "Wi-Fi: Guest & co"} {
		if !strings.Contains(l.Text, s) {
			t.Errorf("the text has no %q:\n%s", s, l.Text)
		}
	}
	if strings.Contains(l.HTML, "<b>hissen") || !strings.Contains(l.HTML, "&lt;b&gt;hissen") || !strings.Contains(l.HTML, "cid:qr") || !strings.Contains(l.HTML, "Park &lt;here&gt;<br>contractor sv") || strings.Contains(l.HTML, "http") {
		t.Error(l.HTML)
	}
	if strings.Contains(l.Text+l.HTML+l.Calendar, made.QR) {
		t.Error("what the QR holds stands in text")
	}
	if img, err := png.Decode(bytes.NewReader(l.QR)); err != nil || img.Bounds().Dx() != 480 {
		t.Error(err)
	}
	unfolded := strings.ReplaceAll(l.Calendar, "\r\n ", "")
	for _, s := range []string{"BEGIN:VCALENDAR\r\nVERSION:2.0", "DTSTART:20261122T100000Z", "DTEND:20261122T130000Z", `LOCATION:Ekudden\, North`, "STATUS:CONFIRMED", `ORGANIZER;CN="Sven Ask":mailto:sven@example.org`, `CN="Åsa Öberg":mailto:asa@example.org`} {
		if !strings.Contains(unfolded, s) {
			t.Errorf("the calendar has no %q:\n%s", s, l.Calendar)
		}
	}
	for _, line := range strings.Split(l.Calendar, "\r\n") {
		if len(line) > 75 {
			t.Errorf("a line of %d bytes", len(line))
		}
	}
	if made := desk.invite(func(r *Request) { r.Email = "" }); made.Mailed {
		t.Error("a mail to nobody")
	}
}

func TestWhoCannotBeInvited(t *testing.T) {
	h := newHouse(t)
	desk, gate := h.spot("Reception", true), h.spot("East gate", false)
	day := 24 * time.Hour
	for what, c := range map[string]struct {
		change func(*Request)
		key    string
	}{
		"no name":      {func(r *Request) { r.Name = " <> " }, "invitations.name"},
		"control":      {func(r *Request) { r.Name = "Åsa\x1b[2J" }, ""},
		"mail":         {func(r *Request) { r.Email = "Åsa <a@b.se>" }, "invitations.email"},
		"header":       {func(r *Request) { r.HostMail = "a@b.se, c@d.se" }, "invitations.email"},
		"type":         {func(r *Request) { r.Type = "spy" }, "invitations.type"},
		"backwards":    {func(r *Request) { r.To = r.From.Add(-time.Minute) }, "invitations.when"},
		"never":        {func(r *Request) { r.From = time.Time{} }, "invitations.when"},
		"past":         {func(r *Request) { r.From, r.To = r.From.Add(-9*day), r.To.Add(-9*day) }, "invitations.past"},
		"far":          {func(r *Request) { r.To = r.From.Add(200 * day) }, "invitations.far"},
		"entrance":     {func(r *Request) { r.Entrance = "a/b" }, "invitations.entrance"},
		"language":     {func(r *Request) { r.Lang = "svenska" }, "invitations.lang"},
		"not there":    {func(r *Request) { r.Instead = record.VisitID{1, 2, 3} }, "invitations.unknown"},
		"10,000 chars": {func(r *Request) { r.Company = record.Private(strings.Repeat("x", 10000)) }, ""},
	} {
		r := Request{Name: "Åsa", From: sheettest.At.Add(time.Hour), To: sheettest.At.Add(2 * time.Hour)}
		c.change(&r)
		_, err := desk.Invite(t.Context(), "op", r)
		var p *sheet.Problem
		if c.key == "" && !errors.As(err, &p) {
			t.Errorf("%s: %v", what, err)
		} else if c.key != "" {
			wants(t, what, err, c.key)
		}
	}
	_, err := gate.Invite(t.Context(), "op", Request{Name: "Åsa"})
	wants(t, "at a gate", err, "invitations.not_desk")
	if len(desk.List()) != 0 {
		t.Error("somebody was invited")
	}
}

// An invitation that is erased opens for nobody, and its visits stay.
func TestErased(t *testing.T) {
	h := newHouse(t)
	desk := h.spot("Reception", true)
	made := desk.invite(nil)
	if _, err := desk.Commit(t.Context(), crdt.Draft{Acts: []record.Act{{Kind: record.ActShred, Visits: []record.VisitID{made.ID}, Erasure: record.ErasureID{1}}}}); err != nil {
		t.Fatal(err)
	}
	_, err := desk.Open(made.Code, "Åsa")
	wants(t, "erased", err, "invitations.gone")
	if got, err := desk.Open(made.QR, ""); err != nil || got.Invite.Name != "" {
		t.Errorf("an erased name is shown: %v", err)
	}
	if i, _ := desk.Get(made.ID); i.Invite != nil {
		t.Error("the desk shows an erased name")
	}
	_, err = desk.Send("op", made.ID)
	wants(t, "sending what is erased", err, "invitations.gone")
}

func TestCSV(t *testing.T) {
	h := newHouse(t)
	desk := h.spot("Reception", true)
	good := "\ufeffName;Email;From;To;Host;Phone\r\nÅsa Öberg;asa@example.org;2026-11-22 10:00;12:00;Sven;+46701234567\r\n\"محمد; الأحمد\";;2026-11-23;;;\r\n"
	made, err := desk.Import(t.Context(), "op", []byte(good), true)
	if err != nil || len(made) != 2 || len(desk.List()) != 0 {
		t.Fatal(err, len(made))
	}
	if made, err = desk.Import(t.Context(), "op", []byte(good), false); err != nil || len(made) != 2 || !made[0].Mailed || made[1].Mailed {
		t.Fatal(err, len(made))
	}
	all := desk.List()
	if len(all) != 2 || all[0].To-all[0].From != 2*3600 || all[1].Invite.Name != "محمد; الأحمد" || all[1].To-all[1].From != 24*3600-60 {
		t.Errorf("%+v", all)
	}
	// One row that is wrong, and nothing is done; each is named.
	bad := "name,from,phone\nBo Ek,2026-11-22 10:00,\n=HYPERLINK(A1),2026-11-22 10:00,\nEva,yesterday,\n@SUM(A1),2026-11-22,\n,2026-11-22,\n+1,2026-11-22,-1\n"
	_, err = desk.Import(t.Context(), "op", []byte(bad), false)
	var rows *ErrRows
	if !errors.As(err, &rows) || len(rows.Rows) != 4 || rows.Rows[0].Row != 3 || rows.Rows[0].Err.Key != "invitations.formula" || rows.Rows[1].Err.Key != "invitations.time" || rows.Rows[3].Row != 7 {
		t.Errorf("%v", err)
	}
	_, err = desk.Import(t.Context(), "op", []byte("name,from\n ,2026-11-22\n"), false)
	if !errors.As(err, &rows) || rows.Rows[0].Err.Key != "invitations.name" {
		t.Error(err)
	}
	for text, key := range map[string]string{
		"":                          "invitations.csv",
		"name,from\n":               "invitations.csv",
		"name,from\n\"a,b\nc":       "invitations.csv",
		"name\nEva\n":               "invitations.csv_head",
		"name,from,shoe\nEva,x,4\n": "invitations.csv_head",
		"name,from\nE\xffa,x\n":     "invitations.csv_utf8",
		"name,from\n" + strings.Repeat("Eva,2026-11-22\n", MaxAtOnce+1): "invitations.csv_long",
	} {
		_, err := desk.Import(t.Context(), "op", []byte(text), false)
		wants(t, text[:min(len(text), 20)], err, key)
	}
	if len(desk.List()) != 2 {
		t.Error("somebody was invited by a file that is wrong")
	}
}

// Whoever was invited is told that it is off, if need be at the second try.
func TestCallingOffIsToldInTheEnd(t *testing.T) {
	h := newHouse(t)
	desk := h.spot("Desk", true)
	now := h.clock()
	made := desk.invite(func(r *Request) { r.From, r.To = now.Add(time.Hour), now.Add(2*time.Hour) })
	desk.mute = errors.New("the disk is full")
	wants(t, "nobody is told", desk.CallOff(t.Context(), "op", made.ID), "invitations.untold")
	_, err := desk.Open(made.QR, "")
	wants(t, "off all the same", err, "invitations.off")
	desk.mute, desk.mails = nil, nil
	if err := desk.CallOff(t.Context(), "op", made.ID); err != nil || len(desk.mails) != 1 || desk.mails[0].Method != "CANCEL" {
		t.Error(err, len(desk.mails))
	}
}
