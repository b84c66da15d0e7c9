package api

import (
	"fmt"
	"net/http"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/join"
	"github.com/upprop/upprop/node"
)

// TokenRequest asks for a join token. Site is the issuer's and TTL an hour
// unless given; TTL is a duration as Go writes it, "1h30m".
type TokenRequest struct {
	Role     string `json:"role"`
	Name     string `json:"name,omitempty"`
	Site     string `json:"site,omitempty"`
	Entrance string `json:"entrance,omitempty"`
	Zone     string `json:"zone,omitempty"`
	TTL      string `json:"ttl,omitempty"`
}

// Token answers a TokenRequest. Whoever has Token or Join can join, until it
// is spent.
type Token struct {
	Token string `json:"token"`
	// Join is the whole line to paste on the new machine.
	Join    string `json:"join"`
	ID      string `json:"id"`
	Expires Stamp  `json:"expires"`
}

// String is the id alone.
func (t Token) String() string { return t.ID }

func (a *API) createToken(r *http.Request) (any, error) {
	var in TokenRequest
	if err := read(r, &in); err != nil {
		return nil, err
	}
	o, err := in.options()
	if err != nil {
		return nil, err
	}
	t, err := a.cfg.Node.CreateToken(o)
	if err != nil {
		return nil, err
	}
	text := t.Text()
	return Token{Token: text, Join: "upprop join " + text, ID: t.ID.String(), Expires: Stamp{t.Expires}}, nil
}

func (in TokenRequest) options() (o node.TokenOptions, err error) {
	role, err := identity.ParseRole(in.Role)
	if err != nil {
		return o, unfit("there is no such role", "choose entrance, desk, warden or relay")
	}
	for what, name := range map[string]string{"node": in.Name, "site": in.Site, "entrance": in.Entrance, "zone": in.Zone} {
		if name != "" && record.CheckPlaceName(name) != nil {
			return o, unfit("the name of the "+what+" cannot be used", "write 1 to 64 bytes of plain text without slashes")
		}
	}
	var ttl time.Duration
	if in.TTL != "" {
		ttl, err = time.ParseDuration(in.TTL)
		if err != nil || ttl < time.Second || ttl > join.MaxTTL {
			return o, unfit("a token cannot last that long or short", fmt.Sprintf("choose from 1s to %dh, such as 30m or 1h", int(join.MaxTTL.Hours())))
		}
	}
	return node.TokenOptions{Role: role, Name: in.Name, Site: in.Site, Entrance: in.Entrance, Zone: in.Zone, TTL: ttl}, nil
}

// unfit says what is wrong with a request that could be read.
func unfit(what, hint string) *Error {
	return &Error{Status: http.StatusUnprocessableEntity, Message: what, Hint: hint}
}
