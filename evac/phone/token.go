package phone

import (
	"encoding/hex"
	"errors"
	"strconv"
	"strings"

	"github.com/upprop/upprop/crdt/record"
)

// eventToken is an event's id as a phone keeps it: document, writer and number,
// with a space between. The phone makes nothing of it.
type eventToken record.EventID

var errToken = errors.New("not the id of an event")

func tokenOf(id record.EventID) string {
	return string(id.Doc) + " " + id.Actor.Hex() + " " + strconv.FormatUint(id.Seq, 10)
}

// UnmarshalText reads what tokenOf wrote.
func (e *eventToken) UnmarshalText(b []byte) error {
	// A site's name, in the document's, may have spaces.
	doc, seq, ok := cutLast(string(b))
	doc, actor, ok2 := cutLast(doc)
	if _, err := record.ParseDocID(doc); !ok || !ok2 || err != nil {
		return errToken
	}
	a, err := hex.DecodeString(actor)
	if err != nil || len(a) != len(e.Actor) {
		return errToken
	}
	n, err := strconv.ParseUint(seq, 10, 64)
	if err != nil || n == 0 {
		return errToken
	}
	*e = eventToken{Doc: record.DocID(doc), Actor: record.ActorID(a), Seq: n}
	return nil
}

func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, ' ')
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}
