package operators

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/shape"
)

const (
	// period is how long a code is shown, in seconds, and skew how many earlier
	// and later ones are taken as well: clocks differ, and people are slow.
	period, skew = 30, 1
	// codeSize is the length of a recovery code, of five bits a character.
	codeSize = 12
	// usedCode is what a used code is on record as, with mark and step.
	usedCode = "login.code"
	// clockOff is from when on a clock is said to be wrong.
	clockOff = 20 * time.Second
)

var (
	spaces = strings.NewReplacer("+", "%20")
	// typed is a code as people write it: recovery codes have no letters that
	// are taken for digits.
	typed = strings.NewReplacer(" ", "", "-", "", "\u00a0", "", "i", "1", "l", "1", "o", "0")
)

// Confirm ends the sign-in of an operator who has a second factor, and who has
// shown the password of this mark: by a code of their device, or a recovery code.
// Neither is taken twice, by this node or by one that it has heard. Wrong codes
// are counted beside passwords: knowing the password gives no more tries.
// Errors: *Problem, ctx's, what Act refuses, the disk's.
func (s *Service) Confirm(ctx context.Context, id ID, password, code string, from Device) (Operator, error) {
	if !s.cfg.Desk() {
		return Operator{}, ErrNotDesk
	}
	o, ok := s.Standing(id, password)
	if !ok || o.Factor == "" {
		return o, ErrAgain
	}
	keys := from.codeKeys(id)
	if wait := s.limits.begin(keys); wait > 0 {
		return o, errWaitCode(wait)
	}
	f, mark, err := s.factor(id)
	if err != nil {
		return o, ErrFactorLost
	}
	if err := s.spend(ctx, o, f, mark, code); err != nil {
		if IsProblem(err) != nil {
			s.note(o.ID, "login.code_wrong")
		}
		return o, err
	}
	if err := s.cfg.Act(id.By(), "login", ""); err != nil {
		return o, err
	}
	// On disk before anybody is let in: after a crash no code is good again.
	if err := s.cfg.Sync(ctx); err != nil {
		return o, fmt.Errorf("put a sign-in on record: %w", err)
	}
	s.limits.right(keys)
	return o, nil
}

// spend takes a code, once.
func (s *Service) spend(ctx context.Context, o Operator, f factor, mark, code string) error {
	if step, ok := s.step(f.Secret, code); ok {
		return s.use(o.ID, mark, step)
	}
	code = typed.Replace(strings.ToLower(code))
	if len(code) != codeSize {
		return s.wrongCode()
	}
	hash := hashCode(o.ID, code)
	s.editing.Lock()
	defer s.editing.Unlock()
	for i, one := range f.Codes {
		if subtle.ConstantTimeCompare(one, hash) != 1 {
			continue
		}
		if s.codeUsed(o.ID, mark, i) {
			return ErrCodeUsed
		}
		return s.write(ctx, o.ID.By(), "login.recovery", mark+" "+strconv.Itoa(i), crdt.Setting{Key: codeKey(o.ID, mark, i), Value: shape.Bool(true)})
	}
	return s.wrongCode()
}

// step is the time step of a code of a secret, if it is one of now.
func (s *Service) step(secret, code string) (int64, bool) {
	code = typed.Replace(code)
	now := s.cfg.Now().Unix() / period
	for _, at := range []int64{now, now - skew, now + skew} {
		ok, err := hotp.ValidateCustom(code, uint64(max(at, 0)), secret, hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err == nil && ok {
			return at, true
		}
	}
	return 0, false
}

// use takes the code of a step, and puts that on record for all nodes.
func (s *Service) use(id ID, mark string, step int64) error {
	s.used.mu.Lock()
	defer s.used.mu.Unlock()
	now := s.cfg.Now().Unix() / period
	s.used.forget(now)
	err := s.cfg.Spent(func(note string) {
		if mark, step, ok := parseUse(note); ok && near10(step, now) {
			s.used.steps[use{mark, step}] = true
		}
	})
	if err != nil {
		return fmt.Errorf("read which codes were used: %w", err)
	}
	one := use{mark, step}
	if s.used.steps[one] {
		return ErrCodeUsed
	}
	if err := s.cfg.Act(id.By(), usedCode, mark+" "+strconv.FormatInt(step, 10)); err != nil {
		return err
	}
	s.used.steps[one] = true
	return nil
}

// used are the codes that were taken of late.
type used struct {
	mu    sync.Mutex
	steps map[use]bool
}

type use struct {
	mark string
	step int64
}

// forget keeps those alone that could be tried again, whichever way the clock is
// set in between. Callers hold mu.
func (u *used) forget(now int64) {
	for one := range u.steps {
		if !near10(one.step, now) {
			delete(u.steps, one)
		}
	}
}

// near10 reports whether a step is within ten minutes of now.
func near10(step, now int64) bool { return step-now <= 20 && now-step <= 20 }

func parseUse(note string) (mark string, step int64, ok bool) {
	mark, rest, found := strings.Cut(note, " ")
	step, err := strconv.ParseInt(rest, 10, 64)
	return mark, step, found && err == nil
}

// IsUse reports whether an act says that a code was used.
func IsUse(what string) bool { return what == usedCode }

// wrongCode is what is said of a code that is none: of this node's clock too,
// where others have another time.
func (s *Service) wrongCode() error {
	if s.cfg.ClockOff().Abs() >= clockOff {
		return ErrClock
	}
	return ErrCode
}

func hashCode(id ID, code string) []byte {
	sum := sha256.Sum256([]byte("upprop/recovery/1\x00" + string(id) + "\x00" + code))
	return sum[:]
}

func codeKey(id ID, mark string, i int) string {
	return key(id, "factor/"+mark+"/used/"+strconv.Itoa(i))
}

func (s *Service) codeUsed(id ID, mark string, i int) bool {
	one, ok := s.cfg.Settings.Setting(codeKey(id, mark, i))
	return ok && one.Value.Bool()
}
