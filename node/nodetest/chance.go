package nodetest

import (
	"crypto/rand"
	"encoding/binary"
	"io"
	mathrand "math/rand/v2"
	"sync"
)

// Chance has the seed decide what is drawn from crypto/rand until end is
// called: the nodes' identities, ids of visits, incarnations, nonces. It does
// so for the whole process, so nothing that is to stay secret may be in it.
// Call both outside the bubble, while no campus runs.
func Chance(seed uint64) (end func()) {
	before := rand.Reader
	var s [32]byte
	binary.BigEndian.PutUint64(s[:], seed)
	rand.Reader = &sown{rng: mathrand.NewChaCha8(s)}
	return func() { rand.Reader = before }
}

// sown is a source of chance that many may read.
type sown struct {
	mu  sync.Mutex
	rng io.Reader
}

func (s *sown) Read(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rng.Read(b)
}
