package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/api"
)

// musterList is what a person needs of the list.
type musterList struct {
	AsOf    api.Stamp `json:"as_of"`
	Names   string    `json:"names"`
	Locked  bool      `json:"names_locked"`
	Unknown api.Stamp `json:"erasures_unknown_since"`
	Scope   string    `json:"scope"`
	Feeds   []struct {
		Name      string    `json:"name"`
		LastHeard api.Stamp `json:"last_heard"`
		Silent    bool      `json:"silent"`
	} `json:"feeds"`
	Counts     map[string]int `json:"counts"`
	Evacuation *struct {
		Kind      string    `json:"kind"`
		StartedAt api.Stamp `json:"started_at"`
		Sites     []string  `json:"sites"`
	} `json:"evacuation"`
	Entrances []struct {
		Name         string    `json:"name"`
		CompleteAsOf api.Stamp `json:"complete_as_of"`
		State        string    `json:"state"`
		LastHeard    api.Stamp `json:"last_heard"`
		Doubt        int       `json:"doubt"`
	} `json:"entrances"`
	People []struct {
		Badge   record.BadgeCode `json:"badge"`
		Name    *api.Text        `json:"name"`
		Company *api.Text        `json:"company"`
		Host    *api.Text        `json:"host"`
		Zone    string           `json:"zone"`
		State   string           `json:"state"`
		// MarkedBy and MarkedAt say whose mark stands; empty for none.
		MarkedBy   string    `json:"marked_by"`
		MarkedAt   api.Stamp `json:"marked_at"`
		Point      string    `json:"point"`
		PointKnown *bool     `json:"point_known"`
		Disputed   bool      `json:"disputed"`
		Added      bool      `json:"added"`
	} `json:"people"`
}

func (c *command) muster() *cobra.Command {
	var site string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "muster", Short: "Who may be inside, and how sure are we?",
		Long: `List who may be inside, by what this node knows. The first line says how sure
that is: from which entrances the news are late, and since when.`,
		Example: "  upprop muster\n  upprop muster --site North --json",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			path := "/api/v1/muster"
			if site != "" {
				path += "?" + url.Values{"site": {site}}.Encode()
			}
			raw, err := newClient(c.data).raw(cmd.Context(), "GET", path, nil)
			if err != nil {
				return err
			}
			if asJSON {
				return c.say("%s", strings.TrimSpace(string(raw)))
			}
			var l musterList
			if err := json.Unmarshal(raw, &l); err != nil {
				return errors.New("the node's answer could not be read: check that both are the same release with `upprop version`")
			}
			for _, line := range l.evacuation() {
				if err := c.say("%s", line); err != nil {
					return err
				}
			}
			if err := c.say("%s\n%s", l.truth(), l.counted()); err != nil || len(l.People) == 0 {
				return err
			}
			return l.print(c)
		},
	}
	cmd.Flags().StringVar(&site, "site", "", "only this site")
	jsonFlag(cmd, &asJSON)
	return cmd
}

// counted says who is counted: a list that holds nobody is no empty building.
func (l musterList) counted() string {
	if len(l.Feeds) == 0 {
		if l.Scope == "visitors" {
			return "Counted: visitors only; staff are not counted."
		}
		return "Counted: visitors, and the staff whom this system is told of."
	}
	var feeds []string
	for _, f := range l.Feeds {
		switch at := moment(f.LastHeard.Time, l.AsOf.Time); {
		case f.LastHeard.IsZero():
			feeds = append(feeds, f.Name+" (NEVER heard: staff may be missing)")
		case f.Silent:
			feeds = append(feeds, fmt.Sprintf("%s (SILENT since %s: staff may be missing)", f.Name, at))
		default:
			feeds = append(feeds, fmt.Sprintf("%s (last heard %s)", f.Name, at))
		}
	}
	return "Counted: visitors, and staff as fed from " + strings.Join(feeds, ", ") + "."
}

// print prints the people. What stands in the last column is who has marked
// them, and where.
func (l musterList) print(c *command) error {
	return c.table("BADGE\tSTATE\tNAME\tCOMPANY\tHOST\tPLACE\tMARKED", func(w io.Writer) error {
		for _, p := range l.People {
			state := strings.ReplaceAll(p.State, "_", " ")
			if p.Disputed {
				state += ", DISPUTED"
			}
			if p.Added {
				state += ", added"
			}
			marked := ""
			if p.MarkedBy != "" {
				marked = fmt.Sprintf("%s by %s", moment(p.MarkedAt.Time, l.AsOf.Time), p.MarkedBy)
				if p.Point != "" {
					marked = p.Point + " " + marked
				}
				if p.PointKnown != nil && !*p.PointKnown {
					marked += " (nobody has set up this point)"
				}
			}
			if _, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", p.Badge, state, reveal(p.Name), reveal(p.Company), reveal(p.Host), orDash(p.Zone), orDash(marked)); err != nil {
				return err
			}
		}
		return nil
	})
}

// evacuation says what runs, and why names are not shown.
func (l musterList) evacuation() (lines []string) {
	if e := l.Evacuation; e != nil {
		what, where := "REAL EVACUATION", "the whole campus"
		if e.Kind == "drill" {
			what = "DRILL"
		}
		if len(e.Sites) > 0 {
			where = strings.Join(e.Sites, ", ")
		}
		lines = append(lines, fmt.Sprintf("%s since %s: %s.", what, moment(e.StartedAt.Time, l.AsOf.Time), where))
	}
	switch l.Names {
	case "during_evacuation":
		lines = append(lines, "Names are shown during an evacuation or drill.")
	case "asking":
		lines = append(lines, "Names are shown in a moment: this node asks the others which have been erased.")
	case "withheld":
		lines = append(lines, "Names are not for this node.")
	}
	if l.Locked || l.Names == "locked" {
		lines = append(lines, "Names are locked on this node until its PIN is given: upprop pin unlock, or /warden.")
	}
	if !l.Unknown.IsZero() && l.Names != "asking" && l.Names != "withheld" {
		lines = append(lines, fmt.Sprintf("Erasures unknown since %s: a name that has been erased since may still show.", moment(l.Unknown.Time, l.AsOf.Time)))
	}
	return lines
}

// truth says in one line how many are on the list and how sure that is.
func (l musterList) truth() string {
	states := map[string]int{}
	for _, p := range l.People {
		states[p.State]++
	}
	counts := inStates(states)
	var late []string
	for _, e := range l.Entrances {
		if e.State == "here" || e.State == "fresh" {
			continue
		}
		what := e.Name + " never heard of"
		switch {
		case e.State == "stale" && !e.CompleteAsOf.IsZero():
			what = fmt.Sprintf("%s complete as of %s", e.Name, moment(e.CompleteAsOf.Time, l.AsOf.Time))
		case e.State == "stale":
			what = e.Name + " lives, but not all of its news are here"
		case !e.LastHeard.IsZero():
			what = fmt.Sprintf("%s not heard since %s", e.Name, moment(e.LastHeard.Time, l.AsOf.Time))
		}
		if e.Doubt > 0 {
			what += fmt.Sprintf(" (%d in doubt)", e.Doubt)
		}
		late = append(late, what)
	}
	doubted := 0
	for _, p := range l.People {
		if p.Disputed {
			doubted++
		}
	}
	if doubted > 0 {
		late = append(late, fmt.Sprintf("of %d, two say different things", doubted))
	}
	now := moment(l.AsOf.Time, time.Now())
	if len(late) > 0 {
		return fmt.Sprintf("%s, as far as known at %s. NOT SURE: %s.", counts, now, strings.Join(late, "; "))
	}
	return fmt.Sprintf("%s at %s. News from all %d entrances are up to date.", counts, now, len(l.Entrances))
}
