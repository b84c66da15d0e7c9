package visits

import "github.com/upprop/upprop/crdt/record"

// Line trims and judges one field of the particulars, by the rules of a
// check-in. Errors: *Problem.
func Line(field string, text record.Private) (record.Private, error) {
	limit := MaxName
	if field == "assist" || field == "purpose" {
		limit = MaxText
	}
	t, err := line(field, text, limit)
	if err == nil && field == "name" && t == "" {
		err = &Problem{Key: "name.empty", Field: "name", Hint: "a visit needs a name: write the name of the person"}
	}
	return t, err
}
