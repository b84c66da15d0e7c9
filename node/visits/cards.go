package visits

import (
	"sync"

	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/record"
)

// cards are the cards that have been opened, in memory only, while their key
// stands.
type cards struct {
	mu   sync.Mutex
	open map[record.VisitID]openCard
}

type openCard struct {
	version uint32
	card    record.Card
}

// maxCards bounds the opened cards in memory.
const maxCards = 20000

func newCards() *cards { return &cards{open: map[record.VisitID]openCard{}} }

// Card opens the card of a visit. Errors: ErrNotForUs where this node may not,
// crdt.ErrErased, crdt.ErrUnknownVisit when it has not come yet.
func (s *Service) Card(visit record.VisitID) (record.Card, error) {
	k := record.PartKey{Visit: visit, Audience: record.CardAudience}
	part, err := s.cfg.Replica.Sealed(k)
	if err != nil {
		s.cards.forget(visit)
		return record.Card{}, err
	}
	if c, ok := s.cards.get(visit, part.Version); ok {
		return c, nil
	}
	clear, err := s.cfg.Vault.Open(k, part)
	if err != nil {
		return record.Card{}, err
	}
	c, err := codec.DecodeCard(clear)
	if err != nil {
		return record.Card{}, err
	}
	s.cards.put(visit, part.Version, c)
	return c, nil
}

// Dossier opens the dossier of a visit; errors as Card's.
func (s *Service) Dossier(visit record.VisitID) (record.Dossier, error) {
	k := record.PartKey{Visit: visit, Audience: record.DossierAudience}
	part, err := s.cfg.Replica.Sealed(k)
	if err != nil {
		return record.Dossier{}, err
	}
	clear, err := s.cfg.Vault.Open(k, part)
	if err != nil {
		return record.Dossier{}, err
	}
	return codec.DecodeDossier(clear)
}

func (c *cards) get(v record.VisitID, version uint32) (record.Card, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	o, ok := c.open[v]
	return o.card, ok && o.version == version
}

func (c *cards) put(v record.VisitID, version uint32, card record.Card) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.open) >= maxCards {
		clear(c.open)
	}
	c.open[v] = openCard{version, card}
}

func (c *cards) forget(v record.VisitID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, v)
}

// Row is one visit of the list.
type Row struct {
	record.Presence
	// Card is nil where this node may not open it, or it is gone.
	Card *record.Card
}

// List are the retained visits in order of visit id; with present, those that
// may be inside alone.
func (s *Service) List(present bool) ([]Row, error) {
	var out []Row
	add := func(p record.Presence) error {
		row := Row{Presence: p}
		// A card that does not open never keeps its person off the list.
		if c, err := s.Card(p.Visit); err == nil {
			row.Card = &c
		}
		out = append(out, row)
		return nil
	}
	if !present {
		err := s.cfg.Replica.Visits(add)
		return out, err
	}
	for _, p := range s.cfg.Replica.Open() {
		if err := add(p); err != nil {
			return nil, err
		}
	}
	return out, nil
}
