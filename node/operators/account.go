package operators

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
)

// An account is these settings, each of which merges by itself:
//
//	operator/ID/role            text
//	operator/ID/disabled        truth value
//	operator/ID/removed         truth value: nothing is left but this
//	operator/ID/alias           which sealed alias stands, by its mark
//	operator/ID/alias/MARK      that, sealed for desks
//	operator/ID/password        which password stands, by its mark
//	operator/ID/password/MARK   that, sealed for desks: see secret
//
// A desk that seals anew what stands writes under its mark, and who changes it
// under a new one: so neither undoes the other, whichever node is heard first.
const prefix = "operator/"

func key(id ID, rest string) string { return prefix + string(id) + "/" + rest }

// secret is what is sealed of a password.
type secret struct {
	// Hash is in the form of Cost.hash; With is so in its place while a second
	// factor stands.
	Hash string `json:"hash"`
	With string `json:"with,omitempty"`
	// Once: it is to be replaced when it is first used, before Until, in Unix
	// seconds.
	Once  bool  `json:"once,omitempty"`
	Until int64 `json:"until,omitempty"`
}

// stands is the hash, by whichever name.
func (s secret) stands() string { return cmp.Or(s.With, s.Hash) }

func (s secret) factored() bool { return s.With != "" }

func (s secret) over(now time.Time) bool { return s.Once && now.Unix() > s.Until }

// ids are all operators that were not removed, in order.
func (s *Service) ids() (out []ID) {
	for _, one := range s.cfg.Settings.Settings(prefix) {
		id, rest, _ := strings.Cut(strings.TrimPrefix(one.Key, prefix), "/")
		if rest == "role" && validID(id) && !s.flag(ID(id), "removed") {
			out = append(out, ID(id))
		}
	}
	slices.Sort(out)
	return out
}

// Get is the operator of an id; false when there is none.
func (s *Service) Get(id ID) (Operator, bool) {
	if !validID(string(id)) || s.flag(id, "removed") {
		return Operator{}, false
	}
	role, ok := s.cfg.Settings.Setting(key(id, "role"))
	if !ok {
		return Operator{}, false
	}
	o := Operator{ID: id, Role: Role(role.Value.String()), Disabled: s.flag(id, "disabled")}
	if alias, _, err := s.open(id, "alias"); err == nil {
		o.Alias = record.Private(alias)
		clear(alias)
	}
	o.Factor = s.factored(id)
	secret, mark, err := s.secret(id)
	o.Password, o.Once = mark, secret.Once
	o.Lost = mark != "" && err != nil && s.cfg.Desk()
	return o, true
}

func (s *Service) flag(id ID, name string) bool {
	one, ok := s.cfg.Settings.Setting(key(id, name))
	return ok && one.Value.Bool()
}

// open opens what stands of a field; the caller clears it.
func (s *Service) open(id ID, field string) (plain []byte, mark string, err error) {
	at, ok := s.cfg.Settings.Setting(key(id, field))
	if mark = at.Value.String(); !ok || mark == "" {
		return nil, "", ErrUnknown
	}
	box, ok := s.cfg.Settings.Setting(key(id, field+"/"+mark))
	if !ok {
		return nil, mark, ErrUnknown
	}
	plain, err = s.cfg.Vault.OpenForDesks(label(id, field, mark), box.Value.Bytes())
	return plain, mark, err
}

func (s *Service) secret(id ID) (out secret, mark string, err error) {
	plain, mark, err := s.open(id, "password")
	if err != nil {
		return out, mark, err
	}
	defer clear(plain)
	return out, mark, json.Unmarshal(plain, &out)
}

// label binds a box to what it is for.
func label(id ID, field, mark string) [16]byte {
	sum := sha256.Sum256([]byte("upprop/operator/1\x00" + string(id) + "\x00" + field + "\x00" + mark))
	return [16]byte(sum[:16])
}

// ahead is for how many days from today a field is sealed, and near from how
// many on it is sealed anew: keys are made 90 days ahead.
const (
	ahead = 90
	near  = 60
)

// sealed are the settings that put a new value into a sealed field.
func (s *Service) sealed(id ID, field string, plain []byte) ([]crdt.Setting, error) {
	mark := s.text(10)
	box, err := s.cfg.Vault.SealForDesks(label(id, field, mark), s.cfg.Today()+ahead, plain)
	if err != nil {
		return nil, err
	}
	out := []crdt.Setting{
		{Key: key(id, field+"/"+mark), Value: shape.Bytes(box)},
		{Key: key(id, field), Value: shape.String(mark)},
	}
	// What stood before is taken away; in the log it lasts until its key dies.
	if old, ok := s.cfg.Settings.Setting(key(id, field)); ok && old.Value.String() != "" {
		out = append(out, crdt.Setting{Key: key(id, field+"/"+old.Value.String()), Value: shape.Bytes(nil)})
	}
	return out, nil
}

func (s *Service) random(n int) []byte {
	b := make([]byte, n)
	_, _ = io.ReadFull(s.cfg.Rand, b) // crypto/rand never fails
	return b
}

const letters = "0123456789abcdefghjkmnpqrstvwxyz"

// text is n random characters, five bits each.
func (s *Service) text(n int) string {
	b := s.random(n)
	for i := range b {
		b[i] = letters[b[i]&31]
	}
	return string(b)
}

func validID(id string) bool {
	return len(id) == 10 && strings.Trim(id, letters) == ""
}
