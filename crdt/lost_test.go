package crdt

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// Where the database alone was put back, beside a vault that has destroyed its
// keys since, the writer says after a while which keys nobody can have from it,
// and others take its entries without them: they would wait for ever.
func TestAWriterThatLostItsKeysSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTestCampus(t)
		a, b := c.keeper("a"), c.keeper("b")
		defer func() { _, _ = a.Close(), b.Close() }()
		v := someone(1)
		a.do(t, sealing(v, 1, c.today()+30))
		a.vault.edit(func() { delete(a.vault.keys, c.today()+30) })
		pull(t, b.member, a.member)
		if n := len(missing(t, a.member, b.member)); n == 0 {
			t.Fatal("an entry without its keys was taken before its writer said that they are lost")
		}
		time.Sleep(lostAfter + 2*time.Second)
		pull(t, b.member, a.member)
		pull(t, b.member, a.member)
		if raws := missing(t, a.member, b.member); len(raws) != 0 {
			t.Fatalf("%d entries are still missing", len(raws))
		}
		if _, err := b.Sealed(record.PartKey{Visit: v, Audience: record.CardAudience}); err == nil {
			t.Error("it opens")
		}
		// What comes later of the same visit is not lost.
		a.do(t, sealing(v, 2, c.today()+30))
		pull(t, b.member, a.member)
		opens(t, b.member, v, 2)
	})
}
