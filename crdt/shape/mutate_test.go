package shape

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
)

// campaign makes the stream of hostile changes from a seed. It keeps the same
// state as an honest replica would, so that it can also make changes that are
// allowed and yet strange: any known dependencies, any known operations of the
// key as predecessors, any value.
type campaign struct {
	rng    *rand.Rand
	actors [][]byte
	day    [][]byte
	tails  map[string]Day
	campus [][]byte
	known  []Change
	past   Past
	keys   []string
}

func newCampaign(seed uint64) *campaign {
	g := &campaign{
		rng:   rand.New(rand.NewPCG(seed, 7)),
		tails: make(map[string]Day),
		keys:  []string{"a", "b", "site/north", "k@1"},
	}
	for i := range 8 {
		a := make([]byte, 1+g.rng.IntN(MaxActor))
		for j := range a {
			a[j] = byte(g.rng.Uint32())
		}
		a[0] = byte(i)
		g.actors = append(g.actors, a)
	}
	return g
}

func (g *campaign) actor() []byte { return g.actors[g.rng.IntN(len(g.actors))] }

func (g *campaign) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(g.rng.Uint32())
	}
	return b
}

// restart forgets all, as the child does on an empty frame.
func (g *campaign) restart() {
	g.day, g.campus, g.known, g.past = nil, nil, nil, Past{}
	clear(g.tails)
}

// honestDay is the author's next change.
func (g *campaign) honestDay() []byte {
	a := g.actor()
	tail := g.tails[string(a)]
	size := 1 + g.rng.IntN(300)
	if g.rng.IntN(200) == 0 {
		size = MaxEvent
	}
	d := Day{Actor: a, Seq: tail.Seq + 1, Prev: tail.Hash, Event: g.bytes(size)}
	raw, hash, err := EncodeDay(d)
	if err != nil {
		panic(err)
	}
	d.Hash = hash
	g.tails[string(a)] = d
	g.day = append(g.day, raw)
	return raw
}

func (g *campaign) value() Value {
	switch g.rng.IntN(8) {
	case 0:
		return Bool(g.rng.IntN(2) == 0)
	case 1:
		return Int([]int64{0, math.MaxInt64, math.MinInt64, -1}[g.rng.IntN(4)])
	case 2:
		return Int(int64(g.rng.Uint64()))
	case 3:
		return String("")
	case 4:
		return String("\x00\U0010ffff å\r\n" + string(rune(g.rng.IntN(0xd000))))
	case 5:
		return Bytes(nil)
	case 6:
		return Bytes(bytes.Repeat([]byte{0xff}, g.rng.IntN(MaxSetting+1)))
	default:
		return Bytes(g.bytes(g.rng.IntN(40)))
	}
}

// allowedCampus is a change that passes every check, though no honest writer
// need ever have made it.
func (g *campaign) allowedCampus() []byte {
	a := g.actor()
	end := g.past.last[string(a)]
	c := Change{Actor: a, Seq: end.seq + 1, Key: g.keys[g.rng.IntN(len(g.keys))], Value: g.value()}
	top := uint64(0)
	for range g.rng.IntN(6) {
		if len(g.known) == 0 {
			break
		}
		// Mostly late ones, sometimes any.
		at := g.rng.IntN(len(g.known))
		if g.rng.IntN(3) > 0 {
			at = max(at, len(g.known)-1-g.rng.IntN(min(8, len(g.known))))
		}
		c.Deps = append(c.Deps, g.known[at].Hash)
		top = max(top, g.known[at].StartOp)
	}
	sortDeps(&c)
	c.StartOp = top + 1
	for range g.rng.IntN(20) {
		if len(g.known) == 0 {
			break
		}
		k := g.known[g.rng.IntN(len(g.known))]
		if k.Key == c.Key && k.StartOp < c.StartOp && len(c.Preds) < MaxPreds {
			c.Preds = append(c.Preds, k.Op())
		}
	}
	sortPreds(&c)
	raw, hash, err := Encode(c)
	c.Hash = hash
	if err != nil || g.past.Check(c) != nil {
		return g.honestDay()
	}
	g.past.Add(c)
	g.known = append(g.known, c)
	g.campus = append(g.campus, raw)
	return raw
}

func sortDeps(c *Change) {
	slices.SortFunc(c.Deps, func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) })
	c.Deps = slices.Compact(c.Deps)
}

func sortPreds(c *Change) {
	sort.Slice(c.Preds, func(i, j int) bool { return c.Preds[i].compare(c.Preds[j]) < 0 })
	c.Preds = slices.CompactFunc(c.Preds, func(a, b OpID) bool { return a.compare(b) == 0 })
}

// base is some change sent before.
func (g *campaign) base() []byte {
	from := g.day
	if len(from) == 0 || (len(g.campus) > 0 && g.rng.IntN(3) > 0) {
		from = g.campus
	}
	if len(from) == 0 {
		return g.honestDay()
	}
	return from[g.rng.IntN(len(from))]
}

// next is the next change of the stream.
func (g *campaign) next() []byte {
	switch n := g.rng.IntN(100); {
	case n < 6:
		return g.honestDay()
	case n < 16:
		return g.allowedCampus()
	case n < 45:
		return g.weird()
	default:
		return g.mutated()
	}
}

// weird rewrites some fields of a change, without checks, in the right form.
func (g *campaign) weird() []byte {
	c, err := Decode(g.base())
	if err != nil {
		panic(err)
	}
	c.Deps, c.Preds = slices.Clone(c.Deps), slices.Clone(c.Preds)
	for range 1 + g.rng.IntN(3) {
		switch g.rng.IntN(12) {
		case 0:
			c.StartOp = g.number()
		case 1:
			c.Seq = g.number()
		case 2:
			c.StartOp, c.Seq = g.number(), c.Seq+1
		case 3:
			c.Deps = append(c.Deps, [32]byte(g.bytes(32)))
			sortDeps(&c)
		case 4:
			c.Deps = nil
		case 5:
			p := OpID{Ctr: g.number(), Actor: g.actor()}
			c.Preds = append(c.Preds, p)
			sortPreds(&c)
		case 6:
			if len(c.Preds) > 0 {
				c.Preds = append(c.Preds, c.Preds[g.rng.IntN(len(c.Preds))])
			}
		case 7:
			c.Preds = append(c.Preds, OpID{Ctr: 1 + g.rng.Uint64N(max(c.StartOp, 1)), Actor: g.bytes(1 + g.rng.IntN(40))})
			sortPreds(&c)
		case 8:
			c.Actor = g.bytes(g.rng.IntN(MaxActor + 8))
		case 9:
			c.Key = string(g.bytes(g.rng.IntN(30)))
		case 10:
			c.Value = g.value()
		case 11:
			c.Key = DayKey(c.Actor, c.Seq)
		}
	}
	if g.rng.IntN(2) == 0 && len(c.Deps) == 0 && c.StartOp > 1 {
		c.Deps = [][32]byte{[32]byte(g.bytes(32))}
	}
	raw := c.appendChunk(nil)
	seal(raw)
	return raw
}

func (g *campaign) number() uint64 {
	edges := []uint64{0, 1, 2, 127, 128, MaxCounter - 1, MaxCounter, MaxCounter + 1, math.MaxUint32 - 1, math.MaxUint32, math.MaxUint32 + 1, math.MaxInt64, math.MaxUint64}
	if g.rng.IntN(2) == 0 {
		return edges[g.rng.IntN(len(edges))]
	}
	return g.rng.Uint64() >> g.rng.IntN(64)
}

// mutated edits the bytes of a change's body and closes it with a right
// length and checksum.
func (g *campaign) mutated() []byte {
	raw := g.base()
	body, err := open(raw, chunkChange)
	if err != nil {
		panic(err)
	}
	body = slices.Clone(body)
	for range 1 + g.rng.IntN(3) {
		at := g.rng.IntN(len(body))
		if len(body) > 200 && g.rng.IntN(2) == 0 {
			at = g.rng.IntN(160)
		}
		switch g.rng.IntN(8) {
		case 0:
			body[at] ^= 1 << g.rng.IntN(8)
		case 1:
			body[at] = byte(g.rng.Uint32())
		case 2:
			body = slices.Insert(body, at, byte(g.rng.Uint32()))
		case 3:
			if len(body) > 1 {
				body = slices.Delete(body, at, at+1)
			}
		case 4: // a padded number
			body[at] |= 0x80
			body = slices.Insert(body, at+1, 0)
		case 5: // splice
			other, _ := open(g.base(), chunkChange)
			body = append(body[:at:at], other[min(at, len(other)):]...)
		case 6: // the small numbers of the column list
			body[at] = []byte{0, 1, 2, 3, 0x7f, 0x7e, 0x80, 0x34, 0x42, 0x56, 0x57, 0x70, 0x71, 0x73}[g.rng.IntN(14)]
		case 7:
			if at > 0 {
				body = body[:at]
			}
		}
		if len(body) == 0 {
			body = []byte{0}
		}
	}
	out := append([]byte(magic), 0, 0, 0, 0, chunkChange)
	out = append(appendUleb(out, uint64(len(body))), body...)
	seal(out)
	return out
}
