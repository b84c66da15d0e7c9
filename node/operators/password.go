package operators

import (
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Cost is how hard a password is to guess for who has its hash: argon2id (RFC
// 9106).
type Cost struct {
	Time    uint32 // passes
	Memory  uint32 // KiB
	Threads uint8
}

// DefaultCost takes 64 MiB and some 100 ms of a small computer: RFC 9106's
// choice where memory is scarce.
var DefaultCost = Cost{Time: 3, Memory: 64 << 10, Threads: 4}

// most bounds what a stored hash may ask of the machine that checks it.
var most = Cost{Time: 16, Memory: 256 << 10, Threads: 16}

const (
	hashSize = 32
	saltSize = 16
)

// hash is a password's hash in the usual form,
// $argon2id$v=19$m=65536,t=3,p=4$salt$hash.
func (c Cost) hash(password, salt []byte) string {
	sum := argon2.IDKey(password, salt, c.Time, c.Memory, c.Threads, hashSize)
	e := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.Memory, c.Time, c.Threads, e.EncodeToString(salt), e.EncodeToString(sum))
}

// matches reports whether a password has this hash. What is not in the form of
// hash, or asks too much, matches nothing.
func matches(password []byte, hash string) bool {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return false
	}
	var c Cost
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.Memory, &c.Time, &c.Threads); n != 3 || err != nil {
		return false
	}
	if c.Time < 1 || c.Threads < 1 || c.Memory < 8*uint32(c.Threads) || c.Time > most.Time || c.Memory > most.Memory || c.Threads > most.Threads {
		return false
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil || len(salt) < 8 || len(salt) > 64 {
		return false
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || len(want) != hashSize {
		return false
	}
	got := argon2.IDKey(password, salt, c.Time, c.Memory, c.Threads, hashSize)
	defer clear(got)
	return subtle.ConstantTimeCompare(got, want) == 1
}
