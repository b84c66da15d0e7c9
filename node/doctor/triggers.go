package doctor

import (
	"fmt"
	"time"
)

// Triggers are the machines that may start an evacuation at this node.
type Triggers struct {
	// Damaged: some were set up, but who they are cannot be read.
	Damaged bool
	// Refused is how many messages were refused since the start, by reason, and
	// LastRefused when each was last.
	Refused     map[string]uint64
	LastRefused map[string]time.Time
	Sources     []Source
}

// Source is one of them.
type Source struct {
	Name string
	// Tested is when a test of it last came out well, MadeAt when it was set up.
	Tested, MadeAt time.Time
	// Off is its clock minus ours when it was last heard, ClockOff whether that
	// is too much; Timed is false where it told no time.
	Off             time.Duration
	Timed, ClockOff bool
	// Reused is when it used an id again long after the first time.
	Reused time.Time
}

const (
	lately   = 24 * time.Hour
	testedIn = 366 * 24 * time.Hour
	firstDay = 24 * time.Hour // to set a source up and test it
)

// places judges where people gather, and what may send them there.
func places(f Facts) (out []Finding) {
	if f.Points == 0 && !f.Barred {
		where := f.Site
		if where == "" {
			where = "this campus"
		}
		out = append(out, Finding{
			"no-points", Notice, f.Name,
			"No muster point is set up for " + where + ".",
			"In an evacuation the kiosks' screens cannot say where to go.",
			"At a desk: `upprop point add \"Car park\" --position \"by the oak\"`.",
		})
	}
	t := f.Triggers
	if t.Damaged {
		out = append(out, Finding{
			"triggers-damaged", Fault, f.Name,
			"The file triggers.json in the data folder cannot be read.",
			"No fire panel can start an evacuation at this node. People can, as ever.",
			"Put the file back from a copy, or delete it and set the panels up again with `upprop trigger add`; then start upprop anew.",
		})
	}
	recent := func(reason string) bool {
		at := t.LastRefused[reason]
		return !at.IsZero() && f.Now.Sub(at) < lately
	}
	if recent("signature") || recent("flood") {
		out = append(out, Finding{
			"trigger-signature", Warning, f.Name,
			fmt.Sprintf("%d messages to /api/v1/trigger had a wrong signature, the last at %s.", t.Refused["signature"]+t.Refused["flood"], Stamp(later(t.LastRefused["signature"], t.LastRefused["flood"]))),
			"Either a fire panel has a wrong secret, and then its alarm will not be heard, or somebody tries to raise a false one.",
			"Let each panel send a test, and look at `upprop trigger list`. A panel that fails it is set up anew with `upprop trigger remove` and `add`.",
		})
	}
	if recent("malformed") || recent("other_site") {
		out = append(out, Finding{
			"trigger-refused", Fault, f.Name,
			"A message that was signed rightly could not be acted upon, at " + Stamp(later(t.LastRefused["malformed"], t.LastRefused["other_site"])) + ".",
			"If it was an alarm, nothing was started: it had no known action, or named a site that its source may not evacuate.",
			"Correct what the panel or bridge sends, and let it send a test.",
		})
	}
	if recent("widened") {
		out = append(out, Finding{
			"trigger-site", Warning, f.Name,
			"An alarm named a site that is not known here, at " + Stamp(t.LastRefused["widened"]) + ".",
			"The whole campus was evacuated instead.",
			"Write the site in the panel or bridge as `upprop nodes` does, and let it send a test.",
		})
	}
	for _, s := range t.Sources {
		out = append(out, s.judge(f)...)
	}
	return out
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

func (s Source) judge(f Facts) (out []Finding) {
	if s.ClockOff {
		what := fmt.Sprintf("The clock of the fire panel %s is %s this node's.", s.Name, relation(s.Off))
		if !s.Timed {
			what = fmt.Sprintf("The fire panel %s tells no time that can be read.", s.Name)
		}
		out = append(out, Finding{
			"trigger-clock", Warning, f.Name, what,
			"A real alarm of it is started all the same. Its tests and drills are refused, and an old message that somebody recorded is told from a new one by its id alone.",
			"Set the panel's or the bridge's clock right, and let it send a test.",
		})
	}
	if !s.Reused.IsZero() && f.Now.Sub(s.Reused) < 30*lately {
		out = append(out, Finding{
			"trigger-id", Fault, f.Name,
			fmt.Sprintf("The fire panel %s sent a message under an id that it had used long before, at %s.", s.Name, Stamp(s.Reused)),
			"It was taken for the old message sent again, and started nothing. If it was a new alarm, nobody heard it.",
			"Let the panel or bridge give each new message a webhook-id of its own, and test it with two messages.",
		})
	}
	tested := s.Tested
	if tested.IsZero() {
		tested = s.MadeAt.Add(firstDay - testedIn)
	}
	if f.Now.Sub(tested) > testedIn {
		what := fmt.Sprintf("The fire panel %s was last tested at %s.", s.Name, Stamp(s.Tested))
		if s.Tested.IsZero() {
			what = fmt.Sprintf("The fire panel %s has never been tested.", s.Name)
		}
		out = append(out, Finding{
			"trigger-untested", Notice, f.Name, what,
			"Whether its alarm would be heard is not known.",
			`Let it send {"action":"test"}: everything is checked and nothing is started.`,
		})
	}
	return out
}
