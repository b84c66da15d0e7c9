package crdt

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

// cutVault calls at before and after each step of a shred.
type cutVault struct {
	*fakeVault
	at func()
}

func (v cutVault) Renew(d record.Day) error {
	v.at()
	defer v.at()
	return v.fakeVault.Renew(d)
}

func (v cutVault) Retire(d record.Day) error {
	v.at()
	defer v.at()
	return v.fakeVault.Retire(d)
}

// cut is disk and vault as a power cut leaves them at one moment.
type cut struct {
	fs    *store.CrashFS
	vault *fakeVault
	acked bool // the shred had been acknowledged
}

// At every write of a shred: after a cut the node has still the key and no
// shred, or knows the shred and ends it; what survives opens.
func TestAShredCutAtEveryWrite(t *testing.T) {
	c := newTestCampus(t)
	fs, vault := store.NewCrashFS(), newFakeVault()
	var mu sync.Mutex
	var cuts []cut
	armed, acked := false, false
	snap := func() {
		mu.Lock()
		defer mu.Unlock()
		if !armed || len(cuts) >= 400 {
			return
		}
		vault.mu.Lock() // the vault stands still while the disk is copied
		x := cut{fs: fs.Crash(uint64(len(cuts))), acked: acked, vault: newFakeVault()}
		x.vault.next = vault.next
		for d, ks := range vault.keys {
			x.vault.keys[d] = map[uint32][]byte{}
			for n, k := range ks {
				x.vault.keys[d][n] = k
			}
		}
		vault.mu.Unlock()
		cuts = append(cuts, x)
	}
	start := func(fsys store.FS, l Locker) (*member, func()) {
		disk, err := store.Open("db", store.Options{FS: fsys})
		if err != nil {
			t.Fatal(err)
		}
		m := &member{name: "east", cfg: c.config("east")}
		m.cfg.Store, m.cfg.Locker = disk, l
		if m.Replica, err = Open(m.cfg); err != nil {
			t.Fatal(err)
		}
		return m, func() { _ = m.Close(); _ = disk.Close() }
	}
	m, end := start(fs.Watched(snap), cutVault{vault, snap})
	until := c.today() + 30
	victims := []record.VisitID{someone(0), someone(1)}
	var survivors []record.VisitID
	m.do(t, sealing(victims[0], 1, until), sealing(victims[1], 1, until+1))
	for i := 2; i < 12; i++ {
		survivors = append(survivors, someone(i))
		m.do(t, sealing(someone(i), 1, until+record.Day(i%2)))
	}
	olds := map[record.VisitID]keyRow{}
	for _, v := range victims {
		raw, err := m.cfg.Store.Get(partKey(keyKey, card(v)))
		if err != nil {
			t.Fatal(err)
		}
		olds[v], _ = parseKeyRow(raw)
	}
	mu.Lock()
	armed = true
	mu.Unlock()
	m.do(t, shredding(1, victims...))
	mu.Lock()
	acked = true
	mu.Unlock()
	for _, v := range victims {
		receipted(t, m, v, m.cfg.Node)
	}
	snap()
	mu.Lock()
	armed = false
	mu.Unlock()
	end()

	before, after := 0, 0
	for i, x := range cuts {
		m, end := start(x.fs, x.vault)
		for _, v := range survivors {
			opens(t, m, v, 1)
		}
		shredded := m.Shredded(victims[0])
		if x.acked && !shredded {
			t.Fatalf("cut %d: an acknowledged shred is lost", i)
		}
		for _, v := range victims {
			if !shredded {
				opens(t, m, v, 1)
				continue
			}
			erased(t, m, v)
			receipted(t, m, v, m.cfg.Node)
			if _, err := x.vault.Unlock(olds[v].until, lockData(card(v), 1), olds[v].box); !errors.Is(err, ErrExpired) {
				t.Fatalf("cut %d: receipted, and opens all the same: %v", i, err)
			}
		}
		if shredded {
			after++
			if n := len(m.ShredPending()) + len(x.vault.Unfinished()); n > 0 {
				t.Fatalf("cut %d: %d dates are unfinished", i, n)
			}
		} else {
			before++
		}
		for _, v := range survivors {
			opens(t, m, v, 1)
		}
		end()
	}
	if before == 0 || after < 8 {
		t.Fatalf("cuts: %d before, %d after the shred", before, after)
	}
	t.Logf("%d cuts before, %d after the shred", before, after)
}

// Nothing on a real disk, in a copy of it from before neither, opens with what
// the vault holds after a shred.
func TestAfterAShredNoFileOpens(t *testing.T) {
	c := newTestCampus(t)
	vault, dir := newFakeVault(), filepath.Join(t.TempDir(), "db")
	m := &member{name: "east", cfg: c.config("east")}
	disk, err := store.Open(dir, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m.cfg.Store, m.cfg.Locker = disk, vault
	if m.Replica, err = Open(m.cfg); err != nil {
		t.Fatal(err)
	}
	v, until := someone(0), c.today()+30
	for i := range 300 {
		m.do(t, sealing(someone(i), 1, until))
	}
	row, err := m.cfg.Store.Get(partKey(keyKey, card(v)))
	if err != nil {
		t.Fatal(err)
	}
	w, _ := parseKeyRow(row)
	if _, err := vault.Unlock(until, lockData(card(v), 1), w.box); err != nil {
		t.Fatal(err)
	}
	// A second name keeps the bytes of what is removed or recycled.
	before := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(before, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	m.do(t, shredding(1, v))
	receipted(t, m, v, m.cfg.Node)
	_ = m.Close()
	if err := disk.Close(); err != nil {
		t.Fatal(err)
	}
	held := 0
	for _, folder := range []string{before, dir} {
		files, err := filepath.Glob(filepath.Join(folder, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(b, wrapOf(v, record.CardAudience, 1)) {
				t.Errorf("%s holds the wrapped key in the clear", filepath.Base(name))
			}
			if bytes.Contains(b, w.box) {
				held++
			}
		}
	}
	if held == 0 {
		t.Fatal("the search finds nothing, not even what was written")
	}
	if _, err := vault.Unlock(until, lockData(card(v), 1), w.box); !errors.Is(err, ErrExpired) {
		t.Fatal("what the files hold still opens:", err)
	}
	// The copy from before, with the vault of now: all others but the shredded
	// are lost with the old bucket key as well.
	old, err := store.Open(before, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m.cfg.Store = old
	if m.Replica, err = Open(m.cfg); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Sealed(card(v)); !errors.Is(err, ErrExpired) {
		t.Fatal("a copy from before the shred opens:", err)
	}
	_ = m.Close()
	_ = old.Close()
}
