package kiosk

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"io"
	"time"
)

// once answers a form that is sent in twice with the answer of the first
// time. Forms are told apart by their one-time id together with what is in
// them: when the next person gets a stale page with a used id and writes
// another name, that is another arrival, not a repetition. Only a keyed digest
// of the form is kept.
type once struct {
	key  []byte
	seen *drawer[*answer]
}

type answer struct {
	ready chan struct{} // closed when to and err are set
	to    string
	err   error
}

var errAborted = errors.New("the first submission ended without an answer")

func newOnce(max int, ttl time.Duration, now func() time.Time) *once {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return &once{key: key, seen: newDrawer[*answer](max, ttl, now)}
}

// do calls fn unless the same form was sent in before; then it waits for that
// answer. A refused form is forgotten, so that it can be corrected and sent
// again.
func (o *once) do(ctx context.Context, id string, content []string, fn func() (string, error)) (string, error) {
	key := o.digest(id, content)
	mine := &answer{ready: make(chan struct{}), err: errAborted}
	first, found := o.seen.put(key, mine)
	if found {
		select {
		case <-first.ready:
			return first.to, first.err
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	defer func() {
		if mine.err != nil {
			o.seen.drop(key)
		}
		close(mine.ready)
	}()
	mine.to, mine.err = fn()
	return mine.to, mine.err
}

func (o *once) digest(id string, content []string) string {
	mac := hmac.New(sha256.New, o.key)
	for _, s := range append([]string{id}, content...) {
		_, _ = io.WriteString(mac, s)
		_, _ = mac.Write([]byte{0xff}) // never part of valid UTF-8
	}
	return string(mac.Sum(nil))
}
