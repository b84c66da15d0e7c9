package operators

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/shape"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func wants(t testing.TB, err error, want *Problem) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("want %s, got %v", want.Key, err)
	}
}

func TestAddSignInResetDisable(t *testing.T) {
	c := newCampus()
	d := c.desk(t, "a")
	if d.Any() {
		t.Fatal("there is an operator before one was made")
	}
	o, once, err := d.Add(t.Context(), "test", "  Astrid  Ek ", Admin, "")
	if err != nil || once == "" || !o.Once || o.Alias.Reveal() != "Astrid Ek" || o.Role != Admin {
		t.Fatalf("%+v %v", o, err)
	}
	if got := d.last(); got != (line{"test", "operator.add", string(o.ID) + " admin"}) {
		t.Fatal("on record is", got)
	}
	_, err = d.SignIn(t.Context(), "astrid ek", once+"x", away)
	wants(t, err, ErrWrong)
	if got := d.last(); got.what != "login.wrong" || strings.Contains(fmt.Sprint(got), "strid") {
		t.Fatal("on record is", got)
	}
	in, err := d.SignIn(t.Context(), "ASTRID EK", once, away)
	if err != nil || in.ID != o.ID || !in.Once {
		t.Fatalf("%+v %v", in, err)
	}
	if _, ok := d.Standing(in.ID, in.Password); !ok {
		t.Fatal("who has just signed in does not stand")
	}
	// The one-time password is replaced, and its session ends.
	now, err := d.Replace(t.Context(), in.ID, once, good, away)
	if err != nil || now.Once || now.Password == in.Password {
		t.Fatalf("%+v %v", now, err)
	}
	if _, ok := d.Standing(in.ID, in.Password); ok {
		t.Fatal("the session of a replaced password goes on")
	}
	_, err = d.SignIn(t.Context(), "Astrid Ek", once, away)
	wants(t, err, ErrWrong)
	if _, err := d.SignIn(t.Context(), "Astrid Ek", good, away); err != nil {
		t.Fatal(err)
	}
	// Nobody else could look after the campus.
	if d.Keeps(o.ID) {
		t.Error("the last admin is one of several")
	}
	wants(t, d.SetRole(t.Context(), "test", o.ID, Auditor), ErrLastAdmin)
	wants(t, d.Remove(t.Context(), "test", o.ID), ErrLastAdmin)
	second := d.add(t, "17", Admin, good)
	if err := d.SetDisabled(t.Context(), "test", o.ID, true); err != nil {
		t.Fatal(err)
	}
	if _, ok := d.Standing(now.ID, now.Password); ok {
		t.Fatal("who was disabled goes on")
	}
	_, err = d.SignIn(t.Context(), "Astrid Ek", good, away)
	wants(t, err, ErrWrong)
	if err := d.SetDisabled(t.Context(), "test", o.ID, false); err != nil {
		t.Fatal(err)
	}
	if once, err = d.Reset(t.Context(), "test", o.ID, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := d.SignIn(t.Context(), "Astrid Ek", once, away); err != nil {
		t.Fatal(err)
	}
	if err := d.Remove(t.Context(), "test", second.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Find("17"); !errors.Is(err, ErrUnknown) || len(d.List()) != 1 {
		t.Fatal("who was removed is still there", err)
	}
	for _, s := range d.replica.Settings(key(second.ID, "")) {
		if len(s.Value.Bytes()) > 0 {
			t.Error("something is left under", s.Key)
		}
	}
}

func TestOneTimePasswordsRunOut(t *testing.T) {
	c := newCampus()
	d := c.desk(t, "a")
	o, once, err := d.Add(t.Context(), "test", "Astrid", Admin, "")
	if err != nil {
		t.Fatal(err)
	}
	c.advance(onceFor + time.Second)
	_, err = d.SignIn(t.Context(), "Astrid", once, away)
	wants(t, err, ErrOver)
	_, err = d.Replace(t.Context(), o.ID, once, good, atNode)
	if IsProblem(err) == nil || IsProblem(err).Key != "password.wrong" {
		t.Fatal(err)
	}
}

func TestTwoOfOneName(t *testing.T) {
	c := newCampus()
	a, b := c.desk(t, "a"), c.desk(t, "b")
	first, second := a.add(t, "Astrid", Admin, good), b.add(t, "astrid", Reception, "kanot pelargon silver")
	heal(t, a, b)
	_, err := a.Find("Astrid")
	wants(t, err, ErrAmbiguous)
	_, _, err = a.Add(t.Context(), "test", "ASTRID", Admin, "")
	wants(t, err, ErrTaken)
	for password, want := range map[string]ID{good: first.ID, "kanot pelargon silver": second.ID} {
		if o, err := b.SignIn(t.Context(), "Astrid", password, away); err != nil || o.ID != want {
			t.Errorf("%v %v", o.ID, err)
		}
	}
	if o, err := b.Find(string(first.ID)); err != nil || o.ID != first.ID {
		t.Error(err)
	}
}

func TestWhereNothingMayBeDone(t *testing.T) {
	c := newCampus()
	d := c.desk(t, "a")
	o := d.add(t, "Astrid", Admin, good)
	d.closed = true
	_, err := d.SignIn(t.Context(), "Astrid", good, atNode)
	wants(t, err, ErrNotDesk)
	if got, _ := d.Get(o.ID); got.Lost {
		t.Error("a node that is no desk takes a password for lost")
	}
	d.closed, d.barred = false, ErrNotHere
	_, _, err = d.Add(t.Context(), "test", "Bo", Admin, "")
	wants(t, err, ErrNotHere)
	d.barred, d.refuse = nil, errors.New("the record is full")
	if _, err := d.Reset(t.Context(), "test", o.ID, ""); err == nil {
		t.Error("what is not on record is done")
	}
	if _, err := d.SignIn(t.Context(), "Astrid", good, atNode); err == nil {
		t.Error("who cannot be put on record is let in")
	}
	d.refuse = nil
	if _, err := d.SignIn(t.Context(), "Astrid", good, atNode); err != nil {
		t.Error(err)
	}
	for _, alias := range []string{"", "x", "a\nb", strings.Repeat("a", 65), "ab\u202ecd"} {
		if _, _, err := d.Add(t.Context(), "test", alias, Admin, ""); alias != "a\nb" && !errors.Is(err, ErrAlias) {
			t.Errorf("%q: %v", alias, err)
		}
	}
	_, _, err = d.Add(t.Context(), "test", "Bo", "root", "")
	wants(t, err, ErrNoRole)
}

func TestSealedAnew(t *testing.T) {
	c := newCampus()
	a, b := c.desk(t, "a"), c.desk(t, "b")
	o := a.add(t, "Astrid", Admin, good)
	heal(t, a, b)
	if n, err := a.renew(t.Context()); n != 0 || err != nil {
		t.Fatal(n, err)
	}
	c.advance((ahead - near) * 24 * time.Hour)
	// b seals anew while a, cut off, sets another password: both stand.
	if n, err := b.renew(t.Context()); n != 2 || err != nil {
		t.Fatal(n, err)
	}
	if _, err := a.Reset(t.Context(), "test", o.ID, "kanot pelargon silver"); err != nil {
		t.Fatal(err)
	}
	heal(t, a, b)
	for _, d := range []*desk{a, b} {
		if _, err := d.SignIn(t.Context(), "Astrid", "kanot pelargon silver", atNode); err != nil {
			t.Error(err)
		}
		_, err := d.SignIn(t.Context(), "Astrid", good, atNode)
		wants(t, err, ErrWrong)
	}
	// Where nobody seals anew, it is lost, and said so; a reset mends it.
	c.advance((ahead + 1) * 24 * time.Hour)
	if got, _ := a.Get(o.ID); !got.Lost || got.Alias != "" {
		t.Fatalf("%+v", got)
	}
	if _, err := a.Reset(t.Context(), "test", o.ID, good); err != nil {
		t.Fatal(err)
	}
	if err := a.Rename(t.Context(), "test", o.ID, "Astrid"); err != nil {
		t.Fatal(err)
	}
	if _, err := a.SignIn(t.Context(), "Astrid", good, atNode); err != nil {
		t.Error(err)
	}
}

func TestNothingPersonalIsInClear(t *testing.T) {
	c := newCampus()
	d := c.desk(t, "a")
	o := d.add(t, "Astrid Marker", Admin, good)
	for _, s := range d.replica.Settings(prefix) {
		if strings.Contains(s.Key+s.Value.String(), "Marker") || strings.Contains(s.Value.String(), "argon2id") {
			t.Error("in clear:", s.Key)
		}
	}
	if s := fmt.Sprintf("%v %+v %#v", o, o, o); strings.Contains(s, "Marker") {
		t.Error("printed:", s)
	}
	// A box under another account opens nothing.
	other := d.add(t, "Bo Ek", Reception, "kanot pelargon silver")
	mine, _ := d.replica.Setting(key(o.ID, "password"))
	box, _ := d.replica.Setting(key(o.ID, "password/"+mine.Value.String()))
	err := keeper{d.replica}.Set(context.Background(),
		crdt.Setting{Key: key(other.ID, "password/"+mine.Value.String()), Value: shape.Bytes(box.Value.Bytes())},
		crdt.Setting{Key: key(other.ID, "password"), Value: shape.String(mine.Value.String())})
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.SignIn(t.Context(), "Bo Ek", good, atNode)
	wants(t, err, ErrWrong)
}
