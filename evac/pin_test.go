package evac_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/evac"
	"github.com/upprop/upprop/kiosk/lang"
)

// lock is a PIN in memory.
type lock struct {
	mu      sync.Mutex
	pin     string
	open    bool
	wrong   int
	wait    time.Time
	changed chan struct{}
}

func newLock(pin string) *lock { return &lock{pin: pin, changed: make(chan struct{})} }

func (l *lock) State() evac.PINState {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := evac.PINState{Asks: true, Set: l.pin != "", Locked: !l.open, Wrong: l.wrong, WaitUntil: l.wait}
	if l.open {
		s.Until = at.Add(12 * time.Hour)
	}
	return s
}

func (l *lock) Changed() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.changed
}

func (l *lock) edit(fn func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fn()
	close(l.changed)
	l.changed = make(chan struct{})
}

func (l *lock) Set(pin []byte) error {
	if len(pin) < 4 {
		return lang.Problem{Key: "pin.malformed"}
	}
	l.edit(func() { l.pin, l.open = string(pin), true })
	return nil
}

func (l *lock) Unlock(pin []byte) (err error) {
	l.edit(func() {
		if string(pin) == l.pin {
			l.open, l.wrong = true, 0
			return
		}
		l.wrong++
		err = lang.Problem{Key: "pin.wrong"}
	})
	return err
}

func (l *lock) Lock() error { l.edit(func() { l.open = false }); return nil }

// locked is a warden's service with a lock over a house.
func locked(t testing.TB, h *house, pin string) (*evac.Service, *lock) {
	t.Helper()
	h.waits, h.lock = true, newLock(pin)
	s, _ := muster(t, h, withBell(h), func(c *evac.Config) { c.PIN = h.lock })
	return s, h.lock
}

func drill() record.Start { return drillOf(true) }

func drillOf(drill bool) record.Start {
	return record.Start{ID: record.EvacID{1}, At: record.HLCOf(at.Add(-11 * time.Minute)), Drill: drill}
}

// An evacuation that does not run and a PIN that is not given are two reasons.
func TestTwoReasons(t *testing.T) {
	h := campus()
	s, l := locked(t, h, "1234")
	says := func(when string, names evac.Names, lock bool, want ...string) {
		t.Helper()
		body := get(t, s, "/warden?lang=en").Body.String()
		for _, reason := range []string{"Names are shown during an evacuation or drill.", "Names are locked on this handheld until its PIN is given.", "Names are shown in a moment"} {
			shown := strings.Contains(body, "<p>"+reason)
			wanted := false
			for _, w := range want {
				wanted = wanted || w == reason
			}
			if shown != wanted {
				t.Errorf("%s: %q: %v", when, reason, shown)
			}
		}
		m, err := s.Muster("")
		if err != nil || m.Names != names || m.Locked != lock {
			t.Errorf("%s: names %s, locked %v, %v", when, m.Names, m.Locked, err)
		}
		if named := strings.Contains(body, "Öberg"); named != (names == evac.NamesShown) {
			t.Errorf("%s: named %v", when, named)
		}
		if !strings.Contains(body, "badge-code") {
			t.Errorf("%s: no badges", when)
		}
	}
	const rest, pin, moment = "Names are shown during an evacuation or drill.", "Names are locked on this handheld until its PIN is given.", "Names are shown in a moment"
	says("at rest, locked", evac.NamesDuringEvacuation, true, rest, pin)
	h.evacuate(drill())
	says("in a drill, locked", evac.NamesLocked, true, pin)
	h.gate(true, at)
	says("in a drill, asking", evac.NamesAsking, true, pin, moment)
	h.gate(false, time.Time{})
	if err := l.Unlock([]byte("1234")); err != nil {
		t.Fatal(err)
	}
	says("in a drill, unlocked", evac.NamesShown, false)
	h.evacuate()
	says("at rest, unlocked", evac.NamesDuringEvacuation, false, rest)
}

func TestErasuresUnknown(t *testing.T) {
	h := campus()
	s, _ := muster(t, h)
	if body := get(t, s, "/warden?lang=en").Body.String(); strings.Contains(body, "Erasures unknown") {
		t.Error("unknown while known")
	}
	l, _ := s.Muster("")
	if b, err := l.JSON(); err != nil || !strings.Contains(string(b), `"erasures_unknown_since":null`) {
		t.Errorf("%s %v", b, err)
	}
	h.gate(false, at.Add(-10*time.Minute))
	for lang, want := range map[string]string{"en": "Erasures unknown since 09:52:14", "sv": "Raderingar okända sedan 09:52:14"} {
		if body := get(t, s, "/warden?lang="+lang).Body.String(); !strings.Contains(body, want) || !strings.Contains(body, "Öberg") {
			t.Errorf("no %q, or no names", want)
		}
	}
	l, _ = s.Muster("")
	if b, err := l.JSON(); err != nil || !strings.Contains(string(b), `"names":"shown","evacuation":null,"names_locked":false,"erasures_unknown_since":"2026-11-22T08:52:14.000Z"`) {
		t.Errorf("%s %v", b, err)
	}
}

// The pad in every step, as a browser without script takes it.
func TestPadWithoutScript(t *testing.T) {
	h := campus()
	h.evacuate(drill())
	s, l := locked(t, h, "")
	press := func(want string, form ...string) {
		t.Helper()
		v := url.Values{"lang": {"en"}, "still": {"1"}}
		for i := 0; i+1 < len(form); i += 2 {
			v.Set(form[i], form[i+1])
		}
		if w := post(t, s, "/warden/pin", v); w.Code != 303 || w.Header().Get("Location") != want {
			t.Errorf("%v: %d to %q, want %q", form, w.Code, w.Header().Get("Location"), want)
		}
	}
	page := func(path, want string) {
		t.Helper()
		body := get(t, s, path).Body.String()
		if !strings.Contains(body, want) || !strings.Contains(body, "badge-code") {
			t.Errorf("%s: no %q, or no badges", path, want)
		}
		if strings.HasPrefix(path, "/warden/pin") && strings.Contains(body, "http-equiv") {
			t.Errorf("%s comes anew under the reader's hands", path)
		}
	}
	page("/warden?lang=en", "Choose a PIN for this handheld")
	press("/warden/pin?pin=differ&lang=en#pin", "do", "set", "pin", "1234", "again", "1235")
	page("/warden/pin?lang=en&pin=differ", "The two PINs differ.")
	press("/warden/pin?pin=malformed&lang=en#pin", "do", "set", "pin", "1", "again", "1")
	page("/warden?lang=en&pin=malformed", "That is no PIN.")
	page("/warden?lang=en&pin=nonsense", "Choose a PIN")
	press("/warden?lang=en", "do", "set", "pin", "1234", "again", "1234")
	page("/warden?lang=en", "Names are unlocked until 22:02.")
	page("/warden?lang=en", "Öberg")
	press("/warden?lang=en", "do", "lock")
	page("/warden?lang=en", "Names are locked: give the PIN")
	press("/warden/pin?lang=en#pin", "do", "unlock", "pin", "9999")
	page("/warden/pin?lang=en", "Wrong PIN. Names stay locked.")
	l.edit(func() { l.wrong, l.wait = 5, at.Add(2*time.Second) })
	page("/warden/pin?lang=en", "Wrong PIN, 5 times. Wait until 10:02:16, then try again.")
	l.edit(func() { l.wait = time.Time{} })
	press("/warden?site=Norra&lang=en", "do", "unlock", "pin", "1234", "site", "Norra")
	if w := post(t, s, "/warden/pin", url.Values{"do": {"guess"}}); w.Code != 400 {
		t.Error("nonsense:", w.Code)
	}
}

// Nobody gives a PIN on a screen that nobody vouches for.
func TestPadIsNotForAll(t *testing.T) {
	h := campus()
	l := newLock("27182818")
	s, log := muster(t, h, func(c *evac.Config) { c.PIN, c.Withhold = l, func(*http.Request) bool { return true } })
	if body := get(t, s, "/warden?lang=en").Body.String(); strings.Contains(body, "data-pin-form") || strings.Contains(body, "PIN") {
		t.Error("the pad is shown")
	}
	for _, do := range []string{"unlock", "set", "lock"} {
		if w := post(t, s, "/warden/pin", url.Values{"do": {do}, "pin": {"27182818"}, "again": {"27182818"}}); w.Code != 422 {
			t.Errorf("%s: %d", do, w.Code)
		}
	}
	if w := get(t, s, "/warden/pin"); w.Code != 422 || l.State().Locked != true {
		t.Error(w.Code)
	}
	if strings.Contains(log.String(), "27182818") {
		t.Error("the log has the PIN")
	}
}

// The list follows the lock and the gate at once.
func TestLiveLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := campus()
		h.now = time.Now
		h.changed, h.changedNames = make(chan struct{}), make(chan struct{})
		h.evacuate(drill())
		s, l := locked(t, h, "1234")
		got, end := watch(t, s, "/warden/live?lang=en")
		if text := got.take(); !strings.Contains(text, `id="pin"`) || !strings.Contains(text, "Names are locked") || strings.Contains(text, "Öberg") {
			t.Errorf("begins with %s", text)
		}
		pass(time.Second + time.Millisecond)
		if text := got.take(); strings.Contains(text, `id="pin"`) {
			t.Error("the pad is sent again and again")
		}
		_ = l.Unlock([]byte("1234"))
		pass(time.Millisecond)
		if text := got.take(); !strings.Contains(text, "Öberg") || !strings.Contains(text, "Names are unlocked") {
			t.Errorf("unlocked: %s", text)
		}
		_ = l.Lock()
		pass(time.Millisecond)
		if text := got.take(); strings.Contains(text, "Öberg") || !strings.Contains(text, `"rows":[["`) {
			t.Errorf("locked: %s", text)
		}
		_ = l.Unlock([]byte("1234"))
		pass(time.Millisecond)
		got.take()
		h.gate(true, time.Now())
		pass(time.Millisecond)
		if text := got.take(); strings.Contains(text, "Öberg") || !strings.Contains(text, "in a moment") {
			t.Errorf("asking: %s", text)
		}
		h.gate(false, time.Now())
		pass(time.Millisecond)
		if text := got.take(); !strings.Contains(text, "Öberg") || !strings.Contains(text, "Erasures unknown since") {
			t.Errorf("alone: %s", text)
		}
		end()
	})
}
