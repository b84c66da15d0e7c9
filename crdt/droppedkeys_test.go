package crdt

import (
	"bytes"
	"errors"
	"testing"
	"testing/synctest"
)

// A date that is over may wait for weeks to die. What is dropped with its day
// meanwhile is destroyed like anything else, and who gives a receipt for it has
// done so.
func TestWhatIsDroppedBeforeItsDateDiesIsDestroyed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTestCampus(t)
		a := c.keeper("a")
		v, until := someone(1), c.today()+30
		a.do(t, sealing(v, 1, until))
		raw, err := a.store.Get(partKey(keyKey, card(v)))
		if err != nil {
			t.Fatal(err)
		}
		w, err := parseKeyRow(bytes.Clone(raw))
		if err != nil {
			t.Fatal(err)
		}
		readable := func() bool {
			_, err := a.vault.Unlock(until, lockData(card(v), 1), w.box)
			return err == nil
		}
		if !readable() {
			t.Fatal("the record as it lies on the disk cannot be read")
		}
		c.advance(42 * dayLong)
		broken := errors.New("input/output error")
		a.vault.edit(func() { a.vault.trouble = broken })
		a.dropBefore(t, c.today()-30)
		a.do(t, shredding(1, v))
		synctest.Wait()
		if got, _ := a.Receipts(v); len(got) > 0 || !readable() {
			t.Fatal("a receipt for what can still be read from the disk:", len(got), readable())
		}
		a.vault.edit(func() { a.vault.trouble = nil })
		receipted(t, a.member, v, a.cfg.Node)
		if readable() {
			t.Error("what was dropped can still be read from the disk")
		}
		// A date that has died needs nothing.
		dead := someone(2)
		a.do(t, sealing(dead, 1, c.today()+30))
		a.vault.expire(c.today() + 30)
		c.advance(42 * dayLong)
		a.dropBefore(t, c.today()-30)
		synctest.Wait()
		if days := a.ShredPending(); len(days) > 0 {
			t.Errorf("%v wait to be destroyed", days)
		}
		_ = a.Close()
	})
}
