package node

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/seal"
	"github.com/upprop/upprop/crdt/store"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/memnet"
	"github.com/upprop/upprop/mesh/stream"
	"github.com/upprop/upprop/node/visits"
)

// disk is what somebody has who took a machine: its database row by row, and
// its folder.
type disk struct {
	role identity.Role
	rows [][2][]byte
	dir  string
}

// seize copies a house's disk; the house is off meanwhile.
func (h *house) seize() disk {
	h.town.t.Helper()
	role := h.Self().Role
	h.shut()
	d := disk{role: role, dir: h.town.t.TempDir()}
	s, err := h.openStore("")
	if err != nil {
		h.town.t.Fatal(err)
	}
	if err := s.Scan(nil, nil, func(k, v []byte) error {
		d.rows = append(d.rows, [2][]byte{bytes.Clone(k), bytes.Clone(v)})
		return nil
	}); err != nil {
		h.town.t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		h.town.t.Fatal(err)
	}
	if err := os.CopyFS(d.dir, os.DirFS(h.dir)); err != nil {
		h.town.t.Fatal(err)
	}
	h.on()
	return d
}

// with is the disk with another vault's file, or with none.
func (d disk) with(t testing.TB, other *disk) disk {
	t.Helper()
	x := d
	x.dir = t.TempDir()
	if err := os.CopyFS(x.dir, os.DirFS(d.dir)); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(Folder(x.dir).vault()); err != nil {
		t.Fatal(err)
	}
	if other == nil {
		return x
	}
	raw, err := os.ReadFile(Folder(other.dir).vault())
	if err == nil {
		err = os.WriteFile(Folder(x.dir).vault(), raw, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// loot is what a disk gives away.
type loot struct {
	cards, dossiers map[record.VisitID]bool
	// parts are the sealed parts whose wrapped keys are to be had.
	parts    map[record.PartKey]crdt.SealedPart
	contexts func(seal.ContextID) (seal.Context, bool)
}

// open opens all it can of a disk with the real decoders, and minds no rule of
// when it may.
func (d disk) open(t testing.TB, now func() time.Time, all ...record.VisitID) loot {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(d.dir)); err != nil {
		t.Fatal(err)
	}
	rows := store.NewMem(1)
	var b store.Batch
	for _, r := range d.rows {
		b.Set(r[0], r[1])
	}
	if err := rows.Apply(&b); err != nil {
		t.Fatal(err)
	}
	alone := memnet.New(2)
	defer alone.Close()
	n, err := Open(Config{
		Dir: dir, Now: now, OpenStore: func(string) (store.Store, error) { return rows, nil },
		Network: func(key *identity.Key, admit stream.Admit) (stream.Network, error) {
			return alone.Host(ed25519.PrivateKey(key.Private()), admit), nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}()
	out := loot{cards: map[record.VisitID]bool{}, dossiers: map[record.VisitID]bool{}, parts: map[record.PartKey]crdt.SealedPart{}}
	contexts := map[seal.ContextID]seal.Context{}
	out.contexts = func(id seal.ContextID) (seal.Context, bool) { c, ok := contexts[id]; return c, ok }
	for _, v := range all {
		for _, a := range []record.Audience{record.CardAudience, record.DossierAudience, record.BearerAudience} {
			k := record.PartKey{Visit: v, Audience: a}
			p, err := n.replica.Sealed(k)
			if err != nil {
				continue
			}
			if a == record.BearerAudience {
				if _, err := n.vault.OpenBearer(v, p, [16]byte{}); err == nil {
					t.Error("the bearer's part opens without the badge")
				}
				continue
			}
			out.parts[k] = p
			if w, err := seal.DecodeWrap(p.Key); err == nil {
				if c, ok := n.vault.context(w.Context); ok {
					contexts[w.Context] = c
				}
			}
		}
	}
	if n.ring.HasPIN() {
		out.openWith(n.ring)
		if len(out.cards)+len(out.dossiers) > 0 {
			t.Error("a handheld's disk opens names without the PIN")
		}
		if err := n.ring.UnlockNames([]byte(pinOf)); err != nil {
			t.Fatal(err)
		}
	}
	out.openWith(n.ring)
	return out
}

// openWith tries the keys of a vault on what was found.
func (l *loot) openWith(v *seal.Vault) {
	o := seal.NewOpener(v, l.contexts)
	for k, p := range l.parts {
		part, err1 := seal.DecodePart(p.Box)
		wrap, err2 := seal.DecodeWrap(p.Key)
		if err1 != nil || err2 != nil {
			continue
		}
		if _, err := o.Open(k.Visit, part, wrap); err != nil {
			continue
		}
		if k.Audience == record.CardAudience {
			l.cards[k.Visit] = true
		} else {
			l.dossiers[k.Visit] = true
		}
	}
}

func (l loot) check(t testing.TB, what string, cards, dossiers []record.VisitID) {
	t.Helper()
	same := func(got map[record.VisitID]bool, want []record.VisitID) bool {
		for _, v := range want {
			if !got[v] {
				return false
			}
		}
		return len(got) == len(want)
	}
	if !same(l.cards, cards) || !same(l.dossiers, dossiers) {
		t.Errorf("%s opens %d cards and %d dossiers, not %d and %d", what, len(l.cards), len(l.dossiers), len(cards), len(dossiers))
	}
}

// city is a town of every role, with somebody who came yesterday and two who
// came today; all know of them.
func city(t testing.TB) (w *town, desk, east, warden, relay *house, yesterday, gone, stays record.VisitID) {
	t.Helper()
	w = newTown(t, "Reception", "East gate")
	w.join("Warden", identity.RoleWarden)
	w.join("Relay", identity.RoleRelay)
	desk, east, warden, relay = w.houses[0], w.houses[1], w.houses[2], w.houses[3]
	time.Sleep(5 * time.Minute)
	yesterday = east.arrive("Yesterday Marker")
	w.sleep(1)
	gone, stays = east.arrive("Gone Marker"), desk.arrive("Stays Marker")
	time.Sleep(5 * time.Minute)
	return w, desk, east, warden, relay, yesterday, gone, stays
}

// TestDiskOfAnEntrance: the whole disk of an entrance or a relay opens nothing,
// that of a warden's handheld cards only, and those with the PIN only.
func TestDiskOfAnEntrance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, desk, east, warden, relay, a, b, c := city(t)
		defer w.close()
		all := []record.VisitID{a, b, c}
		for _, x := range []struct {
			h               *house
			cards, dossiers []record.VisitID
		}{{desk, all, all}, {warden, all, nil}, {east, nil, nil}, {relay, nil, nil}} {
			d := x.h.seize()
			l := d.open(t, w.houses[0].now, all...)
			l.check(t, "the disk of a "+string(d.role), x.cards, x.dossiers)
			if len(l.parts) != 2*len(all) {
				t.Errorf("a %s holds %d parts: nothing is proved of it", d.role, len(l.parts))
			}
		}
	})
}

// TestCopiesAfterAnErasure: what lay on any disk before an erasure opens
// nothing of it with any vault as it is afterwards, or with none; visits of
// other dates open as before.
func TestCopiesAfterAnErasure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, desk, _, _, _, yesterday, gone, stays := city(t)
		defer w.close()
		all := []record.VisitID{yesterday, gone, stays}
		var before, after []disk
		for _, h := range w.houses {
			before = append(before, h.seize())
			time.Sleep(5 * time.Minute)
		}
		e, err := desk.Erase(context.Background(), gone)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Minute)
		if s, err := desk.ErasureStatus(e.ID); err != nil || !s.Complete || len(s.Receipts) != len(w.houses) {
			t.Fatalf("%+v, %v", s, err)
		}
		for _, h := range w.houses {
			after = append(after, h.seize())
			time.Sleep(5 * time.Minute)
		}
		before[0].open(t, desk.now, all...).check(t, "a desk's copy, whole", all, all)
		after[0].open(t, desk.now, all...).check(t, "a desk", []record.VisitID{yesterday, stays}, []record.VisitID{yesterday, stays})
		for i, d := range before {
			d.with(t, nil).open(t, desk.now, all...).check(t, "a copy without a vault", nil, nil)
			for j := range after {
				l := d.with(t, &after[j]).open(t, desk.now, all...)
				if l.cards[gone] || l.dossiers[gone] {
					t.Errorf("the database that %s had opens what was erased with the vault that %s has", d.role, after[j].role)
				}
				switch {
				case i == j && d.role == identity.RoleDesk:
					// The key of the date was renewed: what rested under the old
					// one has gone with it; the other date is untouched.
					l.check(t, "a desk's copy with its vault of now", []record.VisitID{yesterday}, []record.VisitID{yesterday})
				case i == j && d.role == identity.RoleWarden:
					l.check(t, "a warden's copy with its vault of now", []record.VisitID{yesterday}, nil)
				default:
					l.check(t, "a copy with another's vault", nil, nil)
				}
			}
		}
	})
}

// TestADeskAfterTheDate: after the date to which particulars were sealed a
// desk's disk opens nothing of them, nor does what was copied before with the
// vault as it is afterwards, wrapped keys in clear included. The clock
// leaps, so that keys die on an operator's word; expiry tests how they do by
// themselves.
func TestADeskAfterTheDate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, "Reception")
		defer w.close()
		desk := w.houses[0]
		all := []record.VisitID{desk.arrive("Astrid Marker"), desk.arrive("Bo Marker")}
		for _, v := range all {
			desk.leave(v)
		}
		copied := desk.seize()
		early := copied.open(t, desk.now, all...)
		early.check(t, "a desk before the date", all, all)
		w.leap.Add(int64((visits.Retention - 1) * 24 * time.Hour))
		time.Sleep(time.Hour)
		if err := desk.AllowExpiry(context.Background(), record.DayOf(desk.now())); err != nil {
			t.Fatal(err)
		}
		yet := desk.seize()
		yet.open(t, desk.now, all...).check(t, "a desk the day before", all, all)
		w.leap.Add(int64(24 * time.Hour))
		if err := desk.AllowExpiry(context.Background(), record.DayOf(desk.now())); err != nil {
			t.Fatal(err)
		}
		late := desk.seize()
		late.open(t, desk.now, all...).check(t, "a desk after the date", nil, nil)
		copied.with(t, &late).open(t, desk.now, all...).check(t, "a copy from before with the vault from after", nil, nil)
		ring, err := seal.OpenVault(filepath.Join(late.dir, filepath.Base(desk.folder.vault())), seal.VaultOptions{})
		if err != nil {
			t.Fatal(err)
		}
		clear(early.cards)
		clear(early.dossiers)
		early.openWith(ring)
		early.check(t, "wrapped keys kept in clear, with the vault from after", nil, nil)
		if len(ring.Public()) == 0 {
			t.Error("the desk holds no keys at all: it is not the dates that took them")
		}
	})
}
