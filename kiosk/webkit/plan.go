package webkit

import "strconv"

// Plan is a picture of a site with marks on it, as the template "plan" draws it.
type Plan struct {
	// Src is where the picture is, Alt what it is in words.
	Src, Alt      string
	Width, Height int
	Marks         []PlanMark
	// Lazy: the picture is fetched when it comes into view.
	Lazy bool
}

// PlanMark is one place on a plan, by the number that it has in the list beside. X and
// Y are in per mille of the plan, from the left and from the top; below zero it is not
// on the plan.
type PlanMark struct {
	Number, X, Y int
	// Here is the one that was asked for.
	Here bool
}

// Off reports whether it is not on the plan.
func (m PlanMark) Off() bool { return m.X < 0 || m.Y < 0 }

// Left and Top are where it is, in percent.
func (m PlanMark) Left() string { return Percent(m.X) }

// Top is how far it is from the top, as Left is from the left.
func (m PlanMark) Top() string { return Percent(m.Y) }

// Percent writes per mille as percent, "40.5"; empty below zero.
func Percent(perMille int) string {
	if perMille < 0 {
		return ""
	}
	return strconv.FormatFloat(float64(perMille)/10, 'f', -1, 64)
}
