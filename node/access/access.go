// Package access says which role may open what, and hands the private keys of
// an audience from node to node. It opens nothing itself.
//
// Invariant: a key leaves this node only for a member in good standing whose
// role belongs to the key's audience.
package access

import (
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
)

// Audiences are the parts of the particulars that a role may open. Entrances
// and relays may open none.
func Audiences(role identity.Role) []record.Audience {
	switch role {
	case identity.RoleDesk:
		return []record.Audience{record.CardAudience, record.DossierAudience}
	case identity.RoleWarden:
		return []record.Audience{record.CardAudience}
	}
	return nil
}
