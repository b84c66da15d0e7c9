package rights

import (
	"context"
	"slices"
	"strings"
)

// Before is what one entry of the lists ("purpose/visit", "datum/name") says
// before anybody has set it; false where there was none.
func Before(entry string) (string, bool) {
	list, id, _ := strings.Cut(entry, "/")
	all := defaults.Purposes
	switch list {
	case "datum":
		i := slices.IndexFunc(defaults.Data, func(r Rule) bool { return r.Datum == id })
		if i < 0 {
			return "", false
		}
		return defaults.Data[i].Purpose + " " + defaults.Data[i].Basis, true
	case "source":
		all = defaults.Sources
	}
	i := slices.IndexFunc(all, func(l Label) bool { return l.ID == id })
	if i < 0 {
		return "", false
	}
	return all[i].Text, true
}

// PutBack has one entry of the lists say anew what it said once. Errors: as of
// SetPurpose.
func (s *Service) PutBack(ctx context.Context, entry, value string) error {
	list, id, _ := strings.Cut(entry, "/")
	c := Change{List: list, ID: id, Text: value}
	if list == "datum" {
		c.Text = ""
		c.Purpose, c.Basis, _ = strings.Cut(value, " ")
	}
	_, err := s.SetPurpose(ctx, c, false)
	return err
}
