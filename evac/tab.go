package evac

import (
	"net/url"
	"strconv"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/webkit"
)

// pageSize is how many lines a page without script shows, and how many the
// first answer of one with script carries.
const pageSize = 50

// show cuts the board to a tab, from one line on.
func (b *board) show(r *webkit.Request, tab string, from int) {
	if tab == "" || len(b.Tabs) == 0 {
		tab = b.Tab
	}
	b.Tab = tab
	for i := range b.Tabs {
		b.Tabs[i].Here = b.Tabs[i].Tab == tab
	}
	b.All = 0
	for _, w := range b.Rows {
		if w.in(tab) {
			b.All++
		}
	}
	if from < 0 || from >= b.All {
		from = 0
	}
	b.From, b.Shown = from, min(pageSize, b.All-from)
	b.Groups = grouped(b.Rows, b.Heads, tab, from, pageSize)
	page := func(from int) string { return place(b.Site, tab, from) }
	if from > 0 {
		b.Earlier = page(max(0, from-pageSize))
	}
	if from+pageSize < b.All {
		b.Later = page(from + pageSize)
	}
}

// First and Last number the lines that are shown, for people.
func (b board) First() int { return b.From + 1 }

// Last is the number of the last line shown.
func (b board) Last() int { return b.From + b.Shown }

// place is the list of a site at a tab and a line.
func place(site record.SiteID, tab string, from int) string {
	q := url.Values{}
	if site != "" {
		q.Set("site", string(site))
	}
	if tab != "" {
		q.Set("tab", tab)
	}
	if from > 0 {
		q.Set("from", strconv.Itoa(from))
	}
	if len(q) == 0 {
		return "/warden"
	}
	return "/warden?" + q.Encode()
}

// tabLine is a choice of whom to see.
type tabLine struct {
	Tab, Word, Path string
	Count           int
	Here            bool
}

func tabs(r *webkit.Request, l List, here string) (all []tabLine) {
	if l.Evacuation == nil {
		return nil
	}
	c := l.Counts
	for _, t := range []tabLine{
		{Tab: tabFind, Word: "tab.find", Count: c.Total - c.Accounted()},
		{Tab: string(Safe), Word: "tab.safe", Count: c.Safe},
		{Tab: string(Refuge), Word: "tab.refuge", Count: c.Refuge},
		{Tab: string(Left), Word: "tab.left", Count: c.Left},
		{Tab: tabAll, Word: "tab.all", Count: c.Total},
	} {
		t.Word, t.Path, t.Here = r.Text(t.Word, nil), place(l.Site, t.Tab, 0), t.Tab == here
		all = append(all, t)
	}
	return all
}
