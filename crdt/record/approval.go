package record

import "slices"

// Approval is what was said of somebody who needs approval. Of two words said
// apart the refusal counts, whichever came first, and both can be read.
type Approval struct {
	Needs Needs
	// Approved and Refused are all words, in order of time, MaxWords at most.
	Approved, Refused []Word
}

// Word is one operator's word, or that of a host through a link: then By is ByHost.
type Word struct {
	By string
	// Reason says why a host refuses: one of a list, and so names nobody.
	Reason string
	Fact
}

// ByHost is who gives a word through the link in a mail to a host.
const ByHost = "host by link"

// Why a host may refuse.
const (
	NotExpected = "not_expected"
	AnotherTime = "another_time"
	NotAllowed  = "not_allowed"
	NoReason    = ""
)

// Reason reports whether a host may refuse for that.
func Reason(why string) bool {
	return why == NoReason || why == NotExpected || why == AnotherTime || why == NotAllowed
}

// MaxWords bounds the words of either kind in an Approval.
const MaxWords = 8

// say takes an Approved or a Refused; events come in order of time.
func (a *Approval) say(s Stated) {
	to := &a.Approved
	if s.Event.Kind == Refused {
		to = &a.Refused
	}
	if len(*to) < MaxWords && !slices.ContainsFunc(*to, func(w Word) bool { return w.By == s.Event.By }) {
		w := Word{By: s.Event.By, Fact: factOf(s)}
		if s.Event.Kind == Refused && Reason(s.Event.Reason) {
			w.Reason = s.Event.Reason
		}
		*to = append(*to, w)
	}
}

// Waits reports that approval is needed and nobody has said anything.
func (a Approval) Waits() bool { return a.Needs != "" && len(a.Approved)+len(a.Refused) == 0 }

// Denied reports that approval is needed and was refused.
func (a Approval) Denied() bool { return a.Needs != "" && len(a.Refused) > 0 }

// Lacks is what is needed still. It outlives the words: who was approved needs
// nothing when they are dropped, who was refused waits again.
func (a Approval) Lacks() Needs {
	if a.Waits() || a.Denied() {
		return a.Needs
	}
	return ""
}
