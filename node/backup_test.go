package node

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/backup"
	"github.com/upprop/upprop/node/kept"
	"github.com/upprop/upprop/node/visits"
	"github.com/upprop/upprop/node/watch"
)

// A desk that burned comes back from its backup: it lists who is inside, gets
// what it missed and the keys to names from another, and what was erased
// meanwhile does not come back. The file opens no name.
func TestADeskIsRestoredFromItsBackup(t *testing.T) {
	desk := first(t)
	other := desk.joined("Second desk", identity.RoleDesk)
	ctx := context.Background()
	arrive := func(n *running, name string) (got visits.Receipt) {
		t.Helper()
		eventually(t, name+" is let in", func() (ok bool) {
			var err error
			got, err = n.Visits().CheckIn(ctx, visits.Arrival{Name: record.Private("Marker-" + name)})
			return err == nil
		})
		return got
	}
	if _, err := desk.Watch().Add(ctx, "", watch.Entry{Names: []record.Private{"Marker-Watched"}, Reason: "x"}); err != nil {
		t.Fatal(err)
	}
	stays, erased, settled := arrive(desk, "Stays"), arrive(desk, "Erased"), arrive(desk, "Settled")
	hold := func(v record.VisitID) (h kept.Hold) {
		eventually(t, "a visit is held", func() (ok bool) {
			var err error
			h, err = desk.Kept().Add(ctx, v, "an accident in the yard", record.DayOf(time.Now())+60)
			return err == nil
		})
		return h
	}
	held, lifted := hold(stays.Visit), hold(settled.Visit)
	token, err := desk.CreateToken(TokenOptions{Role: identity.RoleEntrance, Name: "Gate"})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "it has counted", func() bool { _, err := os.Stat(desk.Folder().statistics()); return err == nil })
	if err := os.WriteFile(desk.Folder().statistics(), []byte(`{"2020-03-01":{"North":{"all":7}}}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "desk.upprop")
	if err := desk.Backup(path, ""); err != nil {
		t.Fatal(err)
	}
	if err := desk.Backup(path, ""); !errors.Is(err, os.ErrExist) {
		t.Errorf("a backup overwrote a file: %v", err)
	}
	b, err := os.ReadFile(path)
	if err != nil || bytes.Contains(b, []byte("Marker-")) {
		t.Fatalf("%v, or a name in clear", err)
	}
	if _, err := desk.Erase(ctx, erased.Visit); err != nil {
		t.Fatal(err)
	}
	if _, err := desk.Kept().Lift(ctx, lifted.ID, "the matter is closed"); err != nil {
		t.Fatal(err)
	}
	after := arrive(desk, "After")
	eventually(t, "the other desk knows all", func() bool {
		_, err := other.Visits().Card(erased.Visit)
		rows, err2 := other.Visits().List(true)
		_, err3 := other.Visits().Card(after.Visit)
		return err != nil && err2 == nil && len(rows) == 4 && err3 == nil && other.Replica().Shredded(lifted.Key())
	})
	at := desk.Network().Addrs()[0]
	desk.stop()

	if _, err := Restore(RestoreOptions{Dir: string(other.Folder()), Path: path}); !errors.Is(err, ErrIsNode) {
		t.Fatalf("restored over a node: %v", err)
	}
	dir := filepath.Join(t.TempDir(), "new", "machine")
	cut := filepath.Join(t.TempDir(), "cut")
	if err := os.WriteFile(cut, b[:len(b)-40], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(RestoreOptions{Dir: dir, Path: cut}); !errors.Is(err, backup.ErrDamaged) {
		t.Fatalf("half a backup: %v", err)
	}
	inTheWay := filepath.Join(dir, "node.json.new")
	if err := os.MkdirAll(inTheWay, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(RestoreOptions{Dir: dir, Path: path}); err == nil {
		t.Fatal("restored although its last file cannot be written")
	}
	if err := os.Remove(inTheWay); err != nil {
		t.Fatal(err)
	}
	about, err := Restore(RestoreOptions{Dir: dir, Path: path})
	if err != nil || about.Node != "Reception" || about.Campus != "Ekudden" {
		t.Fatalf("%+v %v", about, err)
	}
	again := runWith(t, Config{Dir: dir, Listen: at}) // where the others look for it
	if r := again.Statistics().Report("2020-03-01", "2020-03-01", "North"); r.All.Arrivals != 7 {
		t.Fatalf("what was counted is lost: %+v", r)
	}
	if rows, err := again.Visits().List(true); err != nil || len(rows) < 2 {
		t.Fatalf("at once it lists %d: %v", len(rows), err)
	}
	eventually(t, "it has all that it missed, and opens what may be opened", func() bool {
		rows, err := again.Visits().List(true)
		if err != nil || len(rows) != 4 {
			return false
		}
		_, err = again.Visits().Card(after.Visit)
		_, err2 := again.Visits().Card(stays.Visit)
		return err == nil && err2 == nil
	})
	eventually(t, "it reads what is held, and knows what is held no more", func() bool {
		if got, err := again.Kept().Of(settled.Visit); err == nil && len(got) > 0 {
			t.Fatal("what was destroyed when a hold was lifted came back with the backup")
		}
		got, err := again.Kept().Of(stays.Visit)
		h, err2 := again.Kept().Hold(held.ID)
		return err == nil && len(got) == 1 && got[0].Card != nil && got[0].Card.Name == "Marker-Stays" && err2 == nil && h.State == kept.Running &&
			again.Replica().Shredded(lifted.Key())
	})
	eventually(t, "it has the watch list", func() bool { return len(again.Watch().List()) == 1 })
	if _, err := again.Visits().Card(erased.Visit); err == nil {
		t.Error("what was erased came back with the backup")
	}
	if voided, open := again.outstanding(token.ID); !voided || open {
		t.Error("a token that the backed-up node had out is good at the restored one")
	}
	fresh, err := again.CreateToken(TokenOptions{Role: identity.RoleRelay, Name: "R"})
	if err != nil {
		t.Fatalf("the restored issuer: %v", err)
	}
	again.stop()
	again = runWith(t, Config{Dir: dir, Listen: at})
	if voided, open := again.outstanding(fresh.ID); voided || !open {
		t.Error("a later start of the restored node withdraws its tokens again")
	}
}

// outstanding says how a token stands in the roster.
func (r *running) outstanding(id identity.TokenID) (voided, open bool) {
	for _, st := range r.roster.Tokens() {
		if st.ID == id {
			return !st.Voided.IsZero(), st.Open(time.Now())
		}
	}
	return false, false
}
