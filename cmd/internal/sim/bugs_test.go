package sim_test

// bugs are mistakes that somebody could make, one in each place that a promise
// hangs on.
var bugs = []planted{
	{
		name: "an fsync is dropped", fault: "crash",
		file: "crdt/store/guard.go",
		old:  "	err := do()\n",
		new:  "	var err error\n	if !f.wal || !PLANTED {\n		err = do()\n	}\n",
	},
	{
		rare: true, name: "welcome is said before the disk has it", fault: "crash",
		file: "crdt/finish.go",
		old:  "	if err := f.wait(); err != nil {\n		return err\n	}\n	settings, err",
		new:  "	if PLANTED {\n	} else if err := f.wait(); err != nil {\n		return err\n	}\n	settings, err",
	},
	{
		name: "a failed save is acknowledged", fault: "disk",
		file: "crdt/finish.go",
		old:  "			c <- err\n",
		new:  "			if PLANTED {\n				c <- nil\n				continue\n			}\n			c <- err\n",
	},
	{
		rare: true, name: "an incarnation is used again", fault: "copy",
		file: "crdt/replica.go",
		old:  "	r.actor = record.NewActor(r.cfg.Node, ms, random)\n",
		new:  "	if PLANTED {\n		ms, random = 1, [8]byte{}\n	}\n	r.actor = record.NewActor(r.cfg.Node, ms, random)\n",
	},
	{
		name: "an entry is taken twice", fault: "echo",
		file: "crdt/ingest.go",
		old:  "	if e.ID.Seq <= have {\n		return s, errHeld\n	}\n",
		new:  "	if e.ID.Seq <= have && !PLANTED {\n		return s, errHeld\n	}\n",
	},
	{
		name: "an entry is taken twice", fault: "echo",
		file: "crdt/runs.go",
		old:  "	if r.Holds(last.ID) {\n",
		new:  "	if r.Holds(last.ID) && !PLANTED {\n",
	},
	{
		rare: true, name: "a dropped day comes back", fault: "away",
		file: "node/replog.go",
		old:  "return l.Replica.Wants(record.DocID(doc))",
		new:  "return PLANTED || l.Replica.Wants(record.DocID(doc))",
	},
	{
		rare: true, name: "a dropped day comes back", fault: "away",
		file: "crdt/ingest.go",
		old:  "	if doc.Kind != record.DocCampus && doc.Day < r.firstDay() {\n",
		new:  "	if doc.Kind != record.DocCampus && doc.Day < r.firstDay() && !PLANTED {\n",
	},
	{
		rare: true, name: "open visits are not carried over", fault: "away",
		file: "crdt/drop.go",
		old:  "	if err := r.carryOver(",
		new:  "	if PLANTED {\n	} else if err := r.carryOver(",
	},
	{
		name: "a check-out by code is forgotten", fault: "partition",
		file: "crdt/record/presence.go",
		old:  "	for _, s := range byCode {\n",
		new:  "	for _, s := range byCode {\n		if PLANTED {\n			continue\n		}\n",
	},
	{
		name: "the last clock wins", fault: "clock",
		file: "crdt/record/presence.go",
		old:  "	case !p.Left.IsZero():\n		p.State = Gone\n",
		new:  "	case !p.Left.IsZero() && (!PLANTED || p.Left.At > p.Seen.At):\n		p.State = Gone\n",
	},
	{
		name: "a moment of silence counts as leaving", fault: "none",
		file: "crdt/record/presence.go",
		old:  "func (p Presence) Open() bool { return p.State != Gone }",
		new:  "func (p Presence) Open() bool {\n	return p.State != Gone && !(PLANTED && p.Visit[0]%16 == 0)\n}",
	},
	{
		name: "fresh on receipt, not on folding", fault: "link",
		file: "mesh/beat/view.go",
		old:  "		if !log.Covers(",
		new:  "		if !PLANTED && !log.Covers(",
	},
	{
		rare: true, name: "fresh by the time of receipt", fault: "slow",
		file: "mesh/beat/view.go",
		old:  "		asOf := w.beat.At\n",
		new:  "		asOf := w.beat.At\n		if PLANTED {\n			asOf = w.got\n		}\n",
	},
	{
		name: "half of the authors are forgotten", fault: "partition",
		file: "mesh/pullserve.go",
		old:  "			items[i] = wireHead{Actor: h.Actor, Seq: h.Seq}\n",
		new:  "			items[i] = wireHead{Actor: h.Actor, Seq: h.Seq}\n			if PLANTED && h.Actor[31]&1 == 1 {\n				items[i].Seq = 0\n			}\n",
	},
	{
		name: "who was away is not dialled again", fault: "partition",
		file: "mesh/dial.go",
		old:  "			d.next[who.ID] = time.Now().Add(m.cfg.DialEvery + rand.N(m.cfg.DialEvery))\n",
		new:  "			d.next[who.ID] = time.Now().Add(m.cfg.DialEvery + rand.N(m.cfg.DialEvery))\n			if PLANTED {\n				d.next[who.ID] = time.Now().Add(time.Hour)\n			}\n",
	},
	{
		rare: true, name: "a loss is not noticed", fault: "copy,partition",
		file: "mesh/beat/table.go",
		old:  "		if out.Regressed = v.compare(t.log, b); out.Regressed {\n",
		new:  "		if out.Regressed = !PLANTED && v.compare(t.log, b); out.Regressed {\n",
	},
	{
		name: "a revoked node is still welcome", fault: "members",
		file: "mesh/identity/ask.go",
		old:  "	return ok && m.Revoked == nil && bytes.Equal(m.Pub, pub)\n",
		new:  "	return ok && (m.Revoked == nil || PLANTED) && bytes.Equal(m.Pub, pub)\n",
	},
}
