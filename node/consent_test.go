package node

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/memnet"
	"github.com/upprop/upprop/node/consent"
	"github.com/upprop/upprop/node/visits"
)

// A consent that is taken back takes its data along at once on every node that
// is in touch, on others when they are back, and out of what lies on any disk.
func TestWithdrawalReachesEveryNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, "Reception", "East gate")
		defer w.close()
		south := w.join("South desk", identity.RoleDesk)
		w.join("Warden", identity.RoleWarden)
		desk, east, warden := w.houses[0], w.houses[1], w.houses[3]
		ctx := context.Background()
		in, err := east.Visits().CheckIn(ctx, visits.Arrival{Name: "Astrid Marker", Phone: "0701234567", Assist: "uses a chair", Notify: true, Lang: "en", How: "desk"})
		if err != nil {
			t.Fatal(err)
		}
		v := in.Visit
		time.Sleep(5 * time.Minute)
		assist := func(h *house) string {
			p, err := h.replica.Presence(v)
			if err != nil {
				t.Fatal(err)
			}
			c, err := h.Visits().CardOf(p)
			if err != nil {
				t.Error(h.name, err)
			}
			return c.Assist.Reveal()
		}
		w.net.Cut(memnet.Closing, warden.key.ID(), desk.key.ID())
		w.net.Cut(memnet.Closing, warden.key.ID(), south.key.ID())
		w.net.Cut(memnet.Closing, warden.key.ID(), east.key.ID())
		if _, err := warden.Alarm().Start(ctx, false, ""); err != nil { // it reads cards in an evacuation alone
			t.Fatal(err)
		}
		for _, h := range []*house{desk, south, warden} {
			if assist(h) != "uses a chair" {
				t.Error(h.name, "does not know of the help that was asked for")
			}
		}
		before := w.copies()
		if err := south.Withdraw(ctx, v, consent.Assist, "desk", ""); err != nil {
			t.Fatal(err)
		}
		if err := south.Withdraw(ctx, v, consent.Notify, "desk", ""); err != nil {
			t.Fatal(err)
		}
		if assist(south) != "" {
			t.Error("it is there where it was taken back")
		}
		time.Sleep(time.Minute)
		if assist(desk) != "" {
			t.Error("the other desk has not followed within a minute")
		}
		if d, err := desk.Visits().Dossier(v); err != nil || d.Notify || len(d.Consents) != 2 || d.Consents[0].Withdrawn.IsZero() || d.Consents[1].Withdrawn.IsZero() {
			t.Errorf("%+v %v", d.Consents, err)
		}
		if assist(warden) != "uses a chair" {
			t.Error("who is cut off has heard of it")
		}
		w.net.Heal()
		time.Sleep(5 * time.Minute)
		if assist(warden) != "" {
			t.Error("the warden that was cut off has not followed")
		}
		if c, _, err := desk.Visits().ForSubject(v); err != nil || c.Name != "Astrid Marker" {
			t.Error("the name was taken along:", err)
		}
		// What lay on a disk before opens nothing with the keys of now.
		time.Sleep(5 * time.Minute)
		for _, h := range []*house{desk, south, warden} {
			now := h.seize()
			time.Sleep(time.Minute)
			l := before[h.name].with(t, &now).open(t, desk.now, v)
			if len(l.cards)+len(l.dossiers) > 0 {
				t.Errorf("a copy that %s had opens what was consented to with its keys of now", h.name)
			}
		}
		x, err := desk.Rights().Export(ctx, v, "json")
		if err != nil || len(x.Particulars.Consents) != 2 || x.Particulars.Assist != "" || x.Particulars.Phone != "0701234567" {
			t.Errorf("%+v %v", x.Particulars, err)
		}
		seen := 0
		for _, e := range x.Events {
			if e.What == "consent withdrawn" {
				seen++
			}
		}
		if seen != 2 {
			t.Error(seen, "withdrawals on record")
		}
	})
}

// copies are the disks of all houses as they are now.
func (w *town) copies() map[string]disk {
	out := map[string]disk{}
	for _, h := range w.houses {
		out[h.name] = h.seize()
	}
	time.Sleep(time.Minute)
	for _, h := range w.houses {
		if h.PIN().State().Set {
			if err := h.PIN().Unlock([]byte(pinOf)); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	return out
}
