package notify

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

var marker = Arrival{Name: "Astrid Marker", Company: "Markerbolaget", Host: "sven.marker@example.org"}

// arrives announces somebody and lets them in.
func (o *office) arrives(n byte, a Arrival) record.VisitID {
	o.town.t.Helper()
	settled := o.Announce(record.VisitID{n, 1, 2, 3, 4, 5}, a)
	o.commit()
	v := o.town.comes(n, "North", record.Dossier{})
	settled(true)
	return v
}

// commit waits as the commit of an arrival does: all that was in line before is
// durable then.
func (o *office) commit() {
	o.town.t.Helper()
	if err := o.disk.Apply(&store.Batch{}); err != nil {
		o.town.t.Fatal(err)
	}
}

func TestHostIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newTown(t).office(1, false)
		defer func() { o.stop() }()
		v := o.arrives(1, marker)
		later(time.Second)
		if o.post.count() != 1 {
			t.Fatal("sent:", o.post.count())
		}
		m := o.post.sent[0]
		for _, want := range []string{"Astrid Marker", "Markerbolaget", "East gate", v.Badge().String()} {
			if !strings.Contains(m.text, want) {
				t.Errorf("the letter does not say %s", want)
			}
		}
		if m.to != "sven.marker@example.org" || m.subject == "" || strings.Contains(m.subject, "Marker") {
			t.Error("the letter's head is wrong:", m.subject)
		}
		if o.inClear("arker") {
			t.Error("what was sent lies in clear")
		}
		if got := o.Status(); got.Sent != 1 || got.Pending != 0 {
			t.Errorf("%+v", got.Counts)
		}
		// The same again, as a start after a power cut would find it.
		o.crash()
		later(time.Hour)
		if o.post.count() != 1 {
			t.Error("sent again")
		}
	})
}

func TestWhoIsTold(t *testing.T) {
	for host, want := range map[string]string{
		"sven@example.org": "sven@example.org", "Sven Ask <sven@example.org>": "sven@example.org", "Sven": "", "": "", "@": "",
		"a@b@c": "", "sven@example.org, eva@example.org": "", "sven@example.org\r\nBcc: x@y.z": "",
	} {
		if got := recipient(Settings{}, Arrival{Host: record.Private(host)}); got != want {
			t.Errorf("%q tells %q, want %q", host, got, want)
		}
	}
	if got := recipient(Settings{Reception: "reception@example.org"}, Arrival{Host: "Sven"}); got != "reception@example.org" {
		t.Error(got)
	}
}

// TestPowerCutsAroundArrival: whatever the moment, a host is told of a visit
// that is on record, and of none that is not.
func TestPowerCutsAroundArrival(t *testing.T) {
	for _, durable := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			o := newTown(t).office(1, false)
			defer func() { o.stop() }()
			o.Announce(record.VisitID{7, 1, 2, 3, 4, 5}, marker) // and never settled
			if durable {
				o.town.comes(7, "North", record.Dossier{})
				o.commit()
			}
			later(time.Minute)
			if o.post.count() != 0 {
				t.Fatal("a draft was sent")
			}
			o.crash()
			later(time.Minute)
			if got := o.post.count(); got != map[bool]int{true: 1, false: 0}[durable] {
				t.Errorf("durable %v: sent %d", durable, got)
			}
		})
	}
}

// TestCrashBeforeItIsWrittenDown: a message that was sent, and not yet noted as
// sent when the power went, is sent again; never is one lost.
func TestCrashBeforeItIsWrittenDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newTown(t).office(1, false)
		defer func() { o.stop() }()
		var next *store.Mem
		o.post.fails = func(n int, _ message) error {
			if n == 1 {
				next = o.disk.Crash() // on the wire, and then darkness
			}
			return nil
		}
		o.arrives(1, marker)
		later(time.Second)
		o.stop()
		o.disk = next
		o.start()
		later(time.Minute)
		if o.post.count() != 2 || o.post.sent[0].id != o.post.sent[1].id {
			t.Error("sent", o.post.count())
		}
		if o.Status().Sent != 1 {
			t.Errorf("%+v", o.Status().Counts)
		}
	})
}

func TestRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newTown(t).office(1, false)
		defer func() { o.stop() }()
		o.post.fails = func(n int, _ message) error {
			switch {
			case n == 3:
				return &fault{why: whyBusy, channel: true, after: 4 * time.Minute}
			case n < 6:
				return errors.New("550 no such user: sven.marker@example.org")
			}
			return nil
		}
		o.arrives(1, marker)
		later(time.Second)
		if got := o.Status(); got.Pending != 1 || got.Channels[0].Failing.IsZero() || got.Channels[0].Why != whyUnreachable {
			t.Errorf("%+v", got)
		}
		later(29 * time.Minute)
		if o.post.count() != 1 || len(o.post.tries) != 6 {
			t.Fatal("sent", o.post.count(), "after", len(o.post.tries), "tries")
		}
		var gaps []time.Duration
		for i := 1; i < len(o.post.tries); i++ {
			gaps = append(gaps, o.post.tries[i].Sub(o.post.tries[i-1]))
		}
		if gaps[0] < time.Second || gaps[0] > 4*time.Second || gaps[1] < gaps[0]/2 || gaps[2] < 4*time.Minute {
			t.Error("pauses:", gaps)
		}
		if got := o.Status(); got.Sent != 1 || !got.Channels[0].Failing.IsZero() {
			t.Errorf("%+v", got)
		}
		if o.inClear("arker") {
			t.Error("what a server answered is kept")
		}
	})
}

func TestGivenUp(t *testing.T) {
	for _, f := range []*fault{{why: whyBusy, channel: true}, {why: whyRefused, forGood: true}} {
		synctest.Test(t, func(t *testing.T) {
			o := newTown(t).office(1, false)
			defer func() { o.stop() }()
			o.post.fails = func(int, message) error { return f }
			o.arrives(1, marker)
			later(hostFor + time.Minute)
			got := o.Status()
			if got.Failed != 1 || got.Pending != 0 || len(o.post.tries) > 20 || f.forGood && len(o.post.tries) != 1 {
				t.Errorf("%s: %+v after %d tries", f.why, got.Counts, len(o.post.tries))
			}
			if !strings.Contains(o.town.log.String(), "given up") {
				t.Error("nobody was told")
			}
			tries := len(o.post.tries)
			later(8 * 24 * time.Hour)
			if len(o.post.tries) != tries || len(o.entries) != 0 {
				t.Error("it is not forgotten")
			}
		})
	}
}

// TestEraseRemoves: what waits of an erased visit is never sent, and whoever
// has the disk and the key that is there afterwards opens nothing.
func TestEraseRemoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newTown(t).office(1, false)
		defer func() { o.stop() }()
		down := true
		o.post.fails = func(int, message) error {
			if down {
				return &fault{why: whyUnreachable, channel: true}
			}
			return nil
		}
		erased, stays := o.arrives(1, marker), o.arrives(2, Arrival{Name: "Bo Al", Host: "eva@example.org"})
		later(time.Second)
		old := map[ID][]byte{}
		for id, e := range o.entries {
			old[id] = e.Box
		}
		o.town.erase(erased)
		later(5 * time.Second)
		for id, box := range old {
			if _, err := o.vault.Unlock(boxDate, id[:], box); err == nil {
				t.Error("an old row still opens")
			}
		}
		down = false
		o.crash()
		later(hostFor)
		if got := fmt.Sprint(o.post.to()); got != "[eva@example.org]" {
			t.Error("sent to", got)
		}
		if e, ok := o.entries[idOf(HostKind, MailChannel, erased[:])]; ok {
			t.Errorf("it is still there: %s", e.State)
		}
		if e := o.entries[idOf(HostKind, MailChannel, stays[:])]; e.State != Sent || e.Box != nil {
			t.Errorf("the other: %s", e.State)
		}
	})
}

// TestErasedOnTheWay: an erasure that comes while a letter is being sent leaves
// nothing of it.
func TestErasedOnTheWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newTown(t).office(1, false)
		defer func() { o.stop() }()
		var v record.VisitID
		o.post.fails = func(n int, _ message) error {
			if n == 1 {
				o.town.erase(v)
				time.Sleep(5 * time.Second)
				return &fault{why: whyBusy, channel: true}
			}
			return nil
		}
		v = record.VisitID{1, 1, 2, 3, 4, 5}
		o.arrives(1, marker)
		later(hostFor)
		if o.post.count() != 0 || len(o.entries) != 0 {
			t.Error("sent", o.post.count(), "kept", len(o.entries))
		}
	})
}

// TestKeyDiesSoon: a letter that was sent cannot be opened from old rows for
// long, and one that waits meanwhile still can.
func TestKeyDiesSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newTown(t).office(1, false)
		defer func() { o.stop() }()
		o.post.fails = func(_ int, m message) error {
			if m.to == "eva@example.org" && time.Since(o.post.tries[0]) < 3*time.Minute {
				return &fault{why: whyRefused}
			}
			return nil
		}
		id := idOf(HostKind, MailChannel, append([]byte{1, 1, 2, 3, 4, 5}, make([]byte, 10)...))
		settled := o.Announce(record.VisitID{1, 1, 2, 3, 4, 5}, marker)
		box := o.entry(id).Box
		if _, err := o.vault.Unlock(boxDate, id[:], box); err != nil {
			t.Fatal(err)
		}
		o.town.comes(1, "North", record.Dossier{})
		settled(true)
		o.arrives(2, Arrival{Name: "Bo Al", Host: "eva@example.org"})
		later(renewAfter + 2*time.Second)
		if _, err := o.vault.Unlock(boxDate, id[:], box); err == nil {
			t.Error("a letter sent a minute ago still opens")
		}
		later(10 * time.Minute)
		if got := fmt.Sprint(o.post.to()); got != "[eva@example.org sven.marker@example.org]" {
			t.Error(got)
		}
	})
}
