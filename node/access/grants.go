package access

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/seal"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
)

// Protocol is where a member asks for the private keys of its audiences.
const Protocol = "/upprop/grant/2"

const (
	// maxIDs is how many keys are asked for at once.
	maxIDs    = 256
	maxAsk    = maxIDs * len(seal.KeyID{})
	maxAnswer = 256 << 10
	patience  = 5 * time.Second
	askEvery  = 3 * time.Second
)

// Ring is the private keys of audiences on this node. Safe for concurrent use.
type Ring interface {
	// Lacking are the keys of the audiences that a node should hold (see Due)
	// and that are not here, those needed first first.
	Lacking([]record.Audience) []seal.KeyID
	// Export is those of the keys that are here and belong to one of the
	// audiences, in the form that Import reads; nil when there are none. Errors:
	// ErrLocked when they are here and cannot be read now.
	Export(ids []seal.KeyID, audiences []record.Audience) ([]byte, error)
	// Import keeps keys, durably; those held already change nothing.
	Import([]byte) error
}

// ErrLocked means that keys are here but cannot be read before the PIN is given.
var ErrLocked = errors.New("keys are locked")

// Roster says who is who.
type Roster interface {
	Member(identity.NodeID) (identity.Member, bool)
	Members() []identity.Member
	Ends() identity.Ends
	Watch(func(identity.Record)) (stop func())
}

// Config is what Grants are made of; all but Logger is required.
type Config struct {
	Net    stream.Network
	Roster Roster
	Keys   Ring
	Self   identity.NodeID
	// Published are the keys that are published, as this node knows them. Nil: it knows
	// of none.
	Published func() []Key
	// WrittenOff reports whether an operator has declared a member destroyed;
	// nil: nobody has been.
	WrittenOff func(identity.NodeID) bool
	Logger     *slog.Logger
}

// Grants asks other members for the keys that this node's role is due, and
// answers those who ask.
type Grants struct {
	cfg  Config
	poke chan struct{}

	mu sync.Mutex
	// denied are the keys that members have lately said not to hold, and when.
	denied map[identity.NodeID]map[seal.KeyID]time.Time
}

// NewGrants registers the protocol; call it before peers connect.
func NewGrants(cfg Config) *Grants {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	g := &Grants{cfg: cfg, poke: make(chan struct{}, 1), denied: map[identity.NodeID]map[seal.KeyID]time.Time{}}
	cfg.Net.Handle(Protocol, false, g.answer)
	cfg.Net.Notify(func(identity.NodeID, bool) { g.wake() })
	return g
}

func (g *Grants) wake() {
	select {
	case g.poke <- struct{}{}:
	default:
	}
}

// Run asks until ctx ends, whenever something is lacking.
func (g *Grants) Run(ctx context.Context) error {
	defer g.cfg.Roster.Watch(func(identity.Record) { g.wake() })()
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for {
		g.askAll(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-g.poke:
		case <-tick.C:
		}
	}
}

func (g *Grants) askAll(ctx context.Context) {
	self, ok := g.cfg.Roster.Member(g.cfg.Self)
	if !ok || self.Revoked != nil {
		return
	}
	due := Audiences(self.Role)
	for _, peer := range g.cfg.Net.Peers() {
		lacking := g.cfg.Keys.Lacking(due)
		if len(lacking) == 0 {
			return
		}
		m, ok := g.cfg.Roster.Member(peer)
		if !ok || m.Revoked != nil || len(Audiences(m.Role)) == 0 {
			continue
		}
		for some := range slices.Chunk(lacking, maxIDs) {
			if err := g.ask(ctx, peer, some); err != nil {
				if ctx.Err() == nil {
					g.cfg.Logger.Debug("audience keys were not granted", "peer", m.Name, "err", err)
				}
				break
			}
		}
	}
}

// encodeAsk is the ids one after the other, in order.
func encodeAsk(ids []seal.KeyID) (b []byte) {
	ids = slices.Clone(ids)
	slices.SortFunc(ids, func(x, y seal.KeyID) int { return bytes.Compare(x[:], y[:]) })
	for _, id := range slices.Compact(ids) {
		b = append(b, id[:]...)
	}
	return b
}

// errAsk means that bytes ask for nothing.
var errAsk = errors.New("not a question for keys")

// decodeAsk reads exactly what encodeAsk writes.
func decodeAsk(b []byte) (ids []seal.KeyID, err error) {
	const size = len(seal.KeyID{})
	if len(b) == 0 || len(b) > maxAsk || len(b)%size != 0 {
		return nil, errAsk
	}
	for id := range slices.Chunk(b, size) {
		if n := len(ids); n > 0 && bytes.Compare(ids[n-1][:], id) >= 0 {
			return nil, errAsk
		}
		ids = append(ids, seal.KeyID(id))
	}
	return ids, nil
}

func (g *Grants) ask(ctx context.Context, peer identity.NodeID, lacking []seal.KeyID) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	s, err := g.cfg.Net.Open(ctx, peer, Protocol)
	if err != nil {
		return fmt.Errorf("ask for keys: %w", err)
	}
	defer s.Reset()
	if err := s.SetDeadline(time.Now().Add(patience)); err != nil {
		return fmt.Errorf("ask for keys: %w", err)
	}
	if err := stream.WriteFrame(s, encodeAsk(lacking)); err != nil {
		return fmt.Errorf("ask for keys: %w", err)
	}
	keys, err := stream.ReadFrame(s, maxAnswer)
	if err != nil {
		return fmt.Errorf("ask for keys: %w", err)
	}
	defer clear(keys)
	if len(keys) > 0 {
		if err := g.cfg.Keys.Import(keys); err != nil {
			return fmt.Errorf("keep granted keys: %w", err)
		}
		g.cfg.Logger.Info("audience keys granted")
	}
	g.deny(peer, lacking)
	return nil
}

// answer gives a member what its role is due and nothing else.
func (g *Grants) answer(_ context.Context, s stream.Stream) {
	defer s.Close()
	if s.SetDeadline(time.Now().Add(patience)) != nil {
		s.Reset()
		return
	}
	b, err := stream.ReadFrame(s, maxAsk)
	if err != nil {
		s.Reset()
		return
	}
	asked, err := decodeAsk(b)
	if err != nil {
		s.Reset()
		return
	}
	keys, err := g.due(s.Remote(), asked)
	if errors.Is(err, ErrLocked) || errors.Is(err, errUnheard) {
		s.Reset() // an empty answer would say that they are not here
		return
	}
	if err != nil {
		g.cfg.Logger.Error("audience keys could not be read", "err", err)
	}
	defer clear(keys)
	if stream.WriteFrame(s, keys) != nil {
		s.Reset()
	}
}

// due are the keys that a member may have of those it asks for.
func (g *Grants) due(peer identity.NodeID, asked []seal.KeyID) ([]byte, error) {
	m, ok := g.cfg.Roster.Member(peer)
	if !ok || m.Revoked != nil {
		return nil, nil
	}
	may := Audiences(m.Role)
	if len(may) == 0 {
		return nil, nil
	}
	unheard := g.unheard()
	known := slices.DeleteFunc(slices.Clone(asked), func(id seal.KeyID) bool { return unheard[id] })
	keys, err := g.cfg.Keys.Export(known, may)
	if err == nil && len(keys) == 0 && len(known) < len(asked) {
		return nil, errUnheard
	}
	return keys, err
}

// errUnheard means that keys are asked for of which this node cannot say who may have
// them.
var errUnheard = errors.New("keys were made after a revocation that is not known here")

// unheard are keys that were made after a revocation which this node has not heard of:
// whoever asks may be the one who was revoked. It hears of it within seconds, from
// whoever made the key.
func (g *Grants) unheard() map[seal.KeyID]bool {
	out := map[seal.KeyID]bool{}
	if g.cfg.Published == nil {
		return out
	}
	ends := g.cfg.Roster.Ends()
	for _, k := range g.cfg.Published() {
		if !explained(k.Epoch, ends) {
			out[k.ID] = true
		}
	}
	return out
}

// explained reports whether an epoch can have come of these revocations: of one of them
// and as many further ones as there are nodes. It is not compared with the epoch of now,
// which falls when a revoked node is forgotten, when two halves turn out to have revoked
// one node, and when the root lets one in again; nor is a lower one known for that, since
// it may come of an earlier revocation that is on its way.
func explained(epoch int64, ends identity.Ends) bool {
	return epoch == 0 || slices.ContainsFunc(ends.At, func(at time.Time) bool {
		further := epoch - max(at.Unix(), 0)
		return further >= 0 && further < int64(ends.Nodes)
	})
}
