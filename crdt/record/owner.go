package record

import (
	"bytes"
	"crypto/sha256"
)

// Own makes a visit's id one that its node has drawn: the half that is not
// random follows from the random one and the node, so that everyone can tell
// who took the person in, and nobody else can claim to have.
func (v *VisitID) Own(node NodeID) { copy(v[8:], ownerOf(*v, node)) }

// OwnedBy reports whether a node has drawn the id. Ids of earlier releases are
// owned by nobody.
// A photograph's is owned by who drew its visit.
func (v VisitID) OwnedBy(node NodeID) bool {
	if v.IsPhoto() {
		return v.photoOwnedBy(node)
	}
	return bytes.Equal(v[8:], ownerOf(v, node))
}

func ownerOf(v VisitID, node NodeID) []byte {
	h := sha256.New()
	_, _ = h.Write([]byte("upprop/visit/1\x00"))
	_, _ = h.Write(node[:])
	_, _ = h.Write(v[:8])
	return h.Sum(nil)[:len(v)-8]
}
