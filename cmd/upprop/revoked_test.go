package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/seal"
	"github.com/upprop/upprop/crdt/store"
	"github.com/upprop/upprop/node/api"
)

// mustered is what a node's muster list says of a visit; empty: it is not on
// it.
func (p *process) mustered(v record.VisitID) string {
	p.t.Helper()
	var l struct {
		People []struct {
			Visit record.VisitID
			State string
		}
	}
	if err := json.Unmarshal([]byte(must1(p.t, "muster", "--data", p.dir, "--json")), &l); err != nil {
		p.t.Fatal(err)
	}
	for _, x := range l.People {
		if x.Visit == v {
			return x.State
		}
	}
	return ""
}

// connected are the names of the nodes that a node has a connection with.
func (p *process) connected() (names []string) {
	p.t.Helper()
	for _, n := range into[[]api.Node](p.t, "nodes", "--data", p.dir) {
		if n.State == "connected" {
			names = append(names, n.Name)
		}
	}
	slices.Sort(names)
	return names
}

// private are the ids of the private keys in a node's vault file, under its PIN
// or not. The file may be replaced while it is read.
func (p *process) private() map[string]bool {
	p.t.Helper()
	raw, err := os.ReadFile(filepath.Join(p.dir, "vault.keys"))
	if err != nil {
		p.t.Fatal(err)
	}
	copied := filepath.Join(p.t.TempDir(), "vault.keys")
	if err := os.WriteFile(copied, raw, 0o600); err != nil {
		p.t.Fatal(err)
	}
	v, err := seal.OpenVault(copied, seal.VaultOptions{})
	if err != nil {
		p.t.Fatal(err)
	}
	out := map[string]bool{}
	for _, k := range v.Public() {
		out[string(k.ID[:])] = true
	}
	return out
}

func fresh(now, before map[string]bool) (out []string) {
	for k := range now {
		if !before[k] {
			out = append(out, k)
		}
	}
	return out
}

// TestRevokedWarden: a revoked handheld is cut off by everyone at once, gets
// none of the keys made after it, and what it says later removes nobody.
func TestRevokedWarden(t *testing.T) {
	all := campus(t, "entrance", "warden", "warden")
	stayPut(all...)
	desk, east, lost, kept := all[0], all[1], all[2], all[3]
	for _, p := range all {
		p.ready()
		p.await("everyone is connected", 30*time.Second, func() bool { return len(p.connected()) == 3 })
	}
	x, z := checkIn(t, desk, "Astrid Marker"), checkIn(t, lost, "Zeb Marker")
	agree(t, []record.VisitID{x, z}, all...)
	for _, p := range []*process{lost, kept} {
		p.choosePIN()
		p.await("the wardens hold the keys of the cards", 30*time.Second, func() bool { return len(p.private()) == len(desk.private())/2 })
	}
	before := desk.private()

	began := time.Now()
	must1(t, "node", "revoke", "Node 2", "--data", desk.dir)
	for _, p := range []*process{desk, east, kept} {
		p.await("the revoked node is cut off", 10*time.Second, func() bool { return !slices.Contains(p.connected(), "Node 2") })
	}
	lost.await("the revoked node has nobody left", 10*time.Second, func() bool { return len(lost.connected()) == 0 })
	t.Logf("cut off everywhere %v after the command", time.Since(began))
	desk.await("keys are made anew", 30*time.Second, func() bool { return len(fresh(desk.private(), before)) > 0 })
	made := func() []string { return fresh(desk.private(), before) }
	kept.await("the other warden has the new keys", 30*time.Second, func() bool {
		n := 0
		for _, k := range made() {
			if kept.private()[k] {
				n++
			}
		}
		return n > 0 && n == len(made())-len(fresh(desk.private(), union(before, kept.private())))
	})
	y := checkIn(t, desk, "Bo Marker")
	if _, err := upprop(t, "visit", "out", x.QR(), "--data", lost.dir); err == nil {
		t.Error("a revoked node checks out, although it knows")
	}
	time.Sleep(2 * time.Second) // long enough for a key to be handed over, if anybody did
	for _, k := range made() {
		if lost.private()[k] {
			t.Fatal("the revoked warden holds a key made after it was revoked")
		}
	}
	agree(t, []record.VisitID{x, y, z}, desk, east, kept)
	must1(t, "evac", "start", "--drill", "--data", desk.dir)
	kept.await("the other warden reads who came later", 20*time.Second, func() bool {
		return strings.Contains(must1(t, "muster", "--data", kept.dir, "--json"), "Bo Marker")
	})
	if out := must1(t, "muster", "--data", lost.dir, "--json"); strings.Contains(out, "Bo Marker") {
		t.Error("the revoked warden reads who came after it was revoked")
	}
}

func union(a, b map[string]bool) map[string]bool {
	out := map[string]bool{}
	for _, m := range []map[string]bool{a, b} {
		for k := range m {
			out[k] = true
		}
	}
	return out
}

// TestWhatARevokedNodeSaysLater: by way of one that has not heard of it yet,
// what a node said after it was revoked comes to all. Its check-outs remove
// nobody, who arrived at it is unconfirmed, and what it said before stays.
func TestWhatARevokedNodeSaysLater(t *testing.T) {
	all := campus(t, "entrance", "warden")
	stayPut(all...)
	desk, east, lost := all[0], all[1], all[2]
	for _, p := range all {
		p.ready()
	}
	x, early := checkIn(t, desk, "Astrid Marker"), checkIn(t, lost, "Bo Marker")
	gone := checkIn(t, desk, "Cy Marker")
	must1(t, "visit", "out", "--data", lost.dir, gone.QR())
	agree(t, []record.VisitID{x, early}, all...)
	lost.orderly()
	east.orderly()
	must1(t, "node", "revoke", "Node 2", "--data", desk.dir)
	desk.orderly()

	lost.start()
	east.start()
	must1(t, "visit", "out", "--data", lost.dir, x.QR())
	late := checkIn(t, lost, "Dan Marker")
	agree(t, []record.VisitID{early, late}, lost, east)
	lost.orderly()
	desk.start()
	for _, p := range []*process{desk, east} {
		p.await("the one checked out by a revoked node is on the list", 30*time.Second, func() bool { return p.mustered(x) != "" && p.mustered(late) != "" })
		p.await("what was said before stays, what was said later is in doubt", 30*time.Second, func() bool {
			return p.mustered(x) == "inside" && p.mustered(early) == "inside" && p.mustered(late) == "unconfirmed" && p.mustered(gone) == ""
		})
	}
	if out, err := upprop(t, "audit", "verify", "--data", desk.dir); err != nil {
		t.Error("a revoked node breaks the record of acts:", err, out)
	}
}

// TestAuditVerify: it ends with 0 on a campus where acts were done, and with 1
// at the node in whose database an act was altered or is missing.
func TestAuditVerify(t *testing.T) {
	all := campus(t, "entrance")
	stayPut(all...)
	desk, east := all[0], all[1]
	for _, p := range all {
		p.ready()
	}
	var visits []record.VisitID
	for _, name := range []string{"Astrid", "Bo", "Cy"} {
		visits = append(visits, checkIn(t, desk, name+" Marker"))
	}
	var ids []api.Erased
	for _, v := range visits {
		ids = append(ids, into[api.Erased](t, "erase", v.String(), "--data", desk.dir))
	}
	for _, p := range all {
		for _, e := range ids {
			p.await("the erasures are complete", 30*time.Second, func() bool {
				var s api.ErasureStatus
				out, err := upprop(t, "erase", "status", e.Erasure.String(), "--data", p.dir, "--json")
				return err == nil && json.Unmarshal([]byte(out), &s) == nil && s.Complete
			})
		}
		r := into[api.AuditReport](t, "audit", "verify", "--data", p.dir)
		if !r.OK || len(r.Chains) != 2 || len(r.Faults) != 0 {
			t.Errorf("%+v", r)
		}
	}
	east.orderly()
	whole := east.copyOf(filepath.Join(t.TempDir(), "whole"))
	for what, edit := range map[string]func(b *store.Batch, k, v []byte){
		"altered": func(b *store.Batch, k, v []byte) {
			v = slices.Clone(v)
			v[len(v)/2] ^= 1
			b.Set(k, v)
		},
		"missing": func(b *store.Batch, k, _ []byte) { b.Delete(k) },
	} {
		t.Run(what, func(t *testing.T) {
			p := whole.copyOf(filepath.Join(t.TempDir(), "copy"))
			p.t = t
			p.isolate()
			s, err := store.Open(filepath.Join(p.dir, "db"), store.Options{})
			if err != nil {
				t.Fatal(err)
			}
			var b store.Batch
			n := 0
			err = s.Scan([]byte{'e'}, []byte{'f'}, func(k, v []byte) error {
				if id := ids[1].Erasure; strings.Contains(string(v), string(id[:])) {
					n++
					edit(&b, slices.Clone(k), v)
				}
				return nil
			})
			if err := errors.Join(err, s.Apply(&b), s.Close()); err != nil || n != 1 {
				t.Fatalf("%d entries of an erasure: %v", n, err)
			}
			p.start()
			defer p.orderly()
			out, err := upprop(t, "audit", "verify", "--data", p.dir)
			if err == nil || !strings.Contains(err.Error(), "exit status 1") || !strings.Contains(out, strings.ToUpper(what)) {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}
