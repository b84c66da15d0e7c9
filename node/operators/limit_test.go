package operators

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestGuessersWait(t *testing.T) {
	c := newCampus()
	d := c.desk(t, "a")
	d.add(t, "Astrid", Admin, good)
	guess := func(from Device) *Problem {
		t.Helper()
		_, err := d.SignIn(t.Context(), "Astrid", "not the one", from)
		return IsProblem(err)
	}
	for range free + 1 {
		if p := guess(away); p.Key != ErrWrong.Key {
			t.Fatal(p)
		}
	}
	// Now the device waits, and so does the account from everywhere else.
	p := guess(away)
	if p.Key != "login.wait" || p.Seconds() != 5 || !strings.Contains(p.Hint, "5 seconds") {
		t.Fatal(p)
	}
	if p := guess(Device{Addr: "10.0.0.8"}); p.Key != "login.wait" {
		t.Fatal("another device guesses on", p)
	}
	_, err := d.SignIn(t.Context(), "Astrid", good, away)
	if p := IsProblem(err); p == nil || p.Key != "login.wait" {
		t.Fatal("while it waits, the right password tells", err)
	}
	// At the node itself it goes on.
	if _, err := d.SignIn(t.Context(), "Astrid", good, atNode); err != nil {
		t.Fatal("the campus is locked out:", err)
	}
	c.advance(5 * time.Second)
	if p := guess(away); p.Key != ErrWrong.Key {
		t.Fatal(p)
	}
	if p := guess(away); p.Seconds() != 10 {
		t.Fatal("the second wait is no longer than the first", p)
	}
	for range 20 {
		c.advance(mostWait)
		guess(away)
	}
	if p := guess(away); p.Wait > mostWait {
		t.Fatal(p)
	}
	c.advance(mostWait)
	if _, err := d.SignIn(t.Context(), "Astrid", good, away); err != nil {
		t.Fatal(err)
	}
	if p := guess(away); p.Key != ErrWrong.Key {
		t.Fatal("who knows the password is still counted", p)
	}
	// At the node, half a minute at most.
	for range 40 {
		c.advance(mostAtNode)
		guess(atNode)
	}
	if p := guess(atNode); p.Wait > mostAtNode {
		t.Fatal(p)
	}
}

func TestNobodysNameIsCountedToo(t *testing.T) {
	d := newCampus().desk(t, "a")
	var p *Problem
	for i := range free + 2 {
		_, err := d.SignIn(t.Context(), "Nobody", "whatever it is", Device{Addr: string(rune('a' + i))})
		p = IsProblem(err)
	}
	if p == nil || p.Key != "login.wait" {
		t.Fatal("a name that nobody has can be told from one that somebody has", p)
	}
	l := d.limits
	for i := range maxCounted + 10 {
		l.begin(Device{Addr: time.Duration(i).String()}.keys("x"))
		l.right(Device{Addr: "none"}.keys("x"))
	}
	if len(l.counted) > maxCounted {
		t.Fatal("the counts grow without end")
	}
}

func TestPasswordsThatAreRefused(t *testing.T) {
	for password, want := range map[string]*Problem{
		"kort":                     ErrShort,
		"elva tecken":              ErrShort,
		strings.Repeat("åäö ", 65): ErrLong,
		"passwordpassword":         ErrGuessable,
		"Password1234!":            ErrGuessable,
		"P@ssw0rd2026":             ErrGuessable,
		"qwertyuiop123":            ErrGuessable,
		"123456789012":             ErrGuessable,
		"aaaaaaaaaaaaaa":           ErrGuessable,
		"abababababab":             ErrGuessable,
		"Sommaren2026!":            ErrGuessable,
		"Välkommen123!":            ErrGuessable,
		"astrid ek 1984":           ErrGuessable,
		"ReceptionSthlm":           ErrGuessable,
		good:                       nil,
		"kanot pelargon silver":    nil,
		"xK9#vTq2!mWz":             nil,
	} {
		err := CheckPassword(password, "Astrid Ek")
		if want == nil && err != nil || want != nil && !errors.Is(err, want) {
			t.Errorf("%q: %v", password, err)
		}
	}
}

func TestHashes(t *testing.T) {
	h := cheap.hash([]byte(good), []byte("0123456789abcdef"))
	if !matches([]byte(good), h) || matches([]byte(good+"x"), h) {
		t.Fatal("a hash does not tell passwords apart")
	}
	for _, bad := range []string{
		"", "$", h + "$", strings.Replace(h, "m=64", "m=99999999", 1), strings.Replace(h, "t=1", "t=0", 1),
		strings.Replace(h, "argon2id", "argon2i", 1), h[:len(h)-4],
	} {
		if matches([]byte(good), bad) {
			t.Errorf("%q is taken for a hash", bad)
		}
	}
	if !strings.HasPrefix(DefaultCost.hash(nil, []byte("0123456789abcdef")), "$argon2id$v=19$m=65536,t=3,p=4$") {
		t.Error("the form of a hash has changed")
	}
}

// TestTable names every act once, so that a new one cannot be forgotten.
func TestTable(t *testing.T) {
	given := map[Act]bool{}
	for _, r := range Roles() {
		for _, a := range table[r] {
			given[a] = true
			if !r.May(a) {
				t.Errorf("%s may not %s", r, a)
			}
		}
	}
	for _, a := range Acts() {
		if !given[a] || !Admin.May(a) {
			t.Errorf("nobody, or no admin, may %s", a)
		}
	}
	if len(table) != len(Roles()) || Role("newer").May(View) || Auditor.May(Create) || Reception.May(Nodes) {
		t.Error("the table gives what it should not")
	}
}
