package app

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
	"github.com/upprop/upprop/evac"
)

// prefixCourse is where what the news of entrances was worth is kept, by time
// and entrance, for the report of an evacuation.
var prefixCourse = []byte("a/course/")

const (
	// watchEvery is how often entrances are looked at while an evacuation runs.
	watchEvery = 2 * time.Second
	// courseKept is for how long what was seen is kept: longer than evacuations
	// are.
	courseKept = 60 * 24 * time.Hour
	// courseForgot is how often it is let go of.
	courseForgot = 24 * time.Hour
)

// watch notes what the news of each entrance is worth while an evacuation runs,
// whenever that changes, until ctx ends. A disk that takes no more loses this
// and nothing else.
func (a *App) watch(ctx context.Context) {
	t := time.NewTicker(watchEvery)
	defer t.Stop()
	w := watching{seen: map[record.NodeID]evac.News{}}
	for {
		a.watchOnce(&w)
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// watching is what watch remembers from one look to the next.
type watching struct {
	seen map[record.NodeID]evac.News
	// said: the log tells already that nothing can be kept.
	said bool
	// forgot is when what is old was last let go of.
	forgot time.Time
}

// watchOnce takes one look.
func (a *App) watchOnce(w *watching) {
	a.forgetDaily(w)
	if _, on := a.node.Replica().Evacuations().Running(""); !on {
		clear(w.seen)
	} else if err := a.look(w.seen); err != nil && !w.said {
		a.log.Error("how fresh the news is could not be kept for the report", "err", err)
		w.said = true
	}
}

// forgetDaily lets go of what is old, once a day.
func (a *App) forgetDaily(w *watching) {
	if now := a.now(); now.Sub(w.forgot).Abs() >= courseForgot {
		a.forgetCourse()
		w.forgot = now
	}
}

// look keeps what has changed since the last look.
func (a *App) look(seen map[record.NodeID]evac.News) error {
	var b store.Batch
	changed := false
	for _, e := range (house{a}).Entrances() {
		s, counts := e.Sample(a.now().UTC())
		if was, there := seen[s.Node]; !counts || there && was == s.News {
			continue
		}
		v, err := json.Marshal(s)
		if err != nil {
			return err
		}
		b.Set(courseKey(s.At, s.Node), v)
		seen[s.Node], changed = s.News, true
	}
	if !changed {
		return nil
	}
	return a.store.Apply(&b)
}

func courseKey(at time.Time, n record.NodeID) []byte {
	key := binary.BigEndian.AppendUint64(append([]byte{}, prefixCourse...), uint64(at.UnixMilli()))
	return append(key, n[:]...)
}

// Samples are what was kept from a time on.
func (h house) Samples(from time.Time) (out []evac.Sample, err error) {
	_, hi := store.Prefix(prefixCourse)
	err = h.store.Scan(courseKey(from, record.NodeID{}), hi, func(_, v []byte) error {
		var s evac.Sample
		if json.Unmarshal(v, &s) == nil { // what cannot be read is only a lost memory
			out = append(out, s)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read how fresh the news was: %w", err)
	}
	return out, nil
}

// forgetCourse lets go of what no report asks for.
func (a *App) forgetCourse() {
	lo, _ := store.Prefix(prefixCourse)
	var b store.Batch
	err := a.store.Scan(lo, courseKey(a.now().Add(-courseKept), record.NodeID{}), func(k, _ []byte) error {
		b.Delete(append([]byte{}, k...))
		return nil
	})
	if err == nil && b.Len() > 0 {
		err = a.store.Apply(&b)
	}
	if err != nil {
		a.log.Error("how fresh the news was long ago could not be forgotten", "err", err)
	}
}
