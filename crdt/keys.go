package crdt

import (
	"bytes"
	"encoding/binary"

	"github.com/upprop/upprop/crdt/record"
)

// The store's keys. Each kind has a prefix of one byte; a document's name ends
// with a zero byte, which no name holds.
//
//	e <doc> 0 <actor> <seq>           feed number (8), envelope
//	f <feed number>                   the rest of the e key
//	h <doc> 0 <actor>                 seq (8), hash of its last change (32)
//	v <visit> <doc> 0 <actor> <seq>   event; a departure by code alone
//	                                  stands under the badge's first visit
//	g <doc> 0 <actor> <seq>           event of an evacuation
//	j <node> <feed> 0 <doc> 0 <actor> a writer's last word on a feed in a
//	                                  document: seq (8), event
//	p <visit> <audience>              rank (28), sealed part
//	k <visit> <audience>              state (1), rank (28), hash (32), date (4),
//	                                  wrapped key, locked
//	u <date> <visit> <audience>       a key record that is locked until a date
//	o <visit> <audience>              a key record whose wrapped key is missing:
//	                                  its entry's e key, to be asked for again
//	b <visit> <audience>              a key record that is to take the place of
//	                                  what stands when its wrapped key comes:
//	                                  like that, with its entry's e key for a key
//	z <doc> 0 <actor> <seq>           an entry that was passed over, since it was
//	                                  written after a revocation
//	d <date>                          locked keys of a date are to be destroyed
//	t <visit>                         shredded; the last date of its key records
//	s <visit> <doc> 0 <actor> <seq> <n>   one shred: erasure, time, by whom
//	i <erasure> <visit> …             the same, by erasure
//	x <visit> <node> …                a receipt: its time
//	y <until> <doc> 0 <actor> <seq> <n>   a published key: epoch (8; all ones
//	                                  of one that is gone), length of
//	                                  the audience (1), audience, key
//	l <visit> <node>                  a writer's word that its keys are gone: the
//	                                  document in which it stands
//	w <visit>                         an own receipt to come, once its dates
//	                                  are destroyed
//	c <context>                       encapsulation
//	q <hash>                          a quarantined change: whose, and where
//	a <doc>                           a document of a day far ahead: since when
//	                                  it is held (4), whether it was dropped (1)
//	r <doc>                           a document that is read change by change
const (
	keyEntry      = 'e'
	keyFeed       = 'f'
	keyHead       = 'h'
	keyVisit      = 'v'
	keyEvac       = 'g'
	keyFed        = 'j'
	keyPart       = 'p'
	keyKey        = 'k'
	keyContext    = 'c'
	keyQuarantine = 'q'
	keyUntil      = 'u'
	keyWant       = 'o'
	keyNext       = 'b'
	keyPassed     = 'z'
	keyDirty      = 'd'
	keyTomb       = 't'
	keyShred      = 's'
	keyErasure    = 'i'
	keyReceipt    = 'x'
	keyOwed       = 'w'
	keyPublished  = 'y'
	keyLost       = 'l'
	keyAhead      = 'a'
)

// slot is one writer in one document.
type slot struct {
	doc   record.DocID
	actor record.ActorID
}

func slotKey(prefix byte, s slot) []byte {
	b := make([]byte, 0, 1+len(s.doc)+1+32+8)
	b = append(b, prefix)
	b = append(b, s.doc...)
	b = append(b, 0)
	return append(b, s.actor[:]...)
}

func docPrefix(prefix byte, doc record.DocID) []byte {
	b := append([]byte{prefix}, doc...)
	return append(b, 0)
}

func entryKey(id record.EventID) []byte {
	return binary.BigEndian.AppendUint64(slotKey(keyEntry, slot{id.Doc, id.Actor}), id.Seq)
}

func feedKey(n uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{keyFeed}, n)
}

// visitKey is where an event of a visit stands in the index.
func visitKey(e record.Event, id record.EventID) []byte {
	v := e.Visit
	if v.IsZero() {
		v, _ = e.Badge.Bounds()
	}
	b := append([]byte{keyVisit}, v[:]...)
	return append(b, entryKey(id)[1:]...)
}

func partKey(prefix byte, k record.PartKey) []byte {
	b := append([]byte{prefix}, k.Visit[:]...)
	return append(b, k.Audience...)
}

// parsePartKey reads what partKey wrote, behind any prefix.
func parsePartKey(b []byte) (k record.PartKey, ok bool) {
	if len(b) < 1+len(k.Visit) {
		return k, false
	}
	return record.PartKey{Visit: record.VisitID(b[1:17]), Audience: record.Audience(b[17:])}, true
}

func untilKey(d record.Day, k record.PartKey) []byte {
	b := append(appendDay([]byte{keyUntil}, d), k.Visit[:]...)
	return append(b, k.Audience...)
}

func dirtyKey(d record.Day) []byte { return appendDay([]byte{keyDirty}, d) }

func visitPrefix(prefix byte, v record.VisitID) []byte { return append([]byte{prefix}, v[:]...) }

func tombKey(v record.VisitID) []byte { return visitPrefix(keyTomb, v) }

func owedKey(v record.VisitID) []byte { return visitPrefix(keyOwed, v) }

// parseEntry reads the part of a key behind its prefix that entryKey wrote.
func parseEntry(b []byte) (id record.EventID, ok bool) {
	i := bytes.IndexByte(b, 0)
	if i < 0 || len(b) != i+1+32+8 {
		return id, false
	}
	id.Doc = record.DocID(b[:i])
	id.Actor = record.ActorID(b[i+1 : i+33])
	id.Seq = binary.BigEndian.Uint64(b[i+33:])
	return id, true
}
