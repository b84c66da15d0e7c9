package node

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/crdt/store"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/memnet"
	"github.com/upprop/upprop/mesh/stream"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/visits"
)

// awake is how long the nodes live through each simulated day; then the clocks
// of all of them leap to the next. It is longer than retentionTick.
const awake = retentionTick + 2*time.Minute

// town is a campus whose days pass quickly.
type town struct {
	// long: the town lives long enough for keys of dates to be replaced steadily.
	long   bool
	t      testing.TB
	dir    string
	net    *memnet.Net
	leap   atomic.Int64 // of all clocks, ahead of the bubble's
	houses []*house
	joined int
}

// house is one node with its disk.
type house struct {
	*Node
	town  *town
	name  string
	dir   string
	fs    *store.CrashFS
	addr  string       // kept over restarts
	ahead atomic.Int64 // nanoseconds, of this clock alone
	off   context.CancelFunc
	// offline: all networks of this device are off, as it says.
	offline bool
	done    chan error
}

func newTown(t testing.TB, names ...string) *town {
	t.Helper()
	return newTownIn(t, 0, names...)
}

// inTheLongRunOnly is said by tests that live through weeks of a campus: the race
// detector has seen all that they do in days, and would take minutes over each.
func inTheLongRunOnly(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("weeks of a campus's life: in the long run only")
	}
}

// newTownIn is a town that was founded so long after the bubble's beginning.
func newTownIn(t testing.TB, leap time.Duration, names ...string) *town {
	t.Helper()
	dir := t.TempDir()
	// The guard file is mapped: keep it off a slow disk where that can be.
	if d, err := os.MkdirTemp("/dev/shm", "upprop-growth"); err == nil {
		dir = d
		t.Cleanup(func() { _ = os.RemoveAll(d) })
	}
	w := &town{t: t, dir: dir, net: memnet.New(1)}
	w.leap.Store(int64(leap))
	first := w.house(names[0])
	if err := Init(InitOptions{
		Dir: first.dir, Campus: "Ekudden", Name: first.name, OpenStore: first.openStore, Now: first.now,
	}); err != nil {
		t.Fatal(err)
	}
	first.on()
	w.houses = append(w.houses, first)
	for _, name := range names[1:] {
		w.join(name, identity.RoleEntrance)
	}
	time.Sleep(time.Minute)
	return w
}

func (w *town) house(name string) *house {
	w.joined++
	return &house{town: w, name: name, dir: filepath.Join(w.dir, fmt.Sprint(w.joined)), fs: store.NewCrashFS()}
}

func (w *town) join(name string, role identity.Role) *house {
	w.t.Helper()
	token, err := w.houses[0].CreateToken(TokenOptions{Role: role, Name: name})
	if err != nil {
		w.t.Fatal(err)
	}
	h := w.house(name)
	if _, err := Enroll(context.Background(), EnrollOptions{
		Dir: h.dir, Token: token, Network: h.network, OpenStore: h.openStore,
	}); err != nil {
		w.t.Fatal(err)
	}
	h.on()
	if role == identity.RoleWarden {
		if err := h.PIN().Set([]byte(pinOf)); err != nil {
			w.t.Fatal(err)
		}
	}
	w.houses = append(w.houses, h)
	return h
}

// sleep lets a day pass: its nodes work for a while, then the clocks leap.
func (w *town) sleep(days int) {
	for range days {
		time.Sleep(awake)
		w.leap.Add(int64(24*time.Hour - awake))
	}
}

func (w *town) close() {
	for _, h := range w.houses {
		h.shut()
	}
	w.net.Close()
	time.Sleep(time.Minute) // memberlist's last probes run out
}

func (h *house) now() time.Time {
	return time.Now().Add(time.Duration(h.town.leap.Load() + h.ahead.Load()))
}

func (h *house) network(key *identity.Key, admit stream.Admit) (stream.Network, error) {
	host := h.town.net.Host(ed25519.PrivateKey(key.Private()), admit)
	if h.addr == "" {
		h.addr = host.Addrs()[0]
	}
	h.addr = h.town.net.Move(key.ID(), h.addr)
	return host, nil
}

func (h *house) openStore(string) (store.Store, error) {
	return store.Open("/db", store.Options{FS: h.fs})
}

// on starts the node.
func (h *house) on() {
	h.town.t.Helper()
	n, err := Open(Config{
		Dir: h.dir, Network: h.network, OpenStore: h.openStore, Now: h.now, PasswordCost: operators.Cost{Time: 1, Memory: 64, Threads: 1},
		VaultKDF: quickKDF, Offline: func() bool { return h.offline },
		BeatEvery: 20 * time.Second, RepairEvery: 40 * time.Second, DialEvery: 20 * time.Second,
	})
	if err != nil {
		h.town.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	h.Node, h.off, h.done = n, cancel, make(chan error, 1)
	go func() { h.done <- n.Run(ctx) }()
}

// shut ends the node in good order. Idempotent.
func (h *house) shut() {
	h.town.t.Helper()
	if h.Node == nil {
		return
	}
	h.off()
	if err := <-h.done; err != nil {
		h.town.t.Error(err)
	}
	if err := h.Close(); err != nil {
		h.town.t.Error(err)
	}
	h.Node = nil
}

func (h *house) arrive(name record.Private) record.VisitID {
	h.town.t.Helper()
	r, err := h.Visits().CheckIn(context.Background(), visits.Arrival{Name: name, How: "kiosk"})
	if err != nil {
		h.town.t.Fatal(err)
	}
	return r.Visit
}

func (h *house) leave(v record.VisitID) {
	h.town.t.Helper()
	if _, err := h.Visits().CheckOut(context.Background(), v.Badge().String(), "kiosk"); err != nil {
		h.town.t.Fatal(err)
	}
}

// sample is how much a campus holds at one moment, all nodes together.
type sample struct {
	day        int
	disk       int64 // bytes of all files
	heap       uint64
	goroutines int
	files      int // in the stores' folders
	open       int // by the process
	documents  int // replicated, as the first node has them
	records    int // of the roster
	keys       map[string]int
}

func (w *town) sample(day int) sample {
	s := sample{day: day, keys: map[string]int{}}
	for _, h := range w.houses {
		if h.Node == nil {
			continue
		}
		size, files := sizeOf(h.fs)
		s.disk += size
		s.files += files
	}
	if fds, err := os.ReadDir("/proc/self/fd"); err == nil {
		s.open = len(fds)
	}
	first := w.houses[0]
	s.documents = len(first.replica.Digests())
	s.records = len(first.roster.Records())
	err := first.store.Scan(nil, nil, func(k, _ []byte) error {
		p := string(k[:1])
		if p == "n" {
			p, _, _ = strings.Cut(string(k), "/")
			if rest, ok := strings.CutPrefix(string(k), "n/"); ok {
				p, _, _ = strings.Cut(rest, "/")
				p = "n/" + p
			}
		}
		s.keys[p]++
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	synctest.Wait()
	for range 3 {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	s.heap = m.HeapAlloc
	s.goroutines = runtime.NumGoroutine()
	return s
}

func sizeOf(fs *store.CrashFS) (size int64, files int) {
	names, err := fs.List("/db")
	if err != nil {
		return 0, 0
	}
	for _, name := range names {
		if info, err := fs.Stat(fs.PathJoin("/db", name)); err == nil && !info.IsDir() {
			size += info.Size()
			files++
		}
	}
	return size, files
}

func (s sample) String() string {
	var keys []string
	for _, p := range slices.Sorted(func(yield func(string) bool) {
		for p := range s.keys {
			if !yield(p) {
				return
			}
		}
	}) {
		keys = append(keys, fmt.Sprintf("%s %d", p, s.keys[p]))
	}
	return fmt.Sprintf("%4d %9d %9d %5d %6d %5d %5d %7d  %s", s.day, s.disk>>10, s.heap>>10, s.goroutines, s.files, s.open, s.documents, s.records,
		strings.Join(keys, ", "))
}

// TestNothingGrowsForEver lives through 90 days (or UPPROP_GROWTH_DAYS) at a
// steady load, and finds the last third no larger than the one before.
func TestNothingGrowsForEver(t *testing.T) {
	inTheLongRunOnly(t)
	days := 90
	if s := os.Getenv("UPPROP_GROWTH_DAYS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		days = n
	}
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, "Reception", "East gate")
		defer w.close()
		w.long = days >= 240
		if days < 90 {
			t.Fatal("days are kept for 30: a life shorter than 90 shows little")
		}
		t.Log(" day  disk kB   heap kB  gort  files  open  docs records  keys of the first node")
		var all []sample
		for day := 1; day <= days; day++ {
			w.day(day)
			if day%5 == 0 {
				all = append(all, w.sample(day))
				t.Log(all[len(all)-1])
			}
		}
		flat(t, all)
	})
}

// flat compares the last third of the samples with the one before it, which
// begins when days have been dropped for a while. What is counted must not
// grow but for what never can be dropped (a denial per node revoked, a setting
// per edit within the year); what is measured in bytes swings with compaction
// and garbage.
func flat(t *testing.T, all []sample) {
	t.Helper()
	n := len(all)
	middle, last := all[n/3:2*n/3], all[2*n/3:]
	worst := func(of []sample, what func(sample) int) (most int) {
		for _, s := range of {
			most = max(most, what(s))
		}
		return most
	}
	for _, c := range []struct {
		name  string
		what  func(sample) int
		spare int // in hundredths of the middle third
		more  int
	}{
		{"bytes of disk", func(s sample) int { return int(s.disk) }, 25, 0},
		{"bytes of heap", func(s sample) int { return int(s.heap) }, 25, 0},
		{"goroutines", func(s sample) int { return s.goroutines }, 0, 4},
		{"files", func(s sample) int { return s.files }, 0, 6},
		{"open files of the process", func(s sample) int { return s.open }, 0, 2},
		{"documents", func(s sample) int { return s.documents }, 0, 0},
		{"roster records", func(s sample) int { return s.records }, 0, 6},
		{"events in the index", func(s sample) int { return s.keys["v"] }, 0, 0},
		{"sealed parts", func(s sample) int { return s.keys["p"] }, 0, 0},
		{"key records", func(s sample) int { return s.keys["k"] }, 0, 0},
		{"wrapping contexts", func(s sample) int { return s.keys["c"] }, 0, 0},
		{"log entries", func(s sample) int { return s.keys["e"] }, 0, 24},
		{"feed entries", func(s sample) int { return s.keys["f"] }, 0, 24},
		{"published keys", func(s sample) int { return s.keys["y"] }, 25, 0},
		{"heads", func(s sample) int { return s.keys["h"] }, 0, 5},
		{"addresses", func(s sample) int { return s.keys["n/book"] }, 0, 0},
		{"tokens", func(s sample) int { return s.keys["n/token"] }, 0, 1},
	} {
		a, b := worst(middle, c.what), worst(last, c.what)
		if b > a+a*c.spare/100+c.more {
			t.Errorf("%s grow: %d in the last third, %d in the one before", c.name, b, a)
		}
	}
}

// day is one day of a steady load.
func (w *town) day(day int) {
	ctx := context.Background()
	desk, gate := w.houses[0], w.houses[1]
	var in []record.VisitID
	for i := range 12 {
		in = append(in, []*house{desk, gate}[i%2].arrive(record.Private(fmt.Sprintf("Guest %d", i))))
	}
	time.Sleep(time.Minute)
	for i, v := range in {
		[]*house{gate, desk}[i%2].leave(v)
	}
	if day%3 == 0 {
		s := crdt.Setting{Key: "zone/north/name", Value: shape.String(fmt.Sprint("North ", day))}
		if _, err := desk.replica.Commit(ctx, crdt.Draft{Setting: &s}); err != nil {
			w.t.Fatal(err)
		}
	}
	if day%4 == 0 {
		h := w.houses[day/4%2]
		h.shut()
		h.on()
	}
	if day%6 == 0 {
		name := fmt.Sprint("Handheld ", day)
		// Who could read cards has their keys replaced when he is revoked, for
		// all dates ahead: that is flat after 90 days only.
		role := identity.RoleRelay
		if w.long {
			role = identity.RoleWarden
		}
		h := w.join(name, role)
		time.Sleep(time.Minute)
		if err := desk.Revoke(name); err != nil {
			w.t.Fatal(err)
		}
		time.Sleep(time.Minute)
		h.shut()
		w.houses = w.houses[:len(w.houses)-1]
	}
	w.sleep(1)
}
