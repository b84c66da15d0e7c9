// Package demo runs a whole campus in one process: five real nodes over real
// loopback connections, invented visitors who come and go, and a page on which
// links are cut and healed and everyone sees what each node still knows. It
// has no rules of its own: it only presses buttons that an operator or a
// visitor could press.
//
// Invariant: everything it shows was read from a node, with the rights of that
// node's role; and nothing of it is left when Close returns.
package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/upprop/upprop/kiosk/lang"
)

// Config says how the demo is opened. The zero value runs.
type Config struct {
	// HTTP is where the page is served, a loopback "IP:PORT". Empty takes the
	// usual port or, where that is taken, another.
	HTTP string
	// Seed chooses who comes and goes; zero is a seed like any other.
	Seed uint64
	// Quiet starts with the visitors paused and nobody inside.
	Quiet bool
	// Locale is the language of the nodes' names; empty means English.
	Locale lang.Locale
	// Release is shown by the nodes.
	Release string
	// Logger gets no personal data; nil discards.
	Logger *slog.Logger
}

// Demo is one campus with its page. Safe for concurrent use.
type Demo struct {
	cfg   Config
	log   *slog.Logger
	bell  *bell
	story *story
	nodes []*member
	links []*link
	crowd *crowd
	tour  *tour
	// meeting is of the two handhelds.
	meeting *meeting
	page    http.Handler
	web     net.Listener
	took    time.Duration
	failed  chan error

	closers   []func() error
	closeOnce sync.Once
	closeErr  error
}

// Open founds the campus in a temporary folder, lets the other nodes join with
// real tokens, and listens. It returns when every node can check people in.
func Open(ctx context.Context, cfg Config) (d *Demo, err error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	cfg.Locale = cmp.Or(cfg.Locale, lang.English)
	d = &Demo{cfg: cfg, log: cfg.Logger, bell: newBell(), failed: make(chan error, 16)}
	d.story = newStory(d.bell)
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Close())
			d = nil
		}
	}()
	began := time.Now()
	// The page's port first: it is what most often cannot be had.
	if d.web, err = listen(cfg.HTTP); err != nil {
		return d, err
	}
	d.closing(func() error { return ignoreClosed(d.web.Close()) })
	dir, err := os.MkdirTemp("", "upprop-demo-")
	if err != nil {
		return d, fmt.Errorf("make a folder for the demo: %w", err)
	}
	d.closing(func() error { return os.RemoveAll(dir) })
	if err = d.found(ctx, dir); err != nil {
		return d, err
	}
	d.links = allLinks(d.nodes)
	d.tour, d.meeting = newTour(d), &meeting{d: d}
	d.crowd = newCrowd(d, cfg.Seed, cfg.Quiet)
	if d.page, err = newScreens(d); err != nil {
		return d, err
	}
	d.took = time.Since(began)
	return d, nil
}

func (d *Demo) closing(fn func() error) { d.closers = append(d.closers, fn) }

// URL is where the page is.
func (d *Demo) URL() string { return "http://" + d.web.Addr().String() + "/" }

// Took is how long Open took.
func (d *Demo) Took() time.Duration { return d.took }

// Node is one node of the demo, for those who print where it is.
type Node struct{ Name, Role, URL string }

// Nodes are the nodes with the addresses of their screens.
func (d *Demo) Nodes() []Node {
	out := make([]Node, len(d.nodes))
	for i, m := range d.nodes {
		out[i] = Node{Name: m.name, Role: string(m.role), URL: m.app.URL()}
	}
	return out
}

// Run serves the page and lets visitors come and go until ctx ends or a node
// fails. Call it once; then Close.
func (d *Demo) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var all sync.WaitGroup
	for _, m := range d.nodes {
		all.Go(func() { d.follow(ctx, m) })
	}
	all.Go(func() { d.tour.run(ctx) })
	all.Go(func() { d.crowd.run(ctx) })
	s := server(d.routes(), d.log)
	all.Go(func() {
		if err := s.Serve(d.web); !errors.Is(err, http.ErrServerClosed) {
			d.failed <- fmt.Errorf("serve the demo: %w", err)
		}
	})
	var err error
	select {
	case <-ctx.Done():
	case err = <-d.failed:
	}
	stop()
	err = cmp.Or(err, shutdown(s))
	all.Wait()
	return err
}

// Close stops the nodes, all at once, and removes what they wrote. Idempotent.
func (d *Demo) Close() error {
	d.closeOnce.Do(func() {
		for i := len(d.closers) - 1; i >= 0; i-- {
			d.closeErr = errors.Join(d.closeErr, d.closers[i]())
		}
	})
	return d.closeErr
}
