package node

import (
	"context"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh"
	"github.com/upprop/upprop/mesh/identity"
)

// replicaLog shows the replica to the mesh, which knows neither documents nor
// visits.
type replicaLog struct {
	*crdt.Replica
	// told reports whether erasures that others know of have had time to come;
	// nil: they have.
	told func() bool
}

var (
	_ mesh.Hasty   = replicaLog{}
	_ mesh.Partial = replicaLog{}
	_ mesh.Picky   = replicaLog{}
)

func (l replicaLog) Digests() ([]mesh.DocDigest, error) {
	var out []mesh.DocDigest
	for doc, sum := range l.Replica.Digests() {
		out = append(out, mesh.DocDigest{Doc: string(doc), Sum: sum})
	}
	return out, nil
}

func (l replicaLog) Vector(doc string) ([]mesh.Head, error) {
	var out []mesh.Head
	for _, h := range l.Replica.Vector(record.DocID(doc)) {
		out = append(out, mesh.Head{Actor: h.Actor[:], Seq: h.Seq})
	}
	return out, nil
}

func (l replicaLog) Read(doc string, actor []byte, after uint64, fn func(uint64, []byte) error) error {
	if len(actor) != len(record.ActorID{}) {
		return nil
	}
	return l.Replica.Runs(record.DocID(doc), record.ActorID(actor), after, fn)
}

// First and Early implement mesh.Hasty: who may be inside comes first.
func (l replicaLog) First(wanted func(doc string, actor []byte, seq uint64) bool, fn func([]byte) error) error {
	return l.Replica.OpenEvidence(func(id record.EventID) bool {
		return wanted(string(id.Doc), id.Actor[:], id.Seq)
	}, fn)
}

func (l replicaLog) Put(ctx context.Context, _ identity.NodeID, raws [][]byte) ([]mesh.Gap, error) {
	gaps, err := l.Replica.Put(ctx, raws)
	var out []mesh.Gap
	for _, g := range gaps {
		out = append(out, mesh.Gap{Doc: string(g.Doc), Actor: g.Actor[:], Have: g.Have})
	}
	return out, err
}

func (l replicaLog) Tail(cursor uint64, max int) ([][]byte, uint64, error) {
	raws, next := l.Replica.Tail(cursor, max)
	return raws, next, nil
}

func (l replicaLog) TailEnd() uint64 {
	end, _ := l.Replica.TailEnd()
	return end
}

func (l replicaLog) Changed() <-chan struct{} {
	_, local := l.Replica.TailEnd()
	return local
}

func (l replicaLog) Position() (time.Time, []byte, error) {
	at, pos := l.Replica.Position()
	return at, pos, nil
}

func (l replicaLog) Covers(node identity.NodeID, pos []byte) bool {
	return l.Replica.Covers(record.NodeID(node), pos)
}

func (l replicaLog) Within(node identity.NodeID, older, newer []byte) bool {
	return l.Replica.Within(record.NodeID(node), older, newer)
}

func (l replicaLog) HoldsNamed(node identity.NodeID, pos []byte) bool {
	return l.Replica.HoldsNamed(record.NodeID(node), pos)
}

// Lacking implements mesh.Partial. A database that was put back from a copy has
// forgotten erasures that this node has confirmed: before it has heard of them
// again, it asks for no keys, which who has not heard of them would give.
func (l replicaLog) Lacking(max int) ([]mesh.Entry, error) {
	if l.told != nil && !l.told() {
		return nil, nil
	}
	ids, err := l.Replica.Lacking(max)
	var out []mesh.Entry
	for _, id := range ids {
		out = append(out, mesh.Entry{Doc: string(id.Doc), Actor: id.Actor[:], Seq: id.Seq})
	}
	return out, err
}

// Wants implements mesh.Picky.
func (l replicaLog) Wants(doc string) bool { return l.Replica.Wants(record.DocID(doc)) }

// Takes implements mesh.Picky.
func (l replicaLog) Takes(doc string, actor []byte) bool {
	return len(actor) == len(record.ActorID{}) && l.Replica.Takes(record.DocID(doc), record.ActorID(actor))
}

// priority sends the settings first, then acts, so that what has been shredded
// is known before it is shown; then what matters in a fire: today's presence,
// and other days from the newest, each before its sealed particulars; photographs
// come last.
func priority(today record.Day) func(doc string) int {
	return func(doc string) int {
		d, err := record.ParseDocID(doc)
		switch {
		case err != nil:
			return 1 << 20
		case d.Kind == record.DocCampus:
			return 0
		case d.Kind == record.DocActs:
			return 1
		case d.Kind == record.DocDay:
			return 2 + 2*max(int(today-d.Day), 0)
		case d.Site == record.LateSite:
			return 1<<19 + max(int(today-d.Day), 0)
		default:
			return 3 + 2*max(int(today-d.Day), 0)
		}
	}
}

// retained says that nobody whose clock is right has dropped a document yet.
func retained(today record.Day, doc string) bool {
	d, err := record.ParseDocID(doc)
	return err == nil && (d.Kind == record.DocCampus || d.Day >= today-retainDays)
}
