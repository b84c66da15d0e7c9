package operators

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/shape"
)

// phone shows the code of a secret at a step from now.
func (c *campus) phone(t testing.TB, secret string, steps int64) string {
	t.Helper()
	code, err := hotp.GenerateCodeCustom(secret, uint64(c.clock().Unix()/period+steps), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// factored gives an operator a factor, and lets its first code go by.
func (c *campus) factored(t testing.TB, d *desk, o Operator) (secret string, codes []string) {
	t.Helper()
	secret = d.NewFactor()
	codes, err := d.SetFactor(t.Context(), o.ID, good, secret, c.phone(t, secret, 0), away)
	if err != nil {
		t.Fatal(err)
	}
	c.advance(5 * period * time.Second)
	return secret, codes
}

func (d *desk) signIn(t testing.TB, alias string) Operator {
	t.Helper()
	o, err := d.SignIn(t.Context(), alias, good, away)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// TestCodesOfTheStandard holds the codes against RFC 6238, appendix B.
func TestCodesOfTheStandard(t *testing.T) {
	c := newCampus()
	d := c.desk(t, "a")
	const secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	for at, code := range map[int64]string{59: "287082", 1111111109: "081804", 1234567890: "005924", 20000000000: "353130"} {
		c.mu.Lock()
		c.now = time.Unix(at, 0)
		c.mu.Unlock()
		if step, ok := d.step(secret, code); !ok || step != at/period {
			t.Errorf("at %d: %d %v", at, step, ok)
		}
	}
}

func TestFactor(t *testing.T) {
	c := newCampus()
	d := c.desk(t, "a")
	o := d.add(t, "Astrid Ek", Admin, good)
	secret := d.NewFactor()
	_, err := d.SetFactor(t.Context(), o.ID, "wrong", secret, c.phone(t, secret, 0), away)
	if p := IsProblem(err); p == nil || p.Key != "password.wrong" {
		t.Fatal(err)
	}
	_, err = d.SetFactor(t.Context(), o.ID, good, secret, c.phone(t, secret, 7), away)
	wants(t, err, ErrCode)
	if got, _ := d.Get(o.ID); got.Factor != "" {
		t.Fatal("a factor counts before it is confirmed")
	}
	codes, err := d.SetFactor(t.Context(), o.ID, good, secret, c.phone(t, secret, 0), away)
	if err != nil || len(codes) != RecoveryCodes || d.CodesLeft(o.ID) != RecoveryCodes {
		t.Fatal(codes, err)
	}
	if got := d.last(); got != (line{o.ID.By(), "operator.factor", string(o.ID)}) {
		t.Fatal("on record is", got)
	}
	in := d.signIn(t, "Astrid Ek")
	if in.Factor == "" || d.last().what == "login" {
		t.Fatalf("signed in by the password alone: %+v %v", in, d.last())
	}
	// The code that set it up has been used.
	_, err = d.Confirm(t.Context(), o.ID, in.Password, c.phone(t, secret, 0), away)
	wants(t, err, ErrCodeUsed)
	if got := d.last(); got.what != "login.code_wrong" || got.by != "somebody as "+o.ID.By() {
		t.Fatal("on record is", got)
	}
	// One step of the clock either way, and no more.
	c.advance(10 * period * time.Second)
	for _, steps := range []int64{-2, 2} {
		_, err = d.Confirm(t.Context(), o.ID, in.Password, c.phone(t, secret, steps), away)
		wants(t, err, ErrCode)
	}
	for _, steps := range []int64{-1, 1, 0} {
		code := c.phone(t, secret, steps)
		if _, err = d.Confirm(t.Context(), o.ID, in.Password, code[:3]+" "+code[3:], away); err != nil {
			t.Fatal(steps, err)
		}
		if got := d.last(); got != (line{o.ID.By(), "login", ""}) {
			t.Fatal("on record is", got)
		}
		_, err = d.Confirm(t.Context(), o.ID, in.Password, code, away)
		wants(t, err, ErrCodeUsed)
	}
	// A recovery code is good once, however it is written.
	typed := strings.ToUpper(strings.ReplaceAll(codes[3], "-", " "))
	if _, err = d.Confirm(t.Context(), o.ID, in.Password, typed, away); err != nil {
		t.Fatal(err)
	}
	_, err = d.Confirm(t.Context(), o.ID, in.Password, codes[3], away)
	wants(t, err, ErrCodeUsed)
	if d.CodesLeft(o.ID) != RecoveryCodes-1 {
		t.Error(d.CodesLeft(o.ID))
	}
	// This node's clock is said to be wrong where it is.
	d.cfg.ClockOff = func() time.Duration { return -3 * time.Minute }
	_, err = d.Confirm(t.Context(), o.ID, in.Password, "000000", away)
	wants(t, err, ErrClock)
	// Whoever has lost it has it taken away.
	if err := d.RemoveFactor(t.Context(), "test", o.ID); err != nil {
		t.Fatal(err)
	}
	if got := d.last(); got != (line{"test", "operator.factor_remove", string(o.ID)}) {
		t.Fatal("on record is", got)
	}
	_, err = d.Confirm(t.Context(), o.ID, in.Password, codes[4], away)
	wants(t, err, ErrAgain)
	if d.signIn(t, "Astrid Ek").Factor != "" || d.last().what != "login" {
		t.Fatal("the factor is still asked for")
	}
}

func TestRecoverTakesTheFactorAway(t *testing.T) {
	c := newCampus()
	d := c.desk(t, "a")
	o := d.add(t, "Astrid Ek", Admin, good)
	c.factored(t, d, o)
	if _, err := d.Reset(t.Context(), "test", o.ID, good); err != nil || d.signIn(t, "Astrid Ek").Factor == "" {
		t.Fatal("a new password alone takes the factor away", err)
	}
	once, err := d.Recover(t.Context(), "test", o.ID, "")
	if err != nil {
		t.Fatal(err)
	}
	if in, err := d.SignIn(t.Context(), "Astrid Ek", once, away); err != nil || in.Factor != "" {
		t.Fatalf("%+v %v", in, err)
	}
}

// TestRightPasswordGivesNoMoreTries: who knows the password cannot take back
// wrong codes with it, nor keep the operator from the node's own keyboard.
func TestRightPasswordGivesNoMoreTries(t *testing.T) {
	c := newCampus()
	d := c.desk(t, "a")
	o := d.add(t, "Astrid Ek", Admin, good)
	secret, _ := c.factored(t, d, o)
	for i := range free + 1 {
		if i == free {
			c.advance(firstWait)
		}
		in := d.signIn(t, "Astrid Ek")
		_, err := d.Confirm(t.Context(), o.ID, in.Password, "000000", away)
		wants(t, err, ErrCode)
	}
	in := d.signIn(t, "Astrid Ek")
	_, err := d.Confirm(t.Context(), o.ID, in.Password, c.phone(t, secret, 0), Device{Addr: "10.0.0.8"})
	if p := IsProblem(err); p == nil || p.Key != "factor.wait" || p.Wait != firstWait {
		t.Fatal(err)
	}
	if _, err := d.Confirm(t.Context(), o.ID, in.Password, c.phone(t, secret, 0), atNode); err != nil {
		t.Fatal(err)
	}
}

// TestOlderReleaseLetsNobodyIn reads the password as a release does that knows no
// factors: it finds no hash while one stands, also when the password was changed
// at another desk meanwhile, or by such a release.
func TestOlderReleaseLetsNobodyIn(t *testing.T) {
	c := newCampus()
	a, b := c.desk(t, "a"), c.desk(t, "b")
	o := a.add(t, "Astrid Ek", Admin, good)
	older := func(d *desk) bool {
		t.Helper()
		plain, _, err := d.open(o.ID, "password")
		if err != nil {
			t.Fatal(err)
		}
		var known struct {
			Hash string `json:"hash"`
		}
		if err := json.Unmarshal(plain, &known); err != nil {
			t.Fatal(err)
		}
		return matches([]byte(good), known.Hash)
	}
	if !older(a) {
		t.Fatal("an older release cannot read a password without a factor")
	}
	heal(t, a, b)
	if _, err := b.Reset(t.Context(), "test", o.ID, good); err != nil {
		t.Fatal(err)
	}
	c.factored(t, a, o)
	if older(a) {
		t.Fatal("an older release lets the password in alone")
	}
	heal(t, a, b)
	if b.signIn(t, "Astrid Ek").Factor == "" {
		t.Fatal("a new password has taken the factor away")
	}
	for range 2 { // a desk of the old release writes its own form over it
		if _, err := b.renew(t.Context()); err != nil {
			t.Fatal(err)
		}
		if older(b) {
			t.Fatal("a password that was changed elsewhere is left for older releases")
		}
		sec, _, err := b.secret(o.ID)
		if err != nil {
			t.Fatal(err)
		}
		all, err := b.sealed(o.ID, "password", sec.encode(false))
		if err == nil {
			err = b.cfg.Settings.Set(t.Context(), all...)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Reset(t.Context(), "test", o.ID, good); err != nil || older(b) {
		t.Fatal("a reset leaves it for older releases", err)
	}
	if err := b.RemoveFactor(t.Context(), "test", o.ID); err != nil || !older(b) {
		t.Fatal("it stays shut for older releases when the factor is gone", err)
	}
}

// TestCodesAreUsedOnceByAll: what one desk took, another refuses that has heard
// of it; one that has not takes it once as well.
func TestCodesAreUsedOnceByAll(t *testing.T) {
	c := newCampus()
	a, b := c.desk(t, "a"), c.desk(t, "b")
	o := a.add(t, "Astrid Ek", Admin, good)
	secret, codes := c.factored(t, a, o)
	heal(t, a, b)
	told := func(from *desk) func(func(string)) error {
		return func(fn func(string)) error {
			from.mu.Lock()
			defer from.mu.Unlock()
			for _, l := range from.lines {
				if IsUse(l.what) {
					fn(l.note)
				}
			}
			return nil
		}
	}
	in := a.signIn(t, "Astrid Ek")
	for _, code := range []string{c.phone(t, secret, 0), codes[0]} {
		if _, err := a.Confirm(t.Context(), o.ID, in.Password, code, away); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Confirm(t.Context(), o.ID, in.Password, codes[0], away); err != nil {
		t.Fatal("cut off, it cannot know:", err)
	}
	heal(t, a, b)
	b.cfg.Spent = told(a)
	for _, code := range []string{c.phone(t, secret, 0), codes[0]} {
		_, err := b.Confirm(t.Context(), o.ID, in.Password, code, away)
		wants(t, err, ErrCodeUsed)
	}
	// After a restart what is on record is all that this desk knows.
	a.used = used{steps: map[use]bool{}}
	a.cfg.Spent = told(a)
	_, err := a.Confirm(t.Context(), o.ID, in.Password, c.phone(t, secret, 0), away)
	wants(t, err, ErrCodeUsed)
}

func TestFactorsThatRolesNeed(t *testing.T) {
	c := newCampus()
	a, b := c.desk(t, "a"), c.desk(t, "b")
	o := a.add(t, "Astrid Ek", Admin, good)
	heal(t, a, b)
	if err := a.SetRequired(t.Context(), "test", Admin, true); err != nil {
		t.Fatal(err)
	}
	if err := b.SetRequired(t.Context(), "test", Auditor, true); err != nil {
		t.Fatal(err)
	}
	wants(t, a.SetRequired(t.Context(), "test", "boss", true), ErrNoRole)
	heal(t, a, b)
	for _, d := range []*desk{a, b} {
		if !d.Required(Admin) || !d.Required(Auditor) || d.Required(Reception) || !d.Owes(o) {
			t.Error("two edits apart are not both heard")
		}
	}
	c.factored(t, a, o)
	o, _ = a.Get(o.ID)
	if a.Owes(o) {
		t.Error("who has set it up owes it")
	}
	wants(t, a.DropFactor(t.Context(), o.ID, good, away), ErrFactorNeeded)
	if err := a.SetRequired(t.Context(), "test", Admin, false); err != nil {
		t.Fatal(err)
	}
	if err := a.DropFactor(t.Context(), o.ID, good, away); err != nil {
		t.Fatal(err)
	}
	if o, _ = a.Get(o.ID); o.Factor != "" {
		t.Error("it stands when it was taken away")
	}
}

// TestFactorIsSealedAnew: it outlives its key, and is lost with it.
func TestFactorIsSealedAnew(t *testing.T) {
	c := newCampus()
	d := c.desk(t, "a")
	o := d.add(t, "Astrid Ek", Admin, good)
	secret, _ := c.factored(t, d, o)
	for range 8 {
		c.advance(20 * 24 * time.Hour)
		if _, err := d.renew(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	in := d.signIn(t, "Astrid Ek")
	if _, err := d.Confirm(t.Context(), o.ID, in.Password, c.phone(t, secret, 0), away); err != nil {
		t.Fatal(err)
	}
	if err := d.cfg.Settings.Set(t.Context(), crdt.Setting{Key: key(o.ID, "factor/"+in.Factor), Value: shape.Bytes(nil)}); err != nil {
		t.Fatal(err)
	}
	_, err := d.Confirm(t.Context(), o.ID, in.Password, c.phone(t, secret, 1), away)
	wants(t, err, ErrFactorLost)
}

func TestWhatPhonesRead(t *testing.T) {
	u, err := url.Parse(FactorURI("ABCD", "Ekudden & Co", "Astrid Ek"))
	if err != nil || u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/Ekudden & Co:Astrid Ek" || strings.Contains(u.String(), "+") {
		t.Fatal(u, err)
	}
	if q := u.Query(); q.Get("secret") != "ABCD" || q.Get("issuer") != "Ekudden & Co" || q.Get("period") != "30" {
		t.Error(q)
	}
}
