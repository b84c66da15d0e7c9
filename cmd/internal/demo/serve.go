package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"syscall"
	"time"
)

// usual is where the page is served unless said otherwise.
const usual = "127.0.0.1:8080"

// farewell is how long answers under way may take at the end.
const farewell = 3 * time.Second

// listen listens for the page. On this machine only: the page lets everyone
// press every button.
func listen(where string) (net.Listener, error) {
	chosen := where != ""
	if !chosen {
		where = usual
	}
	ap, err := netip.ParseAddrPort(where)
	if err != nil || !ap.Addr().IsLoopback() {
		return nil, fmt.Errorf("the demo is shown on this machine only: give --http a loopback address, such as %s", usual)
	}
	l, err := net.Listen("tcp", where)
	if errors.Is(err, syscall.EADDRINUSE) && !chosen {
		l, err = net.Listen("tcp", freePorts(net.TCPAddrFromAddrPort(ap), 1)[0])
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s is already in use by another program: choose another address with --http, such as --http 127.0.0.1:0 for any that is free", where)
	}
	if err != nil {
		return nil, fmt.Errorf("the demo cannot be shown at %s: choose another loopback address with --http: %w", where, err)
	}
	return l, nil
}

// freePorts are n loopback addresses: the free ports that follow another, or
// any where too few of those are free. Somebody else may take one before it is
// used; then opening it fails in words.
func freePorts(after net.Addr, n int) []string {
	var out []string
	if at, ok := after.(*net.TCPAddr); ok && at.Port < 32768 {
		for port := at.Port + 1; port < at.Port+50 && len(out) < n; port++ {
			where := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
			if l, err := net.Listen("tcp", where); err == nil {
				_ = l.Close()
				out = append(out, where)
			}
		}
	}
	for len(out) < n {
		out = append(out, "127.0.0.1:0")
	}
	return out
}

// server has no deadline for the whole of an answer, which a live stream would
// run into.
func server(h http.Handler, log *slog.Logger) *http.Server {
	ctx, end := context.WithCancel(context.Background())
	s := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	s.RegisterOnShutdown(end) // live streams end by it
	return s
}

func shutdown(s *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	err := s.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.Close()
	}
	return ignoreClosed(err)
}

// ignoreClosed is err unless it says that a server closed the listener
// already.
func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
