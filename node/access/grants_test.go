package access

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
)

const (
	card    = record.CardAudience
	dossier = record.DossierAudience
)

// Each node asks for what its role is due, is given that, and has it still
// after a restart.
func TestEachRoleIsGrantedItsOwn(t *testing.T) {
	for role, want := range map[identity.Role][]record.Audience{
		identity.RoleDesk:     {card, dossier},
		identity.RoleWarden:   {card},
		identity.RoleEntrance: nil,
		identity.RoleRelay:    nil,
	} {
		t.Run(string(role), func(t *testing.T) {
			inCampus(t, func(c *campus) {
				first, newcomer := c.host("Reception", identity.RoleDesk), c.host("Newcomer", role)
				first.enrol(true)
				newcomer.enrol(false).dial(first)
				newcomer.run(10 * time.Second)
				same(t, "kept", newcomer.keys.kept(t), want...)
			})
		})
	}
}

// What a node asks for changes nothing about what its role is due.
func TestAskingForMoreGivesNoMore(t *testing.T) {
	inCampus(t, func(c *campus) {
		first := c.host("Reception", identity.RoleDesk)
		desk, warden := c.host("Desk", identity.RoleDesk), c.host("Warden", identity.RoleWarden)
		entrance, relay := c.host("East gate", identity.RoleEntrance), c.host("Relay", identity.RoleRelay)
		stranger := c.host("Stranger", "")
		first.enrol(true)
		for name, asked := range map[string][]record.Audience{
			"all": {card, dossier}, "dossier first": {dossier, card}, "with others": {"", "*", dossier, "Card", "card/", card, card},
		} {
			same(t, "a desk asks for "+name, desk.gets(first, asked...), card, dossier)
			same(t, "a warden asks for "+name, warden.gets(first, asked...), card)
			for who, m := range map[string]*member{"an entrance": entrance, "a relay": relay, "a stranger": stranger} {
				same(t, who+" asks for "+name, m.gets(first, asked...))
			}
		}
		same(t, "a warden asks for the dossier", warden.gets(first, dossier))
		same(t, "a desk asks for the card", desk.gets(first, card), card)
		same(t, "a desk asks for nothing", desk.gets(first))
	})
}

func TestARevokedNodeIsGrantedNothing(t *testing.T) {
	inCampus(t, func(c *campus) {
		first := c.host("Reception", identity.RoleDesk)
		desk, warden := c.host("Desk", identity.RoleDesk), c.host("Warden", identity.RoleWarden)
		first.enrol(true)
		desk.enrol(false)
		same(t, "before", desk.gets(first, card, dossier), card, dossier)
		for _, m := range []*member{desk, warden} {
			if _, err := first.roster.Revoke(c.root, m.key.ID(), identity.Ending{}, time.Now()); err != nil {
				t.Fatal(err)
			}
			same(t, "revoked", m.gets(first, card, dossier))
		}
		desk.run(10 * time.Second)
		same(t, "a revoked node that has not heard of it", desk.keys.kept(t))
	})
}

// A key that was made after a revocation is handed out by nobody who has not heard of
// that: whoever asks may be the one who was revoked. It is not said to be lacking, and
// is handed out as soon as that is known.
func TestAKeyOfAnUnheardRevocationIsKeptBack(t *testing.T) {
	inCampus(t, func(c *campus) {
		maker, late := c.host("Reception", identity.RoleDesk), c.host("Late", identity.RoleDesk)
		desk, stolen := c.host("Desk", identity.RoleDesk), c.host("Stolen", identity.RoleDesk)
		maker.enrol(true)
		late.enrol(true)
		desk.enrol(false)
		raws, err := maker.roster.Revoke(c.root, stolen.key.ID(), identity.Ending{}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		published := []Key{{PublicKey: c.pair[0].Public(), Epoch: Epoch(maker.roster.Members(), card)}, {PublicKey: c.pair[1].Public()}}
		for _, m := range []*member{maker, late} {
			m.cfg.Published = func() []Key { return published }
		}
		for who, m := range map[string]*member{"the stolen one": stolen, "another desk": desk} {
			same(t, who+" asks for an old key and the new one", m.gets(late, card, dossier), dossier)
			s := m.open(late)
			id := c.keys[card]
			if err := stream.WriteFrame(s, id[:]); err != nil {
				t.Fatal(err)
			}
			if answer, err := stream.ReadFrame(s, maxAnswer); err == nil {
				t.Errorf("%s asks for the new key, and is told %d bytes", who, len(answer))
			}
			s.Reset()
		}
		same(t, "of who has heard", desk.gets(maker, card, dossier), card, dossier)
		same(t, "the stolen one, of who has heard", stolen.gets(maker, card, dossier))
		if _, err := late.roster.Merge(raws); err != nil {
			t.Fatal(err)
		}
		same(t, "once it is known", desk.gets(late, card, dossier), card, dossier)
		same(t, "the stolen one, once it is known", stolen.gets(late, card, dossier))
	})
}

// A node takes keys only from those whose role may hold them, and asks again
// when somebody comes who can give.
func TestKeysComeOnlyFromWhomTheyMay(t *testing.T) {
	inCampus(t, func(c *campus) {
		first := c.host("Reception", identity.RoleDesk)
		entrance, gone := c.host("East gate", identity.RoleEntrance), c.host("Gone", identity.RoleDesk)
		desk := c.host("Desk", identity.RoleDesk)
		asked := 0
		for _, m := range []*member{entrance, gone} {
			m.host.Handle(Protocol, false, func(_ context.Context, s stream.Stream) {
				asked++
				s.Reset()
			})
		}
		first.enrol(true)
		desk.enrol(false)
		if _, err := desk.roster.Revoke(c.root, gone.key.ID(), identity.Ending{}, time.Now()); err != nil {
			t.Fatal(err)
		}
		desk.dial(entrance)
		desk.dial(gone)
		desk.run(20 * time.Second)
		if asked != 0 {
			t.Errorf("nodes that may give nothing were asked %d times", asked)
		}
		same(t, "nobody could give", desk.keys.kept(t))
		desk.dial(first)
		desk.run(time.Second)
		same(t, "one came who could", desk.keys.kept(t), card, dossier)
	})
}

// Whatever a peer sends in place of an ask, it gets nothing for it, is let go
// in time, and others are served meanwhile.
func TestHostileAsks(t *testing.T) {
	frame := func(body string) string {
		return string(binary.BigEndian.AppendUint32(nil, uint32(len(body)))) + body
	}
	for what, text := range map[string]string{
		"nothing":        "",
		"half a length":  "\x00\x00",
		"half a frame":   "\x00\x00\x00\x10[\"card",
		"four gigabytes": "\xff\xff\xff\xff[",
		"over the limit": frame(strings.Repeat(" ", maxAsk+8)),
		"no ids":         frame(""),
		"half an id":     frame("12345678abcd"),
		"an id twice":    frame("1234567812345678"),
		"out of order":   frame("1234567902345678"),
	} {
		t.Run(what, func(t *testing.T) {
			inCampus(t, func(c *campus) {
				first, bad, desk := c.host("Reception", identity.RoleDesk), c.host("Bad", identity.RoleDesk), c.host("Desk", identity.RoleDesk)
				first.enrol(true)
				s := bad.open(first)
				if _, err := io.WriteString(s, text); err != nil && !errors.Is(err, stream.ErrReset) {
					t.Fatal(err)
				}
				same(t, "another desk meanwhile", desk.gets(first, card), card)
				start := time.Now()
				if b, err := io.ReadAll(s); !errors.Is(err, stream.ErrReset) || len(b) != 0 {
					t.Errorf("%d bytes for it, %v", len(b), err)
				}
				if took := time.Since(start); took > patience+time.Second {
					t.Errorf("held on for %v", took)
				}
			})
		})
	}
}

func TestTricklingAskIsDropped(t *testing.T) {
	inCampus(t, func(c *campus) {
		first, bad := c.host("Reception", identity.RoleDesk), c.host("Bad", identity.RoleDesk)
		first.enrol(true)
		s := bad.open(first)
		start := time.Now()
		for _, b := range []byte("\x00\x00\x04\x00" + strings.Repeat(" ", maxAsk)) {
			if _, err := s.Write([]byte{b}); err != nil {
				break
			}
			time.Sleep(time.Second)
		}
		if took := time.Since(start); took > patience+2*time.Second {
			t.Errorf("a trickle was listened to for %v", took)
		}
	})
}

// An asker is not held up, and keeps nothing, by a peer that answers badly.
func TestBadAnswers(t *testing.T) {
	for what, answer := range map[string]func(stream.Stream){
		"nothing":       func(s stream.Stream) { _ = s.CloseWrite() },
		"silence":       func(s stream.Stream) { _, _ = s.Read(make([]byte, 1)); time.Sleep(time.Minute) },
		"too much":      func(s stream.Stream) { _ = stream.WriteFrame(s, make([]byte, maxAnswer+1)) },
		"no keys":       func(s stream.Stream) { _ = stream.WriteFrame(s, []byte("no keys at all")) },
		"an empty ring": func(s stream.Stream) { _ = stream.WriteFrame(s, nil) },
		"a trickle": func(s stream.Stream) {
			for _, b := range "\x00\x00\x10\x00" + strings.Repeat("x", 60) {
				if _, err := s.Write([]byte{byte(b)}); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		},
	} {
		t.Run(what, func(t *testing.T) {
			inCampus(t, func(c *campus) {
				bad, first, desk := c.host("Bad", identity.RoleDesk), c.host("Reception", identity.RoleDesk), c.host("Desk", identity.RoleDesk)
				asked := 0
				bad.host.Handle(Protocol, false, func(_ context.Context, s stream.Stream) {
					defer s.Reset()
					asked++
					answer(s)
				})
				first.enrol(true)
				desk.enrol(false).dial(bad)
				desk.run(12 * time.Second)
				if asked == 0 {
					t.Fatal("the bad one was not asked")
				}
				same(t, "kept of a bad answer", desk.keys.kept(t))
				desk.dial(first)
				desk.run(12 * time.Second)
				same(t, "kept of a good answer", desk.keys.kept(t), card, dossier)
				time.Sleep(2 * time.Minute)
				synctest.Wait()
			})
		})
	}
}
