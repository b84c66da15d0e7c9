package feed

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/signed"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// campus is a House and a Keeper in memory.
type campus struct {
	t    *testing.T
	file string

	mu     sync.Mutex
	now    time.Time
	fail   error // of Note
	full   error // of Enter
	barred error
	taken  int // how many ids are another's
	inside map[record.VisitID]record.Place
	names  map[record.VisitID]record.Private
	stays  int
	said   []record.Event
	states map[string]State
	badges map[Tag]Last
}

func newCampus(t *testing.T) *campus {
	return &campus{
		t: t, file: filepath.Join(t.TempDir(), "feeds.json"), now: time.Date(2026, 11, 27, 8, 0, 0, 0, time.UTC),
		inside: map[record.VisitID]record.Place{}, names: map[record.VisitID]record.Private{}, states: map[string]State{}, badges: map[Tag]Last{},
	}
}

func (c *campus) Enter(_ context.Context, v record.VisitID, at record.Place, name record.Private, _ time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.taken > 0 {
		c.taken--
		return ErrTaken
	}
	if c.full != nil {
		return c.full
	}
	if _, known := c.names[v]; known {
		return nil
	}
	c.stays++
	c.inside[v], c.names[v] = at, name
	return nil
}

func (c *campus) See(_ context.Context, v record.VisitID, at record.Place, _ time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inside[v] = at
	return nil
}

func (c *campus) Leave(_ context.Context, v record.VisitID, _ record.Place, _ time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.inside, v)
	return nil
}

func (c *campus) Inside(v record.VisitID) (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, in := c.inside[v]
	return in, nil
}

func (c *campus) Say(_ context.Context, e record.Event) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.said = append(c.said, e)
	return nil
}

func (c *campus) Place() record.Place { return record.Place{Site: "North", Entrance: "Reception"} }
func (c *campus) Node() record.NodeID { return record.NodeID{7} }
func (c *campus) Barred() error       { return c.barred }

func (c *campus) Load() (map[string]State, error) { return maps.Clone(c.states), nil }

func (c *campus) Save(name string, s State) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.states[name] = s
	return nil
}

func (c *campus) Last(t Tag) (Last, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.badges[t], nil
}

func (c *campus) Note(t Tag, l Last) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fail != nil {
		return c.fail
	}
	c.badges[t] = l
	return nil
}

func (c *campus) Forget(of func(Last) bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.badges, func(_ Tag, l Last) bool { return of(l) })
	return nil
}

func (c *campus) clock() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *campus) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func (c *campus) open() *Service {
	c.t.Helper()
	s, err := Open(Config{File: c.file, House: c, Keeper: c, Now: c.clock})
	if err != nil {
		c.t.Fatal(err)
	}
	return s
}

func (c *campus) add(s *Service, r Request) string {
	c.t.Helper()
	secret, err := s.Add(c.t.Context(), r)
	if err != nil {
		c.t.Fatal(err)
	}
	return secret
}

func (c *campus) count(want int) {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.inside) != want {
		c.t.Fatalf("%d inside, want %d", len(c.inside), want)
	}
}

// send sends a message as a source does.
func send(s *Service, secret string, at time.Time, body string) (Done, error) {
	key, err := signed.ParseSecret(secret)
	if err != nil {
		panic(err)
	}
	m := signed.Message{ID: "x", Timestamp: fmt.Sprint(at.Unix()), Body: []byte(body)}
	m.Signature = "v1," + base64.StdEncoding.EncodeToString(signed.Sign(key, m))
	return s.Handle(context.Background(), m)
}

func badge(n int, what string, at time.Time) string {
	return fmt.Sprintf(`{"badge":"%d","event":%q,"at":%q}`, n, what, at.Format(time.RFC3339))
}

// One person's day, each event twice, and one that comes late.
func TestDay(t *testing.T) {
	c := newCampus(t)
	s := c.open()
	secret := c.add(s, Request{Name: "Access", Entrance: "Staff door"})
	t0 := c.now
	for i, x := range []struct {
		after  time.Duration
		event  string
		want   Outcome
		inside int
	}{
		{0, In, "in", 1},
		{time.Minute, In, "in", 1}, // another door
		{2 * time.Minute, Out, "out", 0},
		{2 * time.Minute, Out, "repeated", 0},
		{3 * time.Minute, Out, "unknown", 0}, // followed somebody through the door
		{10 * time.Minute, In, "in", 1},
		{9 * time.Minute, Out, "late", 1},
		{2 * time.Minute, Out, "repeated", 1},
		{20 * time.Minute, Out, "out", 0},
	} {
		at := t0.Add(x.after)
		if c.pass(0); at.After(c.clock()) {
			c.pass(at.Sub(c.clock()))
		}
		for again := range 2 {
			want := x.want
			if again == 1 && want != "late" {
				want = "repeated"
			}
			d, err := send(s, secret, c.clock(), badge(4512, x.event, at))
			if err != nil || len(d.Outcomes) != 1 || d.Outcomes[0] != want {
				t.Fatalf("%d, again %d: %+v %v, want %s", i, again, d, err, want)
			}
			c.count(x.inside)
			s = c.open() // the memory outlives a restart
		}
	}
	if c.stays != 2 {
		t.Errorf("%d stays, want 2", c.stays)
	}
	for v, name := range c.names {
		if name != "Badge 4512" || !v.OwnedBy(c.Node()) {
			t.Errorf("%q %v", name.Reveal(), v)
		}
	}
	for tag := range c.badges {
		if strings.Contains(string(tag[:]), "4512") {
			t.Error("the badge's number is kept in clear")
		}
	}
}

// Where the power goes before the event is noted, it is the same visit after.
func TestPowerCut(t *testing.T) {
	c := newCampus(t)
	s := c.open()
	secret := c.add(s, Request{Name: "Access"})
	c.fail = errors.New("disk")
	c.taken = 2
	body := `{"badge":4512,"event":"in","at":"2026-11-27T09:00:00+01:00","name":" Eva Ek ","door":"7"}`
	if _, err := send(s, secret, c.now, body); !errors.Is(err, c.fail) {
		t.Fatal(err)
	}
	c.fail, c.taken = nil, 2
	if d, err := send(s, secret, c.now, body); err != nil || d.Outcomes[0] != "in" {
		t.Fatal(d, err)
	}
	c.count(1)
	for v, name := range c.names {
		if c.stays != 1 || name != "Eva Ek" || c.inside[v] != c.Place() {
			t.Error(c.stays, name.Reveal(), c.inside)
		}
	}
	// Let out by somebody else meanwhile, the next event begins a new stay.
	clear(c.inside)
	c.pass(time.Minute)
	if d, err := send(s, secret, c.now, badge(4512, In, c.now)); err != nil || d.Outcomes[0] != "in" || c.stays != 2 {
		t.Fatal(d, err, c.stays)
	}
}

func TestRefused(t *testing.T) {
	c := newCampus(t)
	s := c.open()
	secret := c.add(s, Request{Name: "Access"})
	other := c.add(s, Request{Name: "Other"})
	for body, want := range map[string]error{
		"":                                     ErrMalformed,
		"[]":                                   ErrMalformed,
		"7":                                    ErrMalformed,
		`{"badge":"1","event":"in"}`:           ErrMalformed,
		`{"badge":"","event":"in"}`:            ErrMalformed,
		badge(1, "inn", c.now):                 ErrMalformed,
		badge(1, In, c.now.Add(-49*time.Hour)): ErrOld,
		`{"badge":"1","event":"in","at":"yesterday"}`:                                        ErrMalformed,
		`{"badge":"1\u0000","event":"in","at":"2026-11-27T08:00:00Z"}`:                       ErrMalformed,
		`{"badge":"1","event":"in","at":"9999-12-31T23:59:59-14:00"}`:                        ErrMalformed,
		`{"badge":[1],"event":"in","at":"2026-11-27T08:00:00Z"}`:                             ErrMalformed,
		`[` + strings.Repeat(badge(1, In, c.now)+",", MaxEvents) + badge(1, In, c.now) + `]`: ErrMalformed,
	} {
		if _, err := send(s, secret, c.now, body); !errors.Is(err, want) {
			t.Errorf("%.60s: %v", body, err)
		}
	}
	// In a list, what is refused keeps nothing back.
	d, err := send(s, secret, c.now, `[`+badge(1, In, c.now)+`,`+badge(2, "?", c.now)+`,`+badge(3, In, c.now)+`]`)
	if err != nil || fmt.Sprint(d.Outcomes) != "[in malformed in]" {
		t.Error(d, err)
	}
	c.count(2)
	// Two sources' badges of one number are two people's.
	if d, err := send(s, other, c.now, badge(1, Out, c.now.Add(time.Second))); err != nil || d.Outcomes[0] != "unknown" {
		t.Error(d, err)
	}
	if _, err := send(s, signed.SecretText(signed.NewSecret()), c.now, badge(4, In, c.now)); !errors.Is(err, ErrSignature) {
		t.Error(err)
	}
	c.barred = errors.New("revoked")
	if _, err := send(s, secret, c.now, badge(4, In, c.now)); !errors.Is(err, c.barred) {
		t.Error(err)
	}
	c.count(2)
	for range burst + 50 {
		_, err = send(s, secret, c.now, "")
	}
	if !errors.Is(err, ErrTooMany) || s.Counts()["signature"] != 1 || s.LastOf()["rate"].IsZero() {
		t.Error(err, s.Counts())
	}
}

// Until when a source has told what it knows, and what other nodes hear of that.
func TestHeard(t *testing.T) {
	c := newCampus(t)
	s := c.open()
	secret := c.add(s, Request{Name: "Access", Zone: "Floor 2", Quiet: 30 * time.Minute})
	heard := func() time.Time { return s.Sources()[0].State.Heard }
	if len(c.said) != 1 || c.said[0].Since != 0 || c.said[0].Quiet != 30 || c.said[0].Feed != "Access" || c.said[0].Place != (record.Place{Site: "North", Zone: "Floor 2", Entrance: "Reception"}) {
		t.Fatalf("%+v", c.said)
	}
	if x := s.Sources()[0]; !x.Silent(c.now) {
		t.Error("one that has never been heard is silent")
	}
	t0 := c.now
	// An event of ten minutes ago tells no more than it did then.
	if _, err := send(s, secret, c.now, badge(1, In, t0.Add(-10*time.Minute))); err != nil || !heard().Equal(t0.Add(-10*time.Minute)) {
		t.Fatal(heard(), err)
	}
	// Nor does one from the future, nor an old sign of life that is sent again.
	if _, err := send(s, secret, c.now, badge(2, In, t0.Add(time.Hour))); err != nil || !heard().Equal(t0) {
		t.Fatal(heard(), err)
	}
	c.pass(20 * time.Minute)
	if _, err := send(s, secret, t0, `{"event":"alive"}`); err != nil || !heard().Equal(t0) || !s.Sources()[0].ClockOff() {
		t.Fatal(heard(), err)
	}
	if _, err := send(s, secret, c.now, `{"event":"alive"}`); err != nil || !heard().Equal(c.now) || s.Sources()[0].ClockOff() {
		t.Fatal(heard(), err)
	}
	c.said = nil
	s.tellAll(t.Context())
	s.tellAll(t.Context())
	if len(c.said) != 1 || c.said[0].Since != record.HLCOf(c.now) {
		t.Fatalf("told anew: %+v", c.said)
	}
	c.pass(time.Minute)
	_, _ = send(s, secret, c.now, `{"event":"alive"}`)
	s.tellAll(t.Context())
	if len(c.said) != 1 {
		t.Error("other nodes are told all the time")
	}
	c.pass(tell)
	s.tellAll(t.Context())
	if len(c.said) != 2 {
		t.Error("other nodes are not told")
	}
	c.pass(retell + time.Minute)
	s = c.open()
	if s.tellAll(t.Context()); len(c.said) != 3 || !s.Sources()[0].Silent(c.now) {
		t.Errorf("what is silent is forgotten: %+v", c.said)
	}
	if err := s.Remove(t.Context(), "Access"); err != nil || c.said[3].Quiet != 0 || len(s.Sources()) != 0 {
		t.Error(err, c.said)
	}
}

func TestForget(t *testing.T) {
	now := time.Now()
	for _, x := range []struct {
		l    Last
		gone bool
	}{
		{Last{At: now.Add(-71 * time.Hour)}, false},
		{Last{At: now.Add(-73 * time.Hour)}, true},
		{Last{At: now.Add(-73 * time.Hour), In: true}, false},
		{Last{At: now.Add(-61 * 24 * time.Hour), In: true}, true},
	} {
		if x.l.forgotten(now) != x.gone {
			t.Errorf("%+v", x.l)
		}
	}
}

func TestSources(t *testing.T) {
	c := newCampus(t)
	s := c.open()
	secret := c.add(s, Request{Name: "Access"})
	if info, err := os.Stat(c.file); err != nil || info.Mode().Perm() != 0o600 {
		t.Error("others may read the secrets:", err)
	}
	if printed := fmt.Sprintf("%+v", s.Sources()); strings.Contains(printed, secret[6:20]) {
		t.Error("the secret is told again")
	}
	broker := func(change func(*MQTT)) *MQTT {
		m := &MQTT{URL: "mqtts://b.example.org:8883", Topic: "access/#"}
		change(m)
		return m
	}
	open := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(open, []byte("secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		r   Request
		key string
	}{
		{Request{Name: "Access"}, "feed.taken"},
		{Request{Name: "a/b"}, "feed.name"},
		{Request{Name: "A", Zone: "a/b"}, "feed.place"},
		{Request{Name: "A", Quiet: time.Minute}, "feed.quiet"},
		{Request{Name: "A", Quiet: 200 * time.Hour}, "feed.quiet"},
		{Request{Name: "A", MQTT: broker(func(m *MQTT) { m.URL = "mqtt://b.example.org:1883" })}, "feed.mqtt"},
		{Request{Name: "A", MQTT: broker(func(m *MQTT) { m.URL = "https://b.example.org:1883" })}, "feed.mqtt"},
		{Request{Name: "A", MQTT: broker(func(m *MQTT) { m.URL = "mqtts://u:p@b.example.org:8883" })}, "feed.mqtt"},
		{Request{Name: "A", MQTT: broker(func(m *MQTT) { m.Topic = "" })}, "feed.mqtt"},
		{Request{Name: "A", MQTT: broker(func(m *MQTT) { m.PasswordFile = open })}, "feed.mqtt"},
		{Request{Name: "A", MQTT: broker(func(m *MQTT) { m.User, m.PasswordFile = "u", open })}, "feed.mqtt"},
		{Request{Name: "A", MQTT: broker(func(m *MQTT) { m.CAFile = open })}, "feed.mqtt"},
	} {
		var p *Problem
		if _, err := s.Add(t.Context(), x.r); !errors.As(err, &p) || p.Key != x.key {
			t.Errorf("%+v: %v", x.r, err)
		}
	}
	var p *Problem
	if err := s.Remove(t.Context(), "Nobody"); !errors.As(err, &p) || p.Key != "feed.unknown" {
		t.Error(err)
	}
	if _, err := s.Import(t.Context(), "Nobody", []Event{{}}); !errors.As(err, &p) || p.Key != "feed.unknown" {
		t.Error(err)
	}
	if d, err := s.Import(t.Context(), "Access", []Event{{Badge: "1", What: In, At: c.now}}); err != nil || d.Outcomes[0] != "in" {
		t.Error(d, err)
	}
	for i := 1; i < MaxSources; i++ {
		_ = c.add(s, Request{Name: fmt.Sprint("P", i)})
	}
	if _, err := s.Add(t.Context(), Request{Name: "One more"}); !errors.As(err, &p) || p.Key != "feed.many" {
		t.Error(err)
	}
	if err := os.WriteFile(c.file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	s = c.open()
	if _, err := s.Add(t.Context(), Request{Name: "P"}); s.Damaged() == nil || !errors.As(err, &p) || p.Key != "feed.damaged" {
		t.Error(s.Damaged(), err)
	}
}

// Many at once: each badge is in once.
func TestAtOnce(t *testing.T) {
	c := newCampus(t)
	s := c.open()
	secret := c.add(s, Request{Name: "Access"})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for n := range 50 {
				if _, err := send(s, secret, c.now, badge(n, In, c.now)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if c.count(50); c.stays != 50 {
		t.Error(c.stays)
	}
}
