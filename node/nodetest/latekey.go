package nodetest

import (
	"slices"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/seal"
	"github.com/upprop/upprop/mesh/identity"
)

// toLateKey reports whether a part is sealed to a key that a revoked desk alone had:
// one that it made when the revoker heard it no more, which therefore is not published,
// or one that has been declared gone since. Who takes somebody in and has not heard of
// the revocation seals to it all the same.
func (c *Campus) toLateKey(h *House, k record.PartKey) bool {
	if !slices.ContainsFunc(c.Houses, func(o *House) bool { return o.revoked && o.Role == identity.RoleDesk }) {
		return false
	}
	part, err := h.Node().Replica().Sealed(k)
	if err != nil {
		return false
	}
	wrap, err := seal.DecodeWrap(part.Key)
	if err != nil {
		return false
	}
	keys, err := h.Node().Replica().PublishedKeys()
	if err != nil {
		return false
	}
	published, gone := false, false
	for _, p := range keys {
		if key, err := seal.NewPublicKey(p.Audience, seal.DateOf(p.Until), p.Bytes); err == nil && key.ID == wrap.KeyID {
			published, gone = true, gone || p.Epoch == crdt.GoneEpoch
		}
	}
	return !published || gone
}
