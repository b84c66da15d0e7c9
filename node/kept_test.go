package node

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/memnet"
	"github.com/upprop/upprop/node/documents"
	"github.com/upprop/upprop/node/kept"
	"github.com/upprop/upprop/node/privacy"
	"github.com/upprop/upprop/node/rights"
	"github.com/upprop/upprop/node/terms"
	"github.com/upprop/upprop/node/visits"
)

// days lets days pass at houses that are on, three at a time; an operator says that
// they have come, since running time is what dates are paid with.
func (w *town) days(n int) {
	w.t.Helper()
	for ; n > 0; n -= 3 {
		w.leap.Add(int64(time.Duration(min(n, 3))*24*time.Hour - time.Minute))
		for _, h := range w.houses {
			if h.Node == nil {
				continue
			}
			if err := h.AllowExpiry(context.Background(), record.DayOf(h.now())); err != nil {
				w.t.Fatal(err)
			}
			h.resealer.Wake()
			h.kept.Wake()
		}
		time.Sleep(time.Minute)
	}
	time.Sleep(3 * retentionTick) // days are dropped by running time
}

// signs checks somebody in who signs documents.
func (h *house) signs(name record.Private, docs ...string) record.VisitID {
	h.town.t.Helper()
	a := visits.Arrival{Name: name, Company: "Bolaget", How: "kiosk"}
	for _, id := range docs {
		d, ok := h.Documents().Get(id)
		if !ok {
			h.town.t.Fatal("no document", id)
		}
		s, err := h.Documents().Signature(id, "sv", d.Text["sv"].Hash, "typed", name, "")
		if err != nil {
			h.town.t.Fatal(err)
		}
		a.Signed = append(a.Signed, s)
	}
	r, err := h.Visits().CheckIn(context.Background(), a)
	if err != nil {
		h.town.t.Fatal(err)
	}
	return r.Visit
}

// papers are documents of the campus, of which nda is kept for so many days and
// rules for no longer than the visit.
func (h *house) papers(nda int) {
	h.town.t.Helper()
	ctx := context.Background()
	for _, id := range []string{"nda", "rules"} {
		text := map[string]string{"sv": "Håll tyst. " + id}
		if _, err := h.Documents().Put(ctx, "op", id, documents.Edit{Name: map[string]string{"sv": id}, Text: text}); err != nil {
			h.town.t.Fatal(err)
		}
	}
	for id, days := range map[string]int{"nda": nda, "rules": 10} {
		if _, err := h.Rights().SetTerms(ctx, terms.Documents, id, days, false); err != nil {
			h.town.t.Fatal(err)
		}
	}
}

// opened is what of kept ids a house's own services open.
func (h *house) opened(v record.VisitID) (out []kept.Record) {
	h.town.t.Helper()
	out, err := h.Kept().Of(v)
	if err != nil {
		h.town.t.Fatal(err)
	}
	return out
}

// What was signed at an entrance outlives the visit, its erasure and its day, on
// both desks, for just its own time; a held visit outlives them until the hold is
// lifted; nothing else does. Desks that make the same apart make one. A gate never
// opens any of it.
func TestWhatMustBeKeptOutlivesItsDay(t *testing.T) {
	inTheLongRunOnly(t)
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, "Reception", "East gate")
		defer w.close()
		south := w.join("South desk", identity.RoleDesk)
		desk, east := w.houses[0], w.houses[1]
		ctx := context.Background()
		time.Sleep(2 * time.Minute)
		desk.papers(34)
		time.Sleep(time.Minute)
		signer, held, plain := east.signs("Astrid Ek", "nda", "rules"), east.signs("Bo Al", "rules"), east.signs("Cia Od")
		time.Sleep(time.Minute)
		for _, v := range []record.VisitID{signer, held, plain} {
			east.leave(v)
		}
		time.Sleep(20 * time.Minute)
		nda := record.KeptID(signer, "document/nda")
		for _, h := range []*house{desk, south} {
			got := h.opened(signer)
			if len(got) != 1 || got[0].ID != nda || got[0].Name != "Astrid Ek" || len(got[0].Signed) != 1 || got[0].Dossier != nil || got[0].Card != nil || got[0].Place.Entrance != "East gate" {
				t.Fatalf("%s keeps %+v", h.name, got)
			}
			if got[0].End != record.DayOf(h.now())+34 || got[0].Dies > record.DayOf(h.now())+terms.Most {
				t.Errorf("it is kept until %v, sealed until %v", got[0].End, got[0].Dies)
			}
		}
		end := record.DayOf(desk.now()) + 45
		hold, err := desk.Kept().As("operator a").Add(ctx, held, "an accident in the yard", end)
		if err != nil {
			t.Fatal(err)
		}
		var h *kept.HeldError
		if _, err := desk.Erase(ctx, held); !errors.As(err, &h) || h.ID != hold.ID {
			t.Error("a held visit was erased:", err)
		}
		time.Sleep(time.Minute)
		if _, err := south.Erase(ctx, hold.Key()); !errors.As(err, &h) {
			t.Error("what a hold keeps was erased elsewhere:", err)
		}
		if _, err := south.Erase(ctx, signer); err != nil {
			t.Fatal(err)
		}
		south.shut() // until others have dropped those days
		gate := east.seize()
		w.days(33)
		for _, v := range []record.VisitID{signer, held, plain} {
			if _, err := desk.Replica().Presence(v); !errors.Is(err, crdt.ErrUnknownVisit) {
				t.Fatal("the days are not dropped: nothing is proved")
			}
		}
		south.on()
		time.Sleep(5 * time.Minute)
		for _, at := range []*house{desk, south} {
			if got := at.opened(signer); len(got) != 1 || got[0].Name != "Astrid Ek" {
				t.Errorf("%s has lost what was signed: %+v", at.name, got)
			}
			got := at.opened(held)
			if len(got) != 1 || got[0].Card == nil || got[0].Card.Name != "Bo Al" || got[0].Card.Company != "Bolaget" || got[0].Dossier == nil || len(got[0].Dossier.Signed) != 1 || len(got[0].Events) != 2 {
				t.Errorf("%s has lost what is held: %+v", at.name, got)
			}
			if all, err := at.Kept().All(); err != nil || len(all) != 2 {
				t.Errorf("%s keeps %d records: %v", at.name, len(all), err)
			}
		}
		x, err := south.Rights().Export(ctx, held, "text")
		if err != nil || len(x.Kept) != 1 || x.Kept[0].Reason != "an accident in the yard" || x.Particulars.Status != rights.Expired {
			t.Errorf("the extract of who is held: %+v %v", x.Kept, err)
		}
		if l := gate.open(t, desk.now, nda, hold.Key(), held, plain); len(l.cards)+len(l.dossiers) > 0 {
			t.Error("a gate opens what is kept")
		}
		rectifiedAfterItsDay(t, desk, south, held, hold.Key(), nda, plain)
		was := desk.seize()
		w.days(2) // the 35th day
		for _, at := range []*house{desk, south} {
			if len(at.opened(signer)) > 0 || len(at.opened(held)) != 1 {
				t.Errorf("%s: what was signed outlives its time, or what is held does not", at.name)
			}
			now := at.seize()
			l := now.open(t, desk.now, nda, hold.Key())
			l.check(t, at.name+" now", nil, []record.VisitID{hold.Key()})
			was.with(t, &now).open(t, desk.now, nda).check(t, "an old copy with the keys of now", nil, nil)
		}
		if _, err := desk.Kept().Lift(ctx, hold.ID, "settled"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Minute)
		for _, at := range []*house{desk, south} {
			if len(at.opened(held)) > 0 || !at.Replica().Shredded(hold.Key()) {
				t.Error("what was held is not gone at", at.name)
			}
			if lost, err := at.Kept().Lost(); err != nil || lost.Count != 0 {
				t.Errorf("%s says that %d records were lost: %v", at.name, lost.Count, err)
			}
		}
		status, err := desk.ErasureStatuses()
		if err != nil || len(status) == 0 || !status[len(status)-1].Complete && !status[0].Complete {
			t.Errorf("no receipts: %+v %v", status, err)
		}
	})
}

// rectifiedAfterItsDay corrects at one desk what is held, and what was signed, of
// visits that are in the register no more. Both desks have what is right; the old
// opens to nobody, from a copy of before either; what was signed stays as signed.
func rectifiedAfterItsDay(t *testing.T, desk, south *house, held, holdKey, nda, plain record.VisitID) {
	t.Helper()
	ctx, before := context.Background(), desk.seize()
	name, company := record.Private("Bo Ahl"), record.Private("Andra bolaget")
	if err := south.Rectify(ctx, held, privacy.Correction{Name: &name, Company: &company}, "operator b"); err != nil {
		t.Fatal(err)
	}
	signer := record.Private("Astrid Eek")
	if err := south.Rectify(ctx, nda, privacy.Correction{Name: &signer}, "operator b"); err != nil {
		t.Fatal(err)
	}
	if err := south.Rectify(ctx, plain, privacy.Correction{Name: &name}, ""); !errors.Is(err, privacy.ErrNotOpened) {
		t.Error("what is gone was corrected:", err)
	}
	time.Sleep(20 * time.Minute)
	for _, at := range []*house{desk, south} {
		got := at.opened(held)
		if len(got) != 1 || got[0].Name != name || got[0].Card.Name != name || got[0].Card.Company != company || len(got[0].Events) != 2 || got[0].Dossier.Signed[0].Name != "Bo Al" {
			t.Errorf("%s holds %+v", at.name, got)
		}
		all, err := at.Kept().All()
		for _, r := range all {
			if r.ID == nda && (r.Name != signer || r.Signed[0].Name != "Astrid Ek") {
				t.Errorf("%s keeps %+v", at.name, r)
			}
		}
		if err != nil || len(all) != 2 {
			t.Error(at.name, len(all), err)
		}
	}
	now := desk.seize()
	now.open(t, desk.now, nda, holdKey).check(t, "now", nil, []record.VisitID{holdKey, nda})
	before.with(t, &now).open(t, desk.now, nda, holdKey).check(t, "an old copy with the keys of now", nil, nil)
	lines, err := desk.AuditLines()
	if err != nil {
		t.Fatal(err)
	}
	done := 0
	for _, l := range lines {
		if l.What == privacy.ActRectify && l.By == "operator b" {
			done++
		}
	}
	if done != 2 {
		t.Error(done, "corrections on record")
	}
}

// A desk that has just started alone asks in vain which visits were erased, and
// shows no name meanwhile. It corrects who is inside; where something is kept of
// them besides, which waits, it corrects nothing rather than a part.
func TestACorrectionIsWholeOrNotDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, "Reception", "East gate")
		defer w.close()
		desk, east := w.houses[0], w.houses[1]
		time.Sleep(2 * time.Minute)
		desk.papers(365)
		time.Sleep(time.Minute)
		held, plain := east.signs("Astrid Ek", "nda"), east.arrive("Bo Al")
		time.Sleep(time.Minute)
		ctx := context.Background()
		if _, err := desk.Kept().Add(ctx, held, "an accident in the yard", record.DayOf(desk.now())+60); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		desk.shut()
		east.shut()
		desk.on()
		if desk.withheld() == nil {
			t.Fatal("the desk does not ask: nothing is proved")
		}
		name := record.Private("Astrid Eek")
		right := privacy.Correction{Name: &name}
		if err := desk.Rectify(ctx, held, right, ""); !errors.Is(err, kept.ErrNotYet) {
			t.Error("what is kept is corrected while it may be erased:", err)
		}
		if err := desk.Rectify(ctx, plain, right, ""); err != nil {
			t.Error("nothing is kept of this one:", err)
		}
		time.Sleep(2 * time.Minute)
		for v, want := range map[record.VisitID]record.Private{held: "Astrid Ek", plain: name} {
			if c, _, err := desk.Visits().ForSubject(v); err != nil || c.Name != want {
				t.Errorf("%q is there, want %q: %v", c.Name, want, err)
			}
		}
		if err := desk.Rectify(ctx, held, right, ""); err != nil {
			t.Error(err)
		}
		if got := desk.opened(held); len(got) != 1 || got[0].Name != name {
			t.Errorf("what is kept says %+v", got)
		}
	})
}

// No desk runs for longer than anything is sealed: what was to be kept is gone on
// time, nothing brings it back, and the desk that comes back says so.
func TestWhatNoDeskKeepsIsLostAndSaidSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, "Reception", "East gate")
		defer w.close()
		desk, east := w.houses[0], w.houses[1]
		time.Sleep(2 * time.Minute)
		desk.papers(365)
		time.Sleep(time.Minute)
		v := east.signs("Astrid Ek", "nda")
		time.Sleep(20 * time.Minute)
		if len(desk.opened(v)) != 1 {
			t.Fatal("nothing is kept: nothing is proved")
		}
		desk.shut()
		w.leap.Add(int64(40 * 24 * time.Hour))
		desk.on()
		w.days(1)
		time.Sleep(20 * time.Minute)
		if got := desk.opened(v); len(got) > 0 {
			t.Error("it opens after all its keys were to be dead")
		}
		if lost, err := desk.Kept().Lost(); err != nil || lost.Count != 1 {
			t.Errorf("%+v %v", lost, err)
		}
	})
}

// Two desks that do not hear each other make the record of one signature, and of one
// hold, apart: it is one when they meet, and opens at both; its erasure at one, which
// the other has not heard of, stands against what that one seals anew.
func TestDesksApartKeepTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, "Reception", "East gate")
		defer w.close()
		south := w.join("South desk", identity.RoleDesk)
		desk, east := w.houses[0], w.houses[1]
		ctx := context.Background()
		time.Sleep(2 * time.Minute)
		desk.papers(365)
		time.Sleep(time.Minute)
		v := east.signs("Astrid Ek", "nda")
		time.Sleep(10 * time.Second) // until the desk has heard of it
		hold, err := desk.Kept().Add(ctx, v, "a claim", record.DayOf(desk.now())+60)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		w.net.Cut(memnet.Closing, desk.key.ID(), south.key.ID())
		w.net.Cut(memnet.Closing, east.key.ID(), south.key.ID())
		time.Sleep(time.Second)
		for _, h := range []*house{desk, south} {
			if err := h.Kept().Keep(ctx, v); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := south.Kept().Renew(ctx, hold.ID, "not decided", hold.Until+30); err != nil {
			t.Fatal(err)
		}
		w.net.Heal()
		time.Sleep(5 * time.Minute)
		nda := record.KeptID(v, "document/nda")
		for _, h := range []*house{desk, south} {
			got := h.opened(v)
			if len(got) != 2 || got[0].ID != nda || got[1].ID != hold.Key() || got[1].End != hold.Until+30 {
				t.Errorf("%s keeps %+v", h.name, got)
			}
		}
		w.net.Cut(memnet.Closing, desk.key.ID(), south.key.ID())
		w.net.Cut(memnet.Closing, east.key.ID(), south.key.ID())
		time.Sleep(time.Second)
		if _, err := desk.Erase(ctx, nda); err != nil {
			t.Fatal(err)
		}
		got := south.opened(v)[0]
		w.leap.Add(int64(12 * 24 * time.Hour)) // it is sealed anew where that is not known
		for _, h := range w.houses {
			if err := h.AllowExpiry(ctx, record.DayOf(h.now())); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(40 * time.Minute)
		if now := south.opened(v); len(now) != 2 || now[0].Dies <= got.Dies {
			t.Fatal("it was not sealed anew: nothing is proved")
		}
		w.net.Heal()
		time.Sleep(5 * time.Minute)
		for _, h := range []*house{desk, south} {
			if got := h.opened(v); len(got) != 1 || got[0].ID != hold.Key() || !h.Replica().Shredded(nda) {
				t.Errorf("%s: what was erased is back, or what is held is gone", h.name)
			}
		}
	})
}
