package evac

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/upprop/upprop/kiosk/webkit"
)

const (
	// pulse is how often the news is looked at: freshness goes by without any
	// change in the house.
	pulse = time.Second
	// reread is how often cards are opened anew: one may come, or be erased,
	// without a change of presence. In pulses.
	reread = 5
	// settle is how long a list stands at least before changes are told, so that
	// a rush at the doors costs no more than a few lists a second.
	settle = 200 * time.Millisecond
	// together is how long what belongs to one change may take to come: a mark
	// that comes alone is told after that.
	together = 10 * time.Millisecond
)

// live streams the parts of the page that differ from what was sent last: the
// truth every second, a group of people when it changed.
func (s *Service) live(r *webkit.Request) (webkit.Response, error) {
	site := siteOf(r)
	if _, err := s.board(r, site); err != nil {
		return nil, err
	}
	return webkit.Live{Feed: func(ctx context.Context, _ string, send func(webkit.Event) error) error {
		tick := time.NewTicker(pulse)
		defer tick.Stop()
		var sent *board
		var stood time.Time // when the list that changes are told against was sent
		told := teller{}
		for {
			changed, names := s.cfg.House.Changed(), s.cfg.House.NamesChanged()
			var lock <-chan struct{}
			if s.cfg.PIN != nil {
				lock = s.cfg.PIN.Changed()
			}
			in := s.gather(s.cfg.Withhold(r.Request))
			for n := 0; n < reread; {
				l, err := s.fold(in, site)
				if err != nil {
					return err
				}
				b := s.lay(r, l, in.hidden())
				part, err := differing(r, sent, &b)
				if err != nil {
					return err
				}
				if err := send(webkit.Event{Name: "part", Data: part}); err != nil {
					return err
				}
				for part := range told.news(b) {
					if err := send(webkit.Event{Name: "data", Data: part}); err != nil {
						return err
					}
				}
				b.Rows = nil
				if sent = &b; n == 0 {
					stood = time.Now()
				}
				select {
				case <-ctx.Done():
					return nil
				case <-names:
					n = reread
				case <-lock:
					n = reread
				case <-changed:
					n = reread
					select {
					case <-ctx.Done():
						return nil
					case <-time.After(max(together, settle-time.Since(stood))):
					}
				case <-tick.C:
					n++
				}
			}
		}
	}}, nil
}

// differing renders the parts of the page that differ between two boards.
func differing(r *webkit.Request, was, is *board) ([]byte, error) {
	var out bytes.Buffer
	add := func(block string, data any) error {
		b, err := r.Fragment("warden", block, data)
		_, _ = out.Write(b)
		return err
	}
	if err := add("truth", is); err != nil {
		return nil, err
	}
	if was == nil || was.Evac != is.Evac {
		for _, block := range []string{"evac", "evac-do"} {
			if err := add(block, is); err != nil {
				return nil, err
			}
		}
	}
	if was == nil || was.Pad != is.Pad {
		if err := add("pad", is); err != nil {
			return nil, err
		}
	}
	if was == nil || !slices.Equal(was.Doors, is.Doors) {
		if err := add("doors", is); err != nil {
			return nil, err
		}
	}
	if was == nil || !slices.Equal(was.Tabs, is.Tabs) {
		if err := add("tabs", is); err != nil {
			return nil, err
		}
	}
	if was == nil || !slices.Equal(was.Names, is.Names) {
		if err := add("names", is); err != nil {
			return nil, err
		}
	}
	if was == nil || was.Marks != is.Marks || was.Evac != is.Evac {
		for _, block := range []string{"actions", "here"} {
			if err := add(block, is); err != nil {
				return nil, err
			}
		}
	}
	return out.Bytes(), nil
}
