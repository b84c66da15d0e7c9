package trigger

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/signed"
)

// campus is a real, small alarm and memory.
type campus struct {
	t      *testing.T
	file   string
	now    time.Time
	starts []record.Start
	used   map[record.EvacID]bool
	states map[string]State
	fail   error
}

func (c *campus) start(_ context.Context, id record.EvacID, drill bool, site record.SiteID) (record.Evacuation, bool, bool, error) {
	if c.fail != nil {
		return record.Evacuation{}, false, false, c.fail
	}
	if site != "" && !known(site) {
		return record.Evacuation{}, false, false, fmt.Errorf("start: %w", ErrNoSite)
	}
	if c.used[id] {
		return record.Evacuation{}, false, false, nil
	}
	c.used[id] = true
	c.starts = append(c.starts, record.Start{ID: id, Drill: drill, Site: site})
	return record.Evacuation{ID: id, Drill: drill}, true, true, nil
}

func (c *campus) Load() (map[string]State, error) { return c.states, nil }

func (c *campus) Save(name string, s State) error {
	if s.Heard.IsZero() {
		delete(c.states, name)
		return nil
	}
	c.states[name] = s
	return nil
}

func known(s record.SiteID) bool { return s == "North" || s == "South" }

func newCampus(t *testing.T) *campus {
	return &campus{
		t: t, file: filepath.Join(t.TempDir(), "triggers.json"), used: map[record.EvacID]bool{}, states: map[string]State{},
		now: time.Date(2026, 11, 27, 10, 0, 0, 0, time.UTC),
	}
}

func (c *campus) open() *Service {
	c.t.Helper()
	s, err := Open(Config{File: c.file, Start: c.start, Keeper: c, Known: known, Now: func() time.Time { return c.now }})
	if err != nil {
		c.t.Fatal(err)
	}
	return s
}

func (c *campus) add(s *Service, name string, site record.SiteID, drill bool) string {
	c.t.Helper()
	secret, err := s.Add(name, site, drill, "")
	if err != nil {
		c.t.Fatal(err)
	}
	return secret
}

// signed is a message as a source sends it.
func signedBy(secret, id string, at time.Time, body string) Message {
	key, err := secretOf(secret)
	if err != nil {
		panic(err)
	}
	m := Message{ID: id, Timestamp: fmt.Sprint(at.Unix()), Body: []byte(body)}
	m.Signature = "v1," + base64.StdEncoding.EncodeToString(signed.Sign(key, m))
	return m
}

const begin = `{"action":"start"}`

// The example of the specification.
func TestSignatureIsTheStandards(t *testing.T) {
	key, err := secretOf("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	m := Message{ID: "msg_p5jXN8AQM9LWM0D4loKWxJek", Timestamp: "1614265330", Body: []byte(`{"test": 2432232314}`)}
	if got := base64.StdEncoding.EncodeToString(signed.Sign(key, m)); got != "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Error(got)
	}
}

func TestStart(t *testing.T) {
	c := newCampus(t)
	s := c.open()
	secret := c.add(s, "Panel", "", false)
	d, err := s.Handle(t.Context(), signedBy(secret, "1", c.now, `{"action":"start","site":"North","loop":4}`))
	if err != nil || !d.Started || d.Drill || d.Site != "North" || d.Source != "Panel" || len(c.starts) != 1 {
		t.Fatalf("%+v %v", d, err)
	}
	// The same again, also after a restart, starts nothing; another id does.
	for range 2 {
		if d, err = s.Handle(t.Context(), signedBy(secret, "1", c.now.Add(time.Minute), begin)); err != nil || d.Started || !d.Repeated || len(c.starts) != 1 {
			t.Fatalf("%+v %v", d, err)
		}
		s = c.open()
	}
	// Where the memory was lost, the evacuations that are retained tell.
	c.states = map[string]State{}
	if d, err = c.open().Handle(t.Context(), signedBy(secret, "1", c.now, begin)); err != nil || d.Started {
		t.Fatalf("%+v %v", d, err)
	}
	if d, err = s.Handle(t.Context(), signedBy(secret, "2", c.now, begin)); err != nil || !d.Started {
		t.Fatalf("%+v %v", d, err)
	}
}

// Two nodes that share a secret start one evacuation; two that do not, two.
func TestTwoNodes(t *testing.T) {
	a, b, other := newCampus(t), newCampus(t), newCampus(t)
	sa, sb, so := a.open(), b.open(), other.open()
	secret := a.add(sa, "Panel", "", false)
	if _, err := sb.Add("Panel", "", false, secret); err != nil {
		t.Fatal(err)
	}
	third := other.add(so, "Panel", "", false)
	for s, m := range map[*Service]Message{sa: signedBy(secret, "1", a.now, begin), sb: signedBy(secret, "1", a.now, begin), so: signedBy(third, "1", a.now, begin)} {
		if d, err := s.Handle(t.Context(), m); err != nil || !d.Started {
			t.Fatalf("%+v %v", d, err)
		}
	}
	if a.starts[0].ID != b.starts[0].ID || a.starts[0].ID == other.starts[0].ID {
		t.Error("the ids of the evacuations:", a.starts[0].ID, b.starts[0].ID, other.starts[0].ID)
	}
}

func TestWhoseWordCounts(t *testing.T) {
	c := newCampus(t)
	s := c.open()
	secret := c.add(s, "Panel", "", false)
	_ = c.add(s, "Other", "", true)
	good := signedBy(secret, "1", c.now, begin)
	_, sig, _ := strings.Cut(good.Signature, ",")
	for name, change := range map[string]func(*Message){
		"no signature":     func(m *Message) { m.Signature = "" },
		"no id":            func(m *Message) { m.ID = "" },
		"another id":       func(m *Message) { m.ID = "2" },
		"another time":     func(m *Message) { m.Timestamp += "0" },
		"another body":     func(m *Message) { m.Body = []byte(`{"action":"start"} `) },
		"asymmetric":       func(m *Message) { m.Signature = "v1a," + sig },
		"no version":       func(m *Message) { m.Signature = sig },
		"half":             func(m *Message) { m.Signature = m.Signature[:len(m.Signature)-8] },
		"moved boundaries": func(m *Message) { m.ID, m.Timestamp = m.ID+"."+m.Timestamp, "" },
	} {
		m := good
		change(&m)
		if _, err := s.Handle(t.Context(), m); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if refused, acted := s.Counts(); refused["signature"] != 9 || acted != 0 || len(c.starts) != 0 {
		t.Error(refused, acted, c.starts)
	}
	// Among several signatures, as while a secret is replaced, one is enough.
	good.Signature = "v1a,xyz v1,AAAA v1," + base64.StdEncoding.EncodeToString(make([]byte, 32)) + " " + good.Signature
	if d, err := s.Handle(t.Context(), good); err != nil || !d.Started {
		t.Error(d, err)
	}
	if err := s.Remove("Panel"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Handle(t.Context(), signedBy(secret, "3", c.now, begin)); !errors.Is(err, ErrSignature) {
		t.Error("a source that was removed is heard:", err)
	}
}

// A wrong clock never stops a real alarm; a test and a drill say so.
func TestClocks(t *testing.T) {
	for _, off := range []time.Duration{-56 * 365 * 24 * time.Hour, -6 * time.Minute, 6 * time.Minute, 1e6 * time.Hour} {
		c := newCampus(t)
		s := c.open()
		real, drill := c.add(s, "Panel", "", false), c.add(s, "Bell", "", true)
		at := c.now.Add(off)
		if _, err := s.Handle(t.Context(), signedBy(real, "1", at, `{"action":"test"}`)); !errors.Is(err, ErrClock) {
			t.Errorf("%v: a test: %v", off, err)
		}
		if _, err := s.Handle(t.Context(), signedBy(drill, "1", at, begin)); !errors.Is(err, ErrClock) {
			t.Errorf("%v: a drill: %v", off, err)
		}
		if d, err := s.Handle(t.Context(), signedBy(real, "2", at, begin)); err != nil || !d.Started || !d.ClockOff {
			t.Errorf("%v: an alarm: %+v %v", off, d, err)
		}
		if all := s.Sources(); !all[1].ClockOff() || len(c.starts) != 1 {
			t.Errorf("%v: it is not said: %+v", off, all)
		}
	}
	c := newCampus(t)
	s := c.open()
	m := signedBy(c.add(s, "Panel", "", false), "1", c.now.Add(-4*time.Minute), `{"action":"test"}`)
	if d, err := s.Handle(t.Context(), m); err != nil || d.Started || len(c.starts) != 0 || s.Sources()[0].State.Tested.IsZero() {
		t.Errorf("%+v %v", d, err)
	}
	if _, err := s.Handle(t.Context(), m); !errors.Is(err, ErrUsedID) {
		t.Error("a test does not find that ids are used again:", err)
	}
}

func TestSites(t *testing.T) {
	for _, x := range []struct {
		bound, asked record.SiteID
		action       string
		err          error
		site         record.SiteID
		widened      bool
	}{
		{"", "", "start", nil, "", false},
		{"", "South", "start", nil, "South", false},
		{"North", "", "start", nil, "North", false},
		{"North", "North", "start", nil, "North", false},
		{"North", "South", "start", ErrOtherSite, "", false},
		{"", "Nroth", "start", nil, "", true},
		{"", "a/b", "start", nil, "", true},
		{"", "Nroth", "test", ErrTestSite, "", false},
		{"", "South", "test", nil, "South", false},
		{"", "", "stop", ErrMalformed, "", false},
		{"", "", "", ErrMalformed, "", false},
	} {
		c := newCampus(t)
		s := c.open()
		secret := c.add(s, "Panel", x.bound, false)
		d, err := s.Handle(t.Context(), signedBy(secret, "1", c.now, fmt.Sprintf(`{"action":%q,"site":%q}`, x.action, x.asked)))
		if !errors.Is(err, x.err) || err == nil && (d.Site != x.site || d.Widened != x.widened || d.Started != (x.action == "start")) {
			t.Errorf("%+v: %+v %v", x, d, err)
		}
	}
}

// What could not be saved is done when it is sent again.
func TestSentAgain(t *testing.T) {
	c := newCampus(t)
	s := c.open()
	m := signedBy(c.add(s, "Panel", "", false), "1", c.now, begin)
	c.fail = errors.New("disk")
	if _, err := s.Handle(t.Context(), m); !errors.Is(err, c.fail) {
		t.Fatal(err)
	}
	c.fail = nil
	if d, err := s.Handle(t.Context(), m); err != nil || !d.Started {
		t.Fatalf("%+v %v", d, err)
	}
	// An id used again much later is no retry, and is told.
	c.now = c.now.Add(2 * time.Hour)
	if d, err := s.Handle(t.Context(), m); err != nil || d.Started || s.Sources()[0].State.Reused.IsZero() {
		t.Errorf("%+v %v", d, err)
	}
}

func TestLimits(t *testing.T) {
	c := newCampus(t)
	s := c.open()
	secret, calm := c.add(s, "Panel", "", false), c.add(s, "Calm", "", false)
	for i := range strangers + 5 {
		want := error(ErrSignature)
		if i >= strangers {
			want = ErrTooMany
		}
		if _, err := s.Handle(t.Context(), Message{ID: "1", Signature: "v1,x"}); !errors.Is(err, want) {
			t.Fatal(i, err)
		}
	}
	for i := range burst {
		if _, err := s.Handle(t.Context(), signedBy(secret, fmt.Sprint(i), c.now, begin)); err != nil {
			t.Fatal("strangers keep a panel out:", i, err)
		}
	}
	if _, err := s.Handle(t.Context(), signedBy(secret, "x", c.now, begin)); !errors.Is(err, ErrTooMany) {
		t.Fatal(err)
	}
	if _, err := s.Handle(t.Context(), signedBy(calm, "x", c.now, begin)); err != nil {
		t.Fatal("one source keeps another out:", err)
	}
	c.now = c.now.Add(every)
	if _, err := s.Handle(t.Context(), signedBy(secret, "x", c.now, begin)); err != nil {
		t.Fatal(err)
	}
	for i := range maxSeen + 50 {
		c.now = c.now.Add(every)
		if _, err := s.Handle(t.Context(), signedBy(secret, fmt.Sprint("y", i), c.now, begin)); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(s.Sources()[1].State.Seen); n != maxSeen {
		t.Error("remembered:", n)
	}
	if d, err := s.Handle(t.Context(), signedBy(secret, "z", c.now, `{"action":"test","x":"`+strings.Repeat("a", MaxBody)+`"}`)); !errors.Is(err, ErrTooMany) && !errors.Is(err, ErrMalformed) {
		t.Error(d, err)
	}
}

func TestAtOnce(t *testing.T) {
	c := newCampus(t)
	s := c.open()
	m := signedBy(c.add(s, "Panel", "", false), "1", c.now, begin)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := s.Handle(t.Context(), m); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(c.starts) != 1 {
		t.Error(c.starts)
	}
}

func TestSources(t *testing.T) {
	c := newCampus(t)
	s := c.open()
	secret := c.add(s, "Panel", "North", true)
	if info, err := os.Stat(c.file); err != nil || info.Mode().Perm() != 0o600 {
		t.Error("others may read the secrets:", err)
	}
	if all := c.open().Sources(); len(all) != 1 || all[0].Name != "Panel" || all[0].Site != "North" || !all[0].DrillOnly {
		t.Errorf("%+v", all)
	}
	if printed := fmt.Sprintf("%+v", s.Sources()); strings.Contains(printed, secret[6:20]) {
		t.Error("the secret is told again")
	}
	for name, key := range map[string]string{"Panel": "trigger.taken", "": "trigger.name", "a/b": "trigger.name"} {
		var p *Problem
		if _, err := s.Add(name, "", false, ""); !errors.As(err, &p) || p.Key != key {
			t.Errorf("%q: %v", name, err)
		}
	}
	var p *Problem
	if _, err := s.Add("P", "Nroth", false, ""); !errors.As(err, &p) || p.Key != "trigger.no_site" {
		t.Error(err)
	}
	if _, err := s.Add("P", "", false, "whsec_c2hvcnQ="); !errors.As(err, &p) || p.Key != "trigger.secret" {
		t.Error(err)
	}
	if err := s.Remove("Nobody"); !errors.As(err, &p) || p.Key != "trigger.unknown" {
		t.Error(err)
	}
	for i := 1; i < MaxSources; i++ {
		_ = c.add(s, fmt.Sprint("P", i), "", false)
	}
	if _, err := s.Add("One more", "", false, ""); !errors.As(err, &p) || p.Key != "trigger.many" {
		t.Error(err)
	}
	// A node with a damaged file runs on, says so, and keeps the file.
	if err := os.WriteFile(c.file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	s = c.open()
	if _, err := s.Add("P", "", false, ""); s.Damaged() == nil || !errors.As(err, &p) || p.Key != "trigger.damaged" {
		t.Error(s.Damaged(), err)
	}
}
