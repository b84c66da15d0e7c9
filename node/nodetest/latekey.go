package nodetest

import (
	"slices"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/seal"
	"github.com/upprop/upprop/mesh/identity"
)

// toLateKey reports whether a part is sealed to a key that a revoked desk alone has:
// one that it made when the revoker heard it no more, or could not keep what it was
// given. Who takes somebody in and has not heard of the revocation seals to it all the
// same.
func (c *Campus) toLateKey(h *House, k record.PartKey) bool {
	part, err := h.Node().Replica().Sealed(k)
	if err != nil {
		return false
	}
	wrap, err := seal.DecodeWrap(part.Key)
	if err != nil {
		return false
	}
	late := false
	for _, o := range c.Houses {
		l, err := o.stolen()
		held := err != nil || slices.ContainsFunc(l.keys, func(p seal.PublicKey) bool { return p.ID == wrap.KeyID })
		if held && !o.revoked {
			return false
		}
		late = late || held && o.Role == identity.RoleDesk
	}
	return late
}
