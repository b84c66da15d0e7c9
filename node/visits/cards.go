package visits

import (
	"errors"
	"maps"
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
	// used: somebody has asked for a card since unused was counted, in minutes.
	used   bool
	unused int
}

type openCard struct {
	// key tells which sealing it was opened from, and grip by what; stirred is the
	// count under which that sealing was last seen to stand.
	key     string
	grip    Grip
	stirred uint64
	card    record.Card
	// plain is what it is found by.
	plain string
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
	o, err := s.shown(s.moment(a), &p)
	return o.card, err
}

// moment is what may be shown at one moment; check is the vault's. What is opened
// is kept unless all is forgotten after it.
type moment struct {
	Access
	withheld error
	check    func(Grip) error
	wiped    uint64
}

func (s *Service) moment(a Access) moment {
	return moment{a, s.withheld(), s.cfg.Vault.Check, s.cards.wipes()}
}

// shown is the card of somebody, if it may be shown at a moment.
func (s *Service) shown(m moment, p *record.Presence) (openCard, error) {
	a, visit, site := m.Access, p.Visit, p.Seen.Place.Site
	s.cards.under(a.Evacuation)
	if err := errors.Join(a.card(site), a.unrestricted(*p)); err != nil {
		s.cards.forget(visit)
		return openCard{}, err
	}
	if m.withheld != nil {
		return openCard{}, m.withheld
	}
	o, err := s.openCard(m, visit, len(p.Restricted) == 0)
	if errors.Is(err, ErrLocked) {
		s.Forget()
	}
	if err == nil && !a.Evacuation.IsZero() && s.cfg.Opened != nil {
		s.cards.tell(a.Evacuation, visit)
	}
	return o, err
}

// openCard opens a card, and keeps it in memory where keep says so.
func (s *Service) openCard(m moment, visit record.VisitID, keep bool) (openCard, error) {
	k := record.PartKey{Visit: visit, Audience: record.CardAudience}
	if o, ok := s.cards.get(visit); ok {
		if err := s.stands(k, o, m.check); err == nil {
			return o, nil
		}
		s.cards.forget(visit)
	}
	// First: what comes to stand meanwhile makes the next look fail.
	stirred := s.cfg.Replica.Stirred(visit)
	key, err := s.cfg.Replica.Standing(k)
	if err != nil {
		return openCard{}, err
	}
	var grip Grip
	part, err := s.cfg.Replica.Sealed(k)
	if err == nil {
		grip, err = s.cfg.Vault.Grip(part)
	}
	if err == nil {
		err = s.cfg.Vault.Check(grip)
	}
	if err != nil {
		return openCard{}, err
	}
	clear, err := s.cfg.Vault.Open(k, part)
	if err != nil {
		return openCard{}, err
	}
	defer wipe(clear)
	c, err := codec.DecodeCard(clear)
	if err != nil {
		return openCard{}, err
	}
	o := openCard{key, grip, stirred, c, foundBy(visit, c)}
	if keep {
		s.cards.put(m.wiped, m.Evacuation, visit, o)
	}
	s.cards.under(s.access().Evacuation) // which may have ended meanwhile
	return o, nil
}

// errReplaced means that a card was opened from what stands no more.
var errReplaced = errors.New("sealed anew")

// stands says why a card that was opened may be shown no more, or nil. It reads
// the disk only where something was written of a visit's keys, or of one that
// shares its count.
func (s *Service) stands(k record.PartKey, o openCard, check func(Grip) error) error {
	if now := s.cfg.Replica.Stirred(k.Visit); now != o.stirred {
		key, err := s.cfg.Replica.Standing(k)
		if err != nil {
			return err
		}
		if key != o.key {
			return errReplaced
		}
		s.cards.stood(k.Visit, key, now)
	}
	return check(o.grip)
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
	c.used = true
	o, ok := c.open[v]
	return o, ok
}

// stood notes the count under which a card was seen to stand.
func (c *cards) stood(v record.VisitID, key string, stirred uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if o, ok := c.open[v]; ok && o.key == key {
		o.stirred = stirred
		c.open[v] = o
	}
}

// put keeps a card, unless all were forgotten meanwhile or what it was opened
// for is over.
func (c *cards) put(wiped uint64, of record.EvacID, v record.VisitID, o openCard) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if of != c.of || wiped != c.wiped {
		return
	}
	for other := range c.open {
		if len(c.open) < maxCards {
			break
		}
		delete(c.open, other)
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

// CardsOpen is how many cards are open in memory.
func (s *Service) CardsOpen() int {
	s.cards.mu.Lock()
	defer s.cards.mu.Unlock()
	return len(s.cards.open)
}

// forgetGone forgets cards whose visits have been erased, corrected or
// restricted.
func (s *Service) forgetGone() {
	for _, p := range s.cfg.Replica.OpenNow() {
		if len(p.Restricted) > 0 {
			s.cards.forget(p.Visit)
		}
	}
	for v, o := range s.cards.all() {
		k := record.PartKey{Visit: v, Audience: record.CardAudience}
		if s.stands(k, o, func(Grip) error { return nil }) != nil || o.stirred != s.cfg.Replica.Stirred(v) && s.cfg.Replica.Shredded(v) {
			s.cards.forget(v)
		}
	}
}

// forgetLost forgets cards that would not be opened any more, because a date
// has come, a key has gone or the visit has been restricted.
func (s *Service) forgetLost() {
	s.forgetGone()
	check, inside := s.checkOnce(), map[record.VisitID]bool{}
	for _, p := range s.cfg.Replica.OpenNow() {
		inside[p.Visit] = true
	}
	for v, o := range s.cards.all() {
		err := check(o.grip)
		if !inside[v] && err == nil {
			if p, e := s.cfg.Replica.Presence(v); e == nil && len(p.Restricted) > 0 {
				err = ErrRestricted
			}
		}
		if err != nil {
			s.cards.forget(v)
		}
	}
}

// checkOnce asks the vault once for each grip: for a look at many at one moment.
func (s *Service) checkOnce() func(Grip) error {
	said := map[Grip]error{}
	return func(g Grip) error {
		err, known := said[g]
		if !known {
			err = s.cfg.Vault.Check(g)
			said[g] = err
		}
		return err
	}
}

// disused is for how many minutes cards are kept that nobody asks for.
const disused = 30

// forgetDisused forgets all where nobody has asked for any for half an hour;
// call it each minute.
func (s *Service) forgetDisused() {
	c := s.cards
	c.mu.Lock()
	c.unused++
	if c.used {
		c.used, c.unused = false, 0
	}
	over := c.unused >= disused
	c.mu.Unlock()
	if over {
		s.Forget()
	}
}

func (c *cards) all() map[record.VisitID]openCard {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.open)
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
