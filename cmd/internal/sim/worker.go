// Package sim runs simulated campuses (node/nodetest) in processes of their
// own, many at a time, and makes of a failure the shortest story that still
// fails. It knows nothing of what is simulated.
//
// Each worker process runs its campuses one after another on one processor,
// in bubbles of fake time; a crash or a hang of one takes nothing else with
// it.
package sim

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"testing"
	"testing/synctest"

	"github.com/upprop/upprop/node/nodetest"
)

// answer is what a worker says of one campus.
type answer struct {
	Result nodetest.Result
	Error  string `json:",omitempty"`
	// died: it is not the worker that says so, since it is no more.
	died bool
}

// Work simulates campuses, reading options from standard input and answering
// on out, until the input ends. It ends the process. The bubble of fake time
// needs a test around it; its few words on standard output mean nothing.
func Work(out io.Writer) {
	os.Args = os.Args[:1] // package testing would read what follows
	dec, enc := json.NewDecoder(os.Stdin), json.NewEncoder(out)
	work := func(t *testing.T) {
		for {
			var o nodetest.Options
			if dec.Decode(&o) != nil {
				return
			}
			var a answer
			done, end := watch(), nodetest.Chance(o.Seed)
			synctest.Test(t, func(*testing.T) {
				var err error
				if a.Result, err = nodetest.Run(o); err != nil {
					a.Error = err.Error()
				}
			})
			end()
			done()
			if err := enc.Encode(a); err != nil {
				fmt.Fprintln(os.Stderr, "answer:", err)
				return
			}
		}
	}
	all := func(string, string) (bool, error) { return true, nil }
	testing.Main(all, []testing.InternalTest{{Name: "Campus", F: work}}, nil, nil)
}
