package access

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/seal"
)

// KeyPrefix is where earlier releases put the public keys of the whole campus
// into the settings: audience/<audience>/<key id in hex>.
const KeyPrefix = "audience/"

// Key is a public key of an audience as it is published.
type Key struct {
	seal.PublicKey
	// Day is the date on which it dies; zero for a key of the campus.
	Day record.Day
	// Epoch is which revocations it was made after: the higher, the later.
	Epoch int64
	// Filed is the newest day under which it is published.
	Filed record.Day
	// Gone: a desk says that nobody has its private half any more.
	Gone bool
}

// ofCampus reads a key of the whole campus; false for what is none.
func ofCampus(s crdt.Setting) (Key, bool) {
	a, id, ok := strings.Cut(strings.TrimPrefix(s.Key, KeyPrefix), "/")
	k, err := seal.NewPublicKey(record.Audience(a), "", s.Value.Bytes())
	return Key{PublicKey: k}, ok && err == nil && hex.EncodeToString(k.ID[:]) == id
}

// dated reads a key of a date; false for what is not well formed.
func dated(p crdt.PublishedKey) (Key, bool) {
	k, err := seal.NewPublicKey(p.Audience, seal.DateOf(p.Until), p.Bytes)
	return Key{PublicKey: k, Day: p.Until, Epoch: p.Epoch, Filed: p.Filed}, err == nil && p.Until > 0
}

// Register is where public keys are published.
type Register interface {
	PublishedKeys() ([]crdt.PublishedKey, error)
	Settings(prefix string) []crdt.Setting
	// SettingsVersion changes when either of the above does.
	SettingsVersion() uint64
}

// Book reads the keys that are published, and remembers them while they stay
// as they are. Safe for concurrent use.
type Book struct {
	reg Register

	mu      sync.Mutex
	read    bool
	version uint64
	keys    []Key
	// good are those found well formed; a check costs some 30 µs.
	good map[string]Key
}

// NewBook reads from a register.
func NewBook(reg Register) *Book { return &Book{reg: reg} }

// Keys are the well-formed keys. The slice must not be changed. An error means
// that they could not be read; what was known before is returned with it.
func (b *Book) Keys() ([]Key, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	v := b.reg.SettingsVersion() // first: what changes meanwhile is read again
	if b.read && v == b.version {
		return b.keys, nil
	}
	published, err := b.reg.PublishedKeys()
	if err != nil {
		return b.keys, fmt.Errorf("read public keys: %w", err)
	}
	good := map[string]Key{}
	var keys []Key
	for _, s := range b.reg.Settings(KeyPrefix) {
		if k, ok := ofCampus(s); ok {
			keys = append(keys, k)
		}
	}
	gone := map[string]bool{}
	for _, p := range published {
		name := string(p.Audience) + seal.DateOf(p.Until) + string(p.Bytes)
		if p.Epoch == crdt.GoneEpoch {
			gone[name] = true // before its others, which have higher epochs
			continue
		}
		k, ok := b.good[name]
		if !ok {
			if k, ok = dated(p); !ok {
				continue
			}
		}
		k.Epoch, k.Filed, k.Gone = p.Epoch, p.Filed, gone[name]
		good[name], keys = k, append(keys, k)
	}
	b.read, b.version, b.keys, b.good = true, v, keys, good
	return keys, nil
}

// Choose is the key to seal to for an audience so that it dies on until: of
// that date, or of the nearest earlier one that is still after today. Of
// several of one date it is that of epoch (see Epoch), or of the highest before
// it, then of the lowest id, so that every node chooses the same. One of a later
// epoch, by a desk that has heard of a revocation which is not known here, or
// that wants its key chosen for ever, comes after these; one that is gone after
// all. Both are better than none: nobody is turned away for it. False: there is
// none.
func Choose(keys []Key, a record.Audience, until, today record.Day, epoch int64) (best seal.PublicKey, ok bool) {
	var found Key
	for _, k := range keys {
		if k.Audience != a || k.Day > until || k.Day <= today {
			continue
		}
		if !ok || better(k, found, epoch) < 0 {
			found, ok = k, true
		}
	}
	return found.PublicKey, ok
}

// better is negative when x is to be taken before y.
func better(x, y Key, epoch int64) int {
	return cmp.Or(
		cmp.Compare(x.last(), y.last()), cmp.Compare(y.Day, x.Day),
		cmp.Compare(x.ahead(epoch), y.ahead(epoch)), cmp.Compare(y.Epoch, x.Epoch), bytes.Compare(x.ID[:], y.ID[:]),
	)
}

// last is 1 for a key that is gone, which comes after all others.
func (k Key) last() int {
	if k.Gone {
		return 1
	}
	return 0
}

// ahead is how far a key's epoch is beyond an epoch; zero: it is not.
func (k Key) ahead(epoch int64) int64 { return max(k.Epoch, epoch) - epoch }

// Due are the ids of keys that a node of these audiences should hold, those
// that die first first: all that are after today, and those of the campus.
func Due(keys []Key, audiences []record.Audience, today record.Day) (out []seal.KeyID) {
	var due []Key
	for _, k := range keys {
		if slices.Contains(audiences, k.Audience) && (k.Day == 0 || k.Day > today) {
			due = append(due, k)
		}
	}
	slices.SortFunc(due, func(x, y Key) int {
		return cmp.Or(cmp.Compare(x.Day, y.Day), bytes.Compare(x.ID[:], y.ID[:]))
	})
	for _, k := range due {
		out = append(out, k.ID)
	}
	return out
}

// Until is the last date for which every audience has a key that is not gone;
// zero where one has none, or a key of the whole campus is in use.
func Until(keys []Key) (until record.Day) {
	last := map[record.Audience]record.Day{}
	for _, k := range keys {
		if k.Day != 0 && !k.Gone {
			last[k.Audience] = max(last[k.Audience], k.Day)
		}
	}
	for i, a := range audiences {
		if d := last[a]; i == 0 || d < until {
			until = d
		}
	}
	return until
}
