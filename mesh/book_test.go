package mesh

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/upprop/upprop/mesh/identity"
)

func TestHearsayDoesNotCrowdOutANodesOwnWord(t *testing.T) {
	b := addressBook{book: &MemBook{}}
	id := identity.NodeID{1}
	b.told(id, []string{"10.0.0.1:7000", "0.0.0.0:7000", "not an address", "10.0.0.1:0", "224.0.0.1:7"}, time.Time{})
	for i := range 100 {
		b.hearsay(id, []string{fmt.Sprintf("10.9.9.%d:7000", i)}, time.Time{})
	}
	got := b.addrs(id)
	if got[0] != "10.0.0.1:7000" || len(got) != 1+maxLoose || got[1] != "10.9.9.99:7000" {
		t.Fatalf("got %v", got)
	}
	b.told(id, []string{"10.0.0.2:7000"}, time.Time{})
	if got = b.addrs(id); got[0] != "10.0.0.2:7000" || got[1] != "10.0.0.1:7000" {
		t.Fatalf("after a move: %v", got)
	}
}

func TestTheBookComesBackAfterARestart(t *testing.T) {
	mem := &MemBook{}
	b := addressBook{book: mem}
	id := identity.NodeID{1}
	if !b.reached(id, []string{"10.0.0.1:7000"}, time.Time{}) || b.hearsay(id, []string{"10.0.0.1:7000"}, time.Time{}) {
		t.Fatal("news is not told from old")
	}
	again := addressBook{book: mem}
	if err := again.load(); err != nil {
		t.Fatal(err)
	}
	if got := again.addrs(id); !slices.Equal(got, []string{"10.0.0.1:7000"}) {
		t.Fatalf("got %v", got)
	}
}

type brokenBook struct{}

func (*brokenBook) Load() ([]BookEntry, error) { return nil, errors.New("disk") }

func (*brokenBook) Save(identity.NodeID, []string, time.Time) error { return errors.New("disk") }

func TestABookThatFailsIsReported(t *testing.T) {
	failed := 0
	b := addressBook{book: &brokenBook{}, failed: func(error) { failed++ }}
	if b.load() == nil {
		t.Fatal("a failing load is passed over")
	}
	b.told(identity.NodeID{1}, []string{"10.0.0.1:7000"}, time.Time{})
	if failed != 1 {
		t.Fatalf("%d failures reported", failed)
	}
	if len(b.addrs(identity.NodeID{1})) != 1 {
		t.Fatal("an address that could not be saved is not used either")
	}
}

func TestTheBookForgetsWhoIsNoMember(t *testing.T) {
	mem := &MemBook{}
	b := addressBook{book: mem}
	stays, goes := identity.NodeID{1}, identity.NodeID{2}
	for _, id := range []identity.NodeID{stays, goes} {
		b.told(id, []string{"10.0.0.1:7000"}, time.Time{})
	}
	b.retain(func(id identity.NodeID) bool { return id == stays }, time.Time{})
	left, err := mem.Load()
	if err != nil || len(left) != 1 || left[0].Node != stays || b.addrs(goes) != nil || b.addrs(stays) == nil {
		t.Fatalf("%v %v", left, err)
	}
}
