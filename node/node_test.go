package node

import (
	"cmp"
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/visits"
)

// running is one node that works until the test ends.
type running struct {
	*Node
	t    testing.TB
	stop func()
}

func run(t testing.TB, dir string) *running {
	t.Helper()
	return runWith(t, Config{Dir: dir})
}

func runWith(t testing.TB, cfg Config) *running {
	t.Helper()
	cfg.Listen, cfg.BeatEvery = cmp.Or(cfg.Listen, "127.0.0.1:0"), 200*time.Millisecond
	n, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	r := &running{Node: n, t: t}
	r.stop = func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := n.Close(); err != nil {
			t.Error(err)
		}
		done <- nil
	}
	t.Cleanup(r.stop)
	return r
}

func first(t testing.TB) *running {
	t.Helper()
	dir := t.TempDir()
	if err := Init(InitOptions{Dir: dir, Campus: "Ekudden", Name: "Reception", Listen: "127.0.0.1:0"}); err != nil {
		t.Fatal(err)
	}
	return run(t, dir)
}

func (r *running) joined(name string, role identity.Role) *running {
	r.t.Helper()
	tok, err := r.CreateToken(TokenOptions{Role: role, Name: name})
	if err != nil {
		r.t.Fatal(err)
	}
	dir := r.t.TempDir()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if _, err := Enroll(ctx, EnrollOptions{Dir: dir, Token: tok, Listen: "127.0.0.1:0"}); err != nil {
		r.t.Fatal(err)
	}
	return run(r.t, dir)
}

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("never: %s", what)
}

func TestCampusOfThree(t *testing.T) {
	desk := first(t)
	east := desk.joined("East gate", identity.RoleEntrance)
	warden := desk.joined("Warden 1", identity.RoleWarden)
	ctx := context.Background()

	var got visits.Receipt
	eventually(t, "the entrance knows the campus's keys", func() bool {
		var err error
		got, err = east.Visits().CheckIn(ctx, visits.Arrival{Name: "Astrid Ek", Company: "Bolaget", Host: "Sven"})
		return err == nil
	})
	if _, err := warden.Visits().Card(got.Visit); err == nil {
		t.Fatal("a warden opens a card at rest")
	}
	// The start reaches the desk's and the warden's replica from the entrance.
	drill, err := east.Alarm().Start(ctx, true, "")
	if err != nil || !drill.Drill {
		t.Fatal(err)
	}
	eventually(t, "the warden's names are locked until a PIN is chosen", func() bool {
		_, err := warden.Visits().Card(got.Visit)
		return errors.Is(err, visits.ErrLocked)
	})
	if err := warden.PIN().Set([]byte("1234")); err != nil {
		t.Fatal(err)
	}
	for _, n := range []*running{desk, warden} {
		eventually(t, "the name is readable at "+n.Self().Name, func() bool {
			c, err := n.Visits().Card(got.Visit)
			return err == nil && c.Name == "Astrid Ek"
		})
	}
	if _, err := east.Visits().Card(got.Visit); err == nil {
		t.Fatal("an entrance opens a card")
	}
	for _, n := range []*running{desk, east, warden} {
		if _, err := n.Web(); err != nil {
			t.Errorf("%s cannot serve its screens: %v", n.Self().Name, err)
		}
	}
	if err := warden.PIN().Lock(); err != nil {
		t.Fatal(err)
	}
	if _, err := warden.Visits().Card(got.Visit); !errors.Is(err, visits.ErrLocked) {
		t.Fatal("a locked warden opens a card:", err)
	}
	if err := warden.PIN().Unlock([]byte("4321")); err == nil {
		t.Fatal("a wrong PIN unlocks names")
	}
	if err := warden.PIN().Unlock([]byte("1234")); err != nil {
		t.Fatal(err)
	}
	if _, err := warden.Visits().Card(got.Visit); err != nil {
		t.Fatal("an unlocked warden opens no card:", err)
	}
	eventually(t, "each step is on record", func() bool {
		lines, err := warden.AuditLines()
		did := map[string]int{}
		for _, l := range lines {
			did[l.What]++
		}
		return err == nil && did["pin.set"] == 1 && did["pin.lock"] == 1 && did["pin.wrong"] == 1 && did["pin.unlock"] == 1
	})
	if _, err := desk.Alarm().End(ctx, "all out"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the warden no longer opens a card", func() bool {
		_, err := warden.Visits().Card(got.Visit)
		return errors.Is(err, visits.ErrNotNow)
	})
	if _, err := warden.Visits().Dossier(got.Visit); err == nil {
		t.Fatal("a warden opens a dossier")
	}
	eventually(t, "every node hears every other", func() bool {
		for _, n := range []*running{desk, east, warden} {
			for _, news := range n.Mesh().Freshness() {
				if news.AsOf.IsZero() {
					return false
				}
			}
		}
		return true
	})
	eventually(t, "every node is connected with every other", func() bool {
		for _, n := range []*running{desk, east, warden} {
			if len(n.Mesh().Peers()) != 2 {
				return false
			}
		}
		return true
	})
	d, err := desk.Visits().CheckOut(ctx, got.Badge.String(), "desk")
	if err != nil || !d.Known {
		t.Fatal(d, err)
	}
	for _, n := range []*running{east, warden} {
		eventually(t, "nobody is inside by "+n.Self().Name, func() bool { return len(n.Replica().Open()) == 0 })
	}

	// East is away, news is made, East comes back and knows.
	dir := string(east.Folder())
	east.stop()
	r2, err := desk.Visits().CheckIn(ctx, visits.Arrival{Name: "Björn Al"})
	if err != nil {
		t.Fatal(err)
	}
	east = run(t, dir)
	eventually(t, "the returned node knows what it missed", func() bool {
		p, err := east.Replica().Presence(r2.Visit)
		return err == nil && p.State == record.Present
	})
}

func TestRevokedNodeIsCutOff(t *testing.T) {
	desk := first(t)
	east := desk.joined("East gate", identity.RoleEntrance)
	eventually(t, "connected", func() bool { return len(desk.Mesh().Peers()) == 1 })
	if err := desk.Revoke("East gate"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the revoked node knows", func() bool { return east.Barred() != nil })
	var p *visits.Problem
	if _, err := east.Visits().CheckIn(context.Background(), visits.Arrival{Name: "Astrid Ek"}); !errors.As(err, &p) || p.Key != "node.revoked" {
		t.Fatalf("a revoked node checks in: %v", err)
	}
	if _, err := east.Visits().CheckOut(context.Background(), "K7M4-2QXP", "kiosk"); !errors.As(err, &p) || p.Key != "node.revoked" {
		t.Fatalf("a revoked node checks out: %v", err)
	}
	eventually(t, "cut off", func() bool { return len(desk.Mesh().Peers()) == 0 && len(east.Mesh().Peers()) == 0 })
}

// A node that was away while it was revoked is refused when it comes back, and
// told why, also when no token lets guests in any more: it must not welcome
// people who are on nobody's list.
func TestNodeRevokedWhileAwayIsTold(t *testing.T) {
	dir := t.TempDir()
	if err := Init(InitOptions{Dir: dir, Campus: "Ekudden", Name: "Reception", Listen: "127.0.0.1:0"}); err != nil {
		t.Fatal(err)
	}
	var ahead atomic.Int64
	desk := runWith(t, Config{Dir: dir, Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }})
	east := desk.joined("East gate", identity.RoleEntrance)
	eventually(t, "connected", func() bool { return len(desk.Mesh().Peers()) == 1 && len(east.Mesh().Peers()) == 1 })
	away := string(east.Folder())
	east.stop()
	if err := desk.Revoke("East gate"); err != nil {
		t.Fatal(err)
	}
	ahead.Store(int64(26 * time.Hour))
	if desk.Roster().OpenTokens(desk.cfg.Now()) {
		t.Fatal("guests are still let in")
	}
	east = run(t, away)
	eventually(t, "the revoked node is told", func() bool { return east.Barred() != nil })
	if n := len(desk.Mesh().Peers()); n != 0 {
		t.Fatalf("the desk has %d peers", n)
	}
}
