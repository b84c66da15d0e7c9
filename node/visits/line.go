package visits

import "github.com/upprop/upprop/crdt/record"

// MessageField is the field of a word from a desk.
const MessageField = "message"

// Line trims and judges one field of the particulars, by the rules of a
// check-in, or a word from a desk. Errors: *Problem.
func Line(field string, text record.Private) (record.Private, error) {
	limit := MaxName
	switch field {
	case "assist", "purpose":
		limit = MaxText
	case MessageField:
		limit = MaxMessage
	}
	t, err := line(field, text, limit)
	if err == nil && field == "name" && t == "" {
		err = &Problem{Key: "name.empty", Field: "name", Hint: "a visit needs a name: write the name of the person"}
	}
	return t, err
}
