package node

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/memnet"
	"github.com/upprop/upprop/mesh/stream"
	"github.com/upprop/upprop/node/rights"
	"github.com/upprop/upprop/node/visits"
)

// asking is a node that asks desks which behave as they are told, in order.
func asking(t *testing.T, desks ...stream.Handler) (selfAsker, []identity.NodeID) {
	t.Helper()
	net := memnet.New(1)
	t.Cleanup(func() { _ = net.Close() })
	member := func(ed25519.PublicKey) stream.Standing { return stream.Member }
	host := func(i byte) (*memnet.Host, ed25519.PublicKey) {
		key := ed25519.NewKeyFromSeed(append(make([]byte, 31), i))
		return net.Host(key, member), key.Public().(ed25519.PublicKey)
	}
	gate, _ := host(100)
	var ids []identity.NodeID
	for i, serve := range desks {
		desk, pub := host(byte(i))
		desk.Handle(selfProtocol, false, serve)
		if err := gate.Dial(context.Background(), pub, desk.Addrs()); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, desk.Self())
	}
	return selfAsker{gate.Open, slog.New(slog.DiscardHandler)}, ids
}

// reads is a desk that counts what it is asked, and answers by say, if there is
// anything to be said.
func reads(count *int, say *selfWire) stream.Handler {
	return func(ctx context.Context, s stream.Stream) {
		if _, err := stream.ReadFrame(s, maxSelfAsk); err != nil {
			s.Reset()
			return
		}
		*count++
		if say == nil {
			s.Reset()
			return
		}
		b, err := json.Marshal(say)
		if err != nil || stream.WriteFrame(s, b) != nil {
			s.Reset()
			return
		}
		_ = s.Close()
	}
}

// What changes something is not asked of another desk once one has been told of
// it; what is only shown is.
func TestAnActIsAskedOfOneDesk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		good := &selfWire{Answer: rights.SelfAnswer{Text: "all there is"}}
		for _, do := range []string{rights.AskSee, rights.AskFind, rights.AskRectify, rights.AskWithdraw, rights.AskErase} {
			silent, second := 0, 0
			s, desks := asking(t, reads(&silent, nil), reads(&second, good))
			got, err := s.first(t.Context(), desks, rights.SelfAsk{Do: do})
			if do == rights.AskSee || do == rights.AskFind {
				if err != nil || got.Text == "" || second != 1 {
					t.Error("another desk was not asked to show it:", err)
				}
				continue
			}
			if !errors.Is(err, rights.ErrSelfMaybe) || silent != 1 || second != 0 {
				t.Errorf("%s: asked of %d desks, %v", do, silent+second, err)
			}
		}
	})
}

// A desk that was never told, or says that it has done nothing, is passed over.
func TestADeskThatWasNotToldIsPassedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		good := &selfWire{Answer: rights.SelfAnswer{Text: "all there is"}}
		early, second := 0, 0
		s, desks := asking(t, reads(&early, &selfWire{Problem: rights.ErrNotYet.Key}), reads(&second, good))
		unknown := identity.NodeID{1}
		got, err := s.first(t.Context(), append([]identity.NodeID{unknown}, desks...), rights.SelfAsk{Do: rights.AskErase})
		if err != nil || got.Text == "" || early != 1 || second != 1 {
			t.Error(early, second, err)
		}
		if _, err := s.first(t.Context(), []identity.NodeID{unknown}, rights.SelfAsk{Do: rights.AskErase}); !errors.Is(err, rights.ErrSelfNone) {
			t.Error(err)
		}
		refused := 0
		s, desks = asking(t, reads(&refused, &selfWire{Problem: "self.refused"}), reads(&second, good))
		var p *visits.Problem
		if _, err := s.first(t.Context(), desks, rights.SelfAsk{Do: rights.AskSee}); !errors.As(err, &p) || p.Key != "self.refused" || second != 1 {
			t.Error("another desk was asked after a refusal:", err)
		}
		if _, told, err := s.ask(t.Context(), desks[0], rights.SelfAsk{Knows: string(make([]byte, maxSelfAsk))}); err == nil || told {
			t.Error("more was asked than a desk takes:", told, err)
		}
	})
}

// A desk that hangs is waited for as long as the person's page waits, and ten
// seconds at most.
func TestADeskIsNotWaitedForTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hangs := func(ctx context.Context, s stream.Stream) {
			defer s.Reset()
			_, _ = stream.ReadFrame(s, maxSelfAsk)
			_, _ = stream.ReadFrame(s, maxSelfAsk) // the end
			select {
			case <-ctx.Done():
			case <-time.After(time.Minute):
			}
		}
		s, desks := asking(t, hangs)
		for patience, want := range map[time.Duration]time.Duration{3 * time.Second: 3 * time.Second, time.Minute: selfPatience} {
			ctx, done := context.WithTimeout(t.Context(), patience)
			began := time.Now()
			if _, err := s.first(ctx, desks, rights.SelfAsk{Do: rights.AskErase}); !errors.Is(err, rights.ErrSelfMaybe) {
				t.Error(err)
			}
			if took := time.Since(began); took > want+time.Second || took < want-time.Second {
				t.Errorf("with %v left it waits %v", patience, took)
			}
			done()
		}
		time.Sleep(2 * time.Minute)
	})
}
