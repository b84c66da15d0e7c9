package mesh

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/mesh/stream"
)

const (
	maxPulls   = 8                // pulls running at once
	maxPull    = 10 * time.Minute // one pull; the next goes on where it was
	docsAtOnce = 32               // documents compared in one round

	shareEntries = 1024 // entries asked of one peer at a time, about

	firstAgain = time.Second // after another pull had what we wanted
	lastAgain  = 4 * time.Second
)

// runPull pulls from the peer whenever that is wanted, one pull at a time.
func (m *Mesh) runPull(p *peer) {
	pause := backoff{m.chance, firstPause, lastPause}
	again := backoff{m.chance, firstAgain, lastAgain}
	for {
		select {
		case <-p.ctx.Done():
			return
		case <-p.want.ready:
		}
		select {
		case <-p.ctx.Done():
			return
		case m.pulls <- struct{}{}:
		}
		all, spans := p.want.take()
		skipped, err := m.pull(p, all, spans)
		<-m.pulls
		switch {
		case p.ctx.Err() != nil:
			return
		case err != nil:
			m.counts.add("pulls_failed", 1)
			m.cfg.Logger.Debug("pull ended early", "peer", p.id.Short(), "error", err)
			p.want.askAll()
			if !pause.pause(p.ctx) {
				return
			}
			continue
		case skipped:
			p.want.askAll()
			if !again.pause(p.ctx) {
				return
			}
			continue
		}
		pause.next, again.next = firstPause, firstAgain
	}
}

// pull runs one pull. skipped says that ranges were left to another pull.
func (m *Mesh) pull(p *peer, all bool, spans []span) (skipped bool, err error) {
	m.counts.add("pulls", 1)
	ctx, cancel := context.WithTimeout(p.ctx, maxPull)
	defer cancel()
	s, err := m.open(ctx, p.id, PullProtocol)
	if err != nil {
		return false, err
	}
	defer s.Reset() // nothing after a good Close
	defer context.AfterFunc(ctx, s.Reset)()
	c := &puller{m: m, ctx: ctx, peer: p.id, s: s}
	defer m.claims.release(&c.run)
	if len(spans) > 0 {
		err = c.fetch(spans)
	}
	if err == nil && all {
		err = c.compare()
	}
	if err != nil {
		if isMalformed(err) {
			m.counts.add("dropped_pull_malformed", 1)
		}
		return c.skipped, fmt.Errorf("pull from %s: %w", p.id.Short(), err)
	}
	_ = s.Close() // all answers have been read
	return c.skipped, nil
}

// puller is the requester's side of one pull.
type puller struct {
	m       *Mesh
	ctx     context.Context
	peer    identity.NodeID
	s       *patient
	run     run
	skipped bool
}

// compare finds the documents that differ and fetches what they lack here,
// in order of priority.
func (c *puller) compare() error {
	since := c.m.losses.counted()
	docs, absent, err := c.differing()
	if err != nil {
		return err
	}
	var lacks tally
	for _, doc := range absent {
		own, err := c.heads(doc)
		if err != nil {
			return err
		}
		lacks.add(doc, own, nil)
	}
	if err := chunks(docs, docsAtOnce, func(part []string) error {
		spans, err := c.missing(part, &lacks)
		if err == nil {
			err = c.first(spans)
		}
		if err != nil {
			return err
		}
		return c.fetch(spans)
	}); err != nil {
		return err
	}
	if err := c.complete(); err != nil {
		return err
	}
	if p := c.m.peer(c.peer); p != nil {
		p.lacks.settle(lacks, c.m.cfg.Clock())
	}
	if !c.skipped {
		c.m.losses.compared(c.peer, since)
		c.m.judgeOwn(nil)
	}
	return nil
}

// differing are the peer's documents whose digest is not ours; absent are those
// held here that it should have too and does not, unless it has more than it
// can name.
func (c *puller) differing() (docs, absent []string, err error) {
	digests, err := c.m.cfg.Log.Digests()
	if err != nil {
		return nil, nil, fmt.Errorf("own digests: %w", err)
	}
	own := make(map[string][16]byte, len(digests))
	for _, d := range digests {
		own[d.Doc] = d.Sum
	}
	if err := stream.WriteFrame(c.s, []byte{byte(kindDigestsAsk)}); err != nil {
		return nil, nil, err
	}
	differ, listed := map[string]bool{}, map[string]bool{}
	seen := 0
	err = answers(c.s, kindDigests, maxMessage, func(body []byte) error {
		theirs, err := decodeDigests(body)
		if seen += len(theirs); err == nil && (seen > maxSurplus || len(theirs) == 0) {
			err = fmt.Errorf("%w: number of documents", errMalformed)
		}
		for _, d := range theirs {
			if len(listed) == maxDocs {
				break // what one member has filled must not end the repair of all
			}
			listed[d.Doc] = true
			if picky, ok := c.m.cfg.Log.(Picky); ok && !picky.Wants(d.Doc) {
				continue
			}
			if sum, ok := own[d.Doc]; !ok || sum != d.Sum {
				differ[d.Doc] = true
			}
		}
		return err
	})
	docs = slices.SortedFunc(maps.Keys(differ), func(a, b string) int {
		return cmp.Or(cmp.Compare(c.m.cfg.Priority(a), c.m.cfg.Priority(b)), cmp.Compare(a, b))
	})
	for doc := range own {
		if seen < maxDocs && !listed[doc] && c.m.cfg.Kept(doc) {
			absent = append(absent, doc)
		}
	}
	return docs, absent, err
}

// missing asks for the vectors of docs and says what the peer has beyond ours;
// lacks counts what we have beyond its.
func (c *puller) missing(docs []string, lacks *tally) ([]span, error) {
	before := make([]map[string]uint64, len(docs))
	for i, doc := range docs {
		own, err := c.heads(doc)
		if err != nil {
			return nil, err
		}
		before[i] = own
	}
	if err := stream.WriteFrame(c.s, message(kindVectorsAsk, docs)); err != nil {
		return nil, err
	}
	theirs := map[string][]wireHead{}
	seen := 0
	if err := answers(c.s, kindVectors, maxMessage, func(body []byte) error {
		v, err := decodeVector(body)
		if err != nil {
			return err
		}
		before := seen
		if seen += len(v.Heads); seen > maxSurplus || len(v.Heads) == 0 || !slices.Contains(docs, v.Doc) {
			return fmt.Errorf("%w: vector not asked for", errMalformed)
		}
		theirs[v.Doc] = append(theirs[v.Doc], v.Heads[:min(len(v.Heads), max(maxHeads-before, 0))]...)
		return nil
	}); err != nil {
		return nil, err
	}
	var spans []span
	picky, _ := c.m.cfg.Log.(Picky)
	for i, doc := range docs {
		if seen < maxHeads/2 { // else not all may have been named
			lacks.add(doc, before[i], theirs[doc])
		}
		own, err := c.heads(doc)
		if err != nil {
			return nil, err
		}
		for _, h := range theirs[doc] {
			after := own[string(h.Actor)]
			if after == 0 && picky != nil && !picky.Takes(doc, h.Actor) {
				continue
			}
			if h.Seq > after {
				spans = append(spans, span{Doc: doc, Actor: h.Actor, After: after, Upto: h.Seq})
			}
		}
	}
	return spans, nil
}

func (c *puller) heads(doc string) (map[string]uint64, error) {
	heads, err := c.m.cfg.Log.Vector(doc)
	if err != nil {
		return nil, fmt.Errorf("own vector: %w", err)
	}
	own := make(map[string]uint64, len(heads))
	for _, h := range heads {
		own[string(h.Actor)] = h.Seq
	}
	return own, nil
}

// fetch gets the entries of spans and puts them, frame by frame; a frame that
// was put is never asked for again. Pulls from several peers at once divide
// the spans among them share by share, so that each peer sends what it is fast
// enough for. What another pull has at the end is left to it.
func (c *puller) fetch(spans []span) error {
	spans = slices.DeleteFunc(spans, func(s span) bool { return c.m.stalls.skip(c.peer, s) })
	for len(spans) > 0 {
		n, rest, err := c.fetchShare(spans)
		if err != nil {
			return err
		}
		if n == 0 {
			c.skipped = c.skipped || len(rest) > 0
			return nil
		}
		spans = rest
	}
	return nil
}

// fetchShare claims and fetches the first spans that are free. rest are those
// left, n how many were fetched or are here already.
func (c *puller) fetchShare(spans []span) (n int, rest []span, err error) {
	defer c.m.claims.release(&c.run)
	share, rest, err := c.share(spans)
	n = len(spans) - len(rest)
	if err != nil || len(share) == 0 {
		return n, rest, err
	}
	if err := stream.WriteFrame(c.s, message(kindRanges, share)); err != nil {
		return n, rest, err
	}
	p := c.follow(share)
	err = answers(c.s, kindEntries, maxEntries+frameSpare, func(body []byte) error {
		raws, err := decodeEntries(body)
		if err != nil {
			return err
		}
		if err := c.m.put(c.ctx, c.peer, raws, false); err != nil {
			return err
		}
		return p.note()
	})
	if err != nil && !p.vain { // a broken link is no fault of the ranges
		return n, rest, err
	}
	return n, rest, errors.Join(err, c.check(share))
}

// share claims spans in their order, up to about shareEntries entries, and
// brings them up to what is here by now.
func (c *puller) share(spans []span) (share, rest []span, err error) {
	weight := uint64(0)
	for i, s := range spans {
		if weight >= shareEntries || len(share) == maxAsked {
			return share, append(rest, spans[i:]...), nil
		}
		if !c.m.claims.take(&c.run, s) {
			rest = append(rest, s)
			continue
		}
		own, err := c.heads(s.Doc)
		if err != nil {
			return nil, nil, err
		}
		if s.After = max(s.After, own[string(s.Actor)]); s.After >= s.Upto {
			continue
		}
		if s.Upto != whole {
			weight += s.Upto - s.After
		}
		share = append(share, s)
	}
	return share, rest, nil
}

// check notes which of the fetched ranges our Log did not take.
func (c *puller) check(spans []span) error {
	heads, err := c.headsOf(spans)
	if err != nil {
		return err
	}
	for _, s := range spans {
		c.m.stalls.note(c.peer, s, heads[s.key()], c.m.cfg.RepairEvery)
	}
	return nil
}

// put hands entries to the Log. With chase, gaps are pulled from the member at
// once.
func (m *Mesh) put(ctx context.Context, from identity.NodeID, raws [][]byte, chase bool) error {
	m.counts.add("entries_in", len(raws))
	gaps, err := m.cfg.Log.Put(ctx, from, raws)
	m.judge()
	if err != nil {
		if ctx.Err() == nil {
			m.counts.add("put_errors", 1)
			m.cfg.Logger.Error("put received entries", "peer", from.Short(), "error", err)
		}
		return fmt.Errorf("put entries: %w", err)
	}
	m.counts.add("gaps", len(gaps))
	if p := m.peer(from); p != nil && chase {
		for _, g := range gaps {
			p.want.ask(span{Doc: g.Doc, Actor: g.Actor, After: g.Have, Upto: whole})
		}
	}
	return nil
}

// Fetch has everything compared with a connected peer soon, and what is
// missing here fetched. It does not wait; an unknown peer is no error.
func (m *Mesh) Fetch(id identity.NodeID) {
	if p := m.peer(id); p != nil {
		p.want.askAll()
	}
}

// runRepair compares everything with a random peer at intervals.
func (m *Mesh) runRepair(ctx context.Context) {
	for sleep(ctx, m.cfg.RepairEvery/2+m.chance.within(m.cfg.RepairEvery)) {
		m.sweep()
		peers := m.connected()
		if len(peers) == 0 {
			continue
		}
		p := peers[m.chance.below(len(peers))]
		p.want.askAll()
		p.greet.ask(greetRoster)
	}
}
