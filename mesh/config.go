package mesh

import (
	"crypto/ed25519"
	"errors"
	"log/slog"
	"time"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
)

// Signer is the node's own key; *identity.Key is one.
type Signer interface {
	ID() identity.NodeID
	Public() ed25519.PublicKey
	Sign(domain string, msg []byte) []byte
}

// Roster says who is in the campus; *identity.Roster is one.
type Roster interface {
	// Member is a node as the roster has it, revoked ones included.
	Member(id identity.NodeID) (identity.Member, bool)
	Members() []identity.Member
	// Records are all records as they travel; Digest is equal on two nodes
	// exactly when their records are.
	Records() [][]byte
	Digest() [32]byte
	// Merge judges records and takes them; n counts the new ones. err joins
	// what was wrong with each that was refused, and keeps out no other.
	Merge(raws [][]byte) (n int, err error)
	// Watch has fn called after each change, until stop. fn does not block.
	Watch(fn func(identity.Record)) (stop func())
}

// Gossip carries beats to members we have no connection with, and may lose
// them; *gossip.Gossip is one. Whoever makes it has it call the Mesh's
// HearGossip, LocalState and MergeState, and runs it.
type Gossip interface {
	// Join tells the gossip of members that have become connected. It does
	// not block.
	Join(peers ...identity.NodeID)
	// Broadcast offers a payload of at most MaxGossip bytes to everyone, in
	// place of an older one with the same key that is still waiting. It does
	// not block and does not keep the slice.
	Broadcast(key string, payload []byte) error
}

// BeatKeeper keeps beats over a restart, so that a node which starts alone
// still knows how old its news is.
type BeatKeeper interface {
	LoadBeats() ([][]byte, error)
	SaveBeats(beats [][]byte) error
}

// Config is what a Mesh is made of. Fields without a default are required.
type Config struct {
	Net    stream.Network
	Key    Signer
	Roster Roster
	Log    Log

	// Gossip may be nil: beats then travel on direct streams only.
	Gossip Gossip
	// Book keeps addresses; default a MemBook.
	Book Book
	// Beats may be nil: freshness then starts anew with each start.
	Beats BeatKeeper
	// Release is told to other members.
	Release string
	// Clock is read for beats and freshness; default time.Now.
	Clock func() time.Time
	// Logger gets no personal data and no addresses; default none.
	Logger *slog.Logger
	// Priority orders the documents of a pull, lower first; default all alike.
	Priority func(doc string) int
	// Kept says whether every member must still have a document, so that who
	// has not lacks it and has not merely dropped it; default all alike.
	Kept func(doc string) bool

	BeatEvery   time.Duration // default 2 s
	RepairEvery time.Duration // default 10 s
	DialEvery   time.Duration // default 5 s; dials come after one to two of it
	// Patience is how long a peer may take over one read or write before its
	// stream is given up; default 10 s.
	Patience time.Duration
	// QueueLimit bounds what waits for one peer, in bytes; default 4 MiB.
	QueueLimit int
}

func (c *Config) validate() error {
	switch {
	case c.Net == nil:
		return errors.New("mesh config: Net is missing")
	case c.Key == nil:
		return errors.New("mesh config: Key is missing")
	case c.Roster == nil:
		return errors.New("mesh config: Roster is missing")
	case c.Log == nil:
		return errors.New("mesh config: Log is missing")
	case c.Net.Self() != c.Key.ID():
		return errors.New("mesh config: Net and Key are of different nodes")
	case c.BeatEvery < 0 || c.RepairEvery < 0 || c.DialEvery < 0 || c.Patience < 0 || c.QueueLimit < 0:
		return errors.New("mesh config: an interval or limit is negative")
	}
	if c.Book == nil {
		c.Book = &MemBook{}
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Priority == nil {
		c.Priority = func(string) int { return 0 }
	}
	if c.Kept == nil {
		c.Kept = func(string) bool { return true }
	}
	for _, d := range []struct {
		v     *time.Duration
		value time.Duration
	}{
		{&c.BeatEvery, 2 * time.Second},
		{&c.RepairEvery, 10 * time.Second},
		{&c.DialEvery, 5 * time.Second},
		{&c.Patience, 10 * time.Second},
	} {
		if *d.v == 0 {
			*d.v = d.value
		}
	}
	if c.QueueLimit == 0 {
		c.QueueLimit = 4 << 20
	}
	return nil
}
