package operators

import (
	"testing"
	"time"
)

// Who asks and asks for passkeys loses questions of their own, and takes nobody
// else's.
func TestQuestionsOfOneDevice(t *testing.T) {
	q := questions{now: func() time.Time { return time.Unix(1_795_000_000, 0) }, held: map[string]asked{}}
	astrid := q.put(asked{by: "device a"})
	var own []string
	for range 3 * maxAsked {
		own = append(own, q.put(asked{by: "device b"}))
	}
	if len(q.held) != maxAskedOf+1 || len(q.order) != maxAskedOf+1 {
		t.Errorf("%d questions are held in memory, %d in order", len(q.held), len(q.order))
	}
	if _, ok := q.take(astrid); !ok {
		t.Error("another device's questions took hers")
	}
	for i, name := range own[len(own)-maxAskedOf-1:] {
		if _, ok := q.take(name); ok != (i > 0) {
			t.Errorf("question %d of the last: %v", i, ok)
		}
	}
}
