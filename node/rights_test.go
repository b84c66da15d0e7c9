package node

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/privacy"
	"github.com/upprop/upprop/node/rights"
	"github.com/upprop/upprop/node/visits"
)

// back starts a node again that has been stopped: it was cut off meanwhile.
func (r *running) back() *running { return run(r.t, r.cfg.Dir) }

// listed is the row of a visit at a node.
func (r *running) listed(v record.VisitID) (visits.Row, bool) {
	rows, err := r.Visits().List(false)
	if err != nil {
		r.t.Fatal(err)
	}
	i := slices.IndexFunc(rows, func(x visits.Row) bool { return x.Visit == v })
	if i < 0 {
		return visits.Row{}, false
	}
	return rows[i], true
}

// onMuster is the name of a visit on the muster list of a node, empty where it
// is withheld.
func (r *running) onMuster(v record.VisitID) string {
	for _, p := range r.Replica().Open() {
		if c, err := r.Visits().CardOf(p); p.Visit == v && err == nil {
			return c.Name.Reveal()
		}
	}
	return ""
}

// One person goes through the rights at a campus of two desks and a warden; one
// desk is cut off again and again, and after each right it is looked what every
// node holds.
func TestOnePersonThroughAllRights(t *testing.T) {
	ctx := context.Background()
	here := first(t)
	south := here.joined("South desk", identity.RoleDesk)
	alfa := here.joined("Alfa", identity.RoleWarden)
	if err := alfa.PIN().Set([]byte("4711")); err != nil {
		t.Fatal(err)
	}
	in, err := here.Visits().CheckIn(ctx, visits.Arrival{Name: "Astrid Marker", Host: "Sven", Email: "a@marker.test", Phone: "070", How: "desk"})
	if err != nil {
		t.Fatal(err)
	}
	v := in.Visit
	eventually(t, "the other desk has it all", func() bool {
		c, d, err := south.Visits().ForSubject(v)
		return err == nil && c.Name == "Astrid Marker" && d.Email == "a@marker.test"
	})
	eventually(t, "the warden has heard of the visit", func() bool { _, ok := alfa.listed(v); return ok })

	// Access, at the other desk: the same, and all have answered.
	var x rights.Extract
	tries := 0
	eventually(t, "all nodes have answered", func() bool {
		tries++
		if x, err = south.Rights().Export(ctx, v, "json"); err != nil {
			t.Fatal(err)
		}
		return len(x.Nodes) == 3 && !slices.ContainsFunc(x.Nodes, func(a rights.Answer) bool { return !a.Answered })
	})
	if p := x.Particulars; p.Status != rights.Stored || p.Name != "Astrid Marker" || p.Phone != "070" || len(x.Events) != 1 || x.Events[0].Node != "Reception" {
		t.Errorf("%+v", x)
	}
	if r := x.Reasons[0]; r.Datum != "name" || !strings.HasPrefix(r.Source, "a receptionist") || r.By != "Reception, "+privacy.Operator || r.At.IsZero() {
		t.Errorf("%+v", r)
	}
	if len(x.Recipients) != tries-1 {
		t.Errorf("after %d extracts: %+v", tries-1, x.Recipients)
	}
	_, err = alfa.Rights().Export(ctx, v, "json")
	if !errors.Is(err, rights.ErrNotDesk) || !strings.Contains(err.Error(), "do it at a desk, for instance at ") {
		t.Error("a warden hands out a register extract:", err)
	}

	// Rectification, while the other desk is cut off.
	south.stop()
	right := record.Private("Astrid Markör")
	if err := here.Rectify(ctx, v, privacy.Correction{Name: &right}, ""); err != nil {
		t.Fatal(err)
	}
	south = south.back()
	eventually(t, "the correction is at the other desk", func() bool {
		x, err := south.Rights().Export(ctx, v, "json")
		return err == nil && x.Particulars.Name == right && !x.Particulars.CorrectedAt.IsZero() &&
			strings.HasPrefix(x.Reasons[0].Source, "a correction") && !strings.HasPrefix(x.Reasons[1].Source, "a correction")
	})

	// Restriction, while the other desk is cut off.
	south.stop()
	c, _, err := here.Rights().OpenCase(ctx, v, rights.Restriction, "accuracy contested")
	if err != nil {
		t.Fatal(err)
	}
	south = south.back()
	hidden := func(r *running) bool {
		row, ok := r.listed(v)
		return ok && len(row.Restricted) == 1 && row.Restricted[0].Case == c.ID && row.Card == nil && r.onMuster(v) == ""
	}
	for _, r := range []*running{here, south, alfa} {
		eventually(t, "restricted at "+r.Self().Name, func() bool { return hidden(r) })
	}
	if _, err := here.Alarm().Start(ctx, true, ""); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the drill is at the warden", func() bool { _, on := alfa.Replica().Evacuations().Running(""); return on })
	for _, r := range []*running{here, south, alfa} {
		if !hidden(r) {
			t.Error("a drill shows who is restricted, at", r.Self().Name)
		}
	}
	if _, err := alfa.Alarm().Start(ctx, false, ""); err != nil {
		t.Fatal(err)
	}
	for _, r := range []*running{alfa, here, south} {
		eventually(t, "found by name in an evacuation, at "+r.Self().Name, func() bool { return r.onMuster(v) == right.Reveal() })
		if row, _ := r.listed(v); row.Card != nil {
			t.Error("the list of visits shows who is restricted, at", r.Self().Name)
		}
	}
	if _, err := alfa.Alarm().End(ctx, "all are out"); err != nil {
		t.Fatal(err)
	}
	for _, r := range []*running{here, south, alfa} {
		eventually(t, "hidden again at "+r.Self().Name, func() bool { return hidden(r) })
	}
	if _, err := south.Rights().Lift(ctx, v, "accuracy verified"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "lifted at the first desk", func() bool { row, _ := here.listed(v); return row.Card != nil })

	// Objection, at one desk, decided at the other, which was cut off.
	south.stop()
	if c, _, err = here.Rights().OpenCase(ctx, v, rights.Objection, "protected identity"); err != nil {
		t.Fatal(err)
	}
	south = south.back()
	for _, r := range []*running{here, south, alfa} {
		eventually(t, "the case is at "+r.Self().Name, func() bool {
			got, err := r.Rights().Case(c.ID)
			return err == nil && got.State == rights.Open && got.Visit == v && hidden(r)
		})
	}
	if _, err := south.Rights().Decide(ctx, c.ID, rights.Granted, ""); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the decision is at the first desk", func() bool {
		got, err := here.Rights().Case(c.ID)
		return err == nil && got.State == rights.Granted && got.Decisions[0].Name == "South desk"
	})
	if !hidden(here) || !hidden(south) {
		t.Error("an objection that was granted restricts no more")
	}

	// Erasure, while the other desk is cut off.
	south.stop()
	if _, err := here.Erase(ctx, v); err != nil {
		t.Fatal(err)
	}
	south = south.back()
	for _, r := range []*running{here, south} {
		eventually(t, "erased at "+r.Self().Name, func() bool {
			x, err := r.Rights().Export(ctx, v, "json")
			if err != nil || x.Particulars.Status != rights.Erased {
				return false
			}
			b, err := json.Marshal(x)
			return err == nil && x.Particulars.Name == "" && x.Particulars.Email == "" && !x.Particulars.ErasedAt.IsZero() &&
				len(x.Reasons) == 1 && x.Reasons[0].Datum == "presence" && !strings.Contains(string(b), "Mark")
		})
	}
	for _, r := range []*running{here, south, alfa} {
		eventually(t, "all acts and cases are at "+r.Self().Name, func() bool {
			report, err := r.VerifyAudit()
			return err == nil && report.OK && len(r.Rights().Cases()) == 2
		})
	}
}
