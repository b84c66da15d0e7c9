package hosts

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/sheet"
	"github.com/upprop/upprop/node/sheet/sheettest"
)

// paper is a Vault that hides what it seals behind a mask, with what it is for
// and until when.
type paper struct{ today *record.Day }

func mask(b []byte) []byte {
	out := bytes.Clone(b)
	for i := range out {
		out[i] ^= 0x5a
	}
	return out
}

func (p paper) SealForDesks(label [16]byte, until record.Day, plain []byte) ([]byte, error) {
	b := binary.BigEndian.AppendUint32(nil, uint32(until))
	return append(append(b, label[:]...), mask(plain)...), nil
}

func (p paper) OpenForDesks(label [16]byte, box []byte) ([]byte, error) {
	if dies, ok := p.BoxDies(box); !ok || dies <= *p.today || !bytes.Equal(box[4:20], label[:]) {
		return nil, errors.New("does not open")
	}
	return mask(box[20:]), nil
}

func (p paper) BoxDies(box []byte) (record.Day, bool) {
	if len(box) < 20 {
		return 0, false
	}
	return record.Day(binary.BigEndian.Uint32(box)), true
}

func book(s sheettest.Desk, today *record.Day) *Book {
	return New(Config{Settings: s, Vault: paper{today}, Today: func() record.Day { return *today }})
}

func names(all []Host) (out []string) {
	for _, h := range all {
		out = append(out, h.Name.Reveal()+"|"+h.Unit.Reveal()+"|"+h.Mail.Reveal())
	}
	return out
}

func problem(t *testing.T, what string, err error, key string) {
	t.Helper()
	var p *Problem
	if !errors.As(err, &p) || p.Key != key || p.Hint == "" {
		t.Errorf("%s: %v, want %s", what, err, key)
	}
}

func TestSearchGivesAFew(t *testing.T) {
	today := record.DayOf(sheettest.At)
	s := sheettest.New(t, "desk")
	b := book(s, &today)
	file := "name;unit;mail\nKarin Lindqvist;Plan 3;karin@example.org\nÅsa Öberg;;asa@example.org\nمحمد الأحمد;Plan 3;\n"
	for i := range 20 {
		file += fmt.Sprintf("Anders Berg %d;Lager;\n", i)
	}
	if put, removed, err := b.Import(t.Context(), "op", []byte(file), false); err != nil || put != 23 || removed != 0 {
		t.Fatal(put, removed, err)
	}
	for query, want := range map[string]int{
		"kar": 1, "KAR lin": 1, "oberg": 1, "plan 3": 2, "محمد": 1, "berg": MaxFound, "": 0, "ka": 0, "a b": 0, "xyz": 0, "arin": 0,
		"...": 0, strings.Repeat("a", 10000): 0, "<script>": 0,
	} {
		got, more := b.Find(query)
		if len(got) != want || more != (query == "berg") {
			t.Errorf("%q finds %v, more %v", query, names(got), more)
		}
	}
	for named, want := range map[record.Private]record.Private{
		"Karin Lindqvist": "karin@example.org", "karin lindqvist, plan 3": "karin@example.org", "Karin": "", "": "", "Åsa Öberg": "asa@example.org", "asa oberg": "asa@example.org",
	} {
		if got := b.MailOf(named.Reveal()); got != want {
			t.Errorf("%q is told at %q", named.Reveal(), got.Reveal())
		}
	}
	// Nothing of them is in clear in the settings.
	for _, one := range s.Settings("") {
		if bytes.Contains(one.Value.Bytes(), []byte("Karin")) || strings.Contains(one.Key+one.Value.String(), "karin") {
			t.Errorf("%s is in clear", one.Key)
		}
	}
	// A node that is no desk finds nobody, and forgets who it knew.
	b.cfg.Desk = func() bool { return false }
	if got, _ := b.Find("karin"); len(got) != 0 || b.Count() != 0 || b.memo.Held() != 0 {
		t.Error("a gate finds hosts")
	}
	_, err := b.Put(t.Context(), "op", Host{Name: "Bo Ek"})
	problem(t, "at a gate", err, "hosts.not_here")
}

// late is a Vault whose keys may not have come yet.
type late struct {
	paper
	come *bool
}

func (l late) OpenForDesks(label [16]byte, box []byte) ([]byte, error) {
	if !*l.come {
		return nil, errors.New("no key for that date is here")
	}
	return l.paper.OpenForDesks(label, box)
}

// Hosts are found as soon as the keys are here, and no longer than those live,
// though no setting changes.
func TestKeysComeAndGo(t *testing.T) {
	today, come := record.DayOf(sheettest.At), true
	s := sheettest.New(t, "desk")
	if _, err := book(s, &today).Put(t.Context(), "op", Host{Name: "Karin Lindqvist"}); err != nil {
		t.Fatal(err)
	}
	come = false
	b := New(Config{Settings: s, Vault: late{paper{&today}, &come}, Today: func() record.Day { return today }})
	if n := b.Count(); n != 0 {
		t.Fatalf("%d hosts open without a key", n)
	}
	come = true
	if n := b.Count(); n != 1 {
		t.Errorf("%d hosts are known when the keys have come", n)
	}
	today += ahead
	if n := b.Count(); n != 0 || b.memo.Held() != 0 {
		t.Errorf("%d hosts are known past the date of their key", n)
	}
}

func TestChangingThem(t *testing.T) {
	today := record.DayOf(sheettest.At)
	b := book(sheettest.New(t, "desk"), &today)
	h, err := b.Put(t.Context(), "op", Host{Name: "Karin Lindqvist", Mail: "karin@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Put(t.Context(), "op", Host{ID: h.ID, Name: "Karin Lind", Mail: "karin@example.org"}); err != nil {
		t.Fatal(err)
	}
	// By the same mail it is the same host; who is not in the file is taken off.
	if _, err := b.Put(t.Context(), "op", Host{Name: "Bo Ekman"}); err != nil {
		t.Fatal(err)
	}
	put, removed, err := b.Import(t.Context(), "op", []byte("name,mail,unit\nKarin Ek,KARIN@example.org,Plan 2\nEva Lund,,\n"), true)
	if err != nil || put != 2 || removed != 1 {
		t.Fatal(put, removed, err)
	}
	got, _ := b.Find("karin")
	if len(got) != 1 || got[0].ID != h.ID || got[0].Unit != "Plan 2" || b.Count() != 2 {
		t.Errorf("%v", names(got))
	}
	if err := b.Remove(t.Context(), "op", h.ID); err != nil || b.Count() != 1 {
		t.Error(err)
	}
	problem(t, "twice", b.Remove(t.Context(), "op", h.ID), "hosts.unknown")
	for what, c := range map[string]struct {
		h   Host
		key string
	}{
		"no name":  {Host{}, "hosts.name"},
		"short":    {Host{Name: "Bo"}, "hosts.name"},
		"formula":  {Host{Name: "=SUM(A1:A9)"}, "hosts.formula"},
		"mail":     {Host{Name: "Bo Ek", Mail: "bo"}, "hosts.mail"},
		"two":      {Host{Name: "Bo Ek", Mail: "a@b.se, c@d.se"}, "hosts.mail"},
		"long":     {Host{Name: record.Private(strings.Repeat("å", 10000))}, "text.too_long"},
		"override": {Host{Name: "Bo \u202eEk"}, "text.control"},
		"nobody":   {Host{ID: "x", Name: "Bo Ek"}, "hosts.unknown"},
	} {
		_, err := b.Put(t.Context(), "op", c.h)
		problem(t, what, err, c.key)
	}
	var rows *ErrRows
	_, _, err = b.Import(t.Context(), "op", []byte("name\nAnna Berg\n@x\nBo\n"), false)
	if !errors.As(err, &rows) || len(rows.Rows) != 2 || rows.Rows[0].Row != 3 || b.Count() != 1 {
		t.Error(err)
	}
	for _, text := range []string{"", "name\n", "shoe\nx\n", "name\n\"x\n", "name\n\xff\n"} {
		_, _, err := b.Import(t.Context(), "op", []byte(text), false)
		problem(t, text, err, "hosts.csv")
	}
}

// Two operators work at desks that do not hear each other.
func TestTwoOperatorsApart(t *testing.T) {
	today := record.DayOf(sheettest.At)
	a, b := sheettest.New(t, "Reception"), sheettest.New(t, "South desk")
	one, two := book(a, &today), book(b, &today)
	h, err := one.Put(t.Context(), "op", Host{Name: "Karin Lindqvist", Unit: "Plan 1"})
	if err != nil {
		t.Fatal(err)
	}
	sheettest.Heal(t, a, b)
	must := func(_ Host, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(one.Put(t.Context(), "op", Host{ID: h.ID, Name: "Karin Lindqvist", Unit: "Plan 9"}))
	must(two.Put(t.Context(), "op", Host{ID: h.ID, Name: "Karin Lindqvist", Unit: "Plan 1", Mail: "karin@example.org"}))
	must(one.Put(t.Context(), "op", Host{Name: "Anna Berg"}))
	must(two.Put(t.Context(), "op", Host{Name: "Anna Berg"}))
	sheettest.Heal(t, a, b)
	x, _ := one.Find("karin")
	y, _ := two.Find("karin")
	if d := cmp.Diff(names(x), names(y)); d != "" || x[0].Unit != "Plan 9" || x[0].Mail != "karin@example.org" {
		t.Errorf("one of two edits is gone: %v %s", names(x), d)
	}
	if got, _ := two.Find("anna"); len(got) != 1 {
		t.Errorf("whom both added is there %d times", len(got))
	}
}

// Desks that began apart have a key each, and both go on.
func TestTwoKeysAndTheirDates(t *testing.T) {
	today := record.DayOf(sheettest.At)
	a, b := sheettest.New(t, "Reception"), sheettest.New(t, "South desk")
	one, two := book(a, &today), book(b, &today)
	if _, err := one.Put(t.Context(), "op", Host{Name: "Karin Lindqvist"}); err != nil {
		t.Fatal(err)
	}
	if _, err := two.Put(t.Context(), "op", Host{Name: "Anna Berg"}); err != nil {
		t.Fatal(err)
	}
	sheettest.Heal(t, a, b)
	if one.Count() != 2 || two.Count() != 2 {
		t.Fatal(one.Count(), two.Count())
	}
	for range 5 { // five times forty days
		today += 40
		if err := one.renew(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if one.Count() != 2 {
		t.Error("a key died though a desk was there")
	}
	today += 200
	if one.Count() != 0 {
		t.Error("a key outlives its date")
	}
	// What another has written in their place is passed over.
	today -= 200
	if err := a.Set(t.Context(), sheet.Text("host/x/name", "Spy"), sheet.Text("hosts/key/x", "y")); err != nil {
		t.Fatal(err)
	}
	if one.Count() != 2 {
		t.Error("a name in clear is taken in")
	}
}
