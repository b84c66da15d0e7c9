package node

import (
	"bytes"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/access"
	"github.com/upprop/upprop/node/visits"
)

// A desk whose vault file is missing starts, says so aloud, and replaces the
// keys that it alone held, so that names are read again. Put back, the file is
// taken for what it is.
func TestADeskWithoutItsVault(t *testing.T) {
	desk := first(t)
	if m := desk.VaultFacts().Missing; !m.IsZero() {
		t.Fatal("missing from the start:", m)
	}
	old, err := desk.Visits().CheckIn(t.Context(), visits.Arrival{Name: "Astrid Marker"})
	if err != nil {
		t.Fatal(err)
	}
	dir, file := string(desk.folder), desk.folder.vault()
	desk.stop()
	kept, err := os.ReadFile(file)
	if err == nil {
		err = os.Remove(file)
	}
	if err != nil {
		t.Fatal(err)
	}

	var log bytes.Buffer
	desk = runWith(t, Config{Dir: dir, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if f := desk.VaultFacts(); f.Missing.IsZero() || f.Lacking == 0 {
		t.Fatalf("nobody would notice: %+v", f)
	}
	eventually(t, "all keys are replaced", func() bool {
		f := desk.VaultFacts()
		return f.Lacking > 0 && f.Standing == 0
	})
	got, err := desk.Visits().CheckIn(t.Context(), visits.Arrival{Name: "Bertil Marker"})
	if err != nil {
		t.Fatal(err)
	}
	if c, err := desk.Visits().Card(got.Visit); err != nil || c.Name != "Bertil Marker" {
		t.Errorf("a name sealed since is not read: %v", err)
	}
	if _, err := desk.Visits().Card(old.Visit); err == nil {
		t.Error("a name is read without its key")
	}
	desk.stop()
	if s := log.String(); !strings.Contains(s, "level=ERROR") || !strings.Contains(s, file) {
		t.Errorf("the log: %s", s)
	}

	desk = run(t, dir)
	if f := desk.VaultFacts(); f.Missing.IsZero() {
		t.Error("forgotten at the next start, though keys are lacking")
	}
	desk.stop()
	if err := os.WriteFile(file, kept, 0o600); err != nil {
		t.Fatal(err)
	}
	desk = run(t, dir)
	if c, err := desk.Visits().Card(old.Visit); err != nil || c.Name != "Astrid Marker" {
		t.Errorf("with the file put back: %v", err)
	}
	eventually(t, "what was made meanwhile is replaced", func() bool {
		f := desk.VaultFacts()
		return f.Standing == 0
	})
	if k, ok := desk.vault.public(record.CardAudience, desk.replica.FilingDay()+30); !ok || !desk.ring.Has(k.ID) {
		t.Error("what is sealed to now nobody can open")
	}
}

// Among others, a node without its vault file is given back all that they hold.
func TestOthersFillAVault(t *testing.T) {
	desk := first(t)
	second := desk.joined("Desk 2", identity.RoleDesk)
	eventually(t, "the second desk has the keys", func() bool {
		return len(second.vault.known()) > 0 && len(second.vault.Lacking(access.Audiences(identity.RoleDesk))) == 0
	})
	got, err := desk.Visits().CheckIn(t.Context(), visits.Arrival{Name: "Astrid Marker"})
	if err != nil {
		t.Fatal(err)
	}
	reads := func() bool { c, err := second.Visits().Card(got.Visit); return err == nil && c.Name == "Astrid Marker" }
	eventually(t, "the name is at the second desk", reads)
	dir := string(second.folder)
	second.stop()
	if err := os.Remove(second.folder.vault()); err != nil {
		t.Fatal(err)
	}
	second = runWith(t, Config{Dir: dir, RepairEvery: time.Second})
	eventually(t, "the name is at the second desk again", reads)
	if f := second.VaultFacts(); f.Missing.IsZero() || f.Lacking != 0 {
		t.Errorf("%+v", f)
	}
	second.stop()
	if second = run(t, dir); !second.VaultFacts().Missing.IsZero() {
		t.Error("it is whole, and said to miss its file")
	}
}
