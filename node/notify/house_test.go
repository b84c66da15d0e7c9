package notify

import (
	"bytes"
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/seal"
	"github.com/upprop/upprop/crdt/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// town is a campus as notify sees it: what all nodes know, and who hears whom.
type town struct {
	t       *testing.T
	mu      sync.Mutex
	changed chan struct{}
	open    []record.Presence
	evacs   record.Evacuations
	gone    map[record.VisitID]bool
	files   map[record.VisitID]record.Dossier
	claims  map[record.EvacID][]Claim
	hosts   map[record.VisitID]record.Private
	asked   map[record.VisitID]bool
	apart   map[record.NodeID]bool // cut off from the others
	log     bytes.Buffer
}

func newTown(t *testing.T) *town {
	return &town{
		t: t, changed: make(chan struct{}), gone: map[record.VisitID]bool{}, files: map[record.VisitID]record.Dossier{},
		claims: map[record.EvacID][]Claim{}, apart: map[record.NodeID]bool{},
		hosts: map[record.VisitID]record.Private{}, asked: map[record.VisitID]bool{},
	}
}

func (w *town) edit(fn func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	fn()
	close(w.changed)
	w.changed = make(chan struct{})
}

func (w *town) Open() []record.Presence {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.open)
}

func (w *town) Presence(v record.VisitID) (record.Presence, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.open {
		if p.Visit == v {
			return p, nil
		}
	}
	return record.Presence{}, crdt.ErrUnknownVisit
}

func (w *town) Evacuations() record.Evacuations {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.evacs)
}

func (w *town) Shredded(v record.VisitID) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.gone[v]
}

func (w *town) Changed() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.changed
}

func (w *town) dossier(v record.VisitID) (record.Dossier, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.gone[v] {
		return record.Dossier{}, crdt.ErrErased
	}
	d, ok := w.files[v]
	if !ok {
		return d, crdt.ErrUnknownVisit
	}
	return d, nil
}

// comes lets somebody in.
func (w *town) comes(n byte, site record.SiteID, d record.Dossier) record.VisitID {
	v := record.VisitID{n, 1, 2, 3, 4, 5}
	w.edit(func() {
		var p record.Presence
		p.Visit, p.State, p.Seen.Place.Site = v, record.Present, site
		w.open = append(w.open, p)
		w.files[v] = d
	})
	return v
}

func (w *town) sound(n byte, by record.NodeID, drill bool, site record.SiteID) record.EvacID {
	id := record.EvacID{n}
	w.edit(func() {
		w.evacs = append(w.evacs, record.Start{ID: id, At: record.HLCOf(time.Now()), Drill: drill, Site: site, By: by})
	})
	return id
}

func (w *town) end(id record.EvacID) {
	w.edit(func() {
		for i := range w.evacs {
			if w.evacs[i].ID == id {
				w.evacs[i].Ended = record.HLCOf(time.Now())
			}
		}
	})
}

func (w *town) erase(v record.VisitID) { w.edit(func() { w.gone[v] = true }) }

// post is a channel that takes down what is sent.
type post struct {
	mu    sync.Mutex
	sent  []message
	fails func(n int, m message) error // nil: never
	tries []time.Time
}

func (p *post) send(_ context.Context, m message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tries = append(p.tries, time.Now())
	if p.fails != nil {
		if err := p.fails(len(p.tries), m); err != nil {
			return err
		}
	}
	p.sent = append(p.sent, m)
	return nil
}

func (p *post) to() (out []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.sent {
		out = append(out, m.to.Reveal())
	}
	slices.Sort(out)
	return out
}

func (p *post) count() int { return len(p.to()) }

// office is one node of the town.
type office struct {
	*Service
	town  *town
	id    record.NodeID
	disk  *store.Mem
	vault *seal.Vault
	file  string
	post  *post
	stop  func()
	desk  bool
	rank  int
}

func (w *town) office(n byte, desk bool) *office {
	o := &office{
		town: w, id: record.NodeID{n}, disk: store.NewMem(uint64(n)), vault: seal.NewVault(), file: filepath.Join(w.t.TempDir(), "notify.json"),
		post: &post{}, desk: desk,
	}
	o.start()
	o.set()
	return o
}

func (o *office) set() {
	o.town.t.Helper()
	if err := o.Change(func(s *Settings) error {
		s.SMTP = &SMTP{Host: "mail.example.org", From: "upprop@example.org", TLS: "starttls"}
		s.SMS = &SMS{Gateway: Elks, User: "u", Password: Secret{Env: "PATH"}, From: "Upprop"}
		return nil
	}); err != nil {
		o.town.t.Fatal(err)
	}
}

// start runs the node until stop.
func (o *office) start() {
	w := o.town
	w.t.Helper()
	var err error
	o.Service, err = New(Config{
		Store: o.disk, Keys: o.vault, Replica: w, Self: o.id, File: o.file, Zone: time.UTC,
		Place: func() record.Place { return record.Place{Site: "North", Entrance: "East gate"} },
		Opens: func() bool { return o.desk }, Dossier: w.dossier, Rank: func() int { return o.rank },
		InTouch: func(id record.NodeID) bool {
			w.mu.Lock()
			defer w.mu.Unlock()
			return !w.apart[id]
		},
		Claims: func(id record.EvacID) ([]Claim, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			return slices.Clone(w.claims[id]), nil
		},
		Claim: func(_ context.Context, id record.EvacID, done bool) error {
			w.edit(func() { w.claims[id] = append(w.claims[id], Claim{o.id, record.HLCOf(time.Now()), done}) })
			return nil
		},
		Host: func(_ context.Context, v record.VisitID) (record.Private, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			if w.gone[v] {
				return "", crdt.ErrErased
			}
			return w.hosts[v], nil
		},
		Reminded: func(v record.VisitID) (bool, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.asked[v], nil
		},
		Remind: func(_ context.Context, v record.VisitID) error {
			w.edit(func() { w.asked[v] = true })
			return nil
		},
		SignLink: func(l record.Link) (string, error) { return "token-" + l.Visit.Short(), nil },
		Logger:   slog.New(slog.NewTextHandler(&w.log, nil)),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	o.senders = func(s Settings, name string) (sender, bool) { return o.post, true }
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	s := o.Service
	go func() {
		defer close(done)
		if err := s.Run(ctx); err != nil {
			w.t.Error(err)
		}
	}()
	o.stop = func() { cancel(); <-done }
}

// entry is what the outbox has of id, whatever runs beside.
func (o *office) entry(id ID) Entry {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.entries[id]
}

// crash cuts the power and starts the node again.
func (o *office) crash() {
	next := o.disk.Crash()
	o.stop()
	o.disk = next
	o.start()
}

// later lets time pass and everything come to rest.
func later(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// clear reports whether text stands in clear in the node's rows.
func (o *office) inClear(text string) bool {
	found := false
	if err := o.disk.Scan(nil, nil, func(k, v []byte) error {
		found = found || bytes.Contains(v, []byte(text)) || bytes.Contains(k, []byte(text))
		return nil
	}); err != nil {
		o.town.t.Fatal(err)
	}
	return found || strings.Contains(o.town.log.String(), text)
}
