package cable

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// campus are nodes, each with what it knows. What is started or ended is told to
// those that the teller's links reach, as if by the mesh.
type campus struct {
	t     *testing.T
	nodes []*node
	// gone are nodes that answer nobody.
	gone map[record.NodeID]bool
}

type node struct {
	*Service
	c  *campus
	id record.NodeID

	mu      sync.Mutex
	all     record.Evacuations
	changed chan struct{}
	cut     map[record.NodeID]bool
	most    int
	stop    context.CancelFunc
	done    chan error
}

func id(n int) record.NodeID { return record.NodeID{byte(n)} }

func newCampus(t *testing.T, n int) *campus {
	c := &campus{t: t, gone: map[record.NodeID]bool{}}
	for i := range n {
		x := &node{c: c, id: id(i + 1), changed: make(chan struct{}), cut: map[record.NodeID]bool{}}
		c.nodes = append(c.nodes, x)
	}
	for _, x := range c.nodes {
		x.run()
	}
	return c
}

func (x *node) run() {
	x.Service = New(Config{
		Links: x, Self: x.id, Now: time.Now,
		Evacuations: func() record.Evacuations {
			x.mu.Lock()
			defer x.mu.Unlock()
			return slices.Clone(x.all)
		},
		Changed: func() <-chan struct{} {
			x.mu.Lock()
			defer x.mu.Unlock()
			return x.changed
		},
		Others: func() (out []record.NodeID) {
			for _, y := range x.c.nodes {
				if y != x {
					out = append(out, y.id)
				}
			}
			return out
		},
		Trusted: func(by record.NodeID) bool { return by == id(1) },
	})
	ctx, cancel := context.WithCancel(x.c.t.Context())
	x.stop, x.done = cancel, make(chan error, 1)
	go func() { x.done <- x.Run(ctx) }()
}

func (x *node) end() {
	x.stop()
	if err := <-x.done; err != nil {
		x.c.t.Error(err)
	}
}

func (c *campus) end() {
	for _, x := range c.nodes {
		x.end()
		if len(x.cut) > 0 {
			c.t.Error("a node that has ended leaves links cut")
		}
	}
}

func (x *node) Cut(peer record.NodeID) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.cut[peer] = true
	x.most = max(x.most, len(x.cut))
}

func (x *node) Restore(peer record.NodeID) {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.cut, peer)
}

func (x *node) severed(peer record.NodeID) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.cut[peer]
}

func (x *node) Ask(_ context.Context, peer record.NodeID, drill record.EvacID) (Word, error) {
	for _, y := range x.c.nodes {
		if y.id == peer && !x.c.gone[peer] {
			return y.Answer(drill), nil
		}
	}
	return Keep, errors.New("no answer")
}

// know lets a node know of what there is.
func (x *node) know(all record.Evacuations) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.all = all
	close(x.changed)
	x.changed = make(chan struct{})
}

// tell lets all that the teller reaches know what it knows and more.
func (c *campus) tell(from int, change func(record.Evacuations) record.Evacuations) {
	teller := c.nodes[from]
	all := change(slices.Clone(teller.all))
	for _, x := range c.nodes {
		if x == teller || !x.severed(teller.id) && !teller.severed(x.id) {
			x.know(all)
		}
	}
}

func starts(s ...record.Start) func(record.Evacuations) record.Evacuations {
	return func(all record.Evacuations) record.Evacuations { return append(all, s...) }
}

func drill(n byte, lasts time.Duration, cuts ...record.Cut) record.Start {
	return record.Start{ID: record.EvacID{n}, At: record.HLCOf(time.Now()), Drill: true, By: id(1), Cuts: cuts, CutFor: lasts}
}

// wants waits as long and then says which links are cut at either end.
func (c *campus) wants(after time.Duration, want ...[2]int) {
	c.t.Helper()
	time.Sleep(after)
	synctest.Wait()
	for i, x := range c.nodes {
		for j, y := range c.nodes {
			cut := slices.ContainsFunc(want, func(w [2]int) bool { return w == [2]int{i, j} || w == [2]int{j, i} })
			if x != y && x.severed(y.id) != cut {
				c.t.Errorf("%d to %d is cut: %v", i, j, !cut)
			}
		}
		x.mu.Lock()
		cut := len(x.cut)
		x.mu.Unlock()
		if n := len(x.Service.Cut()); n != cut {
			c.t.Errorf("%d says that %d are cut, not %d", i, n, cut)
		}
	}
}

func each(t *testing.T, cases map[string]func(*campus)) {
	for name, run := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCampus(t, 4)
				defer c.end()
				run(c)
			})
		})
	}
}

var one, alone = record.Cut{A: id(2), B: id(3)}, record.Cut{A: id(4)}

func TestCables(t *testing.T) {
	each(t, map[string]func(*campus){
		"cut and restored by time": func(c *campus) {
			c.tell(0, starts(drill(1, 10*time.Minute, one, alone)))
			c.wants(time.Second)
			c.wants(5*time.Second, [2]int{1, 2}, [2]int{3, 0}, [2]int{3, 1}, [2]int{3, 2})
			c.wants(9*time.Minute, [2]int{1, 2}, [2]int{3, 0}, [2]int{3, 1}, [2]int{3, 2})
			c.wants(time.Minute)
			c.wants(time.Hour)
		},
		"never longer than the most": func(c *campus) {
			c.tell(0, starts(drill(1, 5*time.Hour, one)))
			c.wants(29*time.Minute, [2]int{1, 2})
			c.wants(2 * time.Minute)
		},
		"ended, also where that is not heard": func(c *campus) {
			c.tell(0, starts(drill(1, 10*time.Minute, one, alone)))
			c.wants(time.Minute, [2]int{1, 2}, [2]int{3, 0}, [2]int{3, 1}, [2]int{3, 2})
			c.tell(0, func(all record.Evacuations) record.Evacuations {
				all[0].Ended = record.HLCOf(time.Now())
				return all
			})
			if len(c.nodes[3].all) != 1 || c.nodes[3].all[0].Ended != 0 {
				c.t.Fatal("the test tells who is cut off")
			}
			c.wants(5 * time.Second)
		},
		"a real alarm where nobody else hears it": func(c *campus) {
			c.tell(0, starts(drill(1, 10*time.Minute, one, alone)))
			c.wants(time.Minute, [2]int{1, 2}, [2]int{3, 0}, [2]int{3, 1}, [2]int{3, 2})
			c.tell(3, starts(record.Start{ID: record.EvacID{2}, At: record.HLCOf(time.Now()), By: id(4)}))
			c.wants(5 * time.Second)
			c.wants(time.Minute) // and it stays so
		},
		"a real alarm that runs": func(c *campus) {
			c.tell(0, starts(record.Start{ID: record.EvacID{2}, At: record.HLCOf(time.Now()), By: id(4)}, drill(1, 10*time.Minute, one)))
			c.wants(time.Minute)
		},
		"a restart": func(c *campus) {
			c.tell(0, starts(drill(1, 10*time.Minute, one)))
			c.wants(time.Minute, [2]int{1, 2})
			c.nodes[1].end()
			c.nodes[1].run()
			c.wants(5 * time.Second)
		},
		"who has gone for good": func(c *campus) {
			c.gone[id(3)] = true
			c.tell(0, starts(drill(1, 10*time.Minute, one)))
			c.wants(time.Minute, [2]int{1, 2})
			c.wants(10 * time.Minute)
		},
		"nobody's word but a desk's": func(c *campus) {
			d := drill(1, 10*time.Minute, one)
			d.By = id(2)
			c.tell(0, starts(d))
			c.wants(time.Minute)
		},
		"an old drill": func(c *campus) {
			d := drill(1, 10*time.Minute, one)
			time.Sleep(11 * time.Minute)
			c.tell(0, starts(d))
			c.wants(time.Minute)
		},
		"a day's measure": func(c *campus) {
			for n := range byte(3) {
				c.tell(0, starts(drill(n+1, 30*time.Minute, one)))
				if n < 2 {
					c.wants(time.Minute, [2]int{1, 2})
				} else {
					c.wants(time.Minute)
				}
				c.wants(30 * time.Minute)
			}
			time.Sleep(25 * time.Hour)
			c.tell(0, starts(drill(9, 30*time.Minute, one)))
			c.wants(time.Minute, [2]int{1, 2})
		},
		"who is no member": func(c *campus) {
			c.tell(0, starts(drill(1, 10*time.Minute, record.Cut{A: id(2), B: id(99)}, record.Cut{A: id(99)})))
			c.wants(time.Minute)
		},
	})
}
