package invitations

import (
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/sheet/sheettest"
)

const day = 24 * time.Hour

// tuesdays invites Åsa Öberg for five Tuesdays from eight until noon.
func tuesdays(r *Request) {
	r.From, r.To = sheettest.At.Add(2*day-time.Hour), sheettest.At.Add(2*day+3*time.Hour)
	r.Repeat = Repeat{Every: Weekly, Until: sheettest.At.Add(30 * day)}
}

func TestOnEachOccasionAndOnlyThen(t *testing.T) {
	h := newHouse(t)
	desk, gate := h.spot("Reception", true), h.spot("East gate", false)
	made := desk.invite(tuesdays)
	sheettest.Heal(t, desk.Desk, gate.Desk)
	try := func(what, key string) {
		t.Helper()
		_, err := gate.Open(made.QR, "")
		wants(t, what, err, key)
		_, err = gate.Open(made.Code, "Öberg")
		wants(t, what+", by code", err, key)
	}
	try("on Sunday", "invitations.early")
	h.advance(day)
	try("on Monday", "invitations.early")
	if p := IsProblem(gate.Admits(made.ID)); p == nil || p.At.Format(time.DateOnly) != "2026-11-24" {
		t.Errorf("%+v", p)
	}
	h.advance(day)
	try("on Tuesday", "")
	first := gate.arrive(made.ID)
	try("twice on Tuesday", "invitations.used")
	if i, _ := gate.Get(made.ID); i.State != Here || len(i.Times) != 5 {
		t.Errorf("%s %d", i.State, len(i.Times))
	}
	h.advance(day)
	try("on Wednesday", "invitations.early")
	if i, _ := gate.Get(made.ID); i.State != Expected || time.Unix(i.Next.From, 0).UTC().Format(time.DateOnly) != "2026-12-01" {
		t.Errorf("%s %v", i.State, i.Next)
	}
	// Who forgot to check out is expected all the same, and is no second use.
	h.advance(6 * day)
	try("the next Tuesday", "")
	second := gate.arrive(made.ID)
	if i, _ := gate.Get(made.ID); i.Twice || i.Stray || i.State != Here {
		t.Errorf("%+v", i)
	}
	if v, ok := gate.Visit(made.ID); !ok || v != second {
		t.Error("the paper does not lead out of today's visit")
	}
	desk.arrive(made.ID)
	sheettest.Heal(t, desk.Desk, gate.Desk)
	if i, _ := gate.Get(made.ID); !i.Twice {
		t.Error("two by one paper on one day are not seen")
	}
	gate.leave(first)
	h.advance(day)
	desk.arrive(made.ID)
	if i, _ := desk.Get(made.ID); !i.Stray {
		t.Error("a use on a Wednesday is not seen")
	}
	h.advance(21 * day)
	try("when all are over", "invitations.over")
}

func TestSkipping(t *testing.T) {
	h := newHouse(t)
	desk, other, gate := h.spot("Reception", true), h.spot("South desk", true), h.spot("East gate", false)
	made := desk.invite(tuesdays)
	sheettest.Heal(t, desk.Desk, other.Desk, gate.Desk)
	i, _ := desk.Get(made.ID)
	at := func(n int) time.Time { return time.Unix(i.Times[n].From, 0) }
	// Apart, one desk calls the second off, and one all from the fourth on.
	if err := desk.Skip(t.Context(), "op", made.ID, at(1), false); err != nil {
		t.Fatal(err)
	}
	if err := other.Skip(t.Context(), "op", made.ID, at(3), true); err != nil {
		t.Fatal(err)
	}
	wants(t, "none of its times", desk.Skip(t.Context(), "op", made.ID, at(1).Add(time.Hour), false), "invitations.no_time")
	sheettest.Heal(t, desk.Desk, other.Desk, gate.Desk)
	for n, key := range []string{"", "invitations.skipped", "", "invitations.skipped"} {
		h.advance(at(n).Sub(h.clock()))
		_, err := gate.Open(made.QR, "")
		wants(t, h.clock().Format(time.DateOnly), err, key)
	}
	if i, _ := gate.Get(made.ID); i.State != Over {
		t.Error(i.State)
	}
	one, rest := desk.mails[1], other.mails[0]
	for _, s := range []string{"METHOD:CANCEL", "RECURRENCE-ID:20261201T080000Z", "SEQUENCE:2\r\n"} {
		if !strings.Contains(one.Calendar, s) {
			t.Errorf("no %s in %s", s, one.Calendar)
		}
	}
	for _, s := range []string{"METHOD:REQUEST", "RRULE:FREQ=WEEKLY;BYDAY=TU;UNTIL=20261208T080000Z", "SEQUENCE:4\r\n"} {
		if !strings.Contains(rest.Calendar, s) {
			t.Errorf("no %s in %s", s, rest.Calendar)
		}
	}
	if !strings.Contains(one.Text, "2026-12-01 08:00–12:00") || strings.Contains(one.Text, "2026-12-08") || !strings.Contains(rest.Text, "2026-12-08") || strings.Contains(rest.Text, "2026-12-15") {
		t.Errorf("%s\n%s", one.Text, rest.Text)
	}
}

func TestSkippingTheLastOfThemCallsOff(t *testing.T) {
	desk := newHouse(t).spot("Reception", true)
	made := desk.invite(func(r *Request) { tuesdays(r); r.Repeat.Until = r.From.Add(7 * day) })
	i, _ := desk.Get(made.ID)
	for _, o := range i.Times {
		if err := desk.Skip(t.Context(), "op", made.ID, time.Unix(o.From, 0), false); err != nil {
			t.Fatal(err)
		}
	}
	if i, _ := desk.Get(made.ID); i.State != CalledOff || strings.Join(desk.acts, ",") != "op invitation.make,op invitation.skip,op invitation.off" {
		t.Error(i.State, desk.acts)
	}
	wants(t, "once more", desk.Skip(t.Context(), "op", made.ID, time.Unix(i.Times[0].From, 0), false), "invitations.off")
}

// A series stays at its hour when summer time ends, in the house and in
// calendars.
func TestByTheClockOnTheWall(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Skip(err)
	}
	r := Request{From: time.Date(2026, 10, 23, 8, 0, 0, 0, zone), To: time.Date(2026, 10, 23, 12, 0, 0, 0, zone), Repeat: Repeat{Every: Weekdays, Until: time.Date(2026, 10, 27, 0, 0, 0, 0, zone)}}
	times, err := r.times(zone)
	if err != nil || len(times) != 3 {
		t.Fatal(times, err)
	}
	var all []record.Occasion
	for _, o := range times {
		if at := time.Unix(o.From, 0).In(zone).Format("15:04"); at != "08:00" {
			t.Error(at)
		}
		all = append(all, record.Occasion{Span: o})
	}
	if got := rule(all, zone); got != "MO,TU,FR" {
		t.Error(got)
	}
	if got := rule([]record.Occasion{all[0], all[2], {Span: record.Span{From: all[0].From + 14*86400 + 3600}}}, zone); got != "" {
		t.Errorf("a list of dates passes for the rule %s", got)
	}
	got := strings.Join(zoneLines(zone, times[0].From, times[2].To), "\n")
	for _, s := range []string{"BEGIN:DAYLIGHT\nDTSTART:20260329T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200", "BEGIN:STANDARD\nDTSTART:20261025T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100"} {
		if !strings.Contains(got, s) {
			t.Errorf("no %s in\n%s", s, got)
		}
	}
}

func TestRepeatsThatCannotBe(t *testing.T) {
	for what, c := range map[string][4]string{
		"no end":     {Weekly, "", "", "invitations.until"},
		"no dates":   {Listed, "", " , ", "invitations.days"},
		"no date":    {Listed, "", "2026-12-01 soon", "invitations.days"},
		"unknown":    {"yearly", "", "", "invitations.repeat"},
		"two dates":  {Listed, "", "2026-12-01, 2026-12-03", ""},
		"not at all": {"", "x", "y", ""},
	} {
		_, err := ParseRepeat(c[0], c[1], c[2], time.UTC)
		wants(t, what, err, c[3])
	}
	desk := newHouse(t).spot("Reception", true)
	for what, c := range map[string]struct {
		change func(*Request)
		key    string
	}{
		"over two days": {func(r *Request) { tuesdays(r); r.To = r.From.Add(30 * time.Hour) }, "invitations.long"},
		"too far":       {func(r *Request) { tuesdays(r); r.Repeat.Until = r.From.Add(300 * day) }, "invitations.far"},
		"too many":      {func(r *Request) { tuesdays(r); r.Repeat = Repeat{Every: Weekdays, Until: r.From.Add(2000 * day)} }, "invitations.too_many"},
	} {
		r := Request{Name: "Åsa"}
		c.change(&r)
		_, err := desk.Invite(t.Context(), "op", r)
		wants(t, what, err, c.key)
	}
}

// What is needed for longer than the documents of the day on which it was
// written is written anew, with the same paper, and what is off stays off.
func TestRenewing(t *testing.T) {
	h := newHouse(t)
	desk, gate := h.spot("Reception", true), h.spot("East gate", false)
	long := desk.invite(func(r *Request) { tuesdays(r); r.Repeat.Until = r.From.Add(100 * day) })
	short, off := desk.invite(tuesdays), desk.invite(func(r *Request) { tuesdays(r); r.Repeat.Until = r.From.Add(100 * day) })
	i, _ := desk.Get(long.ID)
	if err := desk.Skip(t.Context(), "op", long.ID, time.Unix(i.Times[6].From, 0), false); err != nil {
		t.Fatal(err)
	}
	other := h.spot("South desk", true)
	sheettest.Heal(t, desk.Desk, other.Desk)
	renew := func() {
		t.Helper()
		if err := desk.Renew(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	told := func(m Made) record.HLC { i, _ := desk.Replica.Invitation(m.ID); return i.Told }
	was := told(long)
	h.advance(15 * day)
	renew()
	if told(long) != was {
		t.Error("another desk than the one that made it wrote it at once")
	}
	h.advance(4 * day)
	renew()
	if told(long) == was || told(short) > was+10 {
		t.Error("what is needed is not written anew, or what is not is")
	}
	if part, err := desk.Sealed(record.PartKey{Visit: long.ID, Audience: record.BearerAudience}); err != nil || part.Version != 2 {
		t.Error(part.Version, err)
	}
	// Called off by one who did not know that it had been written anew: what calls
	// it off is not dropped before what it calls off.
	if err := other.CallOff(t.Context(), "op", off.ID); err != nil {
		t.Fatal(err)
	}
	sheettest.Heal(t, desk.Desk, other.Desk)
	if i, _ := desk.Replica.Invitation(off.ID); i.OffTold > i.Told {
		t.Fatal("the test shows nothing")
	}
	renew()
	if i, _ := desk.Replica.Invitation(off.ID); i.OffTold < i.Told {
		t.Error("it comes back when the day of the cancellation is dropped")
	}
	sheettest.Heal(t, desk.Desk, gate.Desk)
	h.advance(time.Unix(i.Times[6].From, 0).Sub(h.clock()))
	_, err := gate.Open(long.QR, "")
	wants(t, "what was called off", err, "invitations.skipped")
	h.advance(7 * day)
	if got, err := gate.Open(long.Code, "Öberg"); err != nil || got.Invite.Name != "Åsa Öberg" {
		t.Error(err)
	}
}
