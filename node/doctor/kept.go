package doctor

import (
	"fmt"
	"time"
)

// Kept is what must outlive the day of its visit, as a desk knows of it.
type Kept struct {
	// Holds are the legal holds that run, Old those that have for a year since
	// somebody last looked at them, and Ends when the first of them ends; zero: none
	// runs.
	Holds, Old int
	Ends       time.Time
	// Empty are those whose particulars are gone.
	Empty int
	// Lost is how much was lost since no desk ran, and LostAt when that was noticed.
	Lost   int
	LostAt time.Time
}

// keptFor is for how long it is said that something was lost.
const keptFor = 30 * 24 * time.Hour

// keeping judges holds, and what should have been kept.
func keeping(f Facts) (out []Finding) {
	x := f.Kept
	if f.Role != "desk" {
		return nil
	}
	if x.Lost > 0 && f.Now.Sub(x.LostAt) < keptFor {
		out = append(out, Finding{
			"kept-lost", Fault, f.Name,
			fmt.Sprintf("%d signed documents or held visits could not be kept to their end; noticed on %s.", x.Lost, x.LostAt.UTC().Format(time.DateOnly)),
			"No desk ran for so long that their keys died on the way. Nobody can read them any more.",
			"Have two desks, and let one of them run every two weeks at least. What was signed on paper besides is still there.",
		})
	}
	if x.Empty > 0 {
		out = append(out, Finding{
			"hold-empty", Warning, f.Name,
			fmt.Sprintf("%d legal holds keep nothing that this desk can open.", x.Empty),
			"What they were to hold has not come here yet, or is gone.",
			"Look at `upprop hold list` and `upprop kept list` at another desk; lift holds that keep nothing.",
		})
	}
	switch {
	case x.Holds > 0 && x.Ends.Sub(f.Now) < soonEnds:
		out = append(out, Finding{
			"hold-ends", Warning, f.Name,
			fmt.Sprintf("%d legal holds run; the first ends on %s.", x.Holds, x.Ends.UTC().Format(time.DateOnly)),
			"What it keeps is destroyed on that day, by itself and on every node.",
			"`upprop hold list`, then `upprop hold renew` where it is still needed, or `upprop hold lift` where it is not.",
		})
	case x.Old > 0:
		out = append(out, Finding{
			"hold-old", Notice, f.Name,
			fmt.Sprintf("%d legal holds have run for a year since they were made or looked at.", x.Old),
			"A hold keeps personal data against its date, and needs a reason that is still true.",
			"`upprop hold list`, then `upprop hold renew` with the reason as it is now, or `upprop hold lift`.",
		})
	}
	return out
}
