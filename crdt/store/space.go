package store

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

const (
	minReserve = 16 << 20
	maxReserve = 64 << 20
	// spaceAge is how long a measurement of free disk is believed.
	spaceAge = time.Second
	// spaceCost is how many bytes of disk a byte of batch may take at once:
	// log and table.
	spaceCost = 2
)

// space refuses batches before the disk is full, while pebble still has room
// to flush and compact what it has.
type space struct {
	fs      vfs.FS
	dir     string
	reserve uint64 // 0: 1 % of the disk, between minReserve and maxReserve
	now     func() time.Time

	mu    sync.Mutex
	at    time.Time
	avail uint64
	floor uint64
	known bool
}

// take claims room for size bytes or refuses with ErrFull. A batch that frees
// may use half of the reserve, so that a full disk can be emptied.
func (s *space) take(size int, frees bool) error {
	cost := spaceCost * uint64(size)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now().Sub(s.at) >= spaceAge || s.known && s.avail < s.floor+cost {
		if err := s.measure(); err != nil {
			return fmt.Errorf("measure free disk: %w", err)
		}
	}
	if !s.known {
		return nil
	}
	floor := s.floor
	if frees {
		floor /= 2
	}
	if s.avail < floor+cost {
		return fmt.Errorf("%w (%d MB left): nothing was saved; free space on %s", ErrFull, s.avail>>20, s.dir)
	}
	s.avail -= cost
	return nil
}

func (s *space) measure() error {
	u, err := s.fs.GetDiskUsage(s.dir)
	s.at = s.now()
	if errors.Is(err, vfs.ErrUnsupported) {
		s.known = false
		return nil
	}
	if err != nil {
		return err
	}
	s.known, s.avail, s.floor = true, u.AvailBytes, s.reserve
	if s.floor == 0 {
		s.floor = min(max(u.TotalBytes/100, minReserve), maxReserve)
	}
	return nil
}
