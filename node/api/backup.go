package api

import "net/http"

// writeBackup writes the node to a new file on its own machine.
func (a *API) writeBackup(r *http.Request) (any, error) {
	return rootFile(r, a.cfg.Node.Backup)
}
