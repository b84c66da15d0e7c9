package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/upprop/upprop/cmd/internal/netns"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/api"
)

// post is one machine of the script.
type post struct {
	machine
	name, role, zone string
	// knows is what those know that this one hears, as far as they must.
	knows view
}

// scene is a campus, everybody in it, and every word that was acknowledged.
type scene struct {
	t     *testing.T
	lab   *netns.Lab
	posts []*post

	mu     sync.Mutex
	guests []*guest
	words  int
}

// open starts the campus: the first post makes it, the others join at once.
func openScene(t *testing.T, posts ...*post) *scene {
	t.Helper()
	if testing.Short() {
		t.Skip("starts real processes")
	}
	t.Parallel()
	s := &scene{t: t, lab: netns.New(t), posts: posts}
	dir := t.TempDir()
	for i, p := range posts {
		p.knows = view{}
		p.machine = machine{
			Machine: s.lab.Machine(fmt.Sprintf("m%d", i), fmt.Sprintf("10.77.0.%d/24", i+1)),
			process: &process{t: t, dir: filepath.Join(dir, fmt.Sprint(i))},
		}
		t.Cleanup(p.kill)
	}
	desk := posts[0]
	where := []string{"--listen", "0.0.0.0:7460", "--http", "127.0.0.1:8080"}
	desk.command(append([]string{"init", "--campus", "Ekudden", "--name", desk.name, "--zone", desk.zone, "--data", desk.dir}, where...)...)
	desk.boot()
	bin, err := program()
	if err != nil {
		t.Fatal(err)
	}
	s.each(posts[1:], func(p *post) error {
		var tok api.Token
		in := api.TokenRequest{Role: p.role, Name: p.name, Zone: p.zone}
		if err := newClient(desk.dir).ask(context.Background(), "POST", "/api/v1/tokens", in, &tok); err != nil {
			return err
		}
		out, err := p.Command(bin, append([]string{"join", tok.Token, "--enroll-only", "--data", p.dir}, where...)...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	})
	for _, p := range posts[1:] {
		p.power()
	}
	for _, p := range posts[1:] {
		p.awake()
	}
	return s
}

// each does something at several posts at once.
func (s *scene) each(posts []*post, do func(*post) error) {
	s.t.Helper()
	failed := make([]error, len(posts))
	var wg sync.WaitGroup
	for i, p := range posts {
		wg.Go(func() {
			if err := do(p); err != nil {
				failed[i] = fmt.Errorf("%s: %w", p.name, err)
			}
		})
	}
	wg.Wait()
	if err := errors.Join(failed...); err != nil {
		s.t.Fatal(err)
	}
}

// ask does one verb at a post.
func (p *post) ask(method, path string, in, out any) error {
	c := newClient(p.dir)
	defer c.http.CloseIdleConnections()
	return c.ask(context.Background(), method, path, in, out)
}

// shown is the list at a post.
func (p *post) shown() (l shownList) {
	p.t.Helper()
	if err := p.ask("GET", "/api/v1/muster", nil, &l); err != nil {
		p.t.Fatalf("%s: %v", p.name, err)
	}
	return l
}

// browser talks to the screens of a post, as one on the machine itself does.
func (p *post) browser() *http.Client {
	tr := &http.Transport{
		DialContext:       func(_ context.Context, network, addr string) (net.Conn, error) { return p.Dial(network, addr) },
		DisableKeepAlives: true,
	}
	return &http.Client{Transport: tr, Timeout: 10 * time.Second}
}

// page is what a screen of a post answers.
func (p *post) page(path string, form url.Values, cookies ...*http.Cookie) (int, string, error) {
	req, err := http.NewRequest("GET", "http://127.0.0.1:8080"+path, nil)
	if form != nil {
		req, err = http.NewRequest("POST", "http://127.0.0.1:8080"+path, strings.NewReader(form.Encode()))
	}
	if err != nil {
		return 0, "", err
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Accept", "application/json")
	}
	for _, c := range cookies {
		req.AddCookie(c)
	}
	res, err := p.browser().Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, string(b), err
}

// said puts on the oracle's record what a post has acknowledged.
func (s *scene) said(p *post, w word) *word {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.words++
	w.n, w.at, w.zone = s.words, p.name, p.zone
	switch standing := judged(p.knows.on(w.of)); {
	case w.what == "undo":
		w.undone = standing[len(standing)-1]
	case w.what == "out" || danger[w.what] > 0:
		w.over = standing
	}
	p.knows[&w] = true
	return &w
}

// comes checks somebody in.
func (s *scene) comes(p *post, name string) (*guest, error) {
	var r api.Receipt
	in := api.Arrival{Name: api.Text{Private: record.Private(name)}, Company: api.Text{Private: "Marker AB"}}
	if err := p.ask("POST", "/api/v1/visits", in, &r); err != nil {
		return nil, err
	}
	g := &guest{name: name, visit: r.Visit, badge: r.Badge, qr: r.QR}
	s.mu.Lock()
	s.guests = append(s.guests, g)
	s.mu.Unlock()
	s.said(p, word{of: g, what: "in"})
	return g, nil
}

// marks has a post say something of somebody over the interface.
func (s *scene) marks(p *post, g *guest, mark record.Mark, point string) error {
	var out api.Marked
	in := api.Marking{Code: g.visit.String(), Mark: mark, Point: record.PointName(point)}
	if err := p.ask("POST", "/api/v1/evacuation/marks", in, &out); err != nil {
		return fmt.Errorf("mark %s %s: %w", g.name, mark, err)
	}
	s.said(p, word{of: g, what: string(mark), point: point})
	return nil
}

// mark is marks from the test's own goroutine.
func (s *scene) mark(p *post, g *guest, mark record.Mark, point string) {
	s.t.Helper()
	if err := s.marks(p, g, mark, point); err != nil {
		s.t.Fatalf("%s: %v", p.name, err)
	}
}

// split cuts the network into these parts. Those of a part know from then on
// what any of them knew.
func (s *scene) split(parts ...[]*post) {
	s.t.Helper()
	var machines [][]*netns.Machine
	for _, part := range parts {
		var in []*netns.Machine
		all := view{}
		for _, p := range part {
			in = append(in, p.Machine)
			maps.Copy(all, p.knows)
		}
		for _, p := range part {
			p.knows = all
		}
		machines = append(machines, in)
	}
	s.lab.Split(machines...)
}
