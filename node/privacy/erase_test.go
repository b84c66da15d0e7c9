package privacy

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/mesh/identity"
)

func TestEraseIsOnRecordOnce(t *testing.T) {
	r, s, _ := desk(t)
	ctx := t.Context()
	var wg sync.WaitGroup
	ids := make([]record.ErasureID, 8)
	for i := range ids {
		wg.Go(func() {
			e, err := s.Erase(ctx, visit(1))
			if err != nil {
				t.Error(err)
			}
			ids[i] = e.ID
		})
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] || id.IsZero() {
			t.Fatal("two erasures of one visit", ids)
		}
	}
	if len(r.acts) != 1 || r.acts[0].Kind != record.ActShred || r.acts[0].Erasure != ids[0] {
		t.Fatalf("%+v", r.acts)
	}
	two, err := s.Erase(ctx, visit(2), visit(1), visit(2))
	if err != nil || two.ID == ids[0] || len(two.Visits) != 2 {
		t.Fatalf("%+v %v", two, err)
	}
	if again, err := s.Erase(ctx, visit(1), visit(2)); err != nil || again.ID != two.ID || !again.Again {
		t.Errorf("%+v %v", again, err)
	}
	if again, err := s.Erase(ctx, visit(1)); err != nil || again.ID != ids[0] {
		t.Errorf("%+v %v", again, err)
	}
	// Another desk's erasure of the visit is not ours.
	r.self = record.NodeID{9}
	if err := r.Act(ctx, []record.Act{{Kind: record.ActShred, Visits: []record.VisitID{visit(3)}, Erasure: record.ErasureID{1}}}); err != nil {
		t.Fatal(err)
	}
	if e, err := s.Erase(ctx, visit(3)); err != nil || e.ID == (record.ErasureID{1}) || e.Again {
		t.Errorf("%+v %v", e, err)
	}
}

func TestEraseRefusals(t *testing.T) {
	r, s, cfg := desk(t)
	ctx := t.Context()
	for _, c := range []struct {
		visits []record.VisitID
		want   error
	}{
		{nil, ErrNoVisits},
		{[]record.VisitID{visit(1), visit(77)}, ErrUnknownVisit},
	} {
		if _, err := s.Erase(ctx, c.visits...); !errors.Is(err, c.want) {
			t.Errorf("%v: %v", c.visits, err)
		}
	}
	var many []record.VisitID
	for n := range MaxVisits + 1 {
		many = append(many, record.VisitID{0: 9, 14: byte(n >> 8), 15: byte(n)})
	}
	if _, err := s.Erase(ctx, many...); !errors.Is(err, ErrTooMany) {
		t.Error(err)
	}
	r.fail = errors.New("the disk")
	if _, err := s.Erase(ctx, visit(1)); !errors.Is(err, r.fail) {
		t.Error(err)
	}
	gate := *cfg
	gate.Self = r.members[1].ID
	if _, err := New(gate).Erase(ctx, visit(1)); !errors.Is(err, ErrNotDesk) {
		t.Error(err)
	}
	if len(r.acts) != 0 {
		t.Errorf("%+v", r.acts)
	}
	if _, err := s.Status(record.ErasureID{1}); !errors.Is(err, ErrUnknownErasure) {
		t.Error(err)
	}
}

func names(s Status) string {
	out := fmt.Sprint(s.Complete)
	for _, x := range s.Receipts {
		out += " +" + x.Name
	}
	for _, x := range s.Pending {
		out += " ?" + x.Name
	}
	for _, x := range s.WrittenOff {
		out += " -" + x.Name
	}
	return out
}

func TestStatusNamesEveryone(t *testing.T) {
	r, s, cfg := desk(t)
	ctx := t.Context()
	long, late := r.member("Long gone", identity.RoleWarden), r.member("Stolen", identity.RoleWarden)
	r.revoke(long, t0.Add(-2*time.Hour))
	r.revoke(late, t0.Add(-time.Minute))
	e, err := s.Erase(ctx, visit(1), visit(2))
	if err != nil {
		t.Fatal(err)
	}
	check := func(what, want string) {
		t.Helper()
		st, err := s.Status(e.ID)
		if got := names(st); err != nil || got != want {
			t.Errorf("%s: %q, want %q (%v)", what, got, want, err)
		}
	}
	check("at first", "false ?Alfa ?East gate ?Reception ?Stolen")
	self, gate, alfa := r.members[0].ID, r.members[1].ID, r.members[2].ID
	for _, n := range []identity.NodeID{self, gate} {
		r.confirm(n, visit(1), t0.Add(time.Second))
	}
	r.confirm(self, visit(2), t0.Add(2*time.Second))
	check("half of it is no receipt", "false +Reception ?Alfa ?East gate ?Stolen")
	r.confirm(gate, visit(2), t0.Add(3*time.Second))
	later := r.member("Newcomer", identity.RoleEntrance)
	check("who joined later counts", "false +Reception +East gate ?Alfa ?Newcomer ?Stolen")
	for _, name := range []string{"Alfa", "Stolen"} {
		if err := s.WriteOff(ctx, name); err != nil {
			t.Fatal(err)
		}
	}
	check("written off", "false +Reception +East gate ?Newcomer -Alfa -Stolen")
	r.confirm(later, visit(1), t0)
	r.confirm(later, visit(2), t0)
	check("nobody is pending", "true +Newcomer +Reception +East gate -Alfa -Stolen")
	r.confirm(alfa, visit(1), t0.Add(time.Hour))
	r.confirm(alfa, visit(2), t0.Add(time.Hour))
	check("one who was written off confirms", "true +Newcomer +Reception +East gate +Alfa -Stolen")
	st, _ := s.Status(e.ID)
	if w := st.WrittenOff[0]; w.By != "Reception" || !w.At.Equal(t0) || !st.Receipts[3].At.Equal(t0.Add(time.Hour)) {
		t.Errorf("%+v", st)
	}

	e, err = s.Erase(ctx, visit(3))
	if err != nil {
		t.Fatal(err)
	}
	var gone record.Day
	at := *cfg
	at.Gone = func() record.Day { return gone }
	at.Now = func() time.Time { return t0.Add(100 * 24 * time.Hour) } // by a clock that nobody bears out
	s = New(at)
	for days, want := range map[record.Day]bool{0: false, 29: false, 30: true} {
		gone = record.DayOf(t0) + days
		if st, err := s.Status(e.ID); err != nil || st.Complete != want || len(st.Receipts) != 0 {
			t.Errorf("after %d days: %+v %v", days, st, err)
		}
	}
}

func TestWriteOff(t *testing.T) {
	r, _, cfg := desk(t)
	ctx := t.Context()
	heard := map[identity.NodeID]time.Time{r.members[1].ID: t0.Add(-time.Minute)}
	at := *cfg
	at.LastHeard = func(id identity.NodeID) time.Time { return heard[id] }
	s := New(at)
	for name, want := range map[string]error{"Nobody": ErrUnknownNode, "Reception": ErrWriteOffSelf, "East gate": ErrWriteOffAlive} {
		if err := s.WriteOff(ctx, name); !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(r.acts)+len(r.settings) != 0 {
		t.Fatal("a refusal was written")
	}
	for range 2 {
		if err := s.WriteOff(ctx, "Alfa"); err != nil {
			t.Fatal(err)
		}
	}
	id := record.NodeID(r.members[2].ID)
	if len(r.acts) != 1 || r.acts[0].What != ActWriteOff || r.acts[0].Note != id.String() {
		t.Errorf("%+v", r.acts)
	}
	if got := s.writtenOff()[id]; got.By != "Reception" || !got.At.Equal(t0) {
		t.Errorf("%+v", got)
	}
	for key, v := range r.settings {
		if !shape.SettingKey(key) {
			t.Errorf("%q is no key of a setting: %v", key, v)
		}
	}
	heard[r.members[1].ID] = t0.Add(-2 * time.Hour)
	gate := at
	gate.Self = r.members[1].ID
	if err := New(gate).WriteOff(ctx, "Alfa"); !errors.Is(err, ErrNotDesk) {
		t.Error(err)
	}
	for _, junk := range []string{"", "x", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z ", "x Reception"} {
		r.settings["writtenoff/x"] = crdt.Setting{Key: "writtenoff/x", Value: shape.String(junk)}
		if _, ok := parseWriteOff(junk); ok || len(s.writtenOff()) != 1 {
			t.Errorf("%q was taken", junk)
		}
	}
}
