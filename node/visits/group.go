package visits

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/upprop/upprop/crdt/record"
)

// MaxGroup bounds those who come with somebody, on one form.
const MaxGroup = 60

// Lines are the names of a text with one on each line; empty lines are none.
func Lines(text record.Private) (out []record.Private) {
	for _, l := range strings.Split(strings.ReplaceAll(text.Reveal(), "\r", "\n"), "\n") {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, record.Private(l))
		}
	}
	return out
}

// CheckInGroup records somebody and those who come with them, each as a visit of
// their own, all or nobody: of the others the name is kept, and what is said of
// the whole. The host is told of the first alone. Receipts are in the order of
// names, the first one's first. Errors: *Problem, with the number of the name
// that is meant as Limit.
func (s *Service) CheckInGroup(ctx context.Context, a Arrival, with []record.Private) ([]Receipt, error) {
	if len(with) > MaxGroup {
		return nil, &Problem{Key: "group.too_many", Field: "with", Limit: MaxGroup, Hint: fmt.Sprintf("one form takes in %d others at most: divide the group", MaxGroup)}
	}
	for n, name := range with {
		var p *Problem
		if _, err := line("name", name, MaxName); errors.As(err, &p) {
			return nil, &Problem{Key: "group.line", Field: "with", Limit: n + 1, Hint: fmt.Sprintf("name %d of the group cannot be kept, and nobody was checked in: write it as plain text of at most %d characters", n+1, MaxName)}
		}
	}
	return s.checkIn(ctx, a, with)
}

// companions are those who come with somebody: what they have in common, and
// their names.
func (a Arrival) companions(with []record.Private) (out []Arrival) {
	for _, name := range with {
		out = append(out, Arrival{Name: name, Company: a.Company, Host: a.Host, Type: a.Type, Lang: a.Lang, How: a.How, Under16: a.Under16, Guardian: a.Guardian})
	}
	return out
}
