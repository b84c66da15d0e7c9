package node

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/visits"
)

// BenchmarkSealingInCheckIn is what sealing, wrapping and locking for rest add
// to a check-in, beside the whole of it on the disk at hand.
func BenchmarkSealingInCheckIn(b *testing.B) {
	n, _ := onDisk(b, 0)
	var acks, seals []time.Duration
	until := n.replica.FilingDay() + visits.Retention
	for i := 0; b.Loop(); i++ {
		start := time.Now()
		if _, err := n.Visits().CheckIn(context.Background(), someArrival); err != nil {
			b.Fatal(err)
		}
		acks = append(acks, time.Since(start))

		var v record.VisitID
		v[0], v[1], v[2] = byte(i), byte(i>>8), byte(i>>16)
		start = time.Now()
		entries, stored, err := n.vault.Seal(v, 1, until, map[record.Audience][]byte{
			record.CardAudience:    codec.EncodeCard(record.Card{Name: someArrival.Name, Company: someArrival.Company, Host: someArrival.Host}),
			record.DossierAudience: codec.EncodeDossier(record.Dossier{}),
		})
		if err != nil {
			b.Fatal(err)
		}
		bearer, _, err := n.vault.SealBearer(v, 1, until, codec.EncodeCard(record.Card{Name: someArrival.Name}))
		if err != nil {
			b.Fatal(err)
		}
		for _, e := range append(entries, bearer...) {
			if e.Kind != record.KeyPut {
				continue
			}
			if _, err := (locker{n.ring, n.expiry}).Lock(until, []byte("bench"), e.Box); err != nil {
				b.Fatal(err)
			}
		}
		seals = append(seals, time.Since(start))
		stored()
	}
	quantiles(b, "sealing", seals)
	quantiles(b, "ack", acks)
}

// crowd is a node's folder with people inside, in one day.
func crowd(b *testing.B, people int) string {
	b.Helper()
	dir := b.TempDir()
	if err := Init(InitOptions{Dir: dir, Campus: "Ekudden", Name: "Reception", Listen: "127.0.0.1:0"}); err != nil {
		b.Fatal(err)
	}
	n, err := Open(Config{Dir: dir, Listen: "127.0.0.1:0"})
	if err != nil {
		b.Fatal(err)
	}
	defer n.Close()
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			for range people / 50 {
				if _, err := n.Visits().CheckIn(context.Background(), someArrival); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	return dir
}

// BenchmarkOpenCards opens the cards of all that are inside, as a muster list
// does, with nothing opened before; and once more from memory.
func BenchmarkOpenCards(b *testing.B) {
	const people = 10000
	dir := crowd(b, people)
	open := func(n *Node) time.Duration {
		start := time.Now()
		for _, p := range n.Replica().Open() {
			if c, err := n.Visits().CardOf(p); err != nil || c.Name != someArrival.Name {
				b.Fatal(err)
			}
		}
		return time.Since(start)
	}
	var cold, warm []time.Duration
	for b.Loop() {
		b.StopTimer()
		n, err := Open(Config{Dir: dir, Listen: "127.0.0.1:0"})
		if err != nil {
			b.Fatal(err)
		}
		if got := len(n.Replica().Open()); got != people {
			b.Fatalf("%d are inside", got)
		}
		b.StartTimer()
		cold, warm = append(cold, open(n)), append(warm, open(n))
		b.StopTimer()
		if err := n.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	quantiles(b, "first", cold)
	quantiles(b, "again", warm)
}

// BenchmarkShredOne erases one visit of 60,000, from the command until this
// node's receipt, which it writes when the key is destroyed on its disk.
func BenchmarkShredOne(b *testing.B) {
	n := runWith(b, Config{Dir: filled(b, 30, 2000)})
	var took []time.Duration
	all := n.Replica().Open()
	for i := 0; b.Loop(); i++ {
		v := all[i*7%len(all)].Visit
		start := time.Now()
		if _, err := n.Erase(context.Background(), v); err != nil {
			b.Fatal(err)
		}
		n.awaitReceipts(b, v, 1)
		took = append(took, time.Since(start))
	}
	quantiles(b, "shred", took)
	quantiles(b, "fsync", fsyncs(b, 300))
}

func (r *running) awaitReceipts(b *testing.B, v record.VisitID, want int) {
	b.Helper()
	for end := time.Now().Add(30 * time.Second); ; {
		changed := r.Replica().Changed()
		got, err := r.Replica().Receipts(v)
		if err != nil {
			b.Fatal(err)
		}
		if len(got) >= want {
			return
		}
		select {
		case <-changed:
		case <-time.After(time.Until(end)):
			b.Fatalf("%d receipts of %d", len(got), want)
		}
	}
}

// BenchmarkReceipts measures from an erasure at one of eight connected nodes
// until that one has the receipts of all.
func BenchmarkReceipts(b *testing.B) {
	const size = 8
	desk := first(b)
	nodes := []*running{desk}
	for i := range size - 1 {
		nodes = append(nodes, desk.joined(fmt.Sprintf("Gate %d", i+1), identity.RoleEntrance))
	}
	eventually(b, "a full mesh", func() bool {
		for _, n := range nodes {
			if len(n.Mesh().Peers()) != size-1 {
				return false
			}
		}
		return true
	})
	var took []time.Duration
	for b.Loop() {
		b.StopTimer()
		r, err := desk.Visits().CheckIn(context.Background(), someArrival)
		if err != nil {
			b.Fatal(err)
		}
		for _, n := range nodes {
			eventually(b, "the visit is everywhere", func() bool { _, err := n.Replica().Presence(r.Visit); return err == nil })
		}
		b.StartTimer()
		start := time.Now()
		if _, err := desk.Erase(context.Background(), r.Visit); err != nil {
			b.Fatal(err)
		}
		desk.awaitReceipts(b, r.Visit, size)
		took = append(took, time.Since(start))
	}
	quantiles(b, "receipts", took)
}

// BenchmarkLookForDue looks once through the key records of 60,000 visits for
// what is to be sealed anew, as every node does at its start and each hour.
func BenchmarkLookForDue(b *testing.B) {
	n, err := Open(Config{Dir: filled(b, 30, 2000), Listen: "127.0.0.1:0"})
	if err != nil {
		b.Fatal(err)
	}
	defer n.Close()
	for b.Loop() {
		if err := n.resealer.Step(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}
