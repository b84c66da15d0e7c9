package app

import (
	"log"
	"log/slog"
)

// serverLog takes what net/http has to say about broken connections. Its text
// may quote a request, so only the fact is logged.
func serverLog(l *slog.Logger) *log.Logger {
	return log.New(complaints{l}, "", 0)
}

type complaints struct{ log *slog.Logger }

// Write implements io.Writer.
func (c complaints) Write(p []byte) (int, error) {
	c.log.Debug("connection or request was not well formed")
	return len(p), nil
}
