package node

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/upprop/upprop/crdt/store"
	"github.com/upprop/upprop/mesh"
	"github.com/upprop/upprop/mesh/identity"
)

// What the mesh keeps over a restart lies in the node's store beside the
// replica, under prefixes of its own.
var (
	prefixRoster = []byte("n/roster/")
	prefixToken  = []byte("n/token/")
	prefixBook   = []byte("n/book/")
	keyBeats     = []byte("n/beats")
)

func under(prefix, name []byte) []byte { return append(bytes.Clone(prefix), name...) }

func loadAll(s store.Store, prefix []byte) (out [][]byte, err error) {
	lo, hi := store.Prefix(prefix)
	err = s.Scan(lo, hi, func(_, v []byte) error {
		out = append(out, bytes.Clone(v))
		return nil
	})
	return out, err
}

func put(s store.Store, key, value []byte) error {
	var b store.Batch
	b.Set(key, value)
	return s.Apply(&b)
}

// rosterKeeper keeps signed records under their hash.
type rosterKeeper struct{ store.Store }

func (k rosterKeeper) Load() ([][]byte, error) { return loadAll(k.Store, prefixRoster) }

func (k rosterKeeper) Append(raw []byte) error {
	sum := sha256.Sum256(raw)
	return put(k.Store, under(prefixRoster, sum[:]), raw)
}

// Remove implements identity.Pruner.
func (k rosterKeeper) Remove(ids []identity.RecordID) error {
	var b store.Batch
	for _, id := range ids {
		b.Delete(under(prefixRoster, id[:]))
	}
	return k.Apply(&b)
}

// tokenKeeper keeps the tokens that this node has handed out.
type tokenKeeper struct{ store.Store }

func (k tokenKeeper) LoadTokens() ([][]byte, error) { return loadAll(k.Store, prefixToken) }

func (k tokenKeeper) PutToken(id identity.TokenID, state []byte) error {
	return put(k.Store, under(prefixToken, id[:]), state)
}

func (k tokenKeeper) DeleteToken(id identity.TokenID) error {
	var b store.Batch
	b.Delete(under(prefixToken, id[:]))
	return k.Apply(&b)
}

// bookKeeper keeps where members were last reached.
type bookKeeper struct{ store.Store }

type bookPage struct {
	Addrs []string  `json:"addrs"`
	At    time.Time `json:"at"`
}

func (k bookKeeper) Load() (out []mesh.BookEntry, err error) {
	lo, hi := store.Prefix(prefixBook)
	err = k.Scan(lo, hi, func(key, v []byte) error {
		var p bookPage
		id := key[len(prefixBook):]
		if len(id) != len(identity.NodeID{}) || json.Unmarshal(v, &p) != nil {
			return nil // an unreadable page is only a lost address
		}
		out = append(out, mesh.BookEntry{Node: identity.NodeID(id), Addrs: p.Addrs, At: p.At})
		return nil
	})
	return out, err
}

func (k bookKeeper) Save(node identity.NodeID, addrs []string, at time.Time) error {
	if len(addrs) == 0 {
		var b store.Batch
		b.Delete(under(prefixBook, node[:]))
		return k.Apply(&b)
	}
	v, err := json.Marshal(bookPage{addrs, at})
	if err != nil {
		return fmt.Errorf("save address: %w", err)
	}
	return put(k.Store, under(prefixBook, node[:]), v)
}

// beatKeeper keeps the last beats, so that a node which starts alone still
// knows how old its news is.
type beatKeeper struct{ store.Store }

func (k beatKeeper) LoadBeats() ([][]byte, error) {
	v, err := k.Get(keyBeats)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	var out [][]byte
	if err == nil && json.Unmarshal(v, &out) != nil {
		return nil, nil // unreadable beats: freshness starts anew
	}
	return out, err
}

func (k beatKeeper) SaveBeats(beats [][]byte) error {
	v, err := json.Marshal(beats)
	if err != nil {
		return fmt.Errorf("save beats: %w", err)
	}
	return put(k.Store, keyBeats, v)
}
