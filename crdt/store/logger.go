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
	l.guard.fail(fmt.Errorf(format, args...))
	park()
}

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
