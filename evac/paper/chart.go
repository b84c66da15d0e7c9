package paper

import (
	"strconv"
	"time"

	"github.com/upprop/upprop/evac"
)

func itoa(n int) string { return strconv.Itoa(n) }

// chart is the picture of a report: a line of how large a share of those on
// the list at the start was accounted for, over time, with 50, 90 and 100 %
// and the marks of 5 and 15 minutes. Lines differ in dashes, not in colour.
func (s *sheet) chart(r evac.Report) {
	if r.AtStart == 0 {
		s.size(body, false)
		s.line(s.word("paper.nobody"), 5.5)
		return
	}
	const high = 62.0
	x0, x1, y0, y1 := left+14, right-4, s.y+4+high, s.y+8
	began := r.Evacuation.At.Time()
	until := span(r)
	at := func(after time.Duration) float64 {
		return x0 + (x1-x0)*min(1, max(0, after.Seconds()/until.Seconds()))
	}
	share := func(n int) float64 { return y0 - (y0-y1)*float64(n)/float64(r.AtStart) }
	f := s.f
	s.size(small, false)
	f.SetLineWidth(0.15)
	f.SetDashPattern([]float64{0.5, 1}, 0)
	for _, percent := range []int{50, 90, 100} {
		y := y0 - (y0-y1)*float64(percent)/100
		f.Line(x0, y, x1, y)
		f.Text(left, y+1.3, itoa(percent)+" %")
	}
	f.Text(left+7, y0+1.3, "0")
	f.SetLineWidth(0.3)
	f.SetDashPattern([]float64{2, 1.2}, 0)
	for _, minutes := range []int{5, 15} {
		x := at(time.Duration(minutes) * time.Minute)
		f.Line(x, y0, x, y1-2.5)
		f.Text(x-4, y1-3.5, itoa(minutes)+" min")
	}
	f.SetDashPattern(nil, 0)
	f.SetLineWidth(0.3)
	f.Line(x0, y0, x1, y0)
	f.Line(x0, y0, x0, y1)
	every := tick(until)
	for t := time.Duration(0); t <= until; t += every {
		x := at(t)
		f.Line(x, y0, x, y0+1.2)
		text := itoa(int(t / time.Minute))
		f.Text(x-f.GetStringWidth(text)/2, y0+5, text)
	}
	unit := s.clean(s.word("paper.minutes"))
	f.Text(x1-f.GetStringWidth(unit), y0+9.5, unit)

	f.SetLineWidth(0.8)
	x, y := x0, y0
	for i, t := range r.Found {
		nx, ny := at(t.Sub(began)), share(i+1)
		// A curve of thousands of steps needs no more points than can be seen.
		if nx-x < 0.2 && y-ny < 0.2 && i < len(r.Found)-1 {
			continue
		}
		f.Line(x, y, nx, y)
		f.Line(nx, y, nx, ny)
		x, y = nx, ny
	}
	end := r.AsOf
	if !r.Ended.IsZero() {
		end = r.Ended
	}
	if nx := at(end.Sub(began)); nx > x {
		f.Line(x, y, nx, y)
	}
	f.SetFillColor(255, 255, 255)
	f.SetLineWidth(0.4)
	for _, of := range r.Accounted {
		if !of.At.IsZero() {
			f.Circle(at(of.After), y0-(y0-y1)*float64(of.Percent)/100, 1.2, "DF")
		}
	}
	s.y = y0 + 13
}

// span is how much time the picture shows: 15 minutes and what else anybody
// was found in.
func span(r evac.Report) time.Duration {
	until := 16 * time.Minute
	if n := len(r.Found); n > 0 {
		until = max(until, r.Found[n-1].Sub(r.Evacuation.At.Time())*21/20)
	}
	return until
}

// tick is how far apart the figures under the picture stand.
func tick(until time.Duration) time.Duration {
	for _, minutes := range []time.Duration{1, 5, 10, 30, 60, 240, 1440} {
		if until/(minutes*time.Minute) <= 16 {
			return minutes * time.Minute
		}
	}
	return until / 8
}
