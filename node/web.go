package node

import (
	"errors"
	"fmt"
	"time"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/webcert"
)

// webPart makes the first node's own web certificate.
func webPart(root *identity.Root, key *webcert.Key, name string, now time.Time) ([]byte, error) {
	a, err := webcert.NewAuthority(root.Private(), root.Name(), now)
	if err != nil {
		return nil, err
	}
	pub, err := key.Public()
	if err != nil {
		return nil, err
	}
	return a.Issue(pub, name, now)
}

// certifyWeb makes the web part of a new node's certificate where this node
// holds the campus root; elsewhere the new node does without.
func (n *Node) certifyWeb(sent []byte, c identity.Cert) ([]byte, error) {
	root, err := n.root()
	if errors.Is(err, ErrNoRoot) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	a, err := webcert.NewAuthority(root.Private(), root.Name(), n.cfg.Now())
	if err != nil {
		return nil, err
	}
	return a.Issue(sent, c.Name, n.cfg.Now())
}

// Web is what this node serves its screens to other devices with.
// webcert.ErrNone when its certificate has no web part.
func (n *Node) Web() (*webcert.Serving, error) {
	key, err := webcert.OpenKey(n.folder.webKey())
	if err != nil {
		return nil, err
	}
	s, err := webcert.NewServing(key, n.Self().Web)
	if err != nil {
		return nil, fmt.Errorf("serve screens over HTTPS: %w", err)
	}
	return s, nil
}
