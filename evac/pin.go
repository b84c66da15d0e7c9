package evac

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
)

// PIN locks and unlocks the names of this device. A lang.Problem among the
// errors is shown to the reader.
type PIN interface {
	State() PINState
	// Changed is closed at the next change of State. Get it before State.
	Changed() <-chan struct{}
	// Set, Unlock and Lock may take a second, and never wait for a wrong guess
	// to be over. Who calls clears the PIN.
	Set(pin []byte) error
	Unlock(pin []byte) error
	Lock() error
}

// PINState is the lock at one moment.
type PINState struct {
	// Asks: this device asks for a PIN. Set: one has been chosen. Locked: no
	// name is shown until it is given, or chosen.
	Asks, Set, Locked bool
	// Wrong is how many wrong ones were given since the last right one.
	Wrong int
	// WaitUntil is when the next is tried; zero: at once.
	WaitUntil time.Time
	// Until is when names lock by themselves; zero while they are locked.
	Until time.Time
}

// pad is the lock as it is shown; empty where there is none, or not for this
// reader.
type pad struct {
	// Is is "choose", "locked" or "unlocked"; empty: nothing is shown.
	Is string
	// Says is why names are locked, or until when they are not; Fault what was
	// wrong with the last try.
	Says, Fault string
	// Open: the pad is laid out without being asked for.
	Open bool
	// Still: the pad stands on a page of its own that does not come anew. Page
	// leads to that.
	Still bool
	Page  string
	Site  record.SiteID
}

// faults are what a try can have been wrong with, as the address says it; the
// count of wrong ones is the lock's own.
var faults = map[string]string{
	"malformed": "pin.malformed", "differ": "pad.differ",
}

func (s *Service) pad(r *webkit.Request, l List, hidden bool) pad {
	if s.cfg.PIN == nil || hidden {
		return pad{}
	}
	st := s.cfg.PIN.State()
	if !st.Asks {
		return pad{}
	}
	p := pad{Is: "choose", Says: r.Text("pad.choose_text", nil), Open: true, Site: l.Site, Page: path("/warden/pin", l.Site)}
	switch {
	case st.Set && !st.Locked:
		p.Is, p.Says, p.Open = "unlocked", r.Text("pad.unlocked", map[string]any{"Time": s.reader(r).Hour(st.Until, l.AsOf)}), false
		return p
	case st.Set:
		p.Is, p.Says, p.Open = "locked", r.Text("pad.locked_text", nil), l.Evacuation != nil || st.Wrong > 0
	}
	if key := faults[r.URL.Query().Get("pin")]; key != "" {
		p.Fault, p.Open = r.Text(key, nil), true
	}
	if st.Wrong > 0 && p.Fault == "" {
		p.Fault = r.Text("pad.was_wrong", map[string]any{"Count": st.Wrong})
	}
	if !st.WaitUntil.IsZero() {
		p.Fault = r.Text("pad.wait", map[string]any{"Count": st.Wrong, "Time": s.reader(r).Moment(st.WaitUntil, l.AsOf)})
	}
	return p
}

// pinPage is the list as it was at one moment with the pad on top, so that a
// browser without script leaves the reader time to type.
func (s *Service) pinPage(r *webkit.Request) (webkit.Response, error) {
	if err := s.mayUnlock(r); err != nil {
		return nil, err
	}
	site := siteOf(r)
	b, err := s.board(r, site)
	if err != nil {
		return nil, err
	}
	b.show(r, "", 0)
	b.Still, b.Pad.Still, b.Pad.Open = true, true, true
	return webkit.Page{Name: "warden", Path: path("/warden/pin", site), Data: b}, nil
}

// errNoPIN is told to whom the pad is not shown.
var errNoPIN = lang.Problem{Key: "pad.not_on_screen"}

func (s *Service) mayUnlock(r *webkit.Request) error {
	if s.cfg.PIN == nil || s.cfg.Withhold(r.Request) || !s.cfg.PIN.State().Asks {
		return errNoPIN
	}
	return nil
}

// usePIN does what the pad or the button beside it was pressed for. The answer
// is always the list: what was wrong stands on it.
func (s *Service) usePIN(r *webkit.Request) (webkit.Response, error) {
	if err := s.mayUnlock(r); err != nil {
		return nil, err
	}
	fault, err := s.tryPIN(r)
	if err != nil {
		return nil, err
	}
	to := "/warden"
	if fault != "" && r.Field("still") != "" {
		to = "/warden/pin"
	}
	query := url.Values{}
	if site := siteOf(r); site != "" {
		query.Set("site", string(site))
	}
	if _, shown := faults[fault]; shown {
		query.Set("pin", fault)
	}
	if len(query) > 0 {
		to += "?" + query.Encode()
	}
	to = r.Link(to)
	if fault != "" {
		to += "#pin"
	}
	return webkit.Redirect{To: to}, nil
}

// tryPIN returns what was wrong with the try, in a word.
func (s *Service) tryPIN(r *webkit.Request) (fault string, err error) {
	given, again := []byte(r.Field("pin")), []byte(r.Field("again"))
	defer clear(given)
	defer clear(again)
	switch do := r.Field("do"); {
	case do == "lock":
		err = s.cfg.PIN.Lock()
	case do == "unlock":
		err = s.cfg.PIN.Unlock(given)
	case do == "set" && s.cfg.PIN.State().Set:
		// Chosen meanwhile, on another screen; then this is a guess like any.
		err = s.cfg.PIN.Unlock(given)
	case do == "set" && !slices.Equal(given, again):
		return "differ", nil
	case do == "set":
		err = s.cfg.PIN.Set(given)
	default:
		return "", lang.Problem{Key: "request.malformed"}
	}
	if key, ok := strings.CutPrefix(keyOf(err), "pin."); ok {
		return key, nil
	}
	return "", err
}
