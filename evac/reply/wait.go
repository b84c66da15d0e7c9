package reply

import (
	"context"
	"encoding/hex"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
)

// Told is what those who wait are told.
type Told struct {
	// Help is "told", "coming", "stay" or "fetched"; Role that of the node where it
	// was said.
	Help, Role string
	At         time.Time
}

// Waiting is how somebody stands who waits for help.
type Waiting struct {
	// Point is the refuge where they wait, empty where nobody has said; Refuges are
	// those that they can choose from.
	Point   string
	Refuges []string
	// Told is what they are told, nil for nothing; Beside what else by who had not
	// heard of it.
	Told   *Told
	Beside []Told
	// Seen names Told, and Read says that it was read there.
	Seen string
	Read bool
}

// waitView is Waiting in the reader's language.
type waitView struct {
	Where, Says, By string
	Beside          []string
	Refuges         []string
	Seen            string
	Read            bool
	Fetched         bool
}

func (p pages) waiting(r *webkit.Request, l record.Link) *waitView {
	if p.cfg.Waiting == nil {
		return nil
	}
	w, ok := p.cfg.Waiting(l)
	if !ok {
		return nil
	}
	v := &waitView{Says: r.Text(lang.HelpKey(""), nil), Seen: w.Seen, Read: w.Read}
	if w.Point != "" {
		v.Where = r.Text("reply.at", map[string]any{"Place": w.Point})
	}
	for _, name := range w.Refuges {
		if name != w.Point {
			v.Refuges = append(v.Refuges, name)
		}
	}
	if w.Told != nil {
		v.Says, v.By, v.Fetched = r.Text(lang.HelpKey(w.Told.Help), nil), p.by(r, *w.Told), w.Told.Help == string(record.HelpFetched)
	}
	for _, t := range w.Beside {
		v.Beside = append(v.Beside, r.Text(lang.HelpKey(t.Help), nil)+" "+p.by(r, t))
	}
	return v
}

func (p pages) by(r *webkit.Request, t Told) string {
	return r.Text("refuge.by", map[string]any{"Who": r.Text(lang.WhoKey(t.Role), nil), "Time": r.Locale.Clock(t.At.In(p.cfg.Zone))})
}

// wait takes down where somebody waits, or that they have read what they are told.
func (p pages) wait(r *webkit.Request) (webkit.Response, error) {
	l, _, err := p.open(r)
	if err != nil {
		return nil, err
	}
	if p.cfg.Waiting == nil {
		return nil, lang.Problem{Key: "request.malformed"}
	}
	back := webkit.Redirect{To: r.Link("/r/" + r.PathValue("token") + "?said=" + Help)}
	w, ok := p.cfg.Waiting(l)
	if !ok {
		return back, nil // they are safe by now, or it was taken back
	}
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	if point := r.Field("point"); point != "" {
		once, err := hex.DecodeString(r.Field("once"))
		if err != nil || len(once) != 16 || !slices.Contains(w.Refuges, point) {
			return nil, lang.Problem{Key: "request.malformed"}
		}
		if err := p.cfg.Marker.Mark(ctx, l, Help, point, How, [16]byte(once)); err != nil {
			return nil, err
		}
		return back, nil
	}
	if err := p.cfg.Marker.Read(ctx, l, r.Field("seen")); err != nil {
		return nil, err
	}
	return back, nil
}
