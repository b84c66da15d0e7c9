package node

import "testing"

func TestDomainsThatACampusCanHave(t *testing.T) {
	for s, ok := range map[string]bool{
		"": true, "upprop.example.se": true, "example.se": true, "campus.internal": true, "xn--rbro-noa.example.se": true,
		"se": false, "co.uk": false, "localhost": false, "127.0.0.1": false, "Example.se": false, "exa mple.se": false,
		"example..se": false, ".example.se": false, "example.se.": false, "örebro.se": false, "-a.example.se": false, "github.io": false,
		"https://example.se": false, "example.se:8443": false,
	} {
		if err := checkDomain(s); (err == nil) != ok {
			t.Errorf("%q: %v", s, err)
		}
	}
}
