package node

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/upprop/upprop/crdt/seal"
	"github.com/upprop/upprop/crdt/store"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/join"
	"github.com/upprop/upprop/mesh/link"
	"github.com/upprop/upprop/mesh/stream"
	"github.com/upprop/upprop/node/webcert"
)

// EnrollOptions say how a new node joins a campus.
type EnrollOptions struct {
	Dir          string
	Token        join.Token
	Name         string
	Listen, HTTP string
	// Passphrase, if not empty, is what the node's keys will rest under.
	Passphrase []byte
	Network    func(key *identity.Key, admit stream.Admit) (stream.Network, error)
	OpenStore  func(dir string) (store.Store, error)
	Logger     *slog.Logger
}

// Enroll redeems a token and makes the data folder of a new node. It blocks
// until the issuer has answered or ctx ends. On an error nothing is spent that
// cannot be tried again with the same folder and token.
func Enroll(ctx context.Context, o EnrollOptions) (res join.Result, err error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.OpenStore == nil {
		o.OpenStore = openDisk(o.Logger)
	}
	if o.Listen == "" {
		o.Listen = DefaultListen
	}
	folder := Folder(o.Dir)
	key, err := folder.prepare()
	if err != nil {
		return res, err
	}
	if _, err := os.Stat(folder.root()); err == nil {
		return res, errUnfinished
	}
	if len(o.Passphrase) > 0 {
		// Before the token is spent: a folder that was tried before may hold
		// keys under another one.
		if _, err := openSecrets(folder, seal.VaultOptions{Passphrase: o.Passphrase}); err != nil {
			return res, err
		}
	}
	net, err := o.listen(key)
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, net.Close()) }()
	webKey, err := webcert.OpenKey(folder.webKey())
	if err != nil {
		return res, err
	}
	web, err := webKey.Public()
	if err != nil {
		return res, err
	}
	if res, err = join.Join(ctx, net, key, o.Token, join.Wishes{Name: o.Name, Web: web}); err != nil {
		return res, err
	}
	s, err := o.OpenStore(folder.database())
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	roster, err := identity.NewRoster(res.RootKey, rosterKeeper{s})
	if err != nil {
		return res, fmt.Errorf("keep roster: %w", err)
	}
	if _, err := roster.Merge(res.Records); err != nil {
		return res, fmt.Errorf("keep roster: %w", err)
	}
	for _, p := range o.Token.Peers {
		if err := (bookKeeper{s}).Save(identity.IDOf(p.Pub), p.Addrs, time.Now()); err != nil {
			return res, fmt.Errorf("keep addresses: %w", err)
		}
	}
	return res, folder.save(about{Root: res.RootKey, Listen: o.Listen, HTTP: o.HTTP})
}

// listen opens a network that admits the token's peers alone.
func (o EnrollOptions) listen(key *identity.Key) (stream.Network, error) {
	admit := func(pub ed25519.PublicKey) stream.Standing {
		for _, p := range o.Token.Peers {
			if p.Pub.Equal(pub) {
				return stream.Member
			}
		}
		return stream.Refused
	}
	if o.Network != nil {
		return o.Network(key, admit)
	}
	l, err := link.Listen(link.Config{Key: key.Private(), Listen: o.Listen, Admit: admit, Log: o.Logger})
	if err != nil {
		return nil, err
	}
	return l, nil
}
