package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/envelope"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/seal"
	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/crdt/store"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/access"
	"github.com/upprop/upprop/node/webcert"
)

// DefaultListen is where a node listens unless told otherwise.
const DefaultListen = "0.0.0.0:7460"

// InitOptions say what the first node of a campus is.
type InitOptions struct {
	Dir, Campus, Name    string
	Site, Entrance, Zone string
	Role                 identity.Role
	Listen, HTTP         string
	// Passphrase, if not empty, is what the node's keys rest under.
	Passphrase []byte
	// Operator, if not empty, is the alias of the first operator, an admin; it
	// takes a desk. OneTime is then told the one-time password.
	Operator  string
	OneTime   func(password string)
	OpenStore func(dir string) (store.Store, error)
	Now       func() time.Time
	// KeysAhead is as in Config.
	KeysAhead int
}

// Init makes a campus and its first node, which holds the campus root and may
// issue. When it returns without error all of it is durable; on an error the
// folder is no node, and Init for the same campus can be tried again.
func Init(o InitOptions) (err error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.OpenStore == nil {
		o.OpenStore = openDisk(slog.New(slog.DiscardHandler))
	}
	if err := o.check(); err != nil {
		return err
	}
	folder := Folder(o.Dir)
	key, err := folder.prepare()
	if err != nil {
		return err
	}
	webKey, err := webcert.OpenKey(folder.webKey())
	if err != nil {
		return fmt.Errorf("make campus: %w", err)
	}
	root, err := folder.foundRoot(o.Campus)
	if err != nil {
		return fmt.Errorf("make campus: %w", err)
	}
	cert, err := identity.CertifyFirst(root, identity.First{
		Pub: key.Public(), Name: o.Name, Role: o.Role, Site: o.Site, Entrance: o.Entrance, Zone: o.Zone,
	}, o.Now(), func(root *identity.Root) ([]byte, error) { return webPart(root, webKey, o.Name, o.Now()) })
	if err != nil {
		return fmt.Errorf("make campus: %w", err)
	}
	s, err := o.OpenStore(folder.database())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	roster, err := identity.NewRoster(root.Public(), rosterKeeper{s})
	if err != nil {
		return fmt.Errorf("make campus: %w", err)
	}
	if _, err := roster.Add(cert); err != nil {
		return fmt.Errorf("make campus: %w", err)
	}
	if err := foundSettings(o, folder, s, roster, key); err != nil {
		return fmt.Errorf("make campus: %w", err)
	}
	return folder.save(about{Root: root.Public(), Listen: o.Listen, HTTP: o.HTTP})
}

func (o *InitOptions) check() error {
	if o.Role == "" {
		o.Role = identity.RoleDesk
	}
	if o.Site == "" {
		o.Site = o.Campus
	}
	if o.Listen == "" {
		o.Listen = DefaultListen
	}
	for _, of := range []struct{ what, name string }{
		{"campus", o.Campus}, {"site", o.Site}, {"node", o.Name}, {"zone", o.Zone}, {"entrance", o.Entrance},
	} {
		if of.name == "" && (of.what == "zone" || of.what == "entrance") {
			continue
		}
		if err := record.CheckPlaceName(of.name); err != nil {
			return fmt.Errorf("the %s needs a name of 1 to 64 bytes, plain text without slashes: %w", of.what, err)
		}
	}
	return nil
}

// foundSettings writes the first settings: the campus's name and, at a desk,
// the public keys of its audiences for the dates to come.
func foundSettings(o InitOptions, folder Folder, s store.Store, roster *identity.Roster, key *identity.Key) (err error) {
	ring, err := openSecrets(folder, seal.VaultOptions{Passphrase: o.Passphrase})
	if err != nil {
		return err
	}
	r, err := crdt.Open(crdt.Config{
		Store: s, Node: record.NodeID(key.ID()), Site: record.SiteID(o.Site),
		Sign:  func(b []byte) []byte { return key.Sign(envelope.Domain, b) },
		Check: members{roster}.check, Now: o.Now,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	settings := register{r}
	if err := settings.Set(context.Background(), crdt.Setting{Key: settingCampusName, Value: shape.String(o.Campus)}); err != nil {
		return err
	}
	if err := access.NewMaker(access.MakerConfig{
		Store: ring, Publisher: settings, Book: access.NewBook(r), Members: roster.Members, Self: key.ID(),
		Today: func() (record.Day, bool) { return record.DayOf(o.Now()), true }, Ahead: o.KeysAhead,
	}).Make(context.Background()); err != nil || o.Operator == "" {
		return err
	}
	return foundOperator(o, r, ring)
}
