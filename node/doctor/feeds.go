package doctor

import (
	"fmt"
	"time"
)

// drills judges how long ago people last practised.
func drills(f Facts) []Finding {
	last, what := f.LastDrill, "The last drill was on "+f.LastDrill.UTC().Format("2006-01-02")+"."
	if last.IsZero() {
		last, what = f.Founded, "No drill has been held in this campus, as far as is known."
	}
	if f.DrillEvery == 0 || last.IsZero() || f.Now.Sub(last) <= time.Duration(f.DrillEvery)*24*time.Hour {
		return nil
	}
	return []Finding{{
		"drill-due", Notice, "", what,
		fmt.Sprintf("There should be one every %d days: who has never used a handheld finds out on the day it counts.", f.DrillEvery),
		"Hold one: `upprop evac start --drill`, or the button on /warden. How often is set under Settings at a desk.",
	}}
}

// Printer is where the list is printed by itself: since when that fails, zero
// where it does not, and why.
type Printer struct {
	Damaged bool
	Failed  time.Time
	Why     string
}

func printing(f Facts) (out []Finding) {
	if f.Printer.Damaged {
		out = append(out, Finding{
			"printer-damaged", Warning, f.Name,
			"The file printer.json in the data folder cannot be read.",
			"The list is not printed by itself when an alarm starts.",
			"Set the printer anew: `upprop printer set ADDRESS`.",
		})
	}
	if !f.Printer.Failed.IsZero() {
		out = append(out, Finding{
			"printer-failed", Fault, f.Name,
			fmt.Sprintf("The list could not be printed since %s: %s.", Stamp(f.Printer.Failed), f.Printer.Why),
			"When an alarm starts there is no list on paper, unless somebody prints one.",
			"Look at the printer, its paper and its address, then `upprop printer test`.",
		})
	}
	return append(out, labelling(f)...)
}

func labelling(f Facts) (out []Finding) {
	if f.Labels.Damaged {
		out = append(out, Finding{
			"badge-printer-damaged", Warning, f.Name,
			"The file labels.json in the data folder cannot be read.",
			"No badge is printed by itself at a check-in.",
			"Set the badge printers anew: `upprop badge-printer set ADDRESS`.",
		})
	}
	if !f.Labels.Failed.IsZero() {
		out = append(out, Finding{
			"badge-printer-failed", Warning, f.Name,
			fmt.Sprintf("The first badge printer has taken no badge since %s: %s.", Stamp(f.Labels.Failed), f.Labels.Why),
			"Badges come out of the next printer, or of none: who checks in wears only what they write down.",
			"Look at the printer, its labels and its address, then `upprop badge-printer test`.",
		})
	}
	return out
}

// Feeds are the systems that tell this node of staff.
type Feeds struct {
	// Damaged: some were set up, but who they are cannot be read.
	Damaged bool
	// Counts is how many events came since the start, by what became of them, and
	// Last when each last did.
	Counts  map[string]uint64
	Last    map[string]time.Time
	Sources []FeedSource
}

// FeedSource is one of them.
type FeedSource struct {
	Name         string
	MadeAt       time.Time
	Heard        time.Time // zero: never
	Quiet        time.Duration
	Off          time.Duration
	ClockOff     bool
	Broker       bool
	Connected    bool
	Fault        string
	Disconnected time.Time
}

// brokerFor is for how long a broker may be out of reach before that is said.
const brokerFor = 2 * time.Minute

// fed judges what tells of staff.
func fed(f Facts) (out []Finding) {
	if f.Feeds.Damaged {
		out = append(out, Finding{
			"feeds-damaged", Fault, f.Name,
			"The file feeds.json in the data folder cannot be read.",
			"No access-control system can tell this node of staff: they are missing from the lists.",
			"Put the file back from a copy, or delete it and set the feeds up again with `upprop feed add`; then start upprop anew.",
		})
	}
	recent := func(what string) bool { return f.Now.Sub(f.Feeds.Last[what]) < lately }
	if recent("signature") {
		out = append(out, Finding{
			"feed-signature", Warning, f.Name,
			fmt.Sprintf("%d messages to /api/v1/badges had a wrong signature, the last at %s.", f.Feeds.Counts["signature"], Stamp(f.Feeds.Last["signature"])),
			"Either an access-control system has a wrong secret, and then its staff are missing from the lists, or somebody tries to put people on them.",
			"Look at `upprop feed list`. A system that is not heard is set up anew with `upprop feed remove` and `add`.",
		})
	}
	if recent("malformed") || recent("old") {
		out = append(out, Finding{
			"feed-refused", Warning, f.Name,
			fmt.Sprintf("%d badge events could not be understood or were more than two days old, the last at %s.", f.Feeds.Counts["malformed"]+f.Feeds.Counts["old"], Stamp(later(f.Feeds.Last["malformed"], f.Feeds.Last["old"]))),
			"Nothing was recorded of them: staff may be missing from the lists, or stay on them.",
			`Correct what the system or bridge sends: {"badge":"4512","event":"in","at":"2026-11-27T08:02:14Z"}.`,
		})
	}
	for _, x := range f.Feeds.Sources {
		out = append(out, x.judge(f)...)
	}
	return out
}

func (x FeedSource) judge(f Facts) (out []Finding) {
	switch {
	case x.Heard.IsZero() && f.Now.Sub(x.MadeAt) > x.Quiet:
		out = append(out, Finding{
			"feed-silent", Warning, f.Name,
			fmt.Sprintf("The feed %s has never been heard.", x.Name),
			"Staff are missing from every list, and every list says so.",
			"Look at what the access-control system says of its messages, and at its secret; or `upprop feed remove` it.",
		})
	case !x.Heard.IsZero() && f.Now.Sub(x.Heard) > x.Quiet:
		out = append(out, Finding{
			"feed-silent", Warning, f.Name,
			fmt.Sprintf("The feed %s has been silent since %s.", x.Name, Stamp(x.Heard)),
			"Staff who came or left since may be missing from every list, or stay on it, and every list says so.",
			`Look at the access-control system and the network between. Where it has nothing to tell for so long, let it send {"event":"alive"} (at a broker with "at", the time), or set the feed up with a longer --quiet.`,
		})
	}
	if x.ClockOff {
		out = append(out, Finding{
			"feed-clock", Warning, f.Name,
			fmt.Sprintf("The clock of the feed %s is %s this node's.", x.Name, relation(x.Off)),
			"Its events are put in order by its own clock; when it is put right, some may be taken for older than they are.",
			"Set the system's clock right.",
		})
	}
	if why, known := brokerFaults[x.Fault]; x.Broker && !x.Connected && known && f.Now.Sub(x.Disconnected) > brokerFor {
		out = append(out, Finding{
			"feed-broker", Fault, f.Name,
			fmt.Sprintf("The broker of the feed %s has been out of reach since %s: %s.", x.Name, Stamp(x.Disconnected), why),
			"What is published there is not heard; staff who came or left since may be missing from the lists, or stay on them.",
			"Look at the broker and the network between; the address, user, password and certificate are set with `upprop feed remove` and `add`. It is tried again all the time.",
		})
	}
	return out
}

var brokerFaults = map[string]string{
	"network":     "it does not answer",
	"certificate": "its certificate is not one that this node trusts",
	"login":       "it does not take the user and password",
	"refused":     "it refuses the connection or the topic",
	"settings":    "the files of its password or certificate cannot be read",
}
