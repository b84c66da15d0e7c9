package privacy

import (
	"strings"

	"github.com/upprop/upprop/crdt/record"
)

// Fields are the names of what is corrected, with commas between, for the
// record: never what they are or were.
func (c Correction) Fields() string {
	var out []string
	for _, f := range []struct {
		name string
		text *record.Private
	}{
		{"name", c.Name},
		{"company", c.Company},
		{"host", c.Host},
		{"email", c.Email},
		{"phone", c.Phone},
	} {
		if f.text != nil {
			out = append(out, f.name)
		}
	}
	return strings.Join(out, ",")
}
