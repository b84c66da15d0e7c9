package access

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/seal"
	"github.com/upprop/upprop/mesh/identity"
)

const (
	// Ahead is for how many days from today keys are made: the retention of
	// 30 days and 60 for a campus that is cut in two.
	Ahead     = 90
	retention = 30
	// renewAfter is after how many days a key is published anew, so that nodes
	// that join later hear of it too.
	renewAfter = 20
	// together is how many keys are published as one.
	together = 64
	lookEach = 10 * time.Minute
	// again is after how long what could not be done is tried again: what comes
	// in until then may be sealed to a key that a revoked member holds.
	again = 10 * time.Second
	// patient is how long each desk before us in the order may take.
	patient = 5 * time.Second
	// firstLook is how long after its start a desk looks a second time: by then
	// all who are there have been asked for the keys that are missing.
	firstLook = 45 * time.Second
	// settleFor is how long a start may take to hear of the keys that others
	// have made.
	settleFor = 30 * time.Second
)

// audiences have keys of dates.
var audiences = []record.Audience{record.CardAudience, record.DossierAudience}

// Store is where private keys rest on this node.
type Store interface {
	// Add keeps private keys, durably, all or none.
	Add(keys ...seal.PrivateKey) error
}

// Publisher tells the campus of public keys.
type Publisher interface {
	// Publish writes acts as one entry, durably.
	Publish(ctx context.Context, acts []record.Act) error
}

// MakerConfig is what a Maker is made of; Rank, Ahead and Logger have defaults.
type MakerConfig struct {
	Store     Store
	Publisher Publisher
	Book      *Book
	// Members are all of the roster, revoked ones included.
	Members func() []identity.Member
	Self    identity.NodeID
	// Today is the date to make keys from; false while the clock is in doubt,
	// and then nothing is made.
	Today func() (record.Day, bool)
	// Rank is how many desks that are connected come before this one in an
	// order that all share; they are given time to do the work first.
	Rank func() int
	// Settled reports whether all that other members have written is held
	// here; nil: it is.
	Settled func() bool
	// Ahead is for how many days from today keys are made; 0: the constant.
	Ahead int
	// Lost are those of the keys whose private half nobody who could have it can
	// give (see [Grants.Lost]); nil: none.
	Lost   func([]Key) []seal.KeyID
	Logger *slog.Logger
}

// Maker makes the keys of dates ahead, at desks: private halves first, then
// public ones for all. Two desks that do so at once make keys that serve both.
// Run is for one goroutine; Make is safe beside it.
type Maker struct {
	cfg MakerConfig
	// making guards untold.
	making sync.Mutex
	// untold are those kept here that the campus could not be told of. They are
	// published when that can be done: a disk too full for entries may still
	// have room in the file of keys, and would be given new ones every ten
	// seconds, until no other desk's key could be kept either.
	untold map[slot]untold
}

// untold is a key that was made here, and the epoch in which it was.
type untold struct {
	key   seal.PublicKey
	epoch int64
}

// NewMaker makes a Maker.
func NewMaker(cfg MakerConfig) *Maker {
	if cfg.Rank == nil {
		cfg.Rank = func() int { return 0 }
	}
	if cfg.Ahead == 0 {
		cfg.Ahead = Ahead
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Maker{cfg: cfg}
}

// Run makes what is missing until ctx ends. wake has it look at once, as after
// a revocation; else it looks every ten minutes, within ten seconds of another date,
// and where keys could not be kept or published, or the clock was in doubt, every ten
// seconds.
func (m *Maker) Run(ctx context.Context, wake <-chan struct{}) error {
	m.settle(ctx)
	second := time.After(firstLook)
	for {
		if m.toDo() {
			wait := time.NewTimer(time.Duration(m.cfg.Rank()) * patient)
			select {
			case <-ctx.Done():
			case <-wait.C:
			}
			wait.Stop()
		}
		if ctx.Err() != nil {
			return nil // what was made now nobody would be told of
		}
		pause := lookEach
		if err := m.Make(ctx); err != nil && ctx.Err() == nil {
			m.cfg.Logger.Error("keys of coming dates could not be made; tried again soon", "err", err)
			pause = again
		} else if _, sure := m.cfg.Today(); !sure {
			pause = again
		}
		m.rest(ctx, pause, second, wake)
	}
}

// rest waits for a pause, or until the date is another: after a clock that went
// wrong has been put right, what is sealed waits for keys of the right dates.
func (m *Maker) rest(ctx context.Context, pause time.Duration, second <-chan time.Time, wake <-chan struct{}) {
	end, each := time.NewTimer(pause), time.NewTicker(again)
	defer end.Stop()
	defer each.Stop()
	today, sure := m.cfg.Today()
	for {
		select {
		case <-ctx.Done():
		case <-end.C:
		case <-second:
		case <-wake:
		case <-each.C:
			if d, ok := m.cfg.Today(); d == today && ok == sure {
				continue
			}
		}
		return
	}
}

// toDo reports whether anything is to be made or published.
func (m *Maker) toDo() bool {
	w, err := m.look()
	return err == nil && len(w.missing)+len(w.old)+len(w.lost) > 0
}

// settle waits, when something is missing, until what others have made has had
// time to come: a desk that has just joined knows of none, and what it makes
// then nobody but it can open until it has handed it out.
func (m *Maker) settle(ctx context.Context) {
	if m.cfg.Settled == nil {
		return
	}
	end := time.Now().Add(settleFor)
	for m.toDo() && !m.cfg.Settled() && time.Now().Before(end) {
		wait := time.NewTimer(settleFor / 100)
		select {
		case <-ctx.Done():
			wait.Stop()
			return
		case <-wait.C:
		}
	}
}

// slot is a date of an audience.
type slot struct {
	audience record.Audience
	day      record.Day
}

func (m *Maker) self() bool {
	for _, x := range m.cfg.Members() {
		if x.ID == m.cfg.Self {
			return x.Role == identity.RoleDesk && x.Revoked == nil
		}
	}
	return false
}

// work is what a desk has to do.
type work struct {
	// missing are the dates ahead that have no key made since the latest
	// revocation.
	missing []slot
	// old are the keys that are to be published anew, and lost those that are to
	// be declared gone.
	old, lost []Key
}

func (m *Maker) look() (w work, err error) {
	today, sure := m.cfg.Today()
	if !sure || !m.self() {
		return w, nil
	}
	keys, err := m.cfg.Book.Keys()
	if err != nil {
		return w, err
	}
	members := m.cfg.Members()
	var ahead []Key
	for _, k := range keys {
		if k.Day > today && !k.Gone {
			ahead = append(ahead, k)
		}
	}
	lost := m.lost(ahead)
	have := map[slot]bool{}
	for _, k := range ahead {
		epoch := Epoch(members, k.Audience)
		switch {
		case lost[k.ID]:
			if k.Epoch == epoch { // else it has been replaced already
				w.lost = append(w.lost, k)
			}
			continue
		case k.Epoch == epoch:
			have[slot{k.Audience, k.Day}] = true
		}
		if k.Filed+renewAfter < today && needed(k, epoch) {
			w.old = append(w.old, k)
		}
	}
	// By date, so that the first commit serves both audiences for a month.
	for d := today + 1; d <= today+record.Day(m.cfg.Ahead); d++ {
		for _, a := range audiences {
			if s := (slot{a, d}); !have[s] {
				w.missing = append(w.missing, s)
			}
		}
	}
	return w, nil
}

func (m *Maker) lost(keys []Key) map[seal.KeyID]bool {
	out := map[seal.KeyID]bool{}
	if m.cfg.Lost != nil {
		for _, id := range m.cfg.Lost(keys) {
			out[id] = true
		}
	}
	return out
}

// needed reports whether anything may be sealed to a key that is still to be
// opened: to one that was replaced, nothing that lives longer than what was
// sealed until then.
func needed(k Key, epoch int64) bool {
	return k.Epoch == epoch || k.Day <= max(record.DayOf(time.Unix(epoch, 0)), k.Filed)+retention+1
}

// Make makes what is missing and publishes anew what new nodes would not hear
// of; it does nothing on a node that is no desk. What it has made is durable,
// also when it returns an error.
func (m *Maker) Make(ctx context.Context) error {
	m.making.Lock()
	defer m.making.Unlock()
	w, err := m.look()
	if err != nil {
		return fmt.Errorf("make keys: %w", err)
	}
	members := m.cfg.Members()
	var private []seal.PrivateKey
	var acts []record.Act
	publish := func(k seal.PublicKey, day record.Day, epoch int64) {
		acts = append(acts, record.Act{Kind: record.ActKey, Audience: k.Audience, Until: day, Epoch: epoch, Key: k.Bytes})
	}
	kept := map[slot]untold{}
	for _, s := range w.missing {
		epoch := Epoch(members, s.audience)
		u, ok := m.untold[s]
		if !ok || u.epoch != epoch {
			k, err := seal.GenerateKey(s.audience, seal.DateOf(s.day))
			if err != nil {
				return fmt.Errorf("make keys: %w", err)
			}
			private = append(private, k)
			u = untold{k.Public(), epoch}
		}
		kept[s] = u
		publish(u.key, s.day, epoch)
	}
	for _, k := range w.old {
		publish(k.PublicKey, k.Day, k.Epoch)
	}
	// Last: nothing is called gone before what replaces it is published.
	for _, k := range w.lost {
		acts = append(acts, record.Act{Kind: record.ActKeyGone, Audience: k.Audience, Until: k.Day, Key: k.Bytes})
	}
	if len(private) > 0 {
		if err := m.cfg.Store.Add(private...); err != nil {
			return fmt.Errorf("make keys: %w", err)
		}
		m.cfg.Logger.Info("keys of coming dates made", "keys", len(private))
	}
	m.untold = kept
	if len(w.lost) > 0 {
		m.cfg.Logger.Warn("nobody has the private halves of keys that are published: they are replaced", "keys", len(w.lost))
	}
	for some := range slices.Chunk(acts, together) {
		if err := m.cfg.Publisher.Publish(ctx, some); err != nil {
			return fmt.Errorf("publish keys: %w", err)
		}
		for _, act := range some {
			delete(m.untold, slot{act.Audience, act.Until})
		}
	}
	return nil
}

// Epoch is the epoch of an audience: the time of the latest revocation of a
// member that could read it, in Unix seconds, and one more for each further
// one, so that a revocation by a clock that was ahead does not hide a later
// one. Zero when nobody has been revoked.
func Epoch(members []identity.Member, a record.Audience) int64 {
	var last, n int64
	for _, x := range members {
		if x.Revoked == nil {
			continue
		}
		for _, may := range Audiences(x.Role) {
			if may == a {
				last, n = max(last, x.Revoked.Time().Unix()), n+1
			}
		}
	}
	if n == 0 {
		return 0
	}
	return max(last, 0) + n - 1
}
