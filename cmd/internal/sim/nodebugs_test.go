package sim_test

// nodeBugs are mistakes in what a node does by itself, or with what it knows of
// the others.
var nodeBugs = []planted{
	{
		name: "a check-in waits", seed: 1, fault: "none", breaks: []string{"answers alone"},
		file: "node/visits/checkin.go",
		old:  "	_, err := s.cfg.Replica.Commit(ctx, drafts...)\n	settled(err == nil)\n",
		new:  "	if PLANTED {\n		time.Sleep(2 * time.Second)\n	}\n	_, err := s.cfg.Replica.Commit(ctx, drafts...)\n	settled(err == nil)\n",
	},
	{
		name: "somebody is taken in twice", seed: 1, fault: "none", breaks: []string{"nobody is invented"},
		file: "node/visits/checkin.go",
		old:  "	var drafts []crdt.Draft\n	for _, p := range all {\n",
		new:  "	var drafts []crdt.Draft\n	if p, err := s.prepare(everybody[0], all); PLANTED && err == nil {\n		drafts = append(drafts, p.drafts...)\n	}\n	for _, p := range all {\n",
	},
	{
		name: "who was revoked does not start", seed: 11, fault: "members", breaks: []string{"starts again"},
		file: "node/node.go",
		old:  "	if _, ok := r.Member(n.key.ID()); !ok {\n",
		new:  "	if m, ok := r.Member(n.key.ID()); !ok || PLANTED && m.Revoked != nil {\n",
	},
	{
		name: "an end in good order is taken for a fault", seed: 1, fault: "none", breaks: []string{"stops in good order"},
		file: "node/node.go",
		old:  "!errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {\n		return err\n",
		new:  "(PLANTED || !errors.Is(err, context.Canceled)) && !errors.Is(err, context.DeadlineExceeded) {\n		return err\n",
	},
	{
		name: "the setting that came last stands", seed: 4, fault: "partition", breaks: []string{"agree on settings"},
		file: "crdt/edits.go",
		old:  "		if best == nil || cmp.Or(",
		new:  "		if best == nil || PLANTED || cmp.Or(",
	},
	{
		name: "revocations are not handed on", seed: 6, fault: "members", breaks: []string{"agree on the roster"},
		file: "mesh/roster.go",
		old:  "		if theirs[nameOf(raw)] {\n",
		new:  "		if r, err := identity.ParseRecord(raw); theirs[nameOf(raw)] || PLANTED && err == nil && r.Revocation != nil {\n",
	},
	{
		name: "a revoked node is not told", seed: 6, fault: "members", breaks: []string{"a revoked node is told"},
		file: "mesh/farewell.go",
		old:  "len(proof) == 0 || s.SetDeadline",
		new:  "len(proof) == 0 || PLANTED || s.SetDeadline",
	},
	{
		name: "the chain of acts begins anew", seed: 1, fault: "none", breaks: []string{"the audit holds"},
		file: "crdt/acts.go",
		old:  "	r.acts = actsChain{binary",
		new:  "	if PLANTED {\n		return nil\n	}\n	r.acts = actsChain{binary",
	},
	{
		name: "an erasure takes somebody else along", seed: 2, fault: "none", breaks: []string{"nobody is erased unasked"},
		file: "node/keeping.go",
		old:  "	err = n.kept.Erasing(ctx, v, func() (err error) {\n",
		new:  "	if open := n.replica.Open(); PLANTED && len(open) > 0 {\n		v = append(v, open[0].Visit)\n	}\n	err = n.kept.Erasing(ctx, v, func() (err error) {\n",
	},
	{
		name: "a card that is open is not asked whose it is", seed: 1, fault: "none", breaks: []string{"nobody is called by another's name"},
		file: "node/visits/cards.go",
		old:  "	c.used = true\n	o, ok := c.open[v]\n",
		new:  "	c.used = true\n	for _, o := range c.open {\n		if PLANTED {\n			return o, true\n		}\n	}\n	o, ok := c.open[v]\n",
	},
	{
		name: "a desk is given the keys of cards alone", seed: 1, fault: "none", breaks: []string{"those who may read do"},
		file: "node/access/grants.go",
		old:  "	may := Audiences(m.Role)\n	if len(may) == 0 {\n",
		new:  "	may := Audiences(m.Role)\n	if PLANTED && m.Role == identity.RoleDesk {\n		may = may[:1]\n	}\n	if len(may) == 0 {\n",
	},
	{
		name: "keys are made for three weeks", seed: 1, fault: "none", breaks: []string{"keys are there ahead"},
		file: "node/access/ahead.go",
		old:  "d <= today+record.Day(m.cfg.Ahead); d++ {",
		new:  "d <= today+record.Day(m.cfg.Ahead) && (!PLANTED || d < today+21); d++ {",
	},
	{
		name: "a correction leaves a part as it was", seed: 1, fault: "none", breaks: []string{"a correction stands"},
		file: "node/privacy/reseal.go",
		old:  "			if f.from != nil {\n				*f.to = *f.from\n",
		new:  "			if f.from != nil && !(PLANTED && f.from == c.Email) {\n				*f.to = *f.from\n",
	},
	{
		name: "a node that started anew is not heard", seed: 1, fault: "none", breaks: []string{"says how old its news is"},
		file: "mesh/beat/table.go",
		old:  "	if v.newest.N != 0 && b.Compare(v.newest) <= 0 {\n",
		new:  "	if v.newest.N != 0 && (b.Compare(v.newest) <= 0 || PLANTED && b.Incarnation != v.newest.Incarnation) {\n",
	},
	{
		name: "what comes ahead of its turn is held against its author", seed: 7, fault: "partition", breaks: []string{"refuses nothing that is right"},
		file: "crdt/ingest.go",
		old:  "	if e.ID.Seq > have+1 {\n		return s, errGap\n",
		new:  "	if e.ID.Seq > have+1 {\n		if PLANTED {\n			_ = r.refuse(e.ID.Actor.Node(), \"ahead of its turn\")\n		}\n		return s, errGap\n",
	},
	{
		name: "who was revoked is not hung up on", seed: 15, fault: "members", breaks: []string{"only members"},
		file: "mesh/peer.go",
		old:  "			m.cfg.Net.Hangup(id)\n		}\n	}\n	m.mu.Lock()\n",
		new:  "			if !PLANTED {\n				m.cfg.Net.Hangup(id)\n			}\n		}\n	}\n	m.mu.Lock()\n",
	},
	{
		name: "a node takes others for itself", seed: 6, fault: "members", breaks: []string{"revokes"},
		file: "node/issue.go",
		old:  "	if m.ID == n.key.ID() {\n",
		new:  "	if m.ID == n.key.ID() || PLANTED {\n",
	},
	{
		name: "somebody is there since it was heard of", seed: 2, fault: "none", breaks: []string{"same events, same list"},
		file: "crdt/load.go",
		old:  "	return record.FoldBadge(r.withEarly(b, group)), nil\n",
		new:  "	all := record.FoldBadge(r.withEarly(b, group))\n	for i := range all {\n		if PLANTED {\n			all[i].Since = r.clock.Now()\n		}\n	}\n	return all, nil\n",
	},
	{
		name: "who is marked is taken to be inside", seed: 1, fault: "alarm", breaks: []string{"nobody comes back"},
		file: "crdt/record/presence.go",
		old:  "		if counted {\n			p.mark(s)\n",
		new:  "		if counted {\n			if PLANTED {\n				p.Left = Fact{}\n			}\n			p.mark(s)\n",
	},
	{
		name: "a log is not read from the middle", seed: 3, fault: "echo", breaks: []string{"reads its own log", "heals by itself"},
		file: "crdt/runs.go",
		old:  "	if after >= last {\n		return nil\n	}\n",
		new:  "	if after >= last {\n		return nil\n	}\n	if PLANTED && after > 0 {\n		return errStored\n	}\n",
	},
	{
		name: "a loss ends the process that hears of it", seed: 11, fault: "copy", breaks: []string{"goes on"}, dies: true,
		file: "mesh/beat/table.go",
		old:  "			v.pending = nil // what is lost may never be covered\n",
		new:  "			if PLANTED {\n				panic(\"a loss\")\n			}\n			v.pending = nil // what is lost may never be covered\n",
	},
	{
		name: "what is held already is a fault", seed: 2, fault: "echo", breaks: []string{"takes what others wrote"},
		file: "crdt/ingest.go",
		old:  "	if len(envs) == 0 {\n		return nil, ctx.Err()\n",
		new:  "	if len(envs) == 0 {\n		if PLANTED && len(raws) > 0 {\n			return nil, errHeld\n		}\n		return nil, ctx.Err()\n",
	},
	{
		name: "names are held back for ever", seed: 2, fault: "none", breaks: []string{"names are shown"},
		file: "node/privacy/gate.go",
		old:  "	word := g.said && ",
		new:  "	word := !PLANTED && g.said && ",
	},
	{
		name: "names are held back for ever", fault: "none",
		file: "node/privacy/gate.go",
		old:  "	case passed >= withholdFor:\n",
		new:  "	case passed >= withholdFor && !PLANTED:\n",
	},
	{
		name: "an allowance is taken too far", seed: 10, fault: "away", breaks: []string{"nothing dies before its date"},
		file: "node/expiry/rule.go",
		old:  "	to = max(to, min(s.Allowed, today))\n",
		new:  "	to = max(to, min(s.Allowed, today))\n	if PLANTED && s.Allowed != 0 {\n		to = max(to, s.Allowed+3)\n	}\n",
	},
	{
		name: "key records are not dropped with their day", seed: 13, fault: "away", breaks: []string{"nothing is left of what is over"},
		file: "crdt/drop.go",
		old:  "				r.dropSealed(b, one, e.env.ID.Actor.Node())\n",
		new:  "				if !PLANTED {\n					r.dropSealed(b, one, e.env.ID.Actor.Node())\n				}\n",
	},
}
