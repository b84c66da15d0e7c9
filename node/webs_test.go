package node

import (
	"strings"
	"testing"

	"github.com/upprop/upprop/mesh/identity"
)

func TestCheckWeb(t *testing.T) {
	for at, ok := range map[string]bool{
		"": true, "https://192.0.2.7:8443": true, "https://east.example:8443": true, "https://[2001:db8::7]:8443": true,
		"http://192.0.2.7:8443": false, "https://127.0.0.1:8443": false, "https://localhost:1": false, "https://0.0.0.0:1": false,
		"https://192.0.2.7:8443/": false, "https://a@192.0.2.7": false, "https://192.0.2.7/?q": false, "https://": false, "javascript:x": false,
		"https://" + strings.Repeat("a", maxWeb): false,
	} {
		if err := checkWeb(at); (err == nil) != ok {
			t.Errorf("%q: %v", at, err)
		}
	}
}

// Where a node's screens are is told to members, and not what is for its own
// machine alone.
func TestWebsAreTold(t *testing.T) {
	a := first(t)
	b := a.joined("East gate", identity.RoleEntrance)
	if len(b.Webs()) != 0 {
		t.Error("known before anybody was asked")
	}
	a.ServeWeb("https://192.0.2.7:8443")
	eventually(t, "the address", func() bool {
		b.askWebs(t.Context())
		all := b.Webs()
		return len(all) == 1 && all[0].URL == "https://192.0.2.7:8443" && all[0].Member.ID == a.key.ID()
	})
	a.ServeWeb("http://127.0.0.1:8080")
	eventually(t, "that there is none any more", func() bool {
		b.askWebs(t.Context())
		return len(b.Webs()) == 0
	})
}
