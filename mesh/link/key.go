package link

import (
	"crypto/ed25519"
	"errors"
	"fmt"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"
)

var errNotEd25519 = errors.New("peer's key is not an Ed25519 key")

// privateKey is libp2p's form of a node's key.
func privateKey(priv ed25519.PrivateKey) (crypto.PrivKey, error) {
	k, err := crypto.UnmarshalEd25519PrivateKey(append([]byte(nil), priv...))
	if err != nil {
		return nil, fmt.Errorf("take node key: %w", err)
	}
	return k, nil
}

// peerID is libp2p's name for a public key.
func peerID(pub ed25519.PublicKey) (peer.ID, error) {
	k, err := crypto.UnmarshalEd25519PublicKey(pub)
	if err != nil {
		return "", fmt.Errorf("take public key: %w", err)
	}
	id, err := peer.IDFromPublicKey(k)
	if err != nil {
		return "", fmt.Errorf("name public key: %w", err)
	}
	return id, nil
}

// publicKey is the key that a libp2p name holds; names of other kinds of key
// hold only a hash and are refused.
func publicKey(id peer.ID) (ed25519.PublicKey, error) {
	k, err := id.ExtractPublicKey()
	if err != nil {
		return nil, errNotEd25519
	}
	if k.Type() != crypto.Ed25519 {
		return nil, errNotEd25519
	}
	raw, err := k.Raw()
	if err != nil || len(raw) != ed25519.PublicKeySize {
		return nil, errNotEd25519
	}
	return ed25519.PublicKey(raw), nil
}
