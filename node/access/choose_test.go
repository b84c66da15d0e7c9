package access

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/seal"
	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/mesh/identity"
)

func TestChoose(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var keys []Key
		for range rapid.IntRange(0, 12).Draw(t, "n") {
			keys = append(keys, Key{
				PublicKey: seal.PublicKey{
					ID:       seal.KeyID{rapid.Byte().Draw(t, "id")},
					Audience: rapid.SampledFrom([]record.Audience{card, dossier}).Draw(t, "audience"),
				},
				Day:   record.Day(rapid.IntRange(0, 6).Draw(t, "day")),
				Epoch: int64(rapid.IntRange(0, 2).Draw(t, "epoch")),
				Gone:  rapid.Bool().Draw(t, "gone"),
			})
		}
		until, today := record.Day(rapid.IntRange(0, 7).Draw(t, "until")), record.Day(rapid.IntRange(0, 7).Draw(t, "today"))
		epoch := int64(rapid.IntRange(0, 2).Draw(t, "now"))
		got, ok := Choose(keys, card, until, today, epoch)
		slices.Reverse(keys)
		if again, ok2 := Choose(keys, card, until, today, epoch); ok != ok2 || again.ID != got.ID || again.Audience != got.Audience {
			t.Fatal("the order of the keys decides")
		}
		any := false
		for _, k := range keys {
			fits := k.Audience == card && k.Day > today && k.Day <= until
			any = any || fits
			if !fits || !ok {
				continue
			}
			var mine Key
			for _, x := range keys {
				if x.ID == got.ID && x.Audience == card && x.Day > today && x.Day <= until && (mine.Audience == "" || better(x, mine, epoch) < 0) {
					mine = x
				}
			}
			switch {
			case mine.Audience == "":
				t.Fatal("a key that does not fit was chosen")
			case mine.Gone != k.Gone:
				if mine.Gone {
					t.Fatalf("%+v was chosen before %+v", mine, k)
				}
			case k.Day == mine.Day && (k.Epoch > epoch) != (mine.Epoch > epoch):
				if mine.Epoch > epoch {
					t.Fatalf("%+v, of a later epoch than there is, was chosen before %+v", mine, k)
				}
			case k.Day > mine.Day, k.Day == mine.Day && k.Epoch > mine.Epoch && k.Epoch <= epoch, k.Day == mine.Day && k.Epoch < mine.Epoch && mine.Epoch > epoch,
				k.Day == mine.Day && k.Epoch == mine.Epoch && bytes.Compare(k.ID[:], mine.ID[:]) < 0:
				t.Fatalf("%+v was chosen before %+v", mine, k)
			}
		}
		if any != ok {
			t.Fatal("found:", ok, "there is one:", any)
		}
	})
}

// shop is Store, Publisher and Register in memory.
type shop struct {
	mu       sync.Mutex // of kept
	today    func() record.Day
	kept     map[seal.KeyID]bool
	out      []crdt.PublishedKey
	settings []crdt.Setting
	version  uint64
	commits  []int
	fail     error
}

func (s *shop) Add(keys ...seal.PrivateKey) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range keys {
		s.kept[k.Public().ID] = true
	}
	return s.fail
}

func (s *shop) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.kept)
}

func (s *shop) Publish(_ context.Context, acts []record.Act) error {
	for _, x := range acts {
		k, err := seal.NewPublicKey(x.Audience, seal.DateOf(x.Until), x.Key)
		if x.Kind == record.ActKeyGone && err == nil {
			gone := crdt.PublishedKey{Audience: x.Audience, Until: x.Until, Epoch: crdt.GoneEpoch, Bytes: x.Key, Filed: s.today()}
			s.out = append([]crdt.PublishedKey{gone}, s.out...)
			continue
		}
		if err != nil || !s.kept[k.ID] || x.Kind != record.ActKey {
			return errors.New("a public key without its private half")
		}
		p := crdt.PublishedKey{Audience: x.Audience, Until: x.Until, Epoch: x.Epoch, Bytes: x.Key, Filed: s.today()}
		s.out = slices.DeleteFunc(s.out, func(o crdt.PublishedKey) bool { return bytes.Equal(o.Bytes, p.Bytes) })
		s.out = append(s.out, p)
	}
	s.version++
	s.commits = append(s.commits, len(acts))
	return nil
}

func (s *shop) PublishedKeys() ([]crdt.PublishedKey, error) { return s.out, nil }
func (s *shop) Settings(string) []crdt.Setting              { return s.settings }
func (s *shop) SettingsVersion() uint64                     { return s.version }

func TestMakerMakesWhatIsMissing(t *testing.T) {
	today, sure := record.Day(21000), true
	s := &shop{kept: map[seal.KeyID]bool{}, today: func() record.Day { return today }}
	self := identity.NodeID{1}
	members := []identity.Member{
		{ID: self, Role: identity.RoleDesk}, {ID: identity.NodeID{2}, Role: identity.RoleWarden}, {ID: identity.NodeID{3}, Role: identity.RoleEntrance},
	}
	book := NewBook(s)
	m := NewMaker(MakerConfig{
		Store: s, Publisher: s, Book: book, Members: func() []identity.Member { return members }, Self: self,
		Today: func() (record.Day, bool) { return today, sure },
	})
	published := func() []Key {
		t.Helper()
		keys, err := book.Keys()
		if err != nil {
			t.Fatal(err)
		}
		return keys
	}
	make := func(what string, want int) {
		t.Helper()
		before := len(s.kept)
		if err := m.Make(t.Context()); err != nil {
			t.Fatal(what, err)
		}
		if got := len(s.kept) - before; got != want {
			t.Errorf("%s: %d keys were made, want %d", what, got, want)
		}
	}
	sure = false
	make("the clock is in doubt", 0)
	sure = true
	members[0].Role = identity.RoleEntrance
	make("no desk", 0)
	members[0].Role = identity.RoleDesk
	make("all", 2*Ahead)
	for _, n := range s.commits {
		if n > together {
			t.Error("a commit of", n)
		}
	}
	make("again", 0)
	today++
	make("a day later", 2)
	keys := published()
	if len(keys) != 2*Ahead+2 {
		t.Fatal(len(keys))
	}
	for _, a := range audiences {
		if k, ok := Choose(keys, a, today+30, today, 0); !ok || k.Date != (today+30).Start().Format(time.DateOnly) {
			t.Errorf("%+v %v", k, ok)
		}
	}
	commits := len(s.commits)
	make("and again", 0)
	if len(s.commits) != commits {
		t.Error("what is published was published twice")
	}
	today += renewAfter + 1
	make("three weeks later", 2*(renewAfter+1))
	for _, k := range published() {
		if k.Day > today && k.Filed != today {
			t.Fatalf("the key of %s was not published anew: last under %s", k.Day, k.Filed)
		}
	}

	// A warden is revoked: the cards' keys alone are replaced.
	members[1].Revoked = &identity.Revocation{At: 1_900_000_000_000}
	make("a warden is revoked", Ahead)
	k, ok := Choose(published(), card, today+30, today, 1_900_000_000)
	if !ok || !slices.ContainsFunc(published(), func(x Key) bool { return x.ID == k.ID && x.Epoch == 1_900_000_000 }) {
		t.Error("the replaced key is chosen")
	}
	// By a clock that was behind: still another epoch.
	members = append(members, identity.Member{ID: identity.NodeID{4}, Role: identity.RoleDesk, Revoked: &identity.Revocation{At: 1_800_000_000_000}})
	make("a desk is revoked", 2*Ahead)
	members = append(members, identity.Member{ID: identity.NodeID{5}, Role: identity.RoleEntrance, Revoked: &identity.Revocation{At: 1_999_000_000_000}})
	make("an entrance is revoked", 0)
	s.fail = errors.New("the vault")
	today++
	if err := m.Make(t.Context()); !errors.Is(err, s.fail) {
		t.Error(err)
	}
}

func TestBookTakesNothingElse(t *testing.T) {
	k, err := seal.GenerateKey(card, "2026-12-24")
	if err != nil {
		t.Fatal(err)
	}
	old, err := seal.GenerateKey(card, "")
	if err != nil {
		t.Fatal(err)
	}
	good := crdt.PublishedKey{Audience: card, Until: 20811, Epoch: 7, Bytes: k.Public().Bytes, Filed: 20800}
	campus := crdt.Setting{Key: fmt.Sprintf("audience/card/%x", old.Public().ID), Value: shape.Bytes(old.Public().Bytes)}
	read := func(s *shop) []Key {
		t.Helper()
		keys, err := NewBook(s).Keys()
		if err != nil {
			t.Fatal(err)
		}
		return keys
	}
	keys := read(&shop{out: []crdt.PublishedKey{good}, settings: []crdt.Setting{campus}})
	if len(keys) != 2 || keys[0].Day != 0 || keys[1].Day != 20811 || keys[1].Epoch != 7 || keys[1].Date != "2026-12-24" || keys[1].ID != k.Public().ID {
		t.Fatalf("%+v", keys)
	}
	if due := Due(keys, []record.Audience{card}, 20810); !slices.Equal(due, []seal.KeyID{old.Public().ID, k.Public().ID}) {
		t.Error(due)
	}
	if due := Due(keys, []record.Audience{card}, 20811); len(due) != 1 {
		t.Error(due)
	}
	if due := Due(keys, []record.Audience{dossier}, 0); len(due) != 0 {
		t.Error(due)
	}
	short, other := good, good
	short.Bytes, other.Audience = good.Bytes[:40], "everyone"
	for name, bad := range map[string]*shop{
		"short": {out: []crdt.PublishedKey{short}}, "audience": {out: []crdt.PublishedKey{other}},
		"another id": {settings: []crdt.Setting{{Key: "audience/card/0011223344556677", Value: campus.Value}}},
		"no id":      {settings: []crdt.Setting{{Key: "audience/card", Value: campus.Value}}},
		"no bytes":   {settings: []crdt.Setting{{Key: campus.Key, Value: shape.Bytes(nil)}}},
	} {
		if got := read(bad); len(got) != 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func FuzzAsk(f *testing.F) {
	f.Add(encodeAsk([]seal.KeyID{{1}, {2}}))
	f.Add([]byte("1234567"))
	f.Fuzz(func(t *testing.T, b []byte) {
		ids, err := decodeAsk(b)
		if err == nil && (!bytes.Equal(encodeAsk(ids), b) || len(ids) == 0 || len(ids) > maxIDs) {
			t.Fatal("a question has two forms")
		}
	})
}

// A desk that starts gives the keys of others time to come, and one that is
// told to stop meanwhile makes none.
func TestMakerWaitsForOthersKeys(t *testing.T) {
	for what, stopped := range map[string]bool{"stopped": true, "left alone": false} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				self := identity.NodeID{1}
				s := &shop{kept: map[seal.KeyID]bool{}, today: func() record.Day { return 20000 }}
				m := NewMaker(MakerConfig{
					Store: s, Publisher: s, Book: NewBook(s), Self: self,
					Members: func() []identity.Member { return []identity.Member{{ID: self, Role: identity.RoleDesk}} },
					Today:   func() (record.Day, bool) { return 20000, true },
					Settled: func() bool { return false },
				})
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan error)
				go func() { done <- m.Run(ctx, nil) }()
				time.Sleep(settleFor - time.Second)
				if s.count() != 0 {
					t.Error("keys are made before others have had time")
				}
				if !stopped {
					time.Sleep(2 * time.Second)
				}
				cancel()
				if err := <-done; err != nil {
					t.Error(err)
				}
				if (s.count() == 0) != stopped {
					t.Errorf("%d keys", s.count())
				}
			})
		})
	}
}
