package notify

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/seal"
	"github.com/upprop/upprop/crdt/seal/sealtest"
	"github.com/upprop/upprop/crdt/store"
)

// openAt opens an outbox on these disks, without running it.
func (w *town) openAt(s store.Store, keys *sealtest.Disk) (*Service, *seal.Vault) {
	w.t.Helper()
	v, err := seal.OpenVault("notices.keys", seal.VaultOptions{FS: keys})
	if err != nil {
		w.t.Fatal(err)
	}
	o, err := New(Config{Store: s, Keys: v, Replica: w, Zone: time.UTC})
	if err != nil {
		w.t.Fatal(err)
	}
	o.settings.SMTP = &SMTP{Host: "mail.example.org", From: "upprop@example.org", TLS: "starttls"}
	return o, v
}

var first, second = record.VisitID{1, 1, 2, 3, 4, 5}, record.VisitID{2, 1, 2, 3, 4, 5}

// twoWait lets two hosts be told of visits that are on record.
func (w *town) twoWait(o *Service, s store.Store) {
	w.t.Helper()
	for i, v := range []record.VisitID{first, second} {
		settled := o.Announce(v, Arrival{Name: "Astrid Marker", Host: "sven.marker@example.org"})
		if err := s.Apply(&store.Batch{}); err != nil {
			w.t.Fatal(err)
		}
		w.comes(byte(i+1), "North", record.Dossier{})
		settled(true)
	}
	if err := s.Apply(&store.Batch{}); err != nil {
		w.t.Fatal(err)
	}
}

// TestKeysCutAnywhere cuts the power at each step of the keys' file while an
// erased visit's letter is destroyed. After the start the other one opens, the
// erased one is gone, and in the end none of its old rows opens.
func TestKeysCutAnywhere(t *testing.T) {
	for step := 1; ; step++ {
		w := newTown(t)
		disk, keys := store.NewMem(uint64(step)), sealtest.NewDisk()
		o, _ := w.openAt(disk, keys)
		w.twoWait(o, disk)
		old := o.entries[idOf(HostKind, MailChannel, first[:])]
		w.erase(first)
		keys.CutAt(step)
		if err := o.forgetErased(); err != nil {
			t.Fatal(err)
		}
		_, err := o.renewDue()
		if err == nil && !keys.WasCut() {
			if step < 5 {
				t.Fatal("there was nothing to cut")
			}
			return
		}
		after := disk.Crash()
		for _, found := range keys.Aftermaths() {
			rows := after.Crash() // the same each time
			after = rows.Reopen()
			o, v := w.openAt(rows, found)
			if err := o.forgetErased(); err != nil {
				t.Fatal(err)
			}
			if _, err := o.renewDue(); err != nil {
				t.Fatalf("step %d: %v", step, err)
			}
			id := idOf(HostKind, MailChannel, second[:])
			if l, err := o.unlock(id); err != nil || l.To != "sven.marker@example.org" {
				t.Fatalf("step %d: a letter that waits is lost: %v", step, err)
			}
			if _, ok := o.entries[old.ID]; ok {
				t.Fatalf("step %d: the erased one is still there", step)
			}
			o.mu.Lock()
			o.stale = time.Unix(0, 0)
			o.mu.Unlock()
			if _, err := o.renewDue(); err != nil {
				t.Fatal(err)
			}
			if _, err := v.Unlock(boxDate, old.ID[:], old.Box); err == nil {
				t.Fatalf("step %d: the erased one's old row opens", step)
			}
		}
	}
}

// TestStoreCutAnywhere cuts the power at each write of the database while
// letters are taken down, sent and destroyed: a visit on record is told of at
// least once, and what was noted as sent is not sent again.
func TestStoreCutAnywhere(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for cut := 1; ; cut++ {
		w := newTown(t)
		fs, keys := store.NewCrashFS(), sealtest.NewDisk()
		var mu sync.Mutex
		var found *store.CrashFS
		var foundKeys *sealtest.Disk
		var sent, noted, told int
		n := 0
		s, err := store.Open("db", store.Options{FS: fs.Watched(func() {
			mu.Lock()
			defer mu.Unlock()
			if n++; n == cut {
				all := keys.Aftermaths()
				found, foundKeys = fs.Crash(rng.Uint64()), all[rng.IntN(len(all))]
				told = len(w.Open())
				noted = sent
			}
		})})
		if err != nil {
			t.Fatal(err)
		}
		o, _ := w.openAt(s, keys)
		post := &post{}
		o.senders = func(Settings, string) (sender, bool) { return post, true }
		w.twoWait(o, s)
		for _, e := range o.due() {
			o.attempt(t.Context(), e)
			mu.Lock()
			sent++ // attempt returns when that is durable
			mu.Unlock()
		}
		o.mu.Lock()
		o.stale = time.Unix(0, 0)
		o.mu.Unlock()
		if _, err := o.renewDue(); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		if found == nil {
			mu.Unlock()
			if cut < 10 {
				t.Fatal("there was nothing to cut")
			}
			return
		}
		mu.Unlock()
		after, err := store.Open("db", store.Options{FS: found})
		if err != nil {
			t.Fatal(err)
		}
		// What is on record is what was inside at the cut.
		w.edit(func() { w.open = w.open[:told] })
		o, _ = w.openAt(after, foundKeys)
		post.sent = nil
		o.senders = func(Settings, string) (sender, bool) { return post, true }
		for _, e := range o.due() {
			o.attempt(t.Context(), e)
		}
		if got := o.Status().Sent; got != told || post.count() > told-noted {
			t.Errorf("cut %d: of %d on record %d were told of; %d had been noted, %d were sent again", cut, told, got, noted, post.count())
		}
		if err := after.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
