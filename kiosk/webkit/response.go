package webkit

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

// Response is what a handler answers with: a Page, a Redirect, an Away, a Live,
// Data or a File.
type Response interface {
	respond(w http.ResponseWriter, r *Request) error
}

// Refresh asks a browser without script to load a page again, or another one.
type Refresh struct {
	After time.Duration
	// To is a path; empty means the page itself.
	To string
}

// Content is the value of the refresh directive, empty for none.
func (f Refresh) Content() string {
	if f.After <= 0 {
		return ""
	}
	s := strconv.Itoa(int(f.After.Seconds()))
	if f.To != "" {
		s += ";url=" + f.To
	}
	return s
}

// Page renders a page of the family in the shared layout.
type Page struct {
	// Name is the page's file without ".html".
	Name string
	// Status is the status code; zero means 200.
	Status int
	// Path is where the language switch leads; empty means the request's path.
	Path string
	Data any
	// Refresh is for browsers without script only.
	Refresh Refresh
}

func (p Page) respond(w http.ResponseWriter, r *Request) error {
	if p.Path == "" {
		p.Path = r.URL.Path
	}
	home := r.engine.cfg.Prefix
	if r.engine.cfg.Apart {
		home = ""
	}
	body, err := r.engine.render(r.Locale, p.Name, "layout", View{
		Place: r.engine.cfg.Place, Home: home, Path: p.Path,
		Now: r.engine.cfg.Clock(), Refresh: p.Refresh, Data: p.Data,
	})
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", string(r.Locale))
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(max(p.Status, http.StatusOK))
	if r.Method != http.MethodHead {
		// The reader may be gone; there is nobody left to tell.
		_, _ = w.Write(body)
	}
	return nil
}

// Redirect sends the reader on with 303, so that a reload does not submit
// again. The path must be local and must not hold anything a person wrote.
type Redirect struct {
	To string
	// Cookie, if any, is kept on the device. It must be needed for what the
	// reader has just asked for, and hold no personal data.
	Cookie *http.Cookie
}

func (d Redirect) respond(w http.ResponseWriter, r *Request) error {
	if d.Cookie != nil {
		http.SetCookie(w, d.Cookie)
	}
	http.Redirect(w, r.Request, d.To, http.StatusSeeOther)
	return nil
}

// Away sends the reader to another site, which the house has set, with 303. To
// must not hold anything a person wrote.
type Away struct {
	To     string
	Cookie *http.Cookie
}

func (a Away) respond(w http.ResponseWriter, r *Request) error { return Redirect(a).respond(w, r) }

// Live answers with a stream of events for as long as the reader listens.
// feed runs on the request's goroutine and must return when ctx ends. last is
// the id of the last event that the reader has seen, or empty.
type Live struct {
	Feed func(ctx context.Context, last string, send func(Event) error) error
}

func (l Live) respond(w http.ResponseWriter, r *Request) error {
	// Once the stream has begun there is no error page to send; a reader who
	// is gone, or a feed that failed, ends the stream and the reader returns.
	err := stream(w, r.Request, r.changes(), l.Feed)
	if err != nil && r.Context().Err() == nil {
		r.engine.cfg.Logger.Warn("live stream ended", "pattern", r.Pattern, "err", r.withhold(err))
	}
	return nil
}
