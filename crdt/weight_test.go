package crdt

import (
	"testing"
	"testing/synctest"

	"github.com/upprop/upprop/crdt/record"
)

// Who neither drew a visit nor may read it outranks nobody, in whatever order
// the sealings come, and destroys no key.
func TestNobodyElseOutranks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTestCampus(t)
		gate, other, desk := c.keeper("gate"), c.keeper("other"), c.keeper("desk")
		all := []*keeper{gate, other, desk}
		for _, k := range all {
			k.cfg.MaySeal = func(n record.NodeID, _ record.Audience) bool { return n == desk.cfg.Node }
			k.crash(t)
		}
		defer func() { _, _, _ = gate.Close(), other.Close(), desk.Close() }()
		v, until := someone(1), c.today()+30
		v.Own(gate.cfg.Node)

		// It comes before what it would outrank, or after.
		other.do(t, sealing(v, 9, until))
		pull(t, desk.member, other.member)
		gate.do(t, sealing(v, 1, until))
		pull(t, gate.member, other.member)
		pull(t, desk.member, gate.member)
		pull(t, other.member, gate.member)
		synctest.Wait()
		for _, k := range all {
			opens(t, k.member, v, 1)
		}
		// Who drew it, and who may read it, outrank it as ever.
		gate.do(t, sealing(v, 2, until))
		desk.do(t, sealing(v, 3, until))
		other.do(t, sealing(v, 10, until))
		for _, x := range [][2]*keeper{{gate, other}, {gate, desk}, {desk, gate}, {desk, other}, {other, gate}, {other, desk}} {
			pull(t, x[0].member, x[1].member)
		}
		synctest.Wait()
		for _, k := range all {
			opens(t, k.member, v, 3)
		}
		// Of a visit that nobody drew, as earlier releases made them, all stand
		// alike but for who may read.
		old := someone(2)
		gate.do(t, sealing(old, 1, until))
		other.do(t, sealing(old, 2, until))
		pull(t, gate.member, other.member)
		pull(t, desk.member, gate.member)
		opens(t, gate.member, old, 2)
		desk.do(t, sealing(old, 1, until))
		pull(t, gate.member, desk.member)
		synctest.Wait()
		opens(t, gate.member, old, 1)
	})
}

// A sealing that outranks nothing does not let others do without the key that
// it would outrank.
func TestNobodyElseIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTestCampus(t)
		gate, other, desk := c.keeper("gate"), c.keeper("other"), c.keeper("desk")
		for _, k := range []*keeper{gate, other, desk} {
			k.cfg.MaySeal = func(record.NodeID, record.Audience) bool { return false }
			k.crash(t)
		}
		defer func() { _, _, _ = gate.Close(), other.Close(), desk.Close() }()
		v, until := someone(1), c.today()+30
		v.Own(gate.cfg.Node)
		gate.do(t, sealing(v, 1, until))
		pull(t, other.member, gate.member)
		other.do(t, sealing(v, 9, until))
		gaps := desk.put(t, stripped(t, missing(t, other.member, desk.member))...)
		if len(gaps) != 1 || gaps[0].Actor.Node() != gate.cfg.Node {
			t.Fatalf("taken without the key: %v", gaps)
		}
		if _, err := desk.Sealed(card(v)); err == nil {
			t.Error("it opens without its key")
		}
		pull(t, desk.member, other.member)
		opens(t, desk.member, v, 1)
	})
}
