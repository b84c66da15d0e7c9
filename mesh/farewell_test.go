package mesh

import (
	"context"
	"crypto/ed25519"
	"errors"
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/memnet"
	"github.com/upprop/upprop/mesh/stream"
)

// walked counts the walks through a roster.
type walked struct {
	*identity.Roster
	walks atomic.Int64
}

func (r *walked) Records() [][]byte {
	r.walks.Add(1)
	return r.Roster.Records()
}

// A revoked node is told so, once at a time, and however often it asks costs
// the one who tells no more than the first time.
func TestAFarewellCostsLittle(t *testing.T) {
	inCampus(t, 3, nil, func(c *campus) {
		c.meshed()
		teller, bad, other := c.nodes[0], c.nodes[1], c.nodes[2]
		roster := &walked{Roster: teller.roster}
		for _, n := range []*testNode{bad, other} {
			if _, err := roster.Revoke(c.root, n.id(), identity.Ending{}, time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		net := memnet.New(1)
		defer net.Close()
		host := func(key *identity.Key, st stream.Standing) *memnet.Host {
			return net.Host(key.Private(), func(ed25519.PublicKey) stream.Standing { return st })
		}
		at := host(teller.key, stream.Guest)
		if _, err := New(Config{Net: at, Key: teller.key, Roster: roster, Log: newFakeLog(teller.id())}); err != nil {
			t.Fatal(err)
		}
		ask := func(h *memnet.Host) stream.Stream {
			s, err := h.Open(context.Background(), at.Self(), FarewellProtocol)
			if err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			return s
		}
		told := func(s stream.Stream) (records int) {
			defer s.Reset()
			for {
				raw, err := stream.ReadFrame(s, identity.MaxRecord)
				switch {
				case err == io.EOF:
					return records
				case errors.Is(err, stream.ErrReset):
					return -1
				case err != nil:
					t.Fatal(err)
				}
				if r, err := identity.ParseRecord(raw); err == nil && r.Revocation != nil {
					records++
				}
			}
		}
		from, too := host(bad.key, stream.Member), host(other.key, stream.Member)
		for _, h := range []*memnet.Host{from, too} {
			if err := h.Dial(context.Background(), teller.key.Public(), at.Addrs()); err != nil {
				t.Fatal(err)
			}
		}
		first, second, others := ask(from), ask(from), ask(too)
		if n := told(second); n != -1 {
			t.Fatalf("told %d records while it is being told", n)
		}
		if n, m := told(first), told(others); n != 1 || m != 1 {
			t.Fatalf("told of %d and %d revocations", n, m)
		}
		for range 50 {
			synctest.Wait()
			if n := told(ask(from)); n != 1 {
				t.Fatalf("told of %d revocations", n)
			}
		}
		if n := roster.walks.Load(); n > 1 {
			t.Fatalf("the roster was walked %d times", n)
		}
		// Told of what is new, too.
		if _, err := roster.Revoke(c.root, bad.id(), identity.Ending{}, time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if n := told(ask(from)); n != 2 {
			t.Fatalf("told of %d revocations", n)
		}
	})
}
