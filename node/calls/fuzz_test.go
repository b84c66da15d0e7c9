package calls

import (
	"encoding/json"
	"testing"

	"github.com/upprop/upprop/crdt/record"
)

// FuzzTold has a desk hear whatever a door may send: it keeps no more calls than it
// may, none that is over, and answers in words that a door understands.
func FuzzTold(f *testing.F) {
	f.Add([]byte(`{"id":"AAAAAAAAAAAAAAAAAAAAAAAAAA","age":1000000000,"state":"waiting"}`), []byte(`{"id":"B","age":-1,"state":"done","by":"x"}`))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		c := newCampus(1)
		desk := c.desks[0]
		for _, raw := range [][]byte{a, b, a} {
			var told Told
			if json.Unmarshal(raw, &told) != nil {
				continue
			}
			r := desk.Hear(record.Place{Entrance: "East gate"}, told)
			out, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			var back Reply
			if err := json.Unmarshal(out, &back); err != nil || back != r {
				t.Fatalf("%s is read as %+v, %v", out, back, err)
			}
		}
		for _, one := range desk.Calls() {
			if len(one.By) > maxBy || !goodID(one.ID) || c.now.Sub(one.Since) < 0 || c.now.Sub(one.Since) >= Lasts {
				t.Fatalf("%+v is kept", one)
			}
		}
		c.now = c.now.Add(Lasts)
		if left := desk.Calls(); len(left) > 0 {
			t.Fatalf("%+v outlive their time", left)
		}
	})
}
