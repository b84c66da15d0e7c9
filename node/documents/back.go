package documents

import (
	"context"
	"strings"
)

// Before is what a field of a document ("text/sv") says before anybody has set
// it; false where nothing is known, or where it is not put back: that there is a
// document, and what a hash is of.
func Before(field string) (string, bool) {
	switch what, _, _ := strings.Cut(field, "/"); what {
	case "text":
		return "", true
	case "off":
		return "false", true
	}
	return "", false
}

// PutBack says anew what one field of a document said once. A text comes into
// force again as a version of its own, from now. It reports whether that changes
// anything. Errors: as of Put.
func (b *Book) PutBack(ctx context.Context, by, id, field, value string) (bool, error) {
	now, ok := b.Get(id)
	if !ok {
		return false, errUnknown
	}
	var e Edit
	switch what, of, _ := strings.Cut(field, "/"); what {
	case "name":
		e.Name = map[string]string{of: value}
	case "off":
		off := value == "true"
		e.Off = &off
	case "text":
		body := ""
		if _, hash, had := strings.Cut(value, " "); had {
			if body, ok = b.Kept(id, hash); !ok {
				return false, errUnknown
			}
		}
		if now.Text[of].Body == body {
			return false, nil
		}
		e.Text = map[string]string{of: body}
	default:
		return false, errUnknown
	}
	_, err := b.Put(ctx, by, id, e)
	return true, err
}
