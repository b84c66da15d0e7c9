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
	// settle is how long changes are gathered before the list is folded anew,
	// so that a rush at the doors costs no more than a few lists a second.
	settle = 200 * time.Millisecond
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
		for {
			changed := s.cfg.House.Changed()
			in := s.gather(s.cfg.Withhold(r.Request))
			for n := 0; n < reread; {
				l, err := s.fold(in, site)
				if err != nil {
					return err
				}
				b := s.lay(r, l, in.Cards == nil)
				part, err := differing(r, sent, &b)
				if err != nil {
					return err
				}
				if err := send(webkit.Event{Name: "part", Data: part}); err != nil {
					return err
				}
				sent = &b
				select {
				case <-ctx.Done():
					return nil
				case <-changed:
					n = reread
					select {
					case <-ctx.Done():
						return nil
					case <-time.After(settle):
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
	if was == nil || !slices.Equal(was.Doors, is.Doors) {
		if err := add("doors", is); err != nil {
			return nil, err
		}
	}
	if was == nil || was.Withheld != is.Withheld || !slices.EqualFunc(was.Groups, is.Groups, func(a, b group) bool { return a.ID == b.ID }) {
		err := add("people", is)
		return out.Bytes(), err
	}
	for i, g := range is.Groups {
		if h := was.Groups[i]; g.Above != h.Above || !slices.Equal(g.People, h.People) {
			if err := add("group", g); err != nil {
				return nil, err
			}
		}
	}
	return out.Bytes(), nil
}
