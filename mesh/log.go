package mesh

import (
	"context"
	"time"

	"github.com/upprop/upprop/mesh/beat"
	"github.com/upprop/upprop/mesh/identity"
)

// DocDigest is one document's version vector, digested.
type DocDigest struct {
	Doc string
	Sum [16]byte
}

// Head is the highest sequence held, without a gap below it, of one actor in
// one document.
type Head struct {
	Actor []byte
	Seq   uint64
}

// Gap says that entries were left out because the ones before them are
// missing: of Actor in Doc only those up to Have are held.
type Gap struct {
	Doc   string
	Actor []byte
	Have  uint64
}

// Log is what the mesh replicates, implemented over the replica. Entries are
// opaque, self-authenticating bytes of at most MaxEntry. All methods are safe
// for concurrent use.
type Log interface {
	// Digests are one per document held, in any order.
	Digests() ([]DocDigest, error)
	// Vector is the version vector of a document; empty for an unknown one.
	Vector(doc string) ([]Head, error)
	// Read hands fn the entries of one actor after a sequence, in order, until
	// fn returns an error, which Read returns, or the end. raw is valid during
	// the call only. fn blocks when the member it sends to is slow.
	Read(doc string, actor []byte, after uint64, fn func(seq uint64, raw []byte) error) error
	// Put verifies and applies entries received from a member, in order, and
	// blocks until they are folded and durable. The slices are the Log's to
	// keep. Entries held already are no error. An entry refused for its
	// content is dropped, and named by the Log, without error: it must not
	// hold back another author's. An error means that nothing could be taken
	// now (a full disk, ctx); the same entries will come again.
	Put(ctx context.Context, from identity.NodeID, raws [][]byte) ([]Gap, error)
	// Tail returns at most max own entries committed, durably, since cursor,
	// and the cursor after them. The slices are not changed afterwards.
	Tail(cursor uint64, max int) (entries [][]byte, next uint64, err error)
	// TailEnd is the cursor after the newest own entry.
	TailEnd() uint64
	// Changed is closed when a new own entry can be had from Tail. Get the
	// channel first, then call Tail.
	Changed() <-chan struct{}
	// Position says: every entry this node acknowledged before at is within
	// pos. at is read before pos and goes back only with a clock that is set
	// back by more than a minute; pos is at most beat.MaxPosition bytes.
	Position() (at time.Time, pos []byte, err error)
	// Covers and Within judge positions.
	beat.Log
	// HoldsNamed reports whether every entry that a position of node's names is
	// held, whatever else the node has written since. What retention has dropped
	// counts as held.
	HoldsNamed(node identity.NodeID, position []byte) bool
}

// Picky is a Log that has no use for some documents, as those that it has
// dropped: they are not pulled, whoever still offers them.
type Picky interface {
	Wants(doc string) bool
	// Takes says the same of an actor in a document in which none of its entries
	// is held.
	Takes(doc string, actor []byte) bool
}

// Partial is a Log that holds entries without all that travels beside them.
type Partial interface {
	// Lacking are at most max such entries, to be asked for again: Put takes what
	// was missing. Empty as a rule, and then cheap.
	Lacking(max int) ([]Entry, error)
}

// Entry names an entry of a Log.
type Entry struct {
	Doc   string
	Actor []byte
	Seq   uint64
}
