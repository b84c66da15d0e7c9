package kinds

import (
	"context"
	"slices"
	"strconv"
	"strings"
)

// Before is what a field of a type ("ask/phone") says before anybody has set it;
// false where nothing is known, or where it is not put back: that there is a type.
func Before(id, field string) (string, bool) {
	k, std := blank(id), standard()
	if i := slices.IndexFunc(std, func(k Kind) bool { return k.ID == id }); i >= 0 {
		k = std[i]
	}
	switch what, of, _ := strings.Cut(field, "/"); what {
	case "name":
		return "", k.Standard
	case "badge", "note", "wifi", "mark":
		return "", true
	case "document", "escort", "off":
		return "false", true
	case "ask":
		a, ok := k.Ask[of]
		return string(a), ok
	case "approval":
		return string(k.Approval), true
	case "unattended":
		return strconv.FormatBool(k.Unattended), true
	case "group":
		return strconv.FormatBool(k.Group), true
	}
	return "", false
}

// PutBack says anew what one field of a type said once; every other stays as it
// is. Errors: as of Put.
func (b *Book) PutBack(ctx context.Context, by, id, field, value string) error {
	now, ok := b.Get(id)
	if !ok || id == "" {
		return errUnknown
	}
	what, of, _ := strings.Cut(field, "/")
	texts, flag := map[string]string{of: value}, value == "true"
	var e Edit
	switch what {
	case "name":
		e.Name = texts
	case "badge":
		e.Badge = texts
	case "note":
		e.Note = texts
	case "wifi":
		w := now.Wifi
		if of == "password" {
			w.Password = value
		} else {
			w.Network = value
		}
		if w.Network == "" {
			w.Password = ""
		}
		e.Wifi = &w
	case "document":
		e.Documents = map[string]bool{of: flag}
	case "ask":
		e.Ask = map[string]Asked{of: Asked(value)}
	case "approval":
		a := Approval(value)
		e.Approval = &a
	case "mark":
		m := Mark(value)
		e.Mark = &m
	case "unattended":
		e.Unattended = &flag
	case "group":
		e.Group = &flag
	case "escort":
		e.Escort = &flag
	case "off":
		e.Off = &flag
	default:
		return errUnknown
	}
	_, err := b.Put(ctx, by, id, e)
	return err
}
