package link

import (
	"log/slog"
	"os"

	"github.com/libp2p/go-libp2p/gologshim"
)

// libp2p logs to stderr on its own, in a format of its own and with peers'
// addresses, even that a listener has been closed on request. What matters of
// it is counted or returned as an error here; the rest is for whoever sets
// libp2p's own variable to debug it.
func init() {
	if os.Getenv("GOLOG_LOG_LEVEL") == "" {
		gologshim.SetDefaultHandler(slog.DiscardHandler)
	}
}
