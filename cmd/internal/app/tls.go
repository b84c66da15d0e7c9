package app

import (
	"crypto/tls"
	"encoding/pem"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/upprop/upprop/node/webcert"
)

// leafAge is after how long a new certificate is made for the addresses that
// this machine has by then.
const leafAge = time.Hour

// serveTLS makes the screens' listener one that other machines may use: over
// HTTPS, with a certificate from the campus root. webcert.ErrNone where this
// node has none: names must not cross the network in clear.
func (a *App) serveTLS() error {
	serving, err := a.node.Web()
	if err != nil {
		return err
	}
	leaves := &leaves{serving: serving, domain: a.node.Domain, now: a.now, log: a.log.Warn}
	if _, err := leaves.get(nil); err != nil {
		return err
	}
	a.url = "https://" + a.web.Addr().String() + "/"
	if at, ok := a.web.Addr().(*net.TCPAddr); ok && at.IP.IsUnspecified() {
		for _, h := range hosts() {
			if ip := net.ParseIP(h); ip != nil && !ip.IsLoopback() {
				a.url = "https://" + (&net.TCPAddr{IP: ip, Port: at.Port}).String() + "/"
				break
			}
		}
	}
	a.web = tls.NewListener(a.web, &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"h2", "http/1.1"},
		GetCertificate: leaves.get,
	})
	return nil
}

// leaves are the certificates served, renewed as this machine's addresses and
// the days change.
type leaves struct {
	serving *webcert.Serving
	// domain is the campus's, whose names are served as well; empty: none.
	domain func() string
	now    func() time.Time
	log    func(string, ...any)

	mu   sync.Mutex
	leaf *tls.Certificate
	made time.Time
	of   string
}

func (l *leaves) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	domain := l.domain()
	if l.leaf != nil && now.Sub(l.made).Abs() < leafAge && l.of == domain {
		return l.leaf, nil
	}
	all := hosts()
	if domain != "" {
		all = append(all, domain, "*."+domain)
	}
	leaf, err := l.serving.Leaf(all, now)
	if err != nil {
		if l.leaf != nil {
			l.log("screens keep their old certificate", "err", err)
			return l.leaf, nil
		}
		return nil, err
	}
	l.leaf, l.made, l.of = leaf, now, domain
	return leaf, nil
}

// hosts are the names and addresses by which other machines may know this one.
func hosts() []string {
	out := []string{"localhost", "127.0.0.1", "::1"}
	if name, err := os.Hostname(); err == nil && name != "" {
		out = append(out, name, name+".local")
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return out
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && !n.IP.IsLoopback() && !n.IP.IsLinkLocalUnicast() {
			out = append(out, n.IP.String())
		}
	}
	return out
}

// campusRoot gives the campus's web root, for devices to install and for
// programs to trust: as PEM, which both take.
func (a *App) campusRoot(w http.ResponseWriter, _ *http.Request) {
	serving, err := a.node.Web()
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "application/x-x509-ca-cert")
	w.Header().Set("Content-Disposition", `attachment; filename="upprop-campus-root.crt"`)
	_, _ = w.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: serving.Root()}))
}
