// Package calls brings somebody at a door who asks for help and somebody at a
// desk together. A call lives in memory: the node at the door holds it and tells
// it to every desk that it hears, again and again, and each desk answers whether
// it is on a screen there and what somebody has said to it. It is no fact of the
// register, since it is worth nothing an hour later, and it says nothing of who
// calls.
//
// Invariant: a call counts as shown once a desk has said that a screen shows it,
// never because it was sent.
package calls

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// State is how far a call has come. It only goes forward.
type State int

const (
	// Waiting: no desk has said that a screen shows it.
	Waiting State = iota
	// Shown: a screen of a desk shows it, or has.
	Shown
	// Coming: somebody has said that they are on their way.
	Coming
	// Done: it is over, by whoever was asked or by who had called.
	Done
)

var stateNames = []string{"waiting", "shown", "coming", "done"}

func (s State) String() string { return stateNames[s] }

// MarshalText writes the state in a word.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (s *State) UnmarshalText(b []byte) error {
	i := slices.Index(stateNames, string(b))
	if i < 0 {
		return errors.New("a call is waiting, shown, coming or done")
	}
	*s = State(i)
	return nil
}

const (
	// Lasts is for how long a call stands that nobody ends.
	Lasts = 30 * time.Minute
	// Unseen is after how long the door says that nobody has seen it, and
	// Unanswered that nobody has answered.
	Unseen, Unanswered = 8 * time.Second, 90 * time.Second
	// often is how many calls a door makes within oftenIn.
	often, oftenIn = 4, 10 * time.Minute
	// farewell is for how long the door shows, and tells desks of, a call that is
	// over.
	farewell = time.Minute
	// lostAfter is after how long without word of its door a call is said to be out
	// of touch.
	lostAfter = 15 * time.Second
	// round is how often desks are told.
	round = time.Second
	// maxCalls is how many calls a desk holds, maxBy how long the name of who
	// answered may be, in bytes.
	maxCalls, maxBy = 64, 64
)

// Errors of Ring and Answer.
var (
	// ErrOften: the door has called too often just now.
	ErrOften = errors.New("this door has called several times in a few minutes: telephone, or go to the desk")
	ErrNone  = errors.New("there is no such call any more: it is answered, or has run out")
	// ErrAnswer: only "coming" and "done" are answers.
	ErrAnswer = errors.New("that is no answer to a call: write coming or done")
)

// Call is one call, as a desk sees it.
type Call struct {
	ID    string       `json:"id"`
	Place record.Place `json:"place"`
	Since time.Time    `json:"since"`
	State State        `json:"state"`
	// By is who answered, as on record; empty for nobody, or for who had called.
	By string `json:"by,omitempty"`
	// Lost: its door has not been heard of for a while.
	Lost bool `json:"lost,omitempty"`
}

// Door is what a door may say of its own call.
type Door struct {
	// On: there is a call, or there was one a moment ago.
	On    bool
	Since time.Time
	State State
	// Cut: no desk hears of it now, Late: that or the next step takes too long.
	Cut, Late bool
}

// Told is what a door tells a desk of its call. Ages travel instead of times:
// clocks differ.
type Told struct {
	ID    string        `json:"id"`
	Age   time.Duration `json:"age"`
	State State         `json:"state"`
	By    string        `json:"by,omitempty"`
}

// Reply is a desk's answer.
type Reply struct {
	State State  `json:"state"`
	By    string `json:"by,omitempty"`
}

// Config is what a Service is made of; all but Now are required.
type Config struct {
	// Here reports whether this node is a desk, and Place where it stands.
	Here  func() bool
	Place func() record.Place
	// Desks is how many other desks are connected now; it must not block.
	Desks func() int
	// Tell tells them all, hands each reply on as it comes, and returns how many
	// there were. It must give up after a few seconds.
	Tell func(context.Context, Told, func(Reply)) int
	// Act puts an answer on record; Called tells of a new call, here or elsewhere.
	// Neither is called twice for the same.
	Act    func(by, what, note string) error
	Called func(Call)
	Now    func() time.Time
}

// Service holds the calls that this node knows. Safe for concurrent use.
type Service struct {
	cfg  Config
	poke chan struct{}

	mu      sync.Mutex
	own     *own
	rung    []time.Time
	heard   map[string]*heard
	screens int
	changed chan struct{}
}

// own is the call of this door.
type own struct {
	id      string
	place   record.Place
	since   time.Time
	state   State
	by      string
	ended   time.Time
	told    bool // a round is over
	replies int  // of the last one
}

// heard is the call of another door.
type heard struct {
	Call
	at time.Time
}

// New makes a Service that knows of no call.
func New(cfg Config) *Service {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Service{cfg: cfg, poke: make(chan struct{}, 1), heard: map[string]*heard{}, changed: make(chan struct{})}
}

// Changed is closed when a call begins, ends or is another than it was.
func (s *Service) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// change tells those who wait. Callers hold mu.
func (s *Service) change() {
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *Service) wake() {
	select {
	case s.poke <- struct{}{}:
	default:
	}
}

// newID is the name of a call.
func newID() string { return strings.ToLower(rand.Text()[:16]) }

func goodID(s string) bool {
	return len(s) == 16 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz234567") == ""
}
