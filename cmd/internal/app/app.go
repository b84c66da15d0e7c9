// Package app puts one running upprop together: the node, its screens, its
// interface for programs and the socket in its data folder. The daemon, the
// demo and the tests share it. It is wiring: every rule is in the packages it
// joins.
//
// Invariant: what Open opened, Close closes, in reverse, whatever failed in
// between; Run returns when everything that it started has stopped.
package app

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/upprop/upprop/cmd/internal/socket"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
	"github.com/upprop/upprop/evac/reply"
	"github.com/upprop/upprop/kiosk"
	"github.com/upprop/upprop/kiosk/badge"
	"github.com/upprop/upprop/kiosk/guest"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/office"
	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/api"
	"github.com/upprop/upprop/node/rights"
)

// Config says how an App is opened. Node.Dir is required.
type Config struct {
	// Node says how the node is opened; its Logger, Release and Now are the
	// App's too.
	Node node.Config
	// HTTP is where the screens are served, "IP:PORT" or Off; empty takes what
	// the folder remembers, else DefaultHTTP, or another free port where that
	// one is taken.
	HTTP string
	// NoSocket leaves out the socket in the data folder, for several Apps in
	// one process.
	NoSocket bool
	// OwnProcess: this App is all that the process does. If it ends by its own
	// fault it leaves its last words in the folder for the next run to judge.
	OwnProcess bool
}

const (
	// DefaultHTTP is where screens are served unless said otherwise.
	DefaultHTTP = "127.0.0.1:8080"
	// Off turns the screens off.
	Off = "off"
)

// App is one running upprop.
type App struct {
	cfg     Config
	log     *slog.Logger
	now     func() time.Time
	node    *node.Node
	store   store.Store
	secret  string
	started time.Time
	screens *screens
	socket  net.Listener
	web     net.Listener
	url     string

	// ending: Run has been told to stop.
	ending    atomic.Bool
	closers   []func() error
	closeOnce sync.Once
	closeErr  error
}

// Open opens the node in a data folder, and listens. Nothing is answered
// before Run. Errors: those of node.Open, socket.ErrInUse, a port in use.
func Open(cfg Config) (a *App, err error) {
	if cfg.Node.Logger == nil {
		cfg.Node.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Node.Now == nil {
		cfg.Node.Now = time.Now
	}
	a = &App{cfg: cfg, log: cfg.Node.Logger, now: cfg.Node.Now, started: cfg.Node.Now()}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
			a = nil
		}
	}()
	for _, step := range []func() error{a.openNode, a.openSecret, a.openSocket, a.openWeb, a.tellWeb, a.openScreens} {
		if err := step(); err != nil {
			return a, err
		}
	}
	return a, nil
}

func (a *App) closing(fn func() error) { a.closers = append(a.closers, fn) }

func (a *App) openNode() error {
	cfg := a.cfg.Node
	for _, l := range lang.Visitors() {
		cfg.Languages = append(cfg.Languages, string(l))
	}
	cfg.Language = func(l string, file []byte) error {
		return lang.CheckExtra(lang.Locale(l), file, reply.Words(), guest.Words())
	}
	cfg.LanguageKept = func(l string, file []byte) error {
		return lang.CheckKept(lang.Locale(l), file, reply.Words(), guest.Words())
	}
	cfg.LabelSize = func(width, height, dpi int) error { return badge.Size{Width: width, Height: height, DPI: dpi}.Check() }
	open := cfg.OpenStore
	if open == nil {
		open = func(dir string) (store.Store, error) { return store.Open(dir, store.Options{Logger: a.log}) }
	}
	cfg.OpenStore = func(dir string) (store.Store, error) {
		s, err := open(dir)
		if err == nil {
			a.store = s
		}
		return s, err
	}
	if a.cfg.OwnProcess {
		cfg.Aborted = func() bool {
			aborted, err := lastWords(node.Folder(cfg.Dir))
			if err != nil {
				a.log.Warn("a fault of this run would leave no trace", "err", err)
			}
			return aborted
		}
	}
	cfg.ExtractJSON = func(x rights.Extract, g []rights.Given) ([]byte, error) {
		var b bytes.Buffer
		err := api.WriteExtractJSON(&b, x, g)
		return b.Bytes(), err
	}
	n, err := node.Open(cfg)
	if err != nil {
		return err
	}
	a.node = n
	a.closing(n.Close)
	// Nobody else on this machine has any business in the folder.
	if err := os.Chmod(string(n.Folder()), 0o700); err != nil {
		return fmt.Errorf("protect data folder: %w", err)
	}
	return nil
}

func (a *App) openSocket() error {
	if a.cfg.NoSocket {
		return nil
	}
	l, err := socket.Listen(a.node.Folder().Socket())
	if err != nil {
		return err
	}
	a.socket = l
	a.closing(func() error { return ignoreClosed(l.Close()) })
	return nil
}

func (a *App) openScreens() error {
	id := record.NodeID(a.node.Self().ID).String()
	a.screens = &screens{app: a, memory: kiosk.NewMemory(a.now), staff: office.NewSessions(id[:8], strings.HasPrefix(a.url, "https:"), a.log), api: api.New(api.Config{
		Node: a.node, Privacy: a.node, Audit: a.node, Release: a.cfg.Node.Release, Web: a.url, Started: a.started, Now: a.now, Logger: a.log,
	})}
	_, err := a.screens.current()
	a.closing(a.screens.close)
	return err
}

// Node is the node.
func (a *App) Node() *node.Node { return a.node }

// URL is where the screens are, empty when there are none.
func (a *App) URL() string { return a.url }

// Token is what programs send to be let in at URL.
func (a *App) Token() string { return a.secret }

// Handler serves the screens and the interface as they are served at URL.
func (a *App) Handler() http.Handler { return a.public() }

// AwaitReady blocks until the node has all it needs to check people in, and
// reports whether it has; false when ctx ended first.
func (a *App) AwaitReady(ctx context.Context) bool {
	for {
		changed := a.node.Replica().Changed()
		if api.Ready(a.node) {
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

// Run serves until ctx ends or something fails that only a restart can mend.
// Call it once; then Close.
func (a *App) Run(ctx context.Context) error {
	// The node outlives the servers, so that what they are answering is
	// answered in full.
	forNode, stopNode := context.WithCancel(context.WithoutCancel(ctx))
	defer stopNode()
	failed := make(chan error, 3)
	var nodeDone, served sync.WaitGroup
	nodeDone.Go(func() {
		if err := a.node.Run(forNode); err != nil {
			failed <- err
		}
	})
	var servers []*http.Server
	serve := func(l net.Listener, h http.Handler) {
		if l == nil {
			return
		}
		s := a.server(h)
		servers = append(servers, s)
		served.Go(func() {
			if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				failed <- fmt.Errorf("serve: %w", err)
			}
		})
	}
	nodeDone.Go(func() { a.watch(forNode) })
	serve(a.socket, a.local())
	serve(a.web, a.public())

	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	a.ending.Store(true)
	for _, s := range servers {
		err = cmp.Or(err, shutdown(s))
	}
	served.Wait()
	stopNode()
	nodeDone.Wait()
	return err
}

// Close closes everything. Idempotent.
func (a *App) Close() error {
	a.closeOnce.Do(func() {
		for i := len(a.closers) - 1; i >= 0; i-- {
			a.closeErr = errors.Join(a.closeErr, a.closers[i]())
		}
	})
	return a.closeErr
}

// ignoreClosed is err unless it says that a server closed the listener
// already.
func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
