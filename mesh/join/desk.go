package join

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/upprop/upprop/mesh/identity"
)

const (
	// DefaultTTL is how long a token lasts unless said otherwise.
	DefaultTTL = time.Hour
	// MaxTTL is the longest that a token may last.
	MaxTTL = 30 * 24 * time.Hour
	// maxUses bounds how many nodes one token may bring in.
	maxUses = 100
	// afterlife is how long a dead token is remembered, to say why it is dead
	// and to repeat a lost answer.
	afterlife = 24 * time.Hour

	stateVersion = 1
)

// Desk issues this node's tokens and redeems them; no other node can. It is
// safe for concurrent use. Any node may have one: it refuses with ErrNotIssuer
// while the roster does not make the node an issuer.
type Desk struct {
	cfg    DeskConfig
	mu     sync.Mutex
	tokens map[identity.TokenID]*issued
}

// DeskConfig is what a Desk works with.
type DeskConfig struct {
	Key    *identity.Key
	Roster *identity.Roster
	Store  TokenStore
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Web makes the Web part of a certificate out of what the joiner sent for
	// it. It is called with c complete but for Web, one call at a time. nil
	// leaves certificates without one.
	Web func(sent []byte, c identity.Cert) ([]byte, error)
}

// issued is one token as the desk remembers it.
type issued struct {
	Version  uint             `cbor:"1,keyasint"`
	ID       identity.TokenID `cbor:"2,keyasint"`
	Secret   []byte           `cbor:"3,keyasint"`
	Role     identity.Role    `cbor:"4,keyasint"`
	Name     string           `cbor:"5,keyasint,omitempty"`
	Site     string           `cbor:"6,keyasint,omitempty"`
	Entrance string           `cbor:"7,keyasint,omitempty"`
	Zone     string           `cbor:"8,keyasint,omitempty"`
	Expires  int64            `cbor:"9,keyasint"` // Unix milliseconds
	Uses     uint             `cbor:"10,keyasint"`
	Spent    []redemption     `cbor:"11,keyasint,omitempty"`
}

// redemption is one use of a token: enough to repeat the answer.
type redemption struct {
	Pub     []byte   `cbor:"1,keyasint"`
	At      int64    `cbor:"2,keyasint"` // Unix milliseconds
	Records [][]byte `cbor:"3,keyasint"` // certificate, then TokenSpent
}

// Options is what a token shall be for. Only Role and Addrs are required.
type Options struct {
	Role     identity.Role
	Name     string
	Site     string // the issuer's if empty
	Entrance string
	Zone     string
	// TTL is DefaultTTL if zero.
	TTL time.Duration
	// Uses is 1 if zero.
	Uses int
	// Addrs are where this node listens, "IP:PORT".
	Addrs []string
	// Relays are further members that a joiner may call, nearest first.
	Relays []Peer
}

// OpenDesk loads the tokens and completes redemptions that a crash cut short.
func OpenDesk(cfg DeskConfig) (*Desk, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	d := &Desk{cfg: cfg, tokens: map[identity.TokenID]*issued{}}
	raws, err := cfg.Store.LoadTokens()
	if err != nil {
		return nil, fmt.Errorf("open token desk: %w", err)
	}
	for _, raw := range raws {
		t, err := unmarshal[issued](raw)
		if err == nil && (t.Version != stateVersion || len(t.Secret) != len(Secret{})) {
			err = fmt.Errorf("version %d", t.Version)
		}
		if err != nil {
			return nil, fmt.Errorf("open token desk: a stored token is damaged or of a newer release: %w", err)
		}
		d.tokens[t.ID] = &t
	}
	// A node whose disk is full must start all the same; the next Sweep tries
	// again.
	_ = d.Sweep()
	return d, nil
}

// Sweep forgets the secrets of tokens that are dead for a day, and sees to it
// that whoever was let in is in the roster. Create and every redemption forget
// too; call it now and then where neither happens.
func (d *Desk) Sweep() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var err error
	for _, t := range d.tokens {
		for _, s := range t.Spent {
			_, merged := d.cfg.Roster.Merge(s.Records)
			err = errors.Join(err, merged)
		}
	}
	return errors.Join(err, d.purge(d.cfg.Now()))
}

// Create issues a token, durably. Errors: identity.ErrNotIssuer, ErrNameTaken,
// ErrBadName, the store's and the roster's.
func (d *Desk) Create(o Options) (Token, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.cfg.Now()
	t, tok, err := d.draft(o, now)
	if err != nil {
		return Token{}, fmt.Errorf("create token: %w", err)
	}
	if err := d.purge(now); err != nil {
		return Token{}, fmt.Errorf("create token: %w", err)
	}
	record, err := identity.SignTokenIssued(d.cfg.Key, d.cfg.Roster.Campus(), identity.TokenIssued{
		Token: t.ID, Issuer: d.cfg.Key.ID(), Role: t.Role, Expires: t.Expires, Uses: uint64(t.Uses),
	})
	if err != nil {
		return Token{}, fmt.Errorf("create token: %w", err)
	}
	if err := d.cfg.Store.PutToken(t.ID, marshal(t)); err != nil {
		return Token{}, fmt.Errorf("create token: %w", err)
	}
	d.tokens[t.ID] = t
	if _, err := d.cfg.Roster.Add(record); err != nil {
		return Token{}, fmt.Errorf("create token: %w", err)
	}
	return tok, nil
}

func (d *Desk) draft(o Options, now time.Time) (*issued, Token, error) {
	self, ok := d.cfg.Roster.Member(d.cfg.Key.ID())
	if !ok || !d.cfg.Roster.MayIssue(self.ID) {
		return nil, Token{}, identity.ErrNotIssuer
	}
	if o.TTL == 0 {
		o.TTL = DefaultTTL
	}
	if o.Uses == 0 {
		o.Uses = 1
	}
	if o.Site == "" {
		o.Site = self.Site
	}
	switch {
	case o.TTL < time.Second || o.TTL > MaxTTL:
		return nil, Token{}, fmt.Errorf("a token lasts from one second to %d days", MaxTTL/(24*time.Hour))
	case o.Uses < 1 || o.Uses > maxUses:
		return nil, Token{}, fmt.Errorf("a token brings in 1 to %d nodes", maxUses)
	case o.Uses > 1 && o.Name != "":
		return nil, Token{}, errors.New("a token for several nodes cannot name them all alike: leave the name out")
	}
	if err := optionalName(o.Zone); err != nil {
		return nil, Token{}, fmt.Errorf("zone: %w", err)
	}
	if o.Name != "" {
		if err := d.nameFree(o.Name, identity.NodeID{}); err != nil {
			return nil, Token{}, err
		}
	}
	expires := now.Add(o.TTL).Truncate(time.Second).UTC()
	secret := newSecret()
	tok := Token{
		ID: identity.NewTokenID(), Secret: secret, Pin: identity.PinOf(d.cfg.Roster.RootKey()),
		Peers: append([]Peer{{Pub: d.cfg.Key.Public(), Addrs: o.Addrs}}, o.Relays...),
		Role:  o.Role, Name: o.Name, Site: o.Site, Entrance: o.Entrance, Expires: expires,
	}
	if err := tok.check(); err != nil {
		return nil, Token{}, err
	}
	if len(tok.Text()) > maxTokenText {
		return nil, Token{}, fmt.Errorf("the token is longer than %d characters: name fewer relays", maxTokenText)
	}
	return &issued{
		Version: stateVersion, ID: tok.ID, Secret: secret[:], Role: o.Role, Name: o.Name,
		Site: o.Site, Entrance: o.Entrance, Zone: o.Zone, Expires: expires.UnixMilli(), Uses: uint(o.Uses),
	}, tok, nil
}

// VoidAll withdraws every open token that this node issued, durably. A node
// restored from a backup calls it before it serves, since it cannot know what
// it redeemed after the backup was made. n counts the tokens withdrawn.
func (d *Desk) VoidAll() (n int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.cfg.Now()
	ids := map[identity.TokenID]bool{}
	for id := range d.tokens {
		ids[id] = true
	}
	for _, t := range d.cfg.Roster.Tokens() {
		if t.Issuer == d.cfg.Key.ID() && t.Open(now) {
			ids[t.ID] = true
		}
	}
	for id := range ids {
		record, err := identity.SignTokenVoided(d.cfg.Key, d.cfg.Roster.Campus(), identity.TokenVoided{Token: id, At: now.UnixMilli()})
		if err != nil {
			return n, fmt.Errorf("void tokens: %w", err)
		}
		if err := d.cfg.Store.DeleteToken(id); err != nil {
			return n, fmt.Errorf("void tokens: %w", err)
		}
		delete(d.tokens, id)
		if _, err := d.cfg.Roster.Add(record); err != nil {
			return n, fmt.Errorf("void tokens: %w", err)
		}
		n++
	}
	return n, nil
}

// purge forgets tokens, and their secrets, whose afterlife is over.
func (d *Desk) purge(now time.Time) error {
	for id, t := range d.tokens {
		if now.Before(time.UnixMilli(t.Expires).Add(afterlife)) {
			continue
		}
		if err := d.cfg.Store.DeleteToken(id); err != nil {
			return fmt.Errorf("forget dead token: %w", err)
		}
		delete(d.tokens, id)
	}
	return nil
}

// nameFree says whether node may take the name.
func (d *Desk) nameFree(name string, node identity.NodeID) error {
	if identity.CheckName(name) != nil {
		return ErrBadName
	}
	if m, ok := d.cfg.Roster.ByName(name); ok && m.ID != node && m.Revoked == nil {
		return ErrNameTaken
	}
	return nil
}
