package node

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/visits"
)

// Free and total bytes of a disk with room, and of one that is full.
const (
	diskSize = 1 << 30
	roomy    = diskSize / 2
	crammed  = 1 << 20
)

// on opens a node's store on a file system in memory.
func on(fs *store.CrashFS) func(string) (store.Store, error) {
	return func(dir string) (store.Store, error) { return store.Open(dir, store.Options{FS: fs}) }
}

// firstOn is a first node whose database is on a file system in memory.
func firstOn(t *testing.T, fs *store.CrashFS) *running {
	t.Helper()
	fs.SetFree(roomy, diskSize)
	dir := t.TempDir()
	if err := Init(InitOptions{Dir: dir, Campus: "Ekudden", Name: "Reception", Listen: "127.0.0.1:0", OpenStore: on(fs)}); err != nil {
		t.Fatal(err)
	}
	return runWith(t, Config{Dir: dir, OpenStore: on(fs)})
}

// saved are the visits that a test knows to be acknowledged, and whether they
// have ended.
type saved struct {
	mu    sync.Mutex
	names map[record.VisitID]string
	left  map[record.VisitID]bool
}

func newSaved() *saved {
	return &saved{names: map[record.VisitID]string{}, left: map[record.VisitID]bool{}}
}

func (s *saved) in(n *running, name string) (visits.Receipt, error) {
	got, err := n.Visits().CheckIn(context.Background(), visits.Arrival{Name: record.Private(name)})
	if err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.names[got.Visit] = name
	}
	return got, err
}

func (s *saved) out(n *running, got visits.Receipt) error {
	_, err := n.Visits().CheckOut(context.Background(), got.Badge.String(), "desk")
	if err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.left[got.Visit] = true
	}
	return err
}

// match fails unless the node has exactly these visits, each with its name.
func (s *saved) match(t *testing.T, what string, n *running) {
	t.Helper()
	rows, err := n.Visits().List(false)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	names, left := map[record.VisitID]string{}, map[record.VisitID]bool{}
	for _, r := range rows {
		if r.Card == nil {
			t.Errorf("%s: visit %s has no card", what, r.Visit.Short())
			continue
		}
		names[r.Visit] = r.Card.Name.Reveal()
		if !r.Open() {
			left[r.Visit] = true
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !maps.Equal(names, s.names) || !maps.Equal(left, s.left) {
		t.Errorf("%s: %d visits, %d ended; acknowledged were %d and %d", what, len(names), len(left), len(s.names), len(s.left))
	}
	inside, err := n.Visits().List(true)
	if err != nil || len(inside) != len(s.names)-len(s.left) {
		t.Errorf("%s: %d inside, %v", what, len(inside), err)
	}
}

func isProblem(err error, key string) bool {
	var p *visits.Problem
	return errors.As(err, &p) && p.Key == key
}

// full waits until the node has noticed that its disk is full; what it takes
// until then counts.
func (s *saved) full(t *testing.T, n *running) {
	t.Helper()
	eventually(t, "a check-in is refused for the full disk", func() bool {
		_, err := s.in(n, "Before")
		if err != nil && !isProblem(err, "disk.full") {
			t.Fatal(err)
		}
		return err != nil
	})
}

func TestFullDisk(t *testing.T) {
	fs, s := store.NewCrashFS(), newSaved()
	n := firstOn(t, fs)
	astrid, err := s.in(n, "Astrid Ek")
	if err != nil {
		t.Fatal(err)
	}
	bjorn, err := s.in(n, "Björn Al")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.out(n, bjorn); err != nil {
		t.Fatal(err)
	}

	fs.SetFree(crammed, diskSize)
	s.full(t, n)
	before := n.Replica().Digests()
	for range 10 {
		if _, err := s.in(n, "Refused"); !isProblem(err, "disk.full") {
			t.Fatalf("check in: %v", err)
		}
		if err := s.out(n, astrid); !isProblem(err, "disk.full") {
			t.Fatalf("check out: %v", err)
		}
		// What needs no writing is answered as ever.
		if d, err := n.Visits().CheckOut(context.Background(), bjorn.QR, "desk"); err != nil || !d.Already {
			t.Fatal(d, err)
		}
		s.match(t, "while full", n)
	}
	if _, err := n.CreateToken(TokenOptions{Role: identity.RoleEntrance, Name: "East gate"}); !errors.Is(err, store.ErrFull) {
		t.Errorf("a token on a full disk: %v", err)
	}
	if !maps.Equal(before, n.Replica().Digests()) {
		t.Error("something was written while the disk was full")
	}
	cut := fs.Crash(7)

	fs.SetFree(roomy, diskSize)
	eventually(t, "the freed space is noticed", func() bool {
		_, err := s.in(n, "After")
		return err == nil
	})
	if err := s.out(n, astrid); err != nil {
		t.Fatal(err)
	}
	s.match(t, "after space was freed", n)
	dir := string(n.Folder())
	n.stop()
	n = runWith(t, Config{Dir: dir, OpenStore: on(fs)})
	s.match(t, "after a restart", n)
	n.stop()

	// The same had the power gone while the disk was full.
	cut.SetFree(roomy, diskSize)
	then := newSaved()
	n = runWith(t, Config{Dir: dir, OpenStore: on(cut)})
	for v, name := range s.names {
		if name != "After" {
			then.names[v] = name
		}
	}
	then.left[bjorn.Visit] = true
	then.match(t, "after a power cut on the full disk", n)
}

// While the disk fills up and empties under many hands, what was acknowledged
// is kept and nothing else, also by a power cut in between.
func TestDiskFillsAndEmptiesUnderLoad(t *testing.T) {
	fs, s := store.NewCrashFS(), newSaved()
	n := firstOn(t, fs)
	stop := make(chan struct{})
	var hands sync.WaitGroup
	var refused, taken sync.Map
	for hand := range 8 {
		hands.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				got, err := s.in(n, fmt.Sprintf("Person %d-%d", hand, i))
				if err == nil && i%3 == 0 {
					err = s.out(n, got)
				}
				switch {
				case err == nil:
					taken.Store(hand, true)
				case isProblem(err, "disk.full"):
					refused.Store(hand, true)
				default:
					t.Error(err)
					return
				}
				time.Sleep(5 * time.Millisecond)
			}
		})
	}
	all := func(m *sync.Map) func() bool {
		return func() bool {
			count := 0
			m.Range(func(any, any) bool { count++; return true })
			return count == 8
		}
	}
	for range 2 {
		fs.SetFree(crammed, diskSize)
		refused.Clear()
		eventually(t, "every hand is refused", all(&refused))
		fs.SetFree(roomy, diskSize)
		taken.Clear()
		eventually(t, "every hand is served again", all(&taken))
	}
	close(stop)
	hands.Wait()
	s.match(t, "at the end", n)
	cut := fs.Crash(11)
	dir := string(n.Folder())
	n.stop()
	n = runWith(t, Config{Dir: dir, OpenStore: on(cut)})
	s.match(t, "after a power cut", n)
}

// A node that starts on a full disk still answers who is inside.
func TestStartOnAFullDisk(t *testing.T) {
	fs, s := store.NewCrashFS(), newSaved()
	n := firstOn(t, fs)
	if _, err := s.in(n, "Astrid Ek"); err != nil {
		t.Fatal(err)
	}
	dir := string(n.Folder())
	n.stop()
	fs.SetFree(crammed, diskSize)
	n = runWith(t, Config{Dir: dir, OpenStore: on(fs)})
	s.match(t, "on the full disk", n)
	if _, err := s.in(n, "Refused"); !isProblem(err, "disk.full") {
		t.Fatalf("check in: %v", err)
	}
	fs.SetFree(roomy, diskSize)
	eventually(t, "the freed space is noticed", func() bool {
		_, err := s.in(n, "After")
		return err == nil
	})
	s.match(t, "after space was freed", n)
}
