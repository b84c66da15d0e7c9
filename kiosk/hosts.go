package kiosk

import (
	"context"
	"fmt"
	"time"

	"github.com/upprop/upprop/kiosk/webkit"
)

// Host is somebody whom visitors come to see, as a door shows them. It prints as
// [withheld].
type Host struct{ Name, Unit string }

// Format withholds the host from every fmt verb.
func (Host) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(withheld)) }

// hostsFor is how long a search may take: somebody is typing.
const hostsFor = 2 * time.Second

// foundHosts is what a page's script gets.
type foundHosts struct {
	Hosts []foundHost `json:"hosts"`
	// Say is how many there are, in words.
	Say string `json:"say"`
}

type foundHost struct {
	Name string `json:"name"`
	Unit string `json:"unit"`
}

// findHosts answers what was typed into the field for the host: a few, and never
// all. The question comes in the form: it may be a name.
func (k *Kiosk) findHosts(r *webkit.Request) (webkit.Response, error) {
	ctx, done := context.WithTimeout(r.Context(), hostsFor)
	defer done()
	out := foundHosts{Hosts: []foundHost{}}
	found, more := k.cfg.FindHosts(ctx, r.Field("q"))
	for _, h := range found {
		out.Hosts = append(out.Hosts, foundHost(h))
	}
	switch {
	case more:
		out.Say = r.Text("hosts.more", nil)
	case len(found) > 0:
		out.Say = r.Text("hosts.found", map[string]any{"Count": len(found)})
	}
	return webkit.Data{Value: out}, nil
}
