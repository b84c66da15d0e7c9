package visits

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

// Problem is what a person can do something about: a key of the screens'
// catalogs, and a sentence for commands. It never holds personal data.
type Problem struct {
	Key   string
	Field string
	Limit int
	Hint  string
}

func (p *Problem) Error() string { return p.Hint }

// ErrRevoked is what Barred returns where the node has been revoked.
var ErrRevoked = &Problem{Key: "node.revoked", Hint: "this node has been revoked from its campus, and nothing that it records counts: use the next entrance; to use this machine again, let it join anew with a fresh data folder"}

// barred says why nothing may be recorded now.
func (s *Service) barred() error {
	if s.cfg.Barred == nil {
		return nil
	}
	return s.cfg.Barred()
}

// Limits of what a person writes, in characters.
const (
	MaxName  = 200
	MaxText  = 500
	MaxLabel = 64
	// MaxMessage bounds a word from a desk, which may be a text message.
	MaxMessage = 300
)

// cause turns an error of the floors below into a Problem where a person can
// do something about it.
func cause(err error) error {
	switch {
	case errors.Is(err, store.ErrFull):
		return &Problem{Key: "disk.full", Hint: "the disk is almost full: nothing was saved; free some space on this node, or use the next entrance"}
	case errors.Is(err, store.ErrBroken):
		return &Problem{Key: "store.broken", Hint: "the disk failed while saving: nothing was acknowledged; restart upprop, and use the next entrance meanwhile"}
	case errors.Is(err, ErrNotKept):
		return &Problem{Key: "store.keys", Hint: "the keys of new visits cannot be saved, so nobody is taken in here: look at the disk that the data folder is on (`upprop doctor` says what is wrong), and use the next entrance meanwhile"}
	case errors.Is(err, ErrNoKeys):
		return &Problem{Key: "keys.missing", Hint: "this node has not heard of keys to seal names with, so it cannot take anybody in: connect it to a desk of its campus once, then try again"}
	case errors.Is(err, record.ErrNewerCode):
		return &Problem{Key: "badge.newer", Field: "code", Hint: "this QR code was made by a newer release of upprop: type the badge code instead, or update this node"}
	case errors.Is(err, errForged):
		return &Problem{Key: "badge.forged", Field: "code", Hint: "this QR code was not made by the node that it names, or has been altered: nothing was recorded; type the badge code instead, and ask the bearer where the code is from"}
	case errors.Is(err, record.ErrCode):
		return &Problem{Key: "badge.malformed", Field: "code", Hint: err.Error() + ": a badge code has eight characters, like K7M4-2QXP; check it against the badge and type it again"}
	}
	return err
}

// line checks one line of text that a person wrote. One of which nothing can be
// seen is empty.
func line(field string, text record.Private, limit int) (record.Private, error) {
	s := strings.TrimSpace(text.Reveal())
	switch {
	case !utf8.ValidString(s) || strings.ContainsFunc(s, record.Misleads):
		return "", &Problem{Key: "text.control", Field: field, Hint: fmt.Sprintf("the %s has control characters or hidden marks of text direction in it: write it as plain text on one line", field)}
	case utf8.RuneCountInString(s) > limit:
		key := "text.too_long"
		if field == "name" {
			key = "name.too_long"
		}
		return "", &Problem{Key: key, Field: field, Limit: limit, Hint: fmt.Sprintf("the %s is longer than %d characters: write it shorter", field, limit)}
	case !text.Shows():
		return "", nil
	}
	return record.Private(s), nil
}
