package watch

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/crypto/argon2"

	"github.com/upprop/upprop/crdt/record"
)

// Cost is how hard a tag is to guess for who has the key: argon2id (RFC 9106)
// with one lane; Memory is in KiB.
type Cost struct{ Time, Memory uint32 }

// DefaultCost takes 10 to 20 ms of one core, and 16 MiB. Somebody with name,
// company, address and number costs four such, while a list is kept.
var DefaultCost = Cost{Time: 1, Memory: 16 << 10}

// costliest bounds what a desk can make a door work.
var costliest = Cost{Time: 8, Memory: 64 << 10}

type key [32]byte

func newKey() (k key) {
	_, _ = rand.Read(k[:]) // never fails
	return k
}

// tag is what stands for a form at a door.
type tag [16]byte

// tag is slow by intent. Without the key it says nothing about the form.
func (k key) tag(c Cost, f form) (t tag) {
	slow := argon2.IDKey([]byte(string(f.by)+"\x00"+f.value), k[:], c.Time, c.Memory, 1, 32)
	defer clear(slow)
	mac := hmac.New(sha256.New, k[:])
	mac.Write([]byte("upprop/watch/1\x00"))
	mac.Write(slow)
	copy(t[:], mac.Sum(nil))
	return t
}

// tagged is what a door is told of one form of one entry.
type tagged struct {
	Tag   tag        `json:"tag"`
	Entry string     `json:"entry"`
	By    By         `json:"by"`
	Wait  bool       `json:"wait,omitempty"`
	Until record.Day `json:"until"`
}

// Held is the list as a door holds it: in memory, and nowhere else. Of whoever
// is on it, it has keyed hashes. Nobody may change it.
type Held struct {
	// Digest says of which entries it was made.
	Digest [32]byte
	// Country is the prefix of numbers that are written without one.
	Country string
	cost    Cost
	key     key
	all     []tagged
}

// wire is a Held on its way to a door.
type wire struct {
	Digest  []byte   `json:"digest"`
	Country string   `json:"country"`
	Cost    Cost     `json:"cost"`
	Key     []byte   `json:"key"`
	All     []tagged `json:"all"`
}

// Encode is a Held as it travels to a door, over a stream that is sealed.
func (h *Held) Encode() ([]byte, error) {
	return json.Marshal(wire{h.Digest[:], h.Country, h.cost, h.key[:], h.all})
}

var errHeld = errors.New("not a list that a door can hold")

// Decode reads what a desk has told.
func Decode(b []byte) (*Held, error) {
	var w wire
	if json.Unmarshal(b, &w) != nil || len(w.Digest) != 32 || len(w.Key) != 32 || len(w.All) > maxTags || !country(w.Country) ||
		w.Cost.Time < 1 || w.Cost.Memory < 8 || w.Cost.Time > costliest.Time || w.Cost.Memory > costliest.Memory {
		return nil, errHeld
	}
	return &Held{Digest: [32]byte(w.Digest), Country: w.Country, cost: w.Cost, key: key(w.Key), all: w.All}, nil
}

// Format withholds the list from every fmt verb.
func (*Held) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[withheld]")) }

// Count is how many tags it has.
func (h *Held) Count() int { return len(h.all) }

// Match compares somebody with the list, on a day. It takes the same time for
// whoever gives the same fields, whether they are on the list or not.
func (h *Held) Match(p Person, today record.Day) (out []record.Match) {
	if h == nil || len(h.all) == 0 {
		return nil
	}
	asked := map[By]bool{}
	for _, t := range h.all {
		asked[t.By] = true
	}
	for _, f := range p.forms(h.Country) {
		if !asked[f.by] {
			continue
		}
		got := h.key.tag(h.cost, f)
		for _, t := range h.all {
			if t.By == f.by && t.Until >= today && hmac.Equal(t.Tag[:], got[:]) {
				out = append(out, record.Match{Entry: t.Entry, By: string(t.By), Wait: t.Wait})
			}
		}
	}
	return tidy(out)
}

// tidy has each match once.
func tidy(all []record.Match) []record.Match {
	var out []record.Match
	for _, m := range all {
		if !slices.Contains(out, m) {
			out = append(out, m)
		}
	}
	return out[:min(len(out), record.MaxMatches)]
}
