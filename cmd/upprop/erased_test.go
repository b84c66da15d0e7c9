package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
	"github.com/upprop/upprop/node/api"
)

// copyOf copies the data folder of a node that is stopped.
func (p *process) copyOf(to string) *process {
	p.t.Helper()
	if p.cmd != nil {
		p.t.Fatal("a running node's folder is no copy")
	}
	if err := os.CopyFS(to, os.DirFS(p.dir)); err != nil {
		p.t.Fatal(err)
	}
	return &process{t: p.t, dir: to, logs: p.logs}
}

// isolate lets a copy find nobody: it forgets where others were reached, and
// listens where nobody looks for it. No other node runs meanwhile.
func (p *process) isolate() {
	p.t.Helper()
	s, err := store.Open(filepath.Join(p.dir, "db"), store.Options{})
	if err != nil {
		p.t.Fatal(err)
	}
	var b store.Batch
	lo, hi := store.Prefix([]byte("n/book/"))
	b.DeleteRange(lo, hi)
	if err := errors.Join(s.Apply(&b), s.Close()); err != nil {
		p.t.Fatal(err)
	}
	about := filepath.Join(p.dir, "node.json")
	raw, err := os.ReadFile(about)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(about, []byte(strings.Replace(string(raw), "127.0.0.1:0", "127.0.0.2:0", 1)), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// named are the visits whose name a node shows, and all that it lists.
func (p *process) named() (names map[record.VisitID]string, listed int) {
	p.t.Helper()
	var l []struct {
		Visit record.VisitID
		Name  *string
	}
	if err := json.Unmarshal([]byte(must1(p.t, "visit", "list", "--data", p.dir, "--json")), &l); err != nil {
		p.t.Fatal(err)
	}
	names = map[record.VisitID]string{}
	for _, x := range l {
		if x.Name != nil {
			names[x.Visit] = *x.Name
		}
	}
	return names, len(l)
}

func (p *process) erasure(e api.Erased) api.ErasureStatus {
	p.t.Helper()
	return into[api.ErasureStatus](p.t, "erase", "status", e.Erasure.String(), "--data", p.dir)
}

// heardAll waits until every node has news from every other.
func heardAll(all ...*process) {
	for _, p := range all {
		p.t.Helper()
		p.await("everybody hears everybody", 30*time.Second, func() bool {
			nodes := into[[]api.Node](p.t, "nodes", "--data", p.dir)
			return len(nodes) == len(all) && !slices.ContainsFunc(nodes, func(n api.Node) bool { return n.CompleteAsOf.IsZero() })
		})
	}
}

// TestErasedEverywhere: after an erasure no copy of any disk opens what was
// erased, its vault put aside; and a node that was away shows it to nobody.
func TestErasedEverywhere(t *testing.T) {
	all := campus(t, "entrance", "desk", "warden")
	stayPut(all...)
	heardAll(all...)
	desk, late := all[0], all[2]
	for _, p := range all {
		p.ready()
	}
	gone := into[api.Receipt](t, "visit", "in", "--data", all[1].dir, "--name", "Astrid Marker").Visit
	stays := into[api.Receipt](t, "visit", "in", "--data", desk.dir, "--name", "Bo Marker").Visit
	for _, p := range []*process{desk, late} {
		p.await("the desks show both names", 30*time.Second, func() bool { names, _ := p.named(); return len(names) == 2 })
	}
	agree(t, []record.VisitID{gone, stays}, all...)
	before := time.Now()
	for _, p := range all {
		p.orderly()
	}
	var copies []*process
	for _, p := range all {
		copies = append(copies, p.copyOf(filepath.Join(t.TempDir(), "copy")))
	}

	// Everyone but one desk is there.
	for _, p := range all {
		if p != late {
			p.start()
		}
	}
	e := into[api.Erased](t, "erase", gone.String(), "--data", desk.dir)
	desk.await("all that are there have confirmed", 30*time.Second, func() bool { return len(desk.erasure(e).Receipts) == len(all)-1 })
	s := desk.erasure(e)
	if len(s.Pending) != 1 || s.Pending[0].Node != "Node 2" || s.Complete || len(s.WrittenOff) != 0 {
		t.Errorf("%+v", s)
	}
	if h := s.Pending[0].LastHeard; h.IsZero() || h.After(before.Add(5*time.Second)) || before.Sub(h.Time) > time.Minute {
		t.Errorf("the node that is off was last heard at %v, not about %v: %s", h, before, must1(t, "nodes", "--data", desk.dir, "--json"))
	}
	for _, r := range s.Receipts {
		if r.At.Before(before) || r.Node == "Node 2" {
			t.Errorf("%+v", r)
		}
	}
	if names, n := desk.named(); names[gone] != "" || names[stays] != "Bo Marker" || n != 2 {
		t.Errorf("the desk shows %v of %d", names, n)
	}
	if again := into[api.Erased](t, "erase", gone.String(), "--data", desk.dir); again.Erasure != e.Erasure {
		t.Errorf("a second erasure of the same visit: %v, not %v", again.Erasure, e.Erasure)
	}
	if out, err := upprop(t, "erase", "Z"+gone.String()[1:], "--data", desk.dir, "--json"); err == nil || out != "" {
		t.Errorf("an unknown visit is erased: %s", out)
	}

	// The one that was off: from its first answer on, the name is not shown.
	late.launch()
	first := 0
	late.await("the late node has answered a while", 60*time.Second, func() bool {
		out, err := upprop(t, "muster", "--data", late.dir, "--json")
		if err == nil {
			first++
		}
		if strings.Contains(out, "Astrid") {
			t.Fatal("a node that was away shows the name")
		}
		return first > 30
	})
	late.await("the late node shows the other's name", 30*time.Second, func() bool { names, _ := late.named(); return names[stays] == "Bo Marker" && names[gone] == "" })
	desk.await("all have confirmed", 30*time.Second, func() bool { return desk.erasure(e).Complete })
	if s := late.erasure(e); len(s.Receipts) != len(all) || len(s.Pending) != 0 {
		t.Errorf("%+v", s)
	}
	for _, p := range all {
		if out := must1(t, "audit", "verify", "--data", p.dir); !strings.Contains(out, "Nothing is wrong") {
			t.Error(out)
		}
		p.orderly()
	}

	for i, c := range copies {
		c.isolate()
		if i == 0 { // what a seized disk opens as it is: else nothing is proved
			control := c.copyOf(filepath.Join(t.TempDir(), "whole"))
			control.shows(t, map[record.VisitID]string{gone: "Astrid Marker", stays: "Bo Marker"})
		}
		keys := filepath.Join(c.dir, "vault.keys")
		if err := os.Remove(keys); err != nil {
			t.Fatal(err)
		}
		c.copyOf(filepath.Join(t.TempDir(), "bare")).shows(t, nil)
		// The vault as it is now.
		x := c.copyOf(filepath.Join(t.TempDir(), "with"))
		raw, err := os.ReadFile(filepath.Join(all[i].dir, "vault.keys"))
		if err == nil {
			err = os.WriteFile(filepath.Join(x.dir, "vault.keys"), raw, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		x.shows(t, nil)
	}
	if _, err := os.Stat(filepath.Join(desk.dir, "vault.keys.old")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("an old vault is left:", err)
	}
}

// alone6 is longer than a node withholds names that finds nobody to ask.
const alone6 = 6 * time.Second

// shows runs a copy alone, for as long as it takes it to serve names, and
// checks which it shows. A drill runs meanwhile, so that a warden's may be.
func (p *process) shows(t *testing.T, want map[record.VisitID]string) {
	t.Helper()
	p.start()
	began := time.Now()
	defer func() { _ = p.stop(syscall.SIGKILL) }()
	must1(t, "evac", "start", "--drill", "--data", p.dir)
	p.await("names are served, although alone", 60*time.Second, func() bool {
		names, _ := p.named()
		return len(names) > 0 || time.Since(began) > alone6
	})
	got, n := p.named()
	if n != 2 || len(got) != len(want) {
		t.Errorf("%s: %d names of %d on the list, not %d", p.dir, len(got), n, len(want))
	}
	if out := must1(t, "muster", "--data", p.dir); strings.Contains(out, "Erasures unknown since") != (len(want) > 0) {
		t.Errorf("alone, with %d names, the list says: %s", len(want), out)
	}
	for v, name := range want {
		if got[v] != name {
			t.Errorf("%s: visit %s is %q", p.dir, v.Short(), got[v])
		}
	}
}

// TestTwoDesksEraseApart: two desks that cannot hear one another erase the
// same visit; it is erased once, both erasures are on record, and both
// complete when they meet.
func TestTwoDesksEraseApart(t *testing.T) {
	all := campus(t, "desk")
	stayPut(all...)
	heardAll(all...)
	a, b := all[0], all[1]
	for _, p := range all {
		p.ready()
	}
	v := into[api.Receipt](t, "visit", "in", "--data", a.dir, "--name", "Astrid Marker").Visit
	agree(t, []record.VisitID{v}, a, b)
	b.await("the other desk shows the name", 30*time.Second, func() bool { names, _ := b.named(); return len(names) == 1 })
	b.orderly()
	one := into[api.Erased](t, "erase", v.String(), "--data", a.dir)
	a.orderly()
	b.start()
	two := into[api.Erased](t, "erase", v.String(), "--data", b.dir)
	if one.Erasure == two.Erasure {
		t.Error("two nodes that know nothing of one another made one erasure")
	}
	b.await("one of two has confirmed", 20*time.Second, func() bool { return len(b.erasure(two).Receipts) == 1 })
	if s := b.erasure(two); s.Complete || len(s.Pending) != 1 || s.Pending[0].LastHeard.IsZero() {
		t.Errorf("%+v", s)
	}
	a.start()
	for _, p := range all {
		for _, e := range []api.Erased{one, two} {
			p.await("both erasures are complete", 60*time.Second, func() bool {
				var s api.ErasureStatus
				out, err := upprop(t, "erase", "status", e.Erasure.String(), "--data", p.dir, "--json")
				return err == nil && json.Unmarshal([]byte(out), &s) == nil && s.Complete && len(s.Receipts) == 2
			})
		}
		if names, n := p.named(); len(names) != 0 || n != 1 {
			t.Errorf("%d names of %d are shown", len(names), n)
		}
		if again := into[api.Erased](t, "erase", v.String(), "--data", p.dir); again.Erasure != one.Erasure && again.Erasure != two.Erasure {
			t.Error("a third erasure is made of what is erased")
		}
	}
}
