package crdt

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/upprop/upprop/crdt/record"
)

// photograph is a version of a visit's photograph.
func photograph(v record.VisitID, version uint32, until record.Day) Draft {
	id, a := record.PhotoID(v), record.DossierAudience
	return Draft{Late: true, Sealed: []record.SealedEntry{
		{Kind: record.PartPut, Visit: id, Audience: a, Version: version, Box: []byte("a face")},
		{Kind: record.KeyPut, Visit: id, Audience: a, Version: version, Until: until, Box: wrapOf(id, a, version)},
	}}
}

func photoOf(m *member, v record.VisitID) (SealedPart, error) {
	return m.Sealed(record.PartKey{Visit: record.PhotoID(v), Audience: record.DossierAudience})
}

// A photograph is in a document of its own, which is part of what a node must hold
// to be up to date, and is shredded alone: the rest of its visit stands.
func TestAPhotographIsShreddedAlone(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.keeper("a"), c.keeper("b")
	v := someone(1)
	ids := a.do(t, sealing(v, 1, c.today()+30), photograph(v, 1, c.today()+30))
	if ids[0].Doc == ids[1].Doc || !strings.HasSuffix(string(ids[1].Doc), string(record.LateSite)) {
		t.Fatalf("it is in %s, among what must not wait", ids[1].Doc)
	}
	_, pos := a.Position()
	if b.Covers(a.cfg.Node, pos) {
		t.Fatal("who has nothing is up to date")
	}
	pull(t, b.member, a.member)
	if !b.Covers(a.cfg.Node, pos) {
		t.Fatal("who has all is not up to date")
	}
	// What is written after it, in the document before, does not put that in doubt.
	a.do(t, sealing(someone(2), 1, c.today()+30))
	_, later := a.Position()
	pull(t, b.member, a.member)
	if !b.Covers(a.cfg.Node, later) || !a.Within(a.cfg.Node, pos, later) {
		t.Fatal("a photograph hides what is written beside it")
	}
	b.do(t, shredding(7, record.PhotoID(v)))
	receipted(t, b.member, record.PhotoID(v), b.cfg.Node)
	pull(t, a.member, b.member)
	receipted(t, a.member, record.PhotoID(v), a.cfg.Node, b.cfg.Node)
	for _, m := range []*keeper{a, b} {
		if _, err := photoOf(m.member, v); !errors.Is(err, ErrErased) {
			t.Errorf("%s: the photograph stands: %v", m.name, err)
		}
		opens(t, m.member, v, 1)
	}
}

// Whatever order visits, photographs, their being taken anew and their shreds come
// in, every node ends up with the same, and a photograph that anybody has shredded
// stands nowhere, although it comes last.
func TestPhotographsConverge(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := newTestCampus(t)
		writers := []*keeper{c.keeper("a"), c.keeper("b")}
		all := append(slices.Clone(writers), c.keeper("reader"))
		defer func() {
			for _, k := range all {
				_ = k.Close()
			}
		}()
		shredded, whole := map[record.VisitID]bool{}, map[record.VisitID]bool{}
		for range rapid.IntRange(1, 10).Draw(rt, "steps") {
			m, v := rapid.SampledFrom(writers).Draw(rt, "who"), someone(rapid.IntRange(1, 2).Draw(rt, "visit"))
			switch rapid.IntRange(0, 4).Draw(rt, "what") {
			case 0:
				m.do(t, sealing(v, 1, c.today()+30))
				whole[v] = true
			case 1, 2:
				m.do(t, photograph(v, uint32(rapid.IntRange(1, 3).Draw(rt, "version")), c.today()+record.Day(rapid.IntRange(1, 30).Draw(rt, "until"))))
			case 3:
				m.do(t, shredding(1, record.PhotoID(v)))
				shredded[v] = true
			default:
				pull(t, m.member, rapid.SampledFrom(all).Draw(rt, "from").member)
			}
		}
		for round, left := 0, 1; left > 0; round++ {
			left = 0
			for _, to := range all {
				var raws [][]byte
				for _, from := range all {
					raws = append(raws, missing(t, from.member, to.member)...)
				}
				left += len(raws)
				for _, raw := range rapid.Permutation(raws).Draw(rt, "order") {
					if _, err := to.Put(context.Background(), [][]byte{raw}); err != nil {
						rt.Fatal(err)
					}
				}
			}
			if round > 60 {
				rt.Fatal("they never hold the same")
			}
		}
		for n := 1; n <= 2; n++ {
			v := someone(n)
			first, firstErr := photoOf(all[0].member, v)
			for _, m := range all {
				part, err := photoOf(m.member, v)
				if shredded[v] && !errors.Is(err, ErrErased) || err == nil != (firstErr == nil) || part.Version != first.Version || string(part.Key) != string(first.Key) {
					rt.Fatalf("%s: %d %v, and another %d %v", m.name, part.Version, err, first.Version, firstErr)
				}
				if whole[v] {
					opens(t, m.member, v, 1)
				}
			}
		}
	})
}
