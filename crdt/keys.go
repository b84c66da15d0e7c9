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
//	p <visit> <audience>              version (4), time (8), sealed part
//	k <visit> <audience>              state (1), version (4), time (8), wrapped key
//	c <context>                       encapsulation
//	q <hash>                          a quarantined change: whose, and where
//	r <doc>                           a document that is read change by change
const (
	keyEntry      = 'e'
	keyFeed       = 'f'
	keyHead       = 'h'
	keyVisit      = 'v'
	keyPart       = 'p'
	keyKey        = 'k'
	keyContext    = 'c'
	keyQuarantine = 'q'
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
