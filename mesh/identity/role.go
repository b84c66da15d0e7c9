package identity

import "fmt"

// Role is what a node is for, and so what it may open.
type Role string

// The four roles. An entrance writes visits and opens nobody's particulars; a
// desk opens both parts; a warden opens the card; a relay only carries bytes.
const (
	RoleEntrance Role = "entrance"
	RoleDesk     Role = "desk"
	RoleWarden   Role = "warden"
	RoleRelay    Role = "relay"
)

// Valid reports whether r is one of the four roles.
func (r Role) Valid() bool {
	switch r {
	case RoleEntrance, RoleDesk, RoleWarden, RoleRelay:
		return true
	}
	return false
}

// ParseRole reads a role as people write it.
func ParseRole(s string) (Role, error) {
	if r := Role(s); r.Valid() {
		return r, nil
	}
	return "", fmt.Errorf("unknown role %q: the roles are entrance, desk, warden and relay", s)
}
