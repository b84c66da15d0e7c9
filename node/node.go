// Package node puts one node together: its data folder, the replica, the mesh
// and the services over them. It is wiring; the rules are in the packages
// below it (visits, access) and the screens above (kiosk, evac).
//
// Invariant: what Open opened, Close closes, in reverse, whatever failed in
// between.
package node

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/envelope"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/seal"
	"github.com/upprop/upprop/crdt/store"
	"github.com/upprop/upprop/mesh"
	"github.com/upprop/upprop/mesh/cut"
	"github.com/upprop/upprop/mesh/gossip"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/join"
	"github.com/upprop/upprop/mesh/link"
	"github.com/upprop/upprop/mesh/stream"
	"github.com/upprop/upprop/node/access"
	"github.com/upprop/upprop/node/alarm"
	"github.com/upprop/upprop/node/audit"
	"github.com/upprop/upprop/node/badges"
	"github.com/upprop/upprop/node/cable"
	"github.com/upprop/upprop/node/calls"
	"github.com/upprop/upprop/node/deliveries"
	"github.com/upprop/upprop/node/documents"
	"github.com/upprop/upprop/node/expiry"
	"github.com/upprop/upprop/node/feed"
	"github.com/upprop/upprop/node/hosts"
	"github.com/upprop/upprop/node/invitations"
	"github.com/upprop/upprop/node/kept"
	"github.com/upprop/upprop/node/kinds"
	"github.com/upprop/upprop/node/languages"
	"github.com/upprop/upprop/node/look"
	"github.com/upprop/upprop/node/notify"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/pairing"
	"github.com/upprop/upprop/node/photos"
	"github.com/upprop/upprop/node/pin"
	"github.com/upprop/upprop/node/plans"
	"github.com/upprop/upprop/node/points"
	"github.com/upprop/upprop/node/printer"
	"github.com/upprop/upprop/node/privacy"
	"github.com/upprop/upprop/node/rights"
	"github.com/upprop/upprop/node/statistics"
	"github.com/upprop/upprop/node/trigger"
	"github.com/upprop/upprop/node/visits"
	"github.com/upprop/upprop/node/watch"
)

// Config says how a node is opened. Dir is required.
type Config struct {
	// Dir is the data folder; made by Init or Enroll.
	Dir string
	// Listen is "IP:PORT"; empty takes what the folder remembers.
	Listen string
	// Network makes the node's network; nil listens with libp2p.
	Network func(key *identity.Key, admit stream.Admit) (stream.Network, error)
	// Offline reports whether all networks of this device are off; nil: as this
	// machine says, or never where Network is set.
	Offline func() bool
	// OpenStore opens the database in a folder; nil opens it on disk.
	OpenStore func(dir string) (store.Store, error)
	// Aborted, called once the folder is held, says whether the process that
	// ran on it last ended by its own fault; nil means that nobody knows.
	Aborted func() bool
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Passphrase is what the node's keys rest under; empty where they rest
	// under none. Keys that rest under none are put under it. It is the
	// caller's, who may clear it when Open has returned.
	Passphrase []byte
	// VaultFS is the disk that the node's keys rest on; nil: this machine's.
	VaultFS seal.FS
	// VaultKDF is how hard a PIN or passphrase is to guess; zero: as hard as
	// this machine can well afford. For tests and simulations.
	VaultKDF seal.KDF
	// KeysAhead is for how many days keys of dates are made ahead; 0: for
	// access.Ahead. For simulations.
	KeysAhead int
	// PasswordCost is how hard operators' passwords are to guess; zero: as hard
	// as operators.DefaultCost. For tests.
	PasswordCost operators.Cost
	// ExtractJSON writes a register extract for machines, for those who look at
	// their own; nil: they get it in words alone.
	ExtractJSON func(rights.Extract, []rights.Given) ([]byte, error)
	// Languages are those in which the screens for visitors speak by themselves, and
	// Language says what is wrong with the file of another, LanguageKept why one that
	// was added earlier cannot be used any more. Nil: none, and nothing.
	Languages    []string
	Language     func(lang string, file []byte) error
	LanguageKept func(lang string, file []byte) error
	// LabelSize refuses a size of label that no badge can be drawn in, in
	// millimetres and dots an inch; nil: all are taken.
	LabelSize func(width, height, dpi int) error
	// Release is told to other nodes.
	Release string
	// Logger gets no personal data. Nil discards.
	Logger *slog.Logger
	// BeatEvery, RepairEvery and DialEvery are the mesh's intervals; zero
	// takes its defaults.
	BeatEvery, RepairEvery, DialEvery time.Duration
}

// Node is one node. Safe for concurrent use.
type Node struct {
	cfg    Config
	folder Folder
	about  about
	log    *slog.Logger

	key     *identity.Key
	store   store.Store
	roster  *identity.Roster
	replica *crdt.Replica
	vault   *vault
	net     *cut.Network
	gossip  *gossip.Gossip
	mesh    *mesh.Mesh
	finds   finds
	desk    *join.Desk
	grants  *access.Grants
	visits  *visits.Service
	alarm   *alarm.Service
	phones  *pairing.Service
	points  *points.Book
	kinds   *kinds.Book
	// languages are those in which visitors are spoken to.
	languages *languages.Book
	// look is how the screens look.
	look *look.Book
	// badges is what stands on badges.
	badges *badges.Book
	// plans are the pictures of the sites.
	plans *plans.Book

	documents   *documents.Book
	invitations *invitations.Service
	deliveries  *deliveries.Service
	hosts       *hosts.Book
	watch       *watch.Book
	alerts      *watch.Watcher

	trigger *trigger.Service
	feeds   *feed.Service
	cables  *cable.Service
	calls   *calls.Service
	printer *printer.Service
	labels  *printer.Labels
	counts  *statistics.Service
	notices *notify.Service
	// changing lets one change of its channels be made at a time.
	changing sync.Mutex
	webs     webs

	ring    *seal.Vault
	letters *seal.Vault
	missing missing
	pin     *pin.Lock
	// keptBefore is the first day that others keep, a record.Day, while none has been
	// dropped here.
	keptBefore atomic.Int64
	expiry     *expiry.Runner
	exchange   *privacy.Exchange
	privacy    *privacy.Service
	gate       *privacy.Gate
	resealer   *privacy.Resealer
	maker      *access.Maker
	audit      *audit.Log
	rights     *rights.Service
	kept       *kept.Service
	photos     *photos.Service
	self       atomic.Pointer[rights.Self]
	staff      *operators.Service
	terms      atomic.Pointer[readTerms]
	dated      atomic.Pointer[dated]

	// began is when it was opened.
	began    time.Time // monotonic
	calendar calendar

	// judged are the endings that all visits have been folded by.
	judged [32]byte

	running sync.Mutex
	cancel  context.CancelCauseFunc
	ended   chan struct{}
	closed  bool

	closers   []func() error
	closeOnce sync.Once
	closeErr  error
}

// Open opens the node in a data folder and starts to listen; nothing is sent
// before Run. Errors: ErrNoNode, store.ErrLocked, store.ErrNewer, a port in
// use.
func Open(cfg Config) (n *Node, err error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.OpenStore == nil {
		cfg.OpenStore = openDisk(cfg.Logger)
	}
	n = &Node{cfg: cfg, folder: Folder(cfg.Dir), log: cfg.Logger, began: time.Now(), calendar: calendar{now: cfg.Now}}
	defer func() {
		if err != nil {
			err = errors.Join(err, n.Close())
			n = nil
		}
	}()
	if n.about, err = n.folder.load(); err != nil {
		return n, err
	}
	if n.key, err = identity.LoadKey(n.folder.key()); err != nil {
		return n, fmt.Errorf("open node: %w", err)
	}
	for _, step := range []func() error{
		n.openStore, n.openRoster, n.openSecrets, n.openPIN, n.openExpiry, n.openReplica, n.openVault, n.openNetwork, n.openExchange, n.openMesh, n.openKeeping, n.openOperators,
	} {
		if err := step(); err != nil {
			return n, err
		}
	}
	n.openReception()
	n.openHosts()
	n.openWatch()
	n.visits = visits.New(visits.Config{
		Replica: n.replica, Vault: n.vault, Place: func() record.Place { return place(n.Self()) }, Now: cfg.Now,
		Barred: n.Barred, SignQR: n.signQR, Verify: members{n.roster}.verify, Access: n.access, Opened: n.opened,
		Withheld: n.withheld, Today: n.KeptFrom, Announce: n.announce, Date: n.date, Rules: n.rules, HostMail: n.hostMail,
		Keep: n.Keep, Words: n.Words, Watch: n.compared, Picture: photos.Prepare,
		KeepPhoto: func(ctx context.Context, p record.Photo) error { return n.photos.Keep(ctx, p) },
		Uses:      func(id record.VisitID) (record.VisitID, bool) { return n.invitations.Visit(id) },
		Needs:     func(kind string, id record.VisitID) record.Needs { return n.invitations.Needs(kind, id) },
		Admits:    func(id record.VisitID) error { return n.invitations.Admits(id) }, Node: record.NodeID(n.key.ID()),
	})
	n.openRights()
	n.openSelf()
	if err := n.openKept(); err != nil {
		return n, err
	}
	n.openPhotos()
	if err := n.openNotices(); err != nil {
		return n, err
	}
	n.openInvitations()
	n.openDeliveries()
	n.alarm = alarm.New(alarm.Config{
		Replica: n.replica, Place: func() record.Place { return place(n.Self()) }, Barred: n.Barred, Known: n.knowsSite,
		Node: record.NodeID(n.key.ID()), Sealer: n.visits, Record: n.alarmed, Now: cfg.Now,
		KnownPoint: func(p record.PointName) bool { return n.points.Known(p) },
		Forged:     func(q record.QR) bool { return (members{n.roster}).verify(q) == visits.Forged },
	})
	n.phones = n.openPhones()
	if err := n.openPlaces(); err != nil {
		return n, err
	}
	n.openCables()
	n.printer = printer.Open(printer.Config{
		File: n.folder.printer(), Changed: n.replica.Changed, Record: n.noteBy, Now: cfg.Now, Logger: n.log,
		Running: func() (record.Evacuation, bool) { return n.replica.Evacuations().Running("") },
	})
	n.labels = printer.OpenLabels(printer.LabelConfig{
		File: n.folder.labels(), Check: n.cfg.LabelSize, Record: n.noteBy, Now: cfg.Now, Logger: n.log,
	})
	n.counts = statistics.Open(statistics.Config{
		File: n.folder.statistics(), Visits: n.replica.Visits, Horizon: n.replica.Horizon, Now: cfg.Now, Logger: n.log,
		Counts: func() bool { return n.Self().Role == identity.RoleDesk },
	})
	return n, n.openFeeds()
}

func openDisk(log *slog.Logger) func(string) (store.Store, error) {
	return func(dir string) (store.Store, error) {
		return store.Open(dir, store.Options{Logger: log})
	}
}

func (n *Node) closing(fn func() error) { n.closers = append(n.closers, fn) }

func (n *Node) openStore() error {
	s, err := n.cfg.OpenStore(n.folder.database())
	if err != nil {
		return err
	}
	n.store = s
	n.closing(s.Close)
	return nil
}

func (n *Node) openRoster() error {
	r, err := identity.NewRoster(ed25519.PublicKey(n.about.Root), rosterKeeper{n.store})
	if err != nil {
		return fmt.Errorf("read roster: %w", err)
	}
	n.roster = r
	if _, ok := r.Member(n.key.ID()); !ok {
		return fmt.Errorf("this node's own certificate is not in its roster: join the campus again with a fresh data folder")
	}
	return nil
}

func (n *Node) openReplica() error {
	m := members{n.roster}
	n.judged = m.endings()
	r, err := crdt.Open(crdt.Config{
		Store: n.store, Node: record.NodeID(n.key.ID()), Site: record.SiteID(n.Self().Site),
		Sign:  func(root []byte) []byte { return n.key.Sign(envelope.Domain, root) },
		Check: m.check, MayEdit: m.mayEdit, MaySeal: m.maySeal, Standing: m.standing,
		GuardFile: n.folder.guard(), Aborted: n.cfg.Aborted != nil && n.cfg.Aborted(), RetainDays: retainDays, Locker: locker{n.ring, n.expiry}, Now: n.cfg.Now, Today: n.calendar.today, Logger: n.log,
	})
	if err != nil {
		return err
	}
	n.replica = r
	n.closing(r.Close)
	return nil
}

func (n *Node) openNetwork() error {
	admit := members{n.roster}.admit(func() bool { return n.roster.OpenTokens(n.cfg.Now()) })
	if n.cfg.Network != nil {
		net, err := n.cfg.Network(n.key, admit)
		if err != nil {
			return err
		}
		n.net = cut.Over(net)
		n.closing(n.net.Close)
		return nil
	}
	listen := n.cfg.Listen
	if listen == "" {
		listen = n.about.Listen
	}
	l, err := link.Listen(link.Config{
		Key: n.key.Private(), Listen: listen, Admit: admit,
		Campus: n.roster.Campus().String(), Found: n.found, Log: n.log,
	})
	if err != nil {
		return err
	}
	n.net = cut.Over(l)
	n.closing(n.net.Close)
	return nil
}

func (n *Node) openMesh() (err error) {
	if n.desk, err = join.OpenDesk(join.DeskConfig{
		Key: n.key, Roster: n.roster, Store: tokenKeeper{n.store}, Now: n.cfg.Now, Web: n.certifyWeb,
	}); err != nil {
		return fmt.Errorf("open token desk: %w", err)
	}
	if err := n.voidTokens(); err != nil {
		return err
	}
	join.Serve(n.net, join.ServeConfig{
		Self: n.key.Public(), Roster: n.roster, Desk: n.desk, Log: n.log,
		Joined: n.finds.tell,
	})
	n.net.Handle(horizonProtocol, false, n.serveHorizon)
	n.net.Handle(aheadProtocol, false, n.serveAhead)
	n.net.Handle(webProtocol, false, n.serveWeb)
	n.net.Handle(selfProtocol, false, n.serveSelf)
	n.openCalls()
	n.net.Handle(callProtocol, false, n.serveCall)
	n.net.Handle(cut.Protocol, false, n.serveCut)
	n.grants = access.NewGrants(access.Config{
		Net: n.net, Roster: n.roster, Keys: n.vault, Self: n.key.ID(), Logger: n.log,
		Published: func() []access.Key {
			keys, err := n.vault.book.Keys()
			if err != nil {
				n.log.Error("public keys could not be read; those of before are gone by", "err", err)
			}
			return keys
		},
		WrittenOff: func(id identity.NodeID) bool { return n.privacy.IsWrittenOff(id) },
	})
	if n.gossip, err = gossip.New(gossip.Config{
		Net:      n.net,
		Admitted: func(id identity.NodeID) bool { m, ok := n.roster.Member(id); return ok && m.Revoked == nil },
		// The mesh exists before anything is heard.
		OnMessage:  func(p []byte) { n.mesh.HearGossip(p) },
		LocalState: func() []byte { return n.mesh.LocalState() },
		MergeState: func(s []byte) { n.mesh.MergeState(s) },
		Log:        n.log,
	}); err != nil {
		return fmt.Errorf("open gossip: %w", err)
	}
	n.mesh, err = mesh.New(mesh.Config{
		Net: n.net, Key: n.key, Roster: n.roster, Log: replicaLog{n.replica, n.toldOfErasures}, Gossip: n.gossip,
		Book: bookKeeper{n.store}, Beats: beatKeeper{n.store}, Release: n.cfg.Release,
		Clock: n.cfg.Now, Logger: n.log,
		Priority:  func(doc string) int { return priority(n.calendar.today())(doc) },
		Kept:      func(doc string) bool { return retained(n.calendar.today(), doc) },
		BeatEvery: n.cfg.BeatEvery, RepairEvery: n.cfg.RepairEvery, DialEvery: n.cfg.DialEvery,
	})
	if err != nil {
		return fmt.Errorf("open mesh: %w", err)
	}
	n.finds.begin(n.mesh.Learn)
	return nil
}

// Run works until ctx ends or the disk fails, and returns when all of it has
// stopped. Call it once; then Close.
func (n *Node) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ended := make(chan struct{})
	defer close(ended)
	n.running.Lock()
	closed := n.closed
	n.cancel, n.ended = cancel, ended
	n.running.Unlock()
	if closed {
		return fmt.Errorf("run node: %w", crdt.ErrClosed)
	}
	var wg sync.WaitGroup
	for _, run := range []func(context.Context) error{
		n.gossip.Run, n.mesh.Run, n.grants.Run, n.runJudge, n.watchDisk, n.runRetention, n.runCarry, n.visits.Run, n.runCalendar,
		n.expiry.Run, n.gate.Run, n.resealer.Run, n.kept.Run, n.photos.Run, n.runMaker, n.audit.Run, n.pin.Run, n.staff.Run, n.hosts.Run, n.runWatch, n.alerts.Run, n.notices.Run, n.invitations.Run, n.deliveries.Run, n.runSelf, n.feeds.Run, n.cables.Run, n.printer.Run, n.labels.Run, n.counts.Run, n.runDrills, n.runSignOut, n.runTidy, n.runOwed, n.runWebs, n.calls.Run,
	} {
		wg.Go(func() {
			if err := run(ctx); err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

// runJudge folds all visits anew whenever a membership has ended or been
// resumed; no other change of the roster touches them.
func (n *Node) runJudge(ctx context.Context) error {
	poke, told := make(chan struct{}, 1), false
	defer n.roster.Watch(func(identity.Record) {
		select {
		case poke <- struct{}{}:
		default:
		}
	})()
	for {
		if now := (members{n.roster}).endings(); now != n.judged {
			if err := n.replica.Rejudge(); err != nil {
				return fmt.Errorf("judge visits anew: %w", err)
			}
			n.judged = now
		}
		if n.Barred() != nil && !told {
			n.log.Error("this node has been revoked: it checks nobody in or out; let it join anew with a fresh data folder")
			n.visits.Forget()
			told = true
		}
		select {
		case <-ctx.Done():
			return nil
		case <-poke:
		}
	}
}

// watchDisk ends the node when its disk has failed under a write, or when what
// is on it could not be folded.
func (n *Node) watchDisk(ctx context.Context) error {
	var broken <-chan error
	if d, ok := n.store.(interface{ Broken() <-chan error }); ok {
		broken = d.Broken()
	}
	select {
	case err := <-broken:
		return fmt.Errorf("%w: %w", store.ErrBroken, err)
	case <-n.replica.Failed():
		return fmt.Errorf("%w: %w", store.ErrBroken, n.replica.Failure())
	case <-ctx.Done():
		return nil
	}
}

// Close ends Run, if it is under way, and closes everything. Idempotent.
func (n *Node) Close() error {
	n.closeOnce.Do(func() {
		n.running.Lock()
		cancel, ended := n.cancel, n.ended
		n.closed = true
		n.running.Unlock()
		if cancel != nil {
			cancel(nil)
			<-ended
		}
		for i := len(n.closers) - 1; i >= 0; i-- {
			n.closeErr = errors.Join(n.closeErr, n.closers[i]())
		}
	})
	return n.closeErr
}
