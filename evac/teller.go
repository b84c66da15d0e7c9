package evac

import (
	"encoding/json"
	"iter"
	"slices"
)

// teller tells a page with script of lines: all of them once, and then only
// those that differ from what it was told last.
type teller struct {
	told  map[string]row
	heads []head
	marks bool
}

// rowsAtOnce is how many lines go in one event, so that the first are on the
// screen before the last have come.
const rowsAtOnce = 1000

// tidings is what the page is told.
type tidings struct {
	// All is set on the first event of a stream: what the page had before is
	// of the past.
	All bool `json:"all,omitempty"`
	// Count is how many lines there are; a page that has fewer waits for more.
	Count int  `json:"count"`
	Marks bool `json:"marks"`
	// Groups are id, kind and zone of all groups, in order; null: as before.
	Groups [][3]string `json:"groups"`
	Rows   [][]string  `json:"rows"`
	Gone   []string    `json:"gone"`
}

// news are the events that bring a page up to date with a board; none when it
// is.
func (t *teller) news(b board) iter.Seq[[]byte] {
	first := t.told == nil
	if first {
		t.told = make(map[string]row, len(b.Rows))
	}
	next := tidings{All: first, Count: len(b.Rows), Marks: b.Marks}
	if first || !slices.Equal(t.heads, b.Heads) {
		next.Groups = make([][3]string, len(b.Heads))
		for i, h := range b.Heads {
			next.Groups[i] = [3]string{h.ID, h.Kind, h.Zone}
		}
	}
	is := make(map[string]bool, len(b.Rows))
	var changed []row
	for _, w := range b.Rows {
		is[w.Code] = true
		if was, ok := t.told[w.Code]; !ok || was != w {
			changed = append(changed, w)
			t.told[w.Code] = w
		}
	}
	for code := range t.told {
		if !is[code] {
			next.Gone = append(next.Gone, code)
			delete(t.told, code)
		}
	}
	slices.Sort(next.Gone)
	quiet := !first && next.Groups == nil && len(changed) == 0 && len(next.Gone) == 0 && t.marks == b.Marks
	t.heads, t.marks = b.Heads, b.Marks
	return func(yield func([]byte) bool) {
		for !quiet {
			n := min(rowsAtOnce, len(changed))
			for _, w := range changed[:n] {
				next.Rows = append(next.Rows, w.wire())
			}
			changed = changed[n:]
			// Strings, numbers and truth values always marshal.
			part, _ := json.Marshal(next)
			if !yield(part) || len(changed) == 0 {
				return
			}
			next = tidings{Count: next.Count, Marks: next.Marks}
		}
	}
}

// wire is a line as the page reads it. It reveals what is in it, to the reader
// for whom the board was laid out.
func (w row) wire() []string {
	hidden := ""
	if w.Hidden {
		hidden = "1"
	}
	return []string{
		w.Code, w.Group, w.Word[len("state."):], w.Chip, hidden, w.Name.Reveal(), w.Company.Reveal(), w.Host.Reveal(), w.Assist.Reveal(),
		w.Badge, w.Zone, w.Why, w.Came, w.Marked,
	}
}
