package alarm

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
)

// Problem is what a person can do something about: a key of the screens'
// catalogs, and a sentence for commands.
type Problem struct {
	Key   string
	Limit int
	Hint  string
}

func (p *Problem) Error() string { return p.Hint }

// ErrNone means that there is nothing to end.
var ErrNone = &Problem{Key: "evacuation.none", Hint: "no evacuation or drill is running as far as this node knows: start one with `upprop evac start`, or look at `upprop evac status`"}

// ErrNotCovered means that no evacuation runs that the person or the place is
// in.
var ErrNotCovered = &Problem{Key: "evacuation.not_covered", Hint: "no evacuation or drill that covers this is running as far as this node knows, and nothing was recorded: start one first: upprop evac start"}

var (
	errNoMark    = &Problem{Key: "evacuation.no_mark", Hint: "this is no mark that can be made, and nothing was recorded: use one of safe, missing, inside and refuge"}
	errNotThere  = &Problem{Key: "evacuation.no_site", Hint: "no site of that name is known here, and nothing was recorded: leave it out for this node's site, or write it as `upprop nodes` does"}
	errNoHelp    = &Problem{Key: "evacuation.no_help", Hint: "this is nothing that those who wait can be told, and nothing was recorded: use one of told, coming, stay and fetched"}
	errNoCount   = &Problem{Key: "evacuation.no_count", Limit: record.MaxHeard, Hint: fmt.Sprintf("this is not how many wait, and nothing was recorded: give a number from 0 to %d", record.MaxHeard)}
	errNothing   = &Problem{Key: "evacuation.nothing_to_undo", Hint: "no mark stands on this person as far as this node knows: there is nothing to undo; look at `upprop evac who` for what was said"}
	errNotAdded  = &Problem{Key: "evacuation.not_added", Hint: "this person was on the list by a check-in and was not added: only who was added with `upprop evac add` can be joined to a visit"}
	errSelf      = &Problem{Key: "evacuation.join_self", Hint: "a visit cannot be joined to itself, and nothing was recorded: give the badge of who was added, and then that of the visit"}
	errNoVisit   = &Problem{Key: "evacuation.visit_unknown", Hint: "no visit with this badge code is known here, and nothing was recorded: scan the QR code on the badge, or give the whole visit id"}
	errNoText    = &Problem{Key: "evacuation.text_empty", Hint: "who is added needs a few words: say what the person looks like or is called"}
	errNoZone    = &Problem{Key: "evacuation.no_zone", Hint: "this is not usable as the name of a zone, and nothing was recorded: give a floor or a building, in at most 64 bytes, that does not begin with a hyphen"}
	errNoPoint   = &Problem{Key: "evacuation.no_point", Limit: MaxPoint, Hint: fmt.Sprintf("this is not usable as the name of a muster point, and nothing was recorded: use at most %d characters on one line that do not begin with a hyphen", MaxPoint)}
	errForged    = &Problem{Key: "badge.forged", Hint: "this QR code was not made by the node that it names, or has been altered: nothing was recorded; type the badge code instead, and ask the bearer where the code is from"}
	errNewerCode = &Problem{Key: "badge.newer", Hint: "this QR code was made by a newer release of upprop: type the badge code instead, or update this node"}
)

func ambiguous(these []record.Presence) error {
	ids := make([]string, len(these))
	for i, p := range these {
		ids[i] = p.Visit.String()
	}
	return &Problem{Key: "badge.ambiguous", Hint: "these visits have the same badge code, and nothing was recorded: scan the QR code on the badge, or give the whole visit id: " + strings.Join(ids, " or ")}
}

// ParseCode reads a badge code, a visit id or the payload of a QR. Errors:
// *Problem.
func ParseCode(text string) (record.Code, error) {
	code, err := record.ParseCode(text)
	switch {
	case errors.Is(err, record.ErrNewerCode):
		return code, errNewerCode
	case err != nil:
		return code, &Problem{Key: "badge.malformed", Hint: err.Error() + ": a badge code has eight characters, like K7M4-2QXP; check it against the badge and type it again"}
	case code.Badge == 0:
		return code, &Problem{Key: "badge.malformed", Hint: "no badge has this code: check it against the badge and type it again"}
	}
	return code, nil
}

// Limits of what is written, in characters.
const (
	MaxText  = 200
	MaxPoint = 64
)

func checked(reason string) (string, error) {
	reason = strings.TrimSpace(reason)
	switch {
	case reason == "":
		return "", &Problem{Key: "evacuation.reason_empty", Hint: "an end needs a reason: say in a few words why it is over, without naming anybody"}
	case utf8.RuneCountInString(reason) > MaxReason:
		return "", &Problem{Key: "evacuation.reason_long", Limit: MaxReason, Hint: fmt.Sprintf("the reason is longer than %d characters: write it shorter", MaxReason)}
	case !onOneLine(reason):
		return "", &Problem{Key: "text.control", Hint: "the reason has control characters in it: write it as plain text on one line"}
	}
	return reason, nil
}

func checkedText(text record.Private) (record.Private, error) {
	s := strings.TrimSpace(text.Reveal())
	switch {
	case !text.Shows():
		return "", errNoText
	case utf8.RuneCountInString(s) > MaxText:
		return "", &Problem{Key: "text.too_long", Limit: MaxText, Hint: fmt.Sprintf("the text is longer than %d characters: write it shorter", MaxText)}
	case !onOneLine(s):
		return "", &Problem{Key: "text.control", Hint: "the text has control characters or hidden marks of text direction in it: write it as plain text on one line"}
	}
	return record.Private(s), nil
}

func checkedPoint(p record.PointName) (record.PointName, error) {
	s := strings.TrimSpace(string(p))
	if utf8.RuneCountInString(s) > MaxPoint || strings.HasPrefix(s, "-") || !onOneLine(s) {
		return "", errNoPoint
	}
	return record.PointName(s), nil
}

// onOneLine reports whether a text reads as what it is: no control characters,
// and nothing that shows it in another order than it is written.
func onOneLine(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == '\ufeff' || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
	})
}

func (s *Service) write(ctx context.Context, drafts ...crdt.Draft) ([]record.EventID, error) {
	ids, err := s.cfg.Replica.Commit(ctx, drafts...)
	return ids, cause(err)
}

func cause(err error) error {
	switch {
	case errors.Is(err, store.ErrFull):
		return &Problem{Key: "disk.full", Hint: "the disk is almost full: nothing was saved; free some space on this node, or use another one"}
	case errors.Is(err, store.ErrBroken):
		return &Problem{Key: "store.broken", Hint: "the disk failed while saving: nothing was recorded; restart upprop, and use another node meanwhile"}
	case errors.Is(err, crdt.ErrNotKept):
		return &Problem{Key: "evacuation.words_not_kept", Hint: "nobody was added: the keys that seal what you wrote cannot be saved at this node; add the person at another node, or write it on paper for whoever leads the evacuation, and look at `upprop doctor` here"}
	}
	return err
}
