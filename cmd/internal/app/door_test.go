package app

import (
	"errors"
	"io/fs"
	"os"
	"testing"

	"github.com/upprop/upprop/kiosk"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/lang/langtest"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/visits"
)

func TestCatalog(t *testing.T) {
	words, err := fs.Sub(files, "words")
	if err != nil {
		t.Fatal(err)
	}
	langtest.Lint(t, words, langtest.Sources{Templates: []fs.FS{os.DirFS("pages")}, GoDirs: []string{"."}})
}

// TestProblemsAreSaid: every problem that the rules know has words, in both
// languages, and says its limit.
func TestProblemsAreSaid(t *testing.T) {
	words, err := lang.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{
		"name.empty", "name.too_long", "text.control", "text.too_long", "badge.malformed", "badge.ambiguous",
		"badge.newer", "minor.contact", "minor.guardian", "disk.full", "store.broken", "store.keys", "keys.missing",
	} {
		if !words.Has(key) {
			t.Errorf("no words for %s", key)
		}
	}
	var p lang.Problem
	if !errors.As(inWords(&visits.Problem{Key: "name.too_long", Field: "name", Limit: 200}), &p) || p.Field != "name" || p.Args["Limit"] != 200 {
		t.Errorf("%+v", p)
	}
	other := errors.New("other")
	if inWords(other) != other {
		t.Error("an unknown error is changed")
	}
}

func TestDoor(t *testing.T) {
	a := running(t, Config{Node: node.Config{Dir: first(t, identity.RoleDesk)}})
	d := door{a.Node().Visits(), a.Node().Documents()}
	got, err := d.CheckIn(t.Context(), kiosk.Arrival{Name: "Astrid Marker", Host: "Sven", Assist: "stairs"})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := a.Node().Visits().List(true)
	if err != nil || len(rows) != 1 || rows[0].Card.Host != "Sven" || rows[0].Card.Assist != "stairs" || rows[0].Arrived.How != "kiosk" {
		t.Error(err, rows)
	}
	out, err := d.CheckOut(t.Context(), got.QR)
	if err != nil || !out.Known || out.Already || out.Badge != got.Badge {
		t.Error(err, out)
	}
	var p lang.Problem
	if _, err := d.CheckOut(t.Context(), "nonsense"); !errors.As(err, &p) || p.Key != lang.BadgeMalformed {
		t.Error(err)
	}
	if _, err := d.CheckIn(t.Context(), kiosk.Arrival{}); !errors.As(err, &p) || p.Key != lang.NameEmpty {
		t.Error(err)
	}
}
