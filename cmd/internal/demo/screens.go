package demo

import (
	"bytes"
	"context"
	"embed"
	"io/fs"
	"net/http"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
)

//go:embed pages/*.html static/* words/*.toml
var files embed.FS

const (
	// pulse is how often the live page is read anew: news ages without
	// anything happening.
	pulse = time.Second
	// gather is how long changes are gathered before the page is read anew.
	gather = 120 * time.Millisecond
	// reload is how often a browser without script gets the page anew.
	reload = 4 * time.Second
)

// sub is one of the embedded folders, which are there at compile time.
func sub(dir string) fs.FS {
	f, err := fs.Sub(files, dir)
	if err != nil {
		panic(err)
	}
	return f
}

func newScreens(d *Demo) (http.Handler, error) {
	words, err := lang.Load(sub("words"))
	if err != nil {
		return nil, err
	}
	return webkit.New(webkit.Config{
		Prefix: "/demo", Pages: sub("pages"), Assets: sub("static"), Catalog: words,
		Place: webkit.Place{Campus: campusName, Site: campusName, Node: "Upprop"}, Logger: d.log,
	}, []webkit.Route{
		{Method: "GET", Pattern: "/{$}", Handler: d.show},
		{Method: "GET", Pattern: "/demo", Handler: d.show},
		{Method: "GET", Pattern: "/demo/live", Handler: d.live},
		{Method: "POST", Pattern: "/demo/link", Handler: d.postLink},
		{Method: "POST", Pattern: "/demo/links", Handler: d.postLinks},
		{Method: "POST", Pattern: "/demo/arrive", Handler: d.postArrive},
		{Method: "POST", Pattern: "/demo/leave", Handler: d.postLeave},
		{Method: "POST", Pattern: "/demo/visitors", Handler: d.postVisitors},
		{Method: "POST", Pattern: "/demo/drill", Handler: d.postDrill},
		{Method: "POST", Pattern: "/demo/meet", Handler: d.postMeet},
	})
}

// show is the page. With script it is live from then on; without, it comes
// anew.
func (d *Demo) show(r *webkit.Request) (webkit.Response, error) {
	b, err := d.board(r)
	if err != nil {
		return nil, err
	}
	return webkit.Page{Name: "demo", Path: "/", Data: b, Refresh: webkit.Refresh{After: reload}}, nil
}

// parts are the parts of the page that change.
var parts = []string{"all", "picture", "tour", "meeting", "nodes", "story"}

// live streams the parts of the page that differ from what was sent last.
func (d *Demo) live(r *webkit.Request) (webkit.Response, error) {
	return webkit.Live{Feed: func(ctx context.Context, _ string, send func(webkit.Event) error) error {
		tick := time.NewTicker(pulse)
		defer tick.Stop()
		sent := map[string][]byte{}
		for {
			rung := d.bell.wait()
			b, err := d.board(r)
			if err != nil {
				return err
			}
			var out bytes.Buffer
			for _, part := range parts {
				is, err := r.Fragment("demo", part, b)
				if err != nil {
					return err
				}
				if !bytes.Equal(is, sent[part]) {
					sent[part] = is
					_, _ = out.Write(is)
				}
			}
			if err := send(webkit.Event{Name: "part", Data: out.Bytes()}); err != nil {
				return err
			}
			select {
			case <-ctx.Done():
				return nil
			case <-tick.C:
			case <-rung:
				select {
				case <-ctx.Done():
					return nil
				case <-time.After(gather):
				}
			}
		}
	}}, nil
}

// back leads to the part of the page where the button was.
func back(r *webkit.Request) webkit.Response {
	to := r.Link("/")
	switch part := r.Field("back"); part {
	case "picture", "tour", "meeting", "nodes":
		to += "#" + part
	}
	return webkit.Redirect{To: to}
}

// errForm says that a form was not one of the page's.
var errForm = lang.Problem{Key: "request.malformed"}

// postLink cuts or heals one link.
func (d *Demo) postLink(r *webkit.Request) (webkit.Response, error) {
	l, do := d.find(r.Field("link")), r.Field("do")
	if l == nil || do != "cut" && do != "heal" {
		return nil, errForm
	}
	d.toggle(l, do == "cut")
	return back(r), nil
}

// postLinks cuts or heals several links.
func (d *Demo) postLinks(r *webkit.Request) (webkit.Response, error) {
	switch r.Field("do") {
	case "off":
		m := d.at(r.Field("node"))
		if m == nil {
			return nil, errForm
		}
		d.cutOff(m)
	case "split":
		d.split()
	case "heal":
		d.heal()
	default:
		return nil, errForm
	}
	return back(r), nil
}

// postArrive lets one visitor in at a node.
func (d *Demo) postArrive(r *webkit.Request) (webkit.Response, error) {
	m := d.at(r.Field("node"))
	if m == nil {
		return nil, errForm
	}
	if err := d.crowd.arrive(r.Context(), m); err != nil {
		return nil, err
	}
	return back(r), nil
}

// postLeave lets one visitor out at a node: the bearer of a badge, or
// somebody.
func (d *Demo) postLeave(r *webkit.Request) (webkit.Response, error) {
	m, code := d.at(r.Field("node")), r.Field("badge")
	if m == nil {
		return nil, errForm
	}
	if code == "" {
		if err := d.crowd.leaveAny(r.Context(), m); err != nil {
			return nil, err
		}
		return back(r), nil
	}
	badge, err := record.ParseBadge(code)
	if err != nil {
		return nil, lang.Problem{Key: lang.BadgeMalformed, Field: "badge"}
	}
	if err := d.crowd.leave(r.Context(), m, badge); err != nil {
		return nil, err
	}
	return back(r), nil
}

// postDrill starts a drill at the handheld, or ends there what runs.
func (d *Demo) postDrill(r *webkit.Request) (webkit.Response, error) {
	alarm := d.at(warden).app.Node().Alarm()
	var err error
	switch r.Field("do") {
	case "start":
		_, err = alarm.Start(r.Context(), true, "")
	case "end":
		_, err = alarm.End(r.Context(), "the demo's drill is over")
	default:
		return nil, errForm
	}
	if err != nil {
		return nil, inWords(err)
	}
	return back(r), nil
}

// postMeet does one step of the meeting: the alarm, with both handhelds cut off;
// marks on either; or the link between the two.
func (d *Demo) postMeet(r *webkit.Request) (webkit.Response, error) {
	var err error
	switch r.Field("do") {
	case "alarm":
		err = d.meeting.alarm(r.Context())
	case "mark":
		err = d.meeting.mark(r.Context())
	case "meet":
		d.toggle(d.between(), false)
	default:
		return nil, errForm
	}
	if err == nil {
		// Whoever presses the next button at once has come as far.
		err = d.meeting.watch(d.lists().agree())
	}
	if err != nil {
		return nil, err
	}
	return back(r), nil
}

// postVisitors pauses or resumes the coming and going.
func (d *Demo) postVisitors(r *webkit.Request) (webkit.Response, error) {
	do := r.Field("do")
	if do != "pause" && do != "resume" {
		return nil, errForm
	}
	d.crowd.pause(do == "pause")
	return back(r), nil
}
