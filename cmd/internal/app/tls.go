package app

import "fmt"

// serveTLS makes the screens' listener one that other machines may use. This
// node holds no certificate for its screens, so it refuses: names must not
// cross the network in clear.
func (a *App) serveTLS() error {
	return fmt.Errorf("screens at %s would cross the network in clear, since this node has no certificate: use a loopback address such as --http %s, or --http off", a.web.Addr(), DefaultHTTP)
}
