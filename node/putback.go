package node

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/upprop/upprop/node/badges"
	"github.com/upprop/upprop/node/consent"
	"github.com/upprop/upprop/node/documents"
	"github.com/upprop/upprop/node/kinds"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/points"
	"github.com/upprop/upprop/node/privacy"
	"github.com/upprop/upprop/node/rights"
	"github.com/upprop/upprop/node/terms"
)

// How settings are put back, group by group, by the rules of whom they belong to.

func was(value string) func(string) (string, bool) {
	return func(string) (string, bool) { return value, true }
}

func unknown(string) (string, bool) { return "", false }

func free(string) WhyNot { return "" }

func never(why WhyNot) func(string) WhyNot { return func(string) WhyNot { return why } }

// fixedUnless has the fields put back that begin so, of a group in which an id
// comes before the field; the others say what exists.
func fixedUnless(fields ...string) func(string) WhyNot {
	return func(key string) WhyNot {
		_, field := idAndField(key)
		if first, _, _ := strings.Cut(field, "/"); slices.Contains(fields, first) {
			return ""
		}
		return NotMade
	}
}

// idAndField are those of a key "group/id/field", a field with or without more.
func idAndField(key string) (id, field string) {
	_, rest, _ := strings.Cut(key, "/")
	id, field, _ = strings.Cut(rest, "/")
	return id, field
}

func firstOfType(key string) (string, bool) { return kinds.Before(idAndField(key)) }

func firstOfBadge(key string) (string, bool) {
	return badges.Before(strings.TrimPrefix(key, badges.Prefix))
}

func firstOfDocument(key string) (string, bool) {
	_, field := idAndField(key)
	return documents.Before(field)
}

func firstOfPoint(key string) (string, bool) {
	_, field := idAndField(key)
	return points.Before(field)
}

func firstReason(key string) (string, bool) { return rights.Before(strings.TrimPrefix(key, "why/")) }

func (n *Node) putType(ctx context.Context, by, key, value string) error {
	id, field := idAndField(key)
	return n.kinds.PutBack(ctx, by, id, field, value)
}

func (n *Node) putDocument(ctx context.Context, by, key, value string) error {
	id, field := idAndField(key)
	changed, err := n.documents.PutBack(ctx, by, id, field, value)
	if err == nil && !changed {
		return ErrAsItIs
	}
	return err
}

func (n *Node) putPoint(ctx context.Context, by, key, value string) error {
	id, field := idAndField(key)
	return n.points.PutBack(ctx, by, id, field, value)
}

func (n *Node) putDuty(ctx context.Context, by, key, value string) error {
	id, field := idAndField(key)
	return n.points.PutBackDuty(ctx, by, id, field, value)
}

// putWords has earlier words of consent stand again, as a version of their own.
func (n *Node) putWords(ctx context.Context, by, key, value string) error {
	purpose, lang := idAndField(key)
	_, text, _ := strings.Cut(value, " ")
	if value == "" {
		text = consent.Of(nil).Words(consent.Purpose(purpose), lang).Text
	}
	if n.Words(consent.Purpose(purpose), lang).Text == text {
		return ErrAsItIs
	}
	_, err := n.rights.As(cmp.Or(by, privacy.Operator)).SetWords(ctx, consent.Purpose(purpose), lang, text)
	return err
}

func (n *Node) putReason(ctx context.Context, by, key, value string) error {
	return n.rights.As(cmp.Or(by, privacy.Operator)).PutBack(ctx, strings.TrimPrefix(key, "why/"), value)
}

func (n *Node) putHouse(ctx context.Context, by, key, value string) error {
	return n.rights.As(cmp.Or(by, privacy.Operator)).SetHouse(ctx, strings.TrimPrefix(key, "privacy/"), value)
}

func (n *Node) putTerms(ctx context.Context, by, key, value string) error {
	days, err := strconv.Atoi(value)
	if err != nil {
		return ErrNoEarlier
	}
	class, visitorType, _ := strings.Cut(strings.TrimPrefix(key, terms.Prefix), "/")
	s := n.rights.As(cmp.Or(by, privacy.Operator))
	means, err := s.SetTerms(ctx, terms.Class(class), visitorType, days, true)
	switch {
	case err != nil:
		return err
	case means.Destroyed+means.Shortened > 0:
		return ErrWouldDestroy
	}
	_, err = s.SetTerms(ctx, terms.Class(class), visitorType, days, false)
	return err
}

func (n *Node) putFactorRule(ctx context.Context, by, key, value string) error {
	return n.staff.SetRequired(ctx, by, operators.Role(strings.TrimPrefix(key, "operators.factor/")), value == "true")
}

func (n *Node) putRole(ctx context.Context, by, key, value string) error {
	return n.staff.SetRole(ctx, by, operatorOf(key), operators.Role(value))
}

func (n *Node) putDisabled(ctx context.Context, by, key, value string) error {
	id := operatorOf(key)
	if value == "true" && !n.staff.Keeps(id) {
		return operators.ErrLastAdmin
	}
	return n.staff.SetDisabled(ctx, by, id, value == "true")
}

func operatorOf(key string) operators.ID {
	id, _, _ := strings.Cut(strings.TrimPrefix(key, "operator/"), "/")
	return operators.ID(id)
}

func (n *Node) putBadges(ctx context.Context, by, key, value string) error {
	return n.badges.PutBack(ctx, by, strings.TrimPrefix(key, badges.Prefix), value)
}

func (n *Node) putLook(ctx context.Context, by, key, value string) error {
	return n.look.PutBack(ctx, by, key, value)
}

func (n *Node) putPlan(ctx context.Context, by, key, value string) error {
	id, _ := idAndField(key)
	return n.plans.PutBack(ctx, by, id, value)
}
