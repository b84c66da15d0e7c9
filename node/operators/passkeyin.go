package operators

import (
	"bytes"
	"context"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/node/operators/passkey"
)

// AskPasskey asks a browser, at a page of a party, for a passkey of any operator.
// The answer to question is SignInPasskey's. Errors: *Problem.
func (s *Service) AskPasskey(at passkey.Party, from Device) (question string, options []byte, err error) {
	if !s.cfg.Desk() {
		return "", nil, ErrNotDesk
	}
	options, q, err := at.Ask()
	if err != nil {
		return "", nil, err
	}
	return s.asked.put(asked{at: at, q: q, by: "device " + from.Addr}), options, nil
}

// SignInPasskey finds the operator whose passkey a browser has shown, and says
// which it was. A device that has seen to who holds it is both factors: nothing
// else is asked. Answers that are not good are counted by device and by account,
// apart from passwords: who guesses those keeps no passkey out. Errors: *Problem,
// what Act refuses.
func (s *Service) SignInPasskey(ctx context.Context, at passkey.Party, question string, answer []byte, from Device) (Operator, string, error) {
	if !s.cfg.Desk() {
		return Operator{}, "", ErrNotDesk
	}
	keys := from.passkeyKeys("")
	if wait := s.limits.begin(keys); wait > 0 {
		return Operator{}, "", errWaitPasskey(wait)
	}
	a, ok := s.asked.take(question)
	if !ok || a.id != "" || a.at != at {
		s.note("", "login.passkey_wrong")
		return Operator{}, "", ErrPasskeyStale
	}
	var o Operator
	var mine Passkey
	var wait time.Duration
	count, err := at.Shown(a.q, answer, func(handle, id []byte) (passkey.Key, bool) {
		found, ok := s.Get(ID(handle))
		if !ok {
			return passkey.Key{}, false
		}
		for _, p := range s.Passkeys(found.ID) {
			if !bytes.Equal(p.key.ID, id) || p.Domain != at.Domain {
				continue
			}
			o, mine = found, p
			wait = s.limits.begin(from.passkeyKeys(o.ID))
			return p.key, wait == 0
		}
		return passkey.Key{}, false
	})
	switch {
	case wait > 0:
		return Operator{}, "", errWaitPasskey(wait)
	case err != nil || o.Disabled:
		s.note(o.ID, "login.passkey_wrong")
		return Operator{}, "", ErrPasskey
	}
	s.counted(ctx, o.ID, mine, count)
	if err := s.cfg.Act(o.ID.By(), "login", "passkey "+mine.Key); err != nil {
		return Operator{}, "", err
	}
	s.limits.right(keys)
	s.limits.right(from.passkeyKeys(o.ID))
	return o, mine.Key, nil
}

// counted keeps what a passkey's counter says. One that says less than before may
// be a copy: that is put on record, and lets its operator in nevertheless. A desk
// that has not heard of the last sign-in elsewhere would let a copy in unnoticed,
// so this is no lock; and who has restored a node or a key would stand before a
// shut door when they are needed.
func (s *Service) counted(ctx context.Context, id ID, p Passkey, count uint32) {
	field := passkeyField + p.Key
	before, _ := s.cfg.Settings.Setting(key(id, field+"/count"))
	known := before.Value.Int()
	if count == 0 && known == 0 {
		return
	}
	one := crdt.Setting{Key: key(id, field+"/count"), Value: shape.Int(int64(count))}
	if int64(count) <= known {
		s.note(id, "login.passkey_behind")
		one = crdt.Setting{Key: key(id, field+"/behind"), Value: shape.Bool(true)}
	}
	if s.cfg.MayEdit() != nil {
		return
	}
	if err := s.cfg.Settings.Set(ctx, one); err != nil {
		s.cfg.Logger.Error("what a passkey's counter said could not be kept", "err", err)
	}
}

// StandingBy is Standing for a session that began with a passkey: it ends when
// that is taken away, too. A one-time password that waits is no matter to it.
func (s *Service) StandingBy(id ID, password, mine string) (Operator, bool) {
	o, ok := s.Standing(id, password)
	at, known := s.cfg.Settings.Setting(key(id, passkeyField+mine))
	o.Once = false
	return o, ok && validID(mine) && known && at.Value.String() != ""
}
