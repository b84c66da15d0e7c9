package nodetest

import "fmt"

// Violation is a promise that did not hold.
type Violation struct {
	// Promise names it.
	Promise string
	// Step is the number of the step after which it was seen; 0 means when all
	// had been healed.
	Step int
	What string
}

func (v *Violation) Error() string {
	when := "after all was healed"
	if v.Step > 0 {
		when = fmt.Sprintf("after step %d", v.Step)
	}
	return fmt.Sprintf("broken promise: %s (%s): %s", v.Promise, when, v.What)
}

func violated(promise, format string, args ...any) *Violation {
	return &Violation{Promise: promise, What: fmt.Sprintf(format, args...)}
}
