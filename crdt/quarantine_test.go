package crdt

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/envelope"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/crdt/store"
)

// The test program is its own victim: with this set it is a child that gives
// what it reads to the core, and may be aborted by it.
const (
	childMode = "UPPROP_CRDT_CHILD"
	childDir  = "UPPROP_CRDT_DIR"
)

func init() {
	if os.Getenv(childMode) == "" {
		return
	}
	in := bufio.NewReader(os.Stdin)
	for {
		var size [4]byte
		if _, err := io.ReadFull(in, size[:]); err != nil {
			os.Exit(0)
		}
		raw := make([]byte, binary.BigEndian.Uint32(size[:]))
		if _, err := io.ReadFull(in, raw); err != nil {
			os.Exit(2)
		}
		if err := victim(raw); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
	}
}

// victim is a replica on disk whose shape check lets everything through.
var victim = func() func([]byte) error {
	var r *Replica
	return func(raw []byte) error {
		if r == nil {
			decodeDay = lenient
			f, err := os.Create(filepath.Join(os.Getenv(childDir), "crash"))
			if err != nil {
				return err
			}
			if err := debug.SetCrashOutput(f, debug.CrashOptions{}); err != nil {
				return err
			}
			if r, err = openVictim(os.Getenv(childDir), false); err != nil {
				return err
			}
		}
		_, err := r.Put(context.Background(), [][]byte{raw})
		return err
	}
}()

// lenient takes what DecodeDay refuses for the first change of mallory, with
// the event that came before it.
func lenient(raw []byte) (shape.Day, error) {
	d, err := shape.DecodeDay(raw)
	if err == nil {
		lastEvent = slices.Clone(d.Event)
		return d, nil
	}
	return shape.Day{Actor: slices.Clone(malloryActor[:]), Seq: 1, Hash: sha256.Sum256(raw), Event: lastEvent}, nil
}

var lastEvent []byte

var malloryActor = record.NewActor(quarantineCampus("mallory").Node, 1, [8]byte{66})

// quarantineCampus is the configuration of a node whose campus has every name.
func quarantineCampus(name string) Config {
	c := &campusOf{keys: map[record.NodeID]keyOf{}, now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
	for _, n := range []string{"honest", "mallory", "victim"} {
		c.key(n)
	}
	return c.config(name)
}

func openVictim(dir string, aborted bool) (*Replica, error) {
	cfg := quarantineCampus("victim")
	s, err := store.Open(filepath.Join(dir, "db"), store.Options{})
	if err != nil {
		return nil, err
	}
	cfg.Store, cfg.GuardFile, cfg.Aborted = s, filepath.Join(dir, "applying"), aborted
	return Open(cfg)
}

// feed runs a child on envelopes and says whether it was aborted.
func feed(t *testing.T, dir string, frames ...[]byte) (aborted bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childMode+"=victim", childDir+"="+dir, "GOTRACEBACK=none")
	var in, errs bytes.Buffer
	for _, f := range frames {
		in.Write(binary.BigEndian.AppendUint32(nil, uint32(len(f))))
		in.Write(f)
	}
	cmd.Stdin, cmd.Stderr = &in, &errs
	err := cmd.Run()
	if err != nil && !strings.Contains(errs.String(), "SIGABRT") {
		t.Fatalf("the child ended otherwise than by an abort: %v: %s", err, errs.String())
	}
	return err != nil
}

// abortsTheCore is a change with a right checksum whose predecessors' counters
// do not fit where the core puts them.
const abortsTheCore = "856f4a832e961cef01530003049d95010100000218075ab07a01b5894a0d6d053c5c29a53533e4a709a7f6ceb904496bc56a07" +
	"150a3401420256027002710373087f083034396439353a31017f017f077f027e02017e01d7e5d8f2e001"

// poison is an envelope of mallory's, rightly signed, that aborts the core.
func poison(t *testing.T, honest *envelope.Envelope) []byte {
	t.Helper()
	cfg := quarantineCampus("mallory")
	raw, err := hex.DecodeString(abortsTheCore)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := shape.DecodeDay(raw); err == nil {
		t.Fatal("the shape check lets it through")
	}
	e := &envelope.Envelope{
		ID:      record.EventID{Doc: honest.ID.Doc, Actor: malloryActor, Seq: 1},
		Payload: raw,
	}
	if err := envelope.Sign([]*envelope.Envelope{e}, cfg.Sign); err != nil {
		t.Fatal(err)
	}
	return e.Encode()
}

// honestEntry is somebody else's entry in the document that the poison is for.
func honestEntry(t *testing.T, visit int) (*envelope.Envelope, []byte) {
	t.Helper()
	cfg := quarantineCampus("honest")
	cfg.Store = store.NewMem(1)
	r, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	m := &member{Replica: r, name: "honest", cfg: cfg}
	id := m.arrive(t, someone(visit))
	var raw []byte
	if err := r.Read(id.Doc, id.Actor, 0, func(_ uint64, b []byte) error { raw = bytes.Clone(b); return nil }); err != nil {
		t.Fatal(err)
	}
	e, err := envelope.Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	return e, raw
}

// A change that slips through the shape check and aborts the core ends the
// process once. After that its author is named, it is not tried again, and
// everything else goes on.
func TestPoisonEndsTheProcessOnce(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes that abort")
	}
	defer func(was func([]byte) (shape.Day, error)) { decodeDay = was }(decodeDay)
	decodeDay = lenient
	honest, _ := honestEntry(t, 1)
	day, err := shape.DecodeDay(honest.Payload)
	if err != nil {
		t.Fatal(err)
	}
	lastEvent = day.Event
	bad := poison(t, honest)
	mallory := quarantineCampus("mallory").Node

	for _, c := range []struct {
		name string
		// known: the restarted process knows that the last one aborted.
		known  bool
		aborts int
	}{{"told of the abort", true, 1}, {"not told", false, 2}} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			for n := range c.aborts {
				_, before := honestEntry(t, 1+n)
				if !feed(t, dir, before, bad) {
					t.Fatal("the core was not aborted, round", n)
				}
				if b, err := os.ReadFile(filepath.Join(dir, "crash")); err != nil || !bytes.Contains(b, []byte("SIGABRT")) {
					t.Fatalf("the abort leaves no last words: %q %v", b, err)
				}
				if who, ok := InGuard(filepath.Join(dir, "applying")); !ok || who != mallory {
					t.Fatal("the guard file does not name the author:", who, ok)
				}
			}
			r, err := openVictim(dir, c.known)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = r.Close(); _ = r.store.Close() }()
			if q := r.Quarantined(); len(q) != 1 || q[0].Author != mallory || q[0].Doc != honest.ID.Doc {
				t.Fatalf("quarantined: %+v", q)
			}
			if _, ok := InGuard(filepath.Join(dir, "applying")); ok {
				t.Error("the guard still names a change")
			}
			if _, err := r.Put(context.Background(), [][]byte{bad}); err != nil {
				t.Fatal(err)
			}
			if n := r.Refused()[mallory]["quarantined change"]; n != 1 {
				t.Errorf("refused: %v", r.Refused())
			}
			_, more := honestEntry(t, 10)
			if _, err := r.Put(context.Background(), [][]byte{more}); err != nil {
				t.Fatal(err)
			}
			m := &member{Replica: r, name: "victim"}
			m.arrive(t, someone(11))
			if n := len(r.Open()); n != 2+c.aborts {
				t.Errorf("%d people are inside, want those of before, of another author and our own", n)
			}
			agree(t, m)
		})
	}
}

// A process that is killed while an innocent change is applied costs its
// author nothing.
func TestAKillQuarantinesNobody(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.node("a"), c.node("b")
	a.arrive(t, someone(1))
	raws := missing(t, a, b)
	e, err := envelope.Decode(raws[0])
	if err != nil {
		t.Fatal(err)
	}
	day, err := shape.DecodeDay(e.Payload)
	if err != nil {
		t.Fatal(err)
	}
	b.cfg.GuardFile = filepath.Join(t.TempDir(), "applying")
	b.crash(t)
	b.guard.enter(applying, note{day.Hash, slot{e.ID.Doc, e.ID.Actor}})
	b.crash(t)
	if q := b.Quarantined(); len(q) != 0 {
		t.Fatalf("quarantined after a kill: %+v", q)
	}
	pull(t, b, a)
	same(t, a, b)
}

// A document whose reading back ended the process is read change by change, so
// that the guilty change is found and the rest is read.
func TestReadingBackFindsTheGuilty(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.node("a"), c.node("b")
	a.arrive(t, someone(1))
	id := a.arrive(t, someone(2))
	pull(t, b, a)
	b.cfg.GuardFile = filepath.Join(t.TempDir(), "applying")
	b.crash(t)
	b.guard.enter(reading, note{at: slot{doc: id.Doc}})
	b.crash(t)
	agree(t, b)
	if _, err := b.store.Get(append([]byte{keyStepwise}, id.Doc...)); err != nil {
		t.Fatal("the document is not read change by change:", err)
	}
	var last [32]byte
	if err := b.entries(id.Doc, &id.Actor, func(e entry) error {
		day, err := shape.DecodeDay(e.env.Payload)
		last = day.Hash
		return err
	}); err != nil {
		t.Fatal(err)
	}
	b.cfg.Aborted = true
	b.guard.enter(reading, note{at: slot{doc: id.Doc}})
	b.guard.enter(stepping, note{last, slot{id.Doc, id.Actor}})
	b.crash(t)
	if q := b.Quarantined(); len(q) != 1 || q[0].Hash != last || q[0].Author != a.cfg.Node {
		t.Fatalf("quarantined: %+v", q)
	}
	events, err := b.DocumentEvents(id.Doc)
	if err != nil || len(events) != 1 {
		t.Fatalf("%d events in the document, want the innocent one: %v", len(events), err)
	}
	if n := len(b.Open()); n != 2 {
		t.Errorf("%d on the list: what was acknowledged stays", n)
	}
}

func TestBehind(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.node("a"), c.node("b")
	a.arrive(t, someone(1))
	pull(t, b, a)
	a.arrive(t, someone(2))
	a.arrive(t, someone(3))
	_, pos := a.Position()
	if n, rest := b.Behind(a.cfg.Node, pos); n != 2 || rest {
		t.Errorf("behind by %d, %v; want 2", n, rest)
	}
	pull(t, b, a)
	if n, rest := b.Behind(a.cfg.Node, pos); n != 0 || rest {
		t.Errorf("behind by %d, %v; want nothing", n, rest)
	}
	if n, rest := b.Behind(a.cfg.Node, []byte("nonsense")); n != 0 || rest {
		t.Error("nonsense is behind")
	}
}
