package visits

import (
	"errors"
	"maps"
	"slices"
	"sync"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/record"
)

// cards are the cards that have been opened, in memory only, while their key
// stands and may be used, and the evacuation runs that they were opened for.
type cards struct {
	mu sync.Mutex
	// wiped counts how often all were forgotten: what was opened before is not
	// kept after.
	wiped uint64
	open  map[record.VisitID]openCard
	// of is that evacuation; zero where none is needed.
	of record.EvacID
	// told are the openings of it that Opened knows or is about to: those in
	// untold.
	told   map[record.VisitID]bool
	untold []record.VisitID
	poke   chan struct{}
}

type openCard struct {
	// part is what it was opened from, without the box; key tells which sealing
	// that was.
	part crdt.SealedPart
	key  string
	card record.Card
}

// maxCards bounds the opened cards in memory.
const maxCards = 20000

func newCards() *cards {
	return &cards{open: map[record.VisitID]openCard{}, told: map[record.VisitID]bool{}, poke: make(chan struct{}, 1)}
}

// Card opens the card of a visit. Errors: ErrNotForUs where this node may not,
// ErrNotNow where it may during an evacuation, ErrRestricted, crdt.ErrErased,
// crdt.ErrUnknownVisit when it has not come yet, ErrNotYet while nobody's may
// be shown.
func (s *Service) Card(visit record.VisitID) (record.Card, error) {
	a := s.access()
	p, err := s.cfg.Replica.Presence(visit)
	if errors.Is(err, crdt.ErrUnknownVisit) && (a.Card == nil || a.Evacuation.IsZero()) {
		p, err = record.Presence{Visit: visit}, nil // every site is alike
	}
	if err != nil {
		return record.Card{}, err
	}
	return s.card(a, p)
}

// CardOf is Card of somebody whose presence is at hand.
func (s *Service) CardOf(p record.Presence) (record.Card, error) {
	return s.card(s.access(), p)
}

func (s *Service) card(a Access, p record.Presence) (record.Card, error) {
	visit, site := p.Visit, p.Seen.Place.Site
	s.cards.under(a.Evacuation)
	if err := errors.Join(a.card(site), a.unrestricted(p)); err != nil {
		s.cards.forget(visit)
		return record.Card{}, err
	}
	if err := s.withheld(); err != nil {
		return record.Card{}, err
	}
	c, err := s.openCard(a, visit, len(p.Restricted) == 0)
	if errors.Is(err, ErrLocked) {
		s.Forget()
	}
	if err == nil && !a.Evacuation.IsZero() && s.cfg.Opened != nil {
		s.cards.tell(a.Evacuation, visit)
	}
	return c, err
}

// openCard opens a card, and keeps it in memory where keep says so.
func (s *Service) openCard(a Access, visit record.VisitID, keep bool) (record.Card, error) {
	k := record.PartKey{Visit: visit, Audience: record.CardAudience}
	wiped := s.cards.wipes()
	if o, ok := s.cards.get(visit); ok {
		if err := s.stands(k, o); err == nil {
			return o.card, nil
		}
		s.cards.forget(visit)
	}
	// First: what comes to stand meanwhile makes the next look fail.
	key, err := s.cfg.Replica.Standing(k)
	if err != nil {
		return record.Card{}, err
	}
	part, err := s.cfg.Replica.Sealed(k)
	if err == nil {
		err = s.cfg.Vault.Check(part)
	}
	if err != nil {
		return record.Card{}, err
	}
	clear, err := s.cfg.Vault.Open(k, part)
	if err != nil {
		return record.Card{}, err
	}
	defer wipe(clear)
	c, err := codec.DecodeCard(clear)
	if err != nil {
		return record.Card{}, err
	}
	if keep {
		part.Box = nil
		s.cards.put(wiped, a.Evacuation, visit, openCard{part, key, c})
	}
	s.cards.under(s.access().Evacuation) // which may have ended meanwhile
	return c, nil
}

// errReplaced means that a card was opened from what stands no more.
var errReplaced = errors.New("sealed anew")

// stands says why a card that was opened may be shown no more, or nil.
func (s *Service) stands(k record.PartKey, o openCard) error {
	key, err := s.cfg.Replica.Standing(k)
	if err != nil {
		return err
	}
	if key != o.key {
		return errReplaced
	}
	return s.cfg.Vault.Check(o.part)
}

// Dossier opens the dossier of a visit; errors as Card's.
func (s *Service) Dossier(visit record.VisitID) (record.Dossier, error) {
	a := s.access()
	if !a.Dossiers {
		return record.Dossier{}, ErrNotForUs
	}
	p, err := s.cfg.Replica.Presence(visit)
	if err != nil && !errors.Is(err, crdt.ErrUnknownVisit) {
		return record.Dossier{}, err
	}
	if len(p.Restricted) > 0 {
		return record.Dossier{}, ErrRestricted
	}
	return s.openDossier(visit)
}

func (s *Service) openDossier(visit record.VisitID) (record.Dossier, error) {
	if err := s.withheld(); err != nil {
		return record.Dossier{}, err
	}
	k := record.PartKey{Visit: visit, Audience: record.DossierAudience}
	part, err := s.cfg.Replica.Sealed(k)
	if err != nil {
		return record.Dossier{}, err
	}
	clear, err := s.cfg.Vault.Open(k, part)
	if err != nil {
		return record.Dossier{}, err
	}
	defer wipe(clear)
	return codec.DecodeDossier(clear)
}

func (c *cards) get(v record.VisitID) (openCard, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	o, ok := c.open[v]
	return o, ok
}

// put keeps a card, unless all were forgotten meanwhile or what it was opened
// for is over.
func (c *cards) put(wiped uint64, of record.EvacID, v record.VisitID, o openCard) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if of != c.of || wiped != c.wiped {
		return
	}
	if len(c.open) >= maxCards {
		clear(c.open)
	}
	c.open[v] = o
}

func (c *cards) wipes() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wiped
}

// Forget forgets all cards that have been opened; call it when names are
// locked.
func (s *Service) Forget() {
	s.cards.mu.Lock()
	defer s.cards.mu.Unlock()
	s.cards.wiped++
	clear(s.cards.open)
}

// forgetShredded forgets cards whose visits have been erased.
func (s *Service) forgetShredded() {
	for _, v := range s.cards.held() {
		if s.cfg.Replica.Shredded(v) {
			s.cards.forget(v)
		}
	}
}

// forgetLost forgets cards that would not be opened any more, because a date
// has come, a key has gone or the visit has been restricted.
func (s *Service) forgetLost() {
	for _, v := range s.cards.held() {
		o, ok := s.cards.get(v)
		if !ok {
			continue
		}
		err := s.stands(record.PartKey{Visit: v, Audience: record.CardAudience}, o)
		if p, e := s.cfg.Replica.Presence(v); e == nil && len(p.Restricted) > 0 {
			err = ErrRestricted
		}
		if err != nil {
			s.cards.forget(v)
		}
	}
}

func (c *cards) held() []record.VisitID {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Collect(maps.Keys(c.open))
}

// wipe clears what was opened, once it has been read.
func wipe(b []byte) { clear(b) }

func (c *cards) forget(v record.VisitID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, v)
}

// Row is one visit of the list.
type Row struct {
	record.Presence
	// Card is nil where this node may not open it, it is gone, or the visit is
	// restricted.
	Card *record.Card
}

// List are the retained visits in order of visit id; with present, those that
// may be inside alone.
func (s *Service) List(present bool) ([]Row, error) {
	var out []Row
	add := func(p record.Presence) error {
		if p.Visit.IsZero() {
			return nil // a badge code that was marked, and no visit of it known
		}
		row := Row{Presence: p}
		// A card that does not open never keeps its person off the list.
		// A list is no muster: who is restricted stays so during an alarm too.
		if len(p.Restricted) == 0 {
			if c, err := s.CardOf(p); err == nil {
				row.Card = &c
			}
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
