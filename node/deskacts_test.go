package node

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/memnet"
	"github.com/upprop/upprop/node/notify"
	"github.com/upprop/upprop/node/points"
	"github.com/upprop/upprop/node/privacy"
	"github.com/upprop/upprop/node/rights"
	"github.com/upprop/upprop/node/visits"
)

// A desk that is cut off corrects a visit that was begun elsewhere, says in which zone
// its visitor is, and writes to them: the others hear of both when it is back. Another
// desk than the one that took the message down sends none.
func TestACutOffDeskActsOnAVisit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, "Reception", "East gate")
		defer w.close()
		south := w.join("South desk", identity.RoleDesk)
		desk, east := w.houses[0], w.houses[1]
		in, err := east.Visits().CheckIn(t.Context(), visits.Arrival{Name: "Ana Marker", Phone: "0701234567", How: "desk"})
		if err != nil {
			t.Fatal(err)
		}
		if err := desk.Points().Assign(t.Context(), "op", points.Duty{Name: "Floor two", Free: true, Zone: "Plan 2"}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		// The gateway's secret is taken away once it is set: nothing is sent.
		secret := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(secret, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, h := range []*house{desk, south} {
			if err := h.ChangeNotices(func(s *notify.Settings) error {
				s.SMS = &notify.SMS{Gateway: notify.Elks, User: "u", Password: notify.Secret{File: secret}, From: "Upprop"}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Remove(secret); err != nil {
			t.Fatal(err)
		}
		w.net.Cut(memnet.Closing, south.key.ID(), desk.key.ID())
		w.net.Cut(memnet.Closing, south.key.ID(), east.key.ID())
		time.Sleep(time.Minute)
		right := record.Private("Anna Marker")
		if err := south.Rectify(t.Context(), in.Visit, privacy.Correction{Name: &right}, "op"); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := south.Move(t.Context(), in.Visit, points.Zone{Site: record.SiteID(south.Self().Site), Zone: "Plan 2"}, "op"); err != nil {
				t.Fatal(err)
			}
			if err := south.SendMessage(t.Context(), in.Visit, TextVisitor, "Din taxi", "form", "op"); err != nil {
				t.Fatal(err)
			}
		}
		if err := east.SendMessage(t.Context(), in.Visit, TextVisitor, "Din taxi", "form", "op"); !errors.Is(err, ErrNoWay) {
			t.Error("an entrance that opens no address:", err)
		}
		w.net.Heal()
		time.Sleep(5 * time.Minute)
		if a, b := south.Notices().Status(), desk.Notices().Status(); a.Pending+a.Failed != 1 || b.Counts != (notify.Counts{}) {
			t.Error(a.Counts, b.Counts)
		}
		p, err := east.Replica().Presence(in.Visit)
		if err != nil || p.Seen.Place.Zone != "Plan 2" || p.State != record.Present || p.Seen.By() != record.NodeID(south.key.ID()) {
			t.Error(p.Seen, p.State, err)
		}
		if c, err := desk.Visits().Card(in.Visit); err != nil || c.Name != right {
			t.Error("the correction has not come:", err)
		}
		send := func(h *house) error {
			return h.SendMessage(t.Context(), in.Visit, TextVisitor, "Din taxi", "another", "op")
		}
		there := points.Zone{Site: record.SiteID(south.Self().Site), Zone: "Plan 2"}
		if err := south.Move(t.Context(), in.Visit, points.Zone{Site: there.Site, Zone: "Nowhere"}, "op"); !errors.Is(err, ErrNoPlace) {
			t.Error("moved to where there is no place:", err)
		}
		if _, _, err := south.Rights().OpenCase(t.Context(), in.Visit, rights.Objection, "protected identity"); err != nil {
			t.Fatal(err)
		}
		if err := send(south); !errors.Is(err, visits.ErrRestricted) {
			t.Error("written to by what may not be used:", err)
		}
		south.leave(in.Visit)
		if err := send(south); !errors.Is(err, ErrNotInside) {
			t.Error("written to who has left:", err)
		}
		if err := south.Move(t.Context(), in.Visit, there, "op"); !errors.Is(err, ErrNotInside) {
			t.Error("moved who has left:", err)
		}
	})
}
