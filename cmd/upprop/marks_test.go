package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/api"
)

// board is what a node's list says of everybody, in order, without names.
func (p *process) board() string {
	p.t.Helper()
	var l struct {
		Evacuation *struct{ ID string }
		People     []struct {
			Badge, State, Point string
			MarkedBy            string `json:"marked_by"`
			Disputed, Added     bool
		}
	}
	if err := newClient(p.dir).ask(context.Background(), "GET", "/api/v1/muster", nil, &l); err != nil {
		p.t.Fatal(err)
	}
	var out []string
	for _, x := range l.People {
		out = append(out, fmt.Sprint(x))
	}
	slices.Sort(out)
	return fmt.Sprintf("%t\n%s", l.Evacuation != nil, strings.Join(out, "\n"))
}

// sameBoards waits until all processes' lists say the same, with these words.
func sameBoards(t *testing.T, words []string, all ...*process) {
	t.Helper()
	all[0].await(fmt.Sprintf("the same list everywhere, with %q", words), 20*time.Second, func() bool {
		want := all[0].board()
		for _, p := range all[1:] {
			if p.board() != want {
				return false
			}
		}
		return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(want, w) })
	})
}

// Three nodes run one evacuation, each with a part of it, and one is away for
// a while: nothing that was said is lost, and all say the same.
func TestMarksOfThreeProcesses(t *testing.T) {
	all := campus(t, "entrance", "warden")
	a, b, c := all[0], all[1], all[2]
	stayPut(all...)
	one, two, three := checkIn(t, a, "Astrid Marker"), checkIn(t, a, "Bo Marker"), checkIn(t, b, "Cy Marker")
	agree(t, []record.VisitID{one, two, three}, all...)
	started := into[api.Evacuation](t, "evac", "start", "--data", c.dir)
	for _, p := range all {
		p.await("it is heard of", 10*time.Second, func() bool { return strings.HasPrefix(p.board(), "true") })
	}
	into[api.Marked](t, "evac", "mark", one.Badge().String(), "--safe", "--point", "Car park", "--data", a.dir)
	into[api.Marked](t, "evac", "mark", two.String(), "--missing", "--data", b.dir)
	sameBoards(t, []string{"safe Car park Reception", "missing  Node 1"}, all...)

	// B is away; meanwhile somebody is added, and a mark turns out to be wrong.
	b.orderly()
	added := into[api.Added](t, "evac", "add", "Marker in red", "--data", a.dir)
	into[api.Marked](t, "evac", "mark", added.Badge.String(), "--safe", "--data", c.dir) // perhaps before its news
	into[api.Undone](t, "evac", "undo", one.Badge().String(), "--data", c.dir)
	into[api.Marked](t, "evac", "mark", three.Badge().String(), "--refuge", "--data", a.dir)
	sameBoards(t, []string{"refuge", "safe"}, a, c)
	b.start()
	sameBoards(t, []string{"refuge", "safe", one.Badge().String() + " inside"}, all...)

	// What B says now stands instead of what it has heard.
	into[api.Marked](t, "evac", "mark", three.Badge().String(), "--safe", "--data", b.dir)
	must1(t, "visit", "out", two.Badge().String(), "--data", c.dir)
	sameBoards(t, []string{three.Badge().String() + " safe", two.Badge().String() + " left"}, all...)
	must1(t, "evac", "end", "--reason", "all found", "--data", b.dir)
	for _, p := range all {
		p.await("it is over", 10*time.Second, func() bool { return strings.HasPrefix(p.board(), "false") })
	}
	var reports []string
	for _, p := range all {
		r := into[struct {
			ID       string
			Reason   string
			Timeline []any
			Added    []any
		}](t, "evac", "report", "--data", p.dir)
		reports = append(reports, fmt.Sprintf("%t, %s, %d moments, %d added", r.ID == started.ID.String(), r.Reason, len(r.Timeline), len(r.Added)))
	}
	if want := "true, all found, 5 moments, 1 added"; slices.ContainsFunc(reports, func(r string) bool { return r != want }) {
		t.Errorf("the reports differ: %q", reports)
	}
}
