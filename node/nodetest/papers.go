package nodetest

import (
	"slices"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// greets judges the name that a house calls somebody by who goes out and has shown
// the QR of the receipt; knew: it knew before that the visit was erased.
func (c *Campus) greets(h *House, v *visit, paper, knew bool, name string) error {
	switch {
	case name == "":
		return nil
	case !paper:
		return violated("only the right eyes", "%s calls v%d by name to who shows a code alone", h.Name, v.n)
	case knew:
		return violated("a shred beats the paper", "%s calls v%d by name, and knows that it is erased", h.Name, v.n)
	case !slices.Contains(v.names, name):
		return violated("nobody is called by another's name", "%s calls v%d by a name that was never told", h.Name, v.n)
	case c.dateOver(h, v.ends):
		return violated("nothing opens after its date", "%s calls v%d by name, whose date was %s", h.Name, v.n, v.ends)
	}
	return nil
}

// greetsBy reports whether a house opens a name for who shows the QR of a visit's
// receipt.
func greetsBy(h *House, v *visit) bool {
	_, shown, err := h.Node().Visits().Bears(v.qr)
	return err == nil && shown
}

// papersOpen: any node calls by name who shows the QR of a receipt, as long as nothing
// was sealed anew; else it proves nothing where none does.
func (c *Campus) papersOpen(h *House) error {
	if ok, _ := h.Node().Names(); !ok {
		return violated("names are shown", "%s shows none", h.Name)
	}
	for _, v := range c.truth.visits {
		if v.maybeErased() || v.arrived.shaky || v.unsealed || v.years || v.tangled || len(v.fixed) > 0 || h.mixed {
			continue
		}
		row, held, err := rests(h.now().disk.Disk, record.PartKey{Visit: v.id, Audience: record.BearerAudience})
		if err != nil {
			return violated("goes on", "%s: %v", h.Name, err)
		}
		if day := c.soundDay(h); day == 0 || day+1 >= v.ends || held && row.version > 1 || time.Since(v.arrived.at) > kept {
			continue
		}
		if !greetsBy(h, v) {
			return violated("the paper is the key", "%s does not open v%d for who shows the QR of the receipt", h.Name, v.n)
		}
	}
	return nil
}
