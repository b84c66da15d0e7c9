package shape

// Past is what must be remembered of a campus document to judge the next
// change: which changes are in, and which key each operation put. It holds no
// values. Not safe for concurrent use. The zero Past is an empty document.
type Past struct {
	startOp map[[32]byte]uint64
	keys    map[opName]string
	last    map[string]authorEnd
}

type opName struct {
	ctr   uint64
	actor string
}

type authorEnd struct{ seq, startOp uint64 }

// Len is the number of changes that have been added.
func (p *Past) Len() int { return len(p.startOp) }

// Check says whether c, decoded by DecodeCampus, may go to the core now.
// nil: it may, and the caller then calls Add. ReasonKnown: it is in already.
// ReasonGap: a dependency, a predecessor or its author's change before is not
// there yet. ReasonFork, ReasonCounter and ReasonPreds are faults of its
// author, for ever.
func (p *Past) Check(c Change) error {
	if _, ok := p.startOp[c.Hash]; ok {
		return ReasonKnown
	}
	end := p.last[string(c.Actor)]
	if c.Seq <= end.seq {
		return ReasonFork
	}
	top := uint64(0)
	for _, dep := range c.Deps {
		at, ok := p.startOp[dep]
		if !ok {
			return ReasonGap
		}
		top = max(top, at)
	}
	if c.StartOp != top+1 {
		return ReasonCounter
	}
	if c.Seq > end.seq+1 {
		return ReasonGap
	}
	if c.StartOp <= end.startOp {
		return ReasonFork
	}
	for _, pred := range c.Preds {
		key, ok := p.keys[opName{pred.Ctr, string(pred.Actor)}]
		if !ok {
			return ReasonGap
		}
		if key != c.Key {
			return ReasonPreds
		}
	}
	return nil
}

// Add notes that c is in the document. Call it only after Check said nil.
func (p *Past) Add(c Change) {
	if p.startOp == nil {
		p.startOp = make(map[[32]byte]uint64)
		p.keys = make(map[opName]string)
		p.last = make(map[string]authorEnd)
	}
	p.startOp[c.Hash] = c.StartOp
	p.keys[opName{c.StartOp, string(c.Actor)}] = c.Key
	p.last[string(c.Actor)] = authorEnd{c.Seq, c.StartOp}
}
