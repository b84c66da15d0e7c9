package doctor

import (
	"fmt"
	"time"
)

// Cases are what persons have asked for and has not been answered.
type Cases struct {
	Open, Overdue int
	// Due is when the first of them is due; zero where none is open.
	Due time.Time
}

// soon is how long before it is due an answer is warned of.
const soon = 7 * 24 * time.Hour

// cases judges answers that are due, at desks, which alone may give them.
func cases(f Facts) []Finding {
	x := f.Cases
	switch {
	case f.Role != "desk" || x.Open == 0:
		return nil
	case x.Overdue > 0:
		return []Finding{{
			"cases-overdue", Fault, f.Name,
			fmt.Sprintf("%d of the %d cases of persons' rights that are open should have been answered by now, the first on %s.", x.Overdue, x.Open, x.Due.UTC().Format(time.DateOnly)),
			"The law gives a month (Article 12(3)). The persons may complain to the authority.",
			"`upprop case list`, then decide them with `upprop case decide` and send what `upprop case letter` prints.",
		}}
	case x.Due.Sub(f.Now) < soon:
		return []Finding{{
			"cases-due", Warning, f.Name,
			fmt.Sprintf("%d cases of persons' rights are open; the first answer is due on %s.", x.Open, x.Due.UTC().Format(time.DateOnly)),
			"After that the month of Article 12(3) is over, and it cannot be extended any more.",
			"`upprop case list`, then `upprop case decide`, or `upprop case extend` where there is a reason.",
		}}
	}
	return nil
}
