package store

import (
	"fmt"
	"log/slog"

	"github.com/cockroachdb/pebble/v2"
)

// engineLog hands pebble's words on to slog. Pebble names files, sizes and
// times in them, never keys or values, except when it finds itself broken.
type engineLog struct {
	log   *slog.Logger
	guard *guard
}

func (l engineLog) Infof(string, ...any) {}

func (l engineLog) Errorf(format string, args ...any) {
	l.log.Warn("storage engine reports an error", "detail", fmt.Sprintf(format, args...))
}

// Fatalf is called where pebble cannot go on; it relies on Fatalf not
// returning.
func (l engineLog) Fatalf(format string, args ...any) {
	f := fatal{msg: fmt.Sprintf(format, args...)}
	for _, a := range args {
		if err, ok := a.(error); ok {
			f.cause = err
		}
	}
	l.guard.fail(f)
	select {}
}

// fatal is pebble's last word, with the error that led to it.
type fatal struct {
	msg   string
	cause error
}

func (f fatal) Error() string { return f.msg }

func (f fatal) Unwrap() error { return f.cause }

func (l engineLog) events() *pebble.EventListener {
	return &pebble.EventListener{
		BackgroundError: func(err error) {
			l.log.Error("storage engine failed in the background and tries again", "err", err)
		},
		WriteStallBegin: func(i pebble.WriteStallBeginInfo) {
			l.log.Warn("writing waits for the disk", "reason", i.Reason)
		},
		WriteStallEnd: func() { l.log.Info("writing goes on") },
	}
}
