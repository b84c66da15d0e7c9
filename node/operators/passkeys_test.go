package operators

import (
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/node/operators/passkey"
	"github.com/upprop/upprop/node/operators/passkey/passkeytest"
)

const domain = "upprop.example.se"

// page is a page of a desk under its name.
func page(name string) passkey.Party {
	p, _ := passkey.At(name+"."+domain, true, domain)
	return p
}

func (c *campus) named(t testing.TB, name string) *desk {
	d := c.desk(t, name)
	d.cfg.Domain = func() string { return domain }
	return d
}

// registered is a device with a new passkey of an operator's.
func (d *desk) registered(t testing.TB, at passkey.Party, o Operator, name string) *passkeytest.Device {
	t.Helper()
	question, options, err := d.NewPasskey(at, o.ID, good, name, away)
	if err != nil {
		t.Fatal(err)
	}
	key := passkeytest.New(at.Domain, at.Origin)
	if err := d.FinishPasskey(t.Context(), at, o.ID, question, key.Make(options)); err != nil {
		t.Fatal(err)
	}
	return key
}

// show signs in with a passkey at a page.
func (d *desk) show(t testing.TB, at passkey.Party, key *passkeytest.Device) (Operator, string, error) {
	t.Helper()
	question, options, err := d.AskPasskey(at, Device{Addr: "a"})
	if err != nil {
		t.Fatal(err)
	}
	key.Origin = at.Origin
	return d.SignInPasskey(t.Context(), at, question, key.Show(options), away)
}

// TestPasskeyAtEveryDesk: what is registered at one desk signs in at another, and
// at none once it is taken away or its operator disabled.
func TestPasskeyAtEveryDesk(t *testing.T) {
	c := newCampus()
	a, b := c.named(t, "a"), c.named(t, "b")
	o := a.add(t, "Astrid Ek", Admin, good)
	key := a.registered(t, page("a"), o, "Telefonen")
	if got := a.last(); got.what != "operator.passkey" || got.by != o.ID.By() || strings.Contains(got.note, "Telefonen") {
		t.Fatal("on record is", got)
	}
	heal(t, a, b)
	in, mine, err := b.show(t, page("b"), key)
	if err != nil || in.ID != o.ID {
		t.Fatal(in.ID, err)
	}
	if got := b.last(); got != (line{o.ID.By(), "login", "passkey " + mine}) {
		t.Fatal("on record is", got)
	}
	if all := b.Passkeys(o.ID); len(all) != 1 || all[0].Name.Reveal() != "Telefonen" || !all[0].Usable || all[0].Key != mine {
		t.Fatalf("%+v", all)
	}
	if _, ok := b.StandingBy(o.ID, in.Password, mine); !ok {
		t.Fatal("the session has ended")
	}
	if err := a.SetDisabled(t.Context(), "test", o.ID, true); err != nil {
		t.Fatal(err)
	}
	heal(t, a, b)
	if _, ok := b.StandingBy(o.ID, in.Password, mine); ok {
		t.Error("a disabled operator's session goes on")
	}
	_, _, err = b.show(t, page("b"), key)
	wants(t, err, ErrPasskey)
	if got := b.last(); got != (line{"somebody as " + o.ID.By(), "login.passkey_wrong", ""}) {
		t.Error("on record is", got)
	}
	if err := a.SetDisabled(t.Context(), "test", o.ID, false); err != nil {
		t.Fatal(err)
	}
	heal(t, a, b)
	if _, _, err = b.show(t, page("b"), key); err != nil {
		t.Fatal(err)
	}
	wants(t, a.DropPasskey(t.Context(), o.ID, "wrong", mine, away), errWrongOwn)
	if err := a.DropPasskey(t.Context(), o.ID, good, mine, away); err != nil {
		t.Fatal(err)
	}
	heal(t, a, b)
	if _, ok := b.StandingBy(o.ID, in.Password, mine); ok {
		t.Error("the session of a removed passkey goes on")
	}
	_, _, err = b.show(t, page("b"), key)
	wants(t, err, ErrPasskey)
	for _, one := range b.cfg.Settings.Settings(settingKey(o.ID, passkeyField)) {
		if len(one.Value.Bytes()) > 0 {
			t.Error("a box of it is left")
		}
	}
}

// errWrongOwn is what is said of a wrong password on one's own page.
var errWrongOwn = &Problem{Key: "password.wrong"}

// settingKey is key, where that name is taken by a device.
func settingKey(id ID, rest string) string { return key(id, rest) }

func TestPasskeysThatAreRefused(t *testing.T) {
	c := newCampus()
	d := c.named(t, "a")
	o := d.add(t, "Astrid Ek", Admin, good)
	at := page("a")
	key := d.registered(t, at, o, "Telefonen")
	ask := func() (string, []byte) {
		question, options, err := d.AskPasskey(at, Device{Addr: "a"})
		if err != nil {
			t.Fatal(err)
		}
		return question, options
	}
	try := func(want *Problem, question string, answer []byte, from passkey.Party) {
		t.Helper()
		_, _, err := d.SignInPasskey(t.Context(), from, question, answer, Device{Addr: d.text(8)})
		wants(t, err, want)
		if !strings.HasPrefix(d.last().what, "login.passkey_wrong") {
			t.Error("on record is", d.last())
		}
	}
	question, options := ask()
	answer := key.Show(options)
	if _, _, err := d.SignInPasskey(t.Context(), at, question, answer, away); err != nil {
		t.Fatal(err)
	}
	try(ErrPasskeyStale, question, answer, at) // replayed
	question, _ = ask()
	try(ErrPasskey, question, answer, at) // replayed to a new question
	question, options = ask()
	try(ErrPasskeyStale, question, key.Show(options), page("b")) // sent to another name
	question, options = ask()
	c.advance(askedFor)
	try(ErrPasskeyStale, question, key.Show(options), at)
	question, options = ask()
	key.Unverified = true
	try(ErrPasskey, question, key.Show(options), at)
	key.Unverified = false
	// A question for a new passkey is none to sign in by, and the other way round.
	question, options, err := d.NewPasskey(at, o.ID, good, "Nyckeln", away)
	if err != nil {
		t.Fatal(err)
	}
	try(ErrPasskeyStale, question, key.Show(options), at)
	question, options = ask()
	wants(t, d.FinishPasskey(t.Context(), at, o.ID, question, passkeytest.New(at.Domain, at.Origin).Make(options)), ErrPasskeyStale)
	// Nobody adds a passkey to another's account, or one twice, or without the password.
	bo := d.add(t, "Bo Lund", Reception, good)
	question, options, err = d.NewPasskey(at, o.ID, good, "Nyckeln", away)
	if err != nil {
		t.Fatal(err)
	}
	wants(t, d.FinishPasskey(t.Context(), at, bo.ID, question, passkeytest.New(at.Domain, at.Origin).Make(options)), ErrPasskeyStale)
	question, options, err = d.NewPasskey(at, bo.ID, good, "Nyckeln", away)
	if err != nil {
		t.Fatal(err)
	}
	wants(t, d.FinishPasskey(t.Context(), at, bo.ID, question, key.Make(options)), ErrPasskeyMade)
	_, _, err = d.NewPasskey(at, bo.ID, "wrong", "Nyckeln", away)
	wants(t, err, errWrongOwn)
	_, _, err = d.NewPasskey(at, bo.ID, good, "\x00", away)
	wants(t, err, ErrPasskeyName)
	// What was made for another domain is of no use here.
	d.cfg.Domain = func() string { return "example.se" }
	if all := d.Passkeys(o.ID); len(all) != 1 || all[0].Usable {
		t.Errorf("%+v", all)
	}
}

// TestPasskeysAreLocked: answers that are not good cost waiting, and wrong
// passwords none.
func TestPasskeysAreLocked(t *testing.T) {
	c := newCampus()
	d := c.named(t, "a")
	o := d.add(t, "Astrid Ek", Admin, good)
	key := d.registered(t, page("a"), o, "Telefonen")
	for range free + 2 {
		_, _ = d.SignIn(t.Context(), "Astrid Ek", "wrong", away)
	}
	if _, _, err := d.show(t, page("a"), key); err != nil {
		t.Fatal("guessing passwords keeps a passkey out:", err)
	}
	key.Unverified = true
	for range free + 1 {
		_, _, err := d.show(t, page("a"), key)
		wants(t, err, ErrPasskey)
	}
	key.Unverified = false
	_, _, err := d.show(t, page("a"), key)
	if p := IsProblem(err); p == nil || p.Key != "passkey.wait" || p.Wait != firstWait {
		t.Fatal(err)
	}
	c.advance(firstWait)
	if _, _, err := d.show(t, page("a"), key); err != nil {
		t.Fatal(err)
	}
}

func TestPasskeyIsASecondFactor(t *testing.T) {
	c := newCampus()
	d := c.named(t, "a")
	o := d.add(t, "Astrid Ek", Admin, good)
	d.add(t, "boss", Admin, good)
	if err := d.SetRequired(t.Context(), "test", Admin, true); err != nil {
		t.Fatal(err)
	}
	if !d.Owes(o) {
		t.Fatal("nothing is owed")
	}
	key := d.registered(t, page("a"), o, "Telefonen")
	if d.Owes(o) {
		t.Error("a passkey is no second factor")
	}
	_, err := d.SignIn(t.Context(), "Astrid Ek", good, away)
	wants(t, err, ErrPasskeyNeeded)
	wants(t, d.DropPasskey(t.Context(), o.ID, good, d.Passkeys(o.ID)[0].Key, away), ErrFactorNeeded)
	in, mine, err := d.show(t, page("a"), key)
	if err != nil || in.ID != o.ID {
		t.Fatal(err)
	}
	// Who is locked out gets a password, and no passkey opens anything any more.
	once, err := d.Recover(t.Context(), "test", o.ID, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := d.StandingBy(o.ID, in.Password, mine); ok {
		t.Error("the session goes on")
	}
	_, _, err = d.show(t, page("a"), key)
	wants(t, err, ErrPasskey)
	if in, err := d.SignIn(t.Context(), "Astrid Ek", once, away); err != nil || !d.Owes(in) {
		t.Fatal(err)
	}
}

// TestCounterThatGoesBack is told, and shuts nobody out.
func TestCounterThatGoesBack(t *testing.T) {
	c := newCampus()
	a, b := c.named(t, "a"), c.named(t, "b")
	o := a.add(t, "Astrid Ek", Admin, good)
	key := a.registered(t, page("a"), o, "Nyckeln")
	key.Count = 7
	if _, _, err := a.show(t, page("a"), key); err != nil || len(a.Behind()) != 0 {
		t.Fatal(err, a.Behind())
	}
	key.Count = 5 // at a desk that has not heard of the last
	heal(t, a, b)
	if _, _, err := b.show(t, page("b"), key); err != nil {
		t.Fatal(err)
	}
	if got := b.Behind(); len(got) != 1 || got[0] != o.ID || !b.Passkeys(o.ID)[0].Behind {
		t.Fatal(got)
	}
	var told bool
	for _, l := range b.lines {
		told = told || l.what == "login.passkey_behind"
	}
	if !told {
		t.Error("it is not on record")
	}
	key.Count = 9
	if _, _, err := b.show(t, page("b"), key); err != nil || len(b.Behind()) != 1 {
		t.Error("what may be a copy is forgotten:", err)
	}
	if err := b.RemovePasskeys(t.Context(), "test", o.ID); err != nil || len(b.Behind()) != 0 {
		t.Error("it is told of one that is gone:", err)
	}
}

// TestPasskeysAreSealedAnew: they outlive their key.
func TestPasskeysAreSealedAnew(t *testing.T) {
	c := newCampus()
	d := c.named(t, "a")
	o := d.add(t, "Astrid Ek", Admin, good)
	key := d.registered(t, page("a"), o, "Telefonen")
	for range 8 {
		c.advance(20 * 24 * time.Hour)
		if _, err := d.renew(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := d.show(t, page("a"), key); err != nil {
		t.Fatal(err)
	}
	// A box that opens to something else is no passkey, and stops nothing.
	field := d.keyFields(o.ID)[0]
	at, _ := d.cfg.Settings.Setting(settingKey(o.ID, field))
	if err := d.cfg.Settings.Set(t.Context(), crdt.Setting{Key: settingKey(o.ID, field+"/"+at.Value.String()), Value: shape.Bytes(nil)}); err != nil {
		t.Fatal(err)
	}
	_, _, err := d.show(t, page("a"), key)
	wants(t, err, ErrPasskey)
}
