package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/upprop/upprop/node/api"
)

const (
	// patience is how long a reader may take to send a request, or to take
	// the answer. Live streams set their own.
	patience = 30 * time.Second
	// farewell is how long answers under way may take at the end.
	farewell = 5 * time.Second
)

// openWeb listens for the screens.
func (a *App) openWeb() error {
	where, chosen := a.cfg.HTTP, true
	if where == "" {
		where = a.node.HTTP()
	}
	if where == "" {
		where, chosen = DefaultHTTP, false
	}
	if where == Off {
		return nil
	}
	l, err := net.Listen("tcp", where)
	if errors.Is(err, syscall.EADDRINUSE) && !chosen {
		a.log.Warn("the usual port for screens is taken; using another", "usual", DefaultHTTP)
		l, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil {
		return listenError(where, err)
	}
	a.web, a.url = l, "http://"+l.Addr().String()+"/"
	a.closing(func() error { return ignoreClosed(l.Close()) })
	if at, ok := l.Addr().(*net.TCPAddr); !ok || !at.IP.IsLoopback() {
		return a.serveTLS()
	}
	return nil
}

// Available says why screens cannot be served at an address that was asked
// for, or nil: the listener that it takes for a moment is closed again. An
// empty address, and Off, are always available.
func Available(where string) error {
	if where == "" || where == Off {
		return nil
	}
	l, err := net.Listen("tcp", where)
	if err != nil {
		return listenError(where, err)
	}
	return ignoreClosed(l.Close())
}

// listenError says in one line why screens cannot be served, and what to do.
func listenError(where string, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s is already in use by another program: choose another address with --http, or stop it", where)
	}
	return fmt.Errorf("no screens can be served at %s: choose IP:PORT of this machine with --http, or --http off: %w", where, err)
}

// local is what the socket answers.
func (a *App) local() http.Handler {
	return api.Local(a.screens.handler())
}

// public is what the screens' address answers.
func (a *App) public() http.Handler {
	return api.Bearer(a.secret, a.screens.handler())
}

// server has no deadline for the whole of an answer, which a live stream would
// run into; each request sets its own.
func (a *App) server(h http.Handler) *http.Server {
	ctx, end := context.WithCancel(context.Background())
	s := &http.Server{
		Handler:           timed(h),
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          serverLog(a.log),
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	s.RegisterOnShutdown(end) // live streams end by it
	return s
}

func timed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rc := http.NewResponseController(w)
		end := time.Now().Add(patience)
		// A recorder in a test has no deadlines; sockets do.
		_ = rc.SetWriteDeadline(end)
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			_ = rc.SetReadDeadline(end)
		}
		next.ServeHTTP(w, r)
	})
}

// shutdown lets answers under way finish and then hangs up.
func shutdown(s *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	err := s.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.Close()
	}
	return ignoreClosed(err)
}
