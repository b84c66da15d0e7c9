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

var errUnreadable = errors.New("the node's answer could not be read: check that both are the same release with `upprop version`")

// evacuationReport is what a person needs of a report.
type evacuationReport struct {
	ID        record.EvacID  `json:"id"`
	Kind      string         `json:"kind"`
	Sites     []string       `json:"sites"`
	StartedAt api.Stamp      `json:"started_at"`
	EndedAt   api.Stamp      `json:"ended_at"`
	Reason    string         `json:"reason"`
	Scope     string         `json:"scope"`
	Counts    map[string]int `json:"counts"`
	AtStart   int            `json:"at_start"`
	Accounted []struct {
		Percent int      `json:"percent"`
		Seconds *float64 `json:"seconds"`
	} `json:"accounted"`
	Within []struct {
		Minutes int `json:"minutes"`
		People  int `json:"people"`
	} `json:"within"`
	Points []struct {
		Point string `json:"point"`
		Known bool   `json:"known"`
		Safe  int    `json:"safe"`
	} `json:"points"`
	Added  []json.RawMessage `json:"added"`
	Gone   []json.RawMessage `json:"gone"`
	Silent []struct {
		Name         string    `json:"name"`
		CompleteAsOf api.Stamp `json:"complete_as_of"`
	} `json:"silent"`
	Freshness []json.RawMessage `json:"freshness"`
	Lost      []struct {
		Name      string    `json:"name"`
		LastHeard api.Stamp `json:"last_heard"`
		BackAt    api.Stamp `json:"back_at"`
	} `json:"lost"`
	Sweeps []struct {
		Site  string    `json:"site"`
		Zone  string    `json:"zone"`
		Clear bool      `json:"clear"`
		At    api.Stamp `json:"at"`
		By    string    `json:"by"`
	} `json:"sweeps"`
	Refuges []struct {
		Point *string      `json:"point"`
		Help  *record.Help `json:"help"`
		Count *int         `json:"count"`
		At    api.Stamp    `json:"at"`
		By    string       `json:"by"`
	} `json:"refuges"`
}

func (c *command) evacReport() *cobra.Command {
	var site string
	var asJSON, asCSV bool
	cmd := &cobra.Command{
		Use: "report [ID]", Short: "What happened in the latest evacuation or drill, or in one of an id",
		Long: `Report what happened in an evacuation or a drill, the latest unless its id is
given: how soon people were accounted for, where, and what the list had wrong.
--csv prints each mark and departure on a line. No names are in it.`,
		Example: "  upprop evac report\n  upprop evac report --csv > marks.csv",
		Args:    usage(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if asJSON && asCSV {
				return wrongUsage("say one of --json and --csv")
			}
			q := url.Values{}
			if len(args) == 1 {
				q.Set("id", args[0])
			}
			if site != "" {
				q.Set("site", site)
			}
			if asCSV {
				q.Set("format", "csv")
			}
			raw, err := newClient(c.data).raw(cmd.Context(), "GET", "/api/v1/evacuation/report?"+q.Encode(), nil)
			if err != nil {
				return err
			}
			if asJSON || asCSV {
				return c.say("%s", strings.TrimSpace(string(raw)))
			}
			var r evacuationReport
			if err := json.Unmarshal(raw, &r); err != nil {
				return errUnreadable
			}
			for _, line := range r.lines(time.Now()) {
				if err := c.say("%s", line); err != nil {
					return err
				}
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&site, "site", "", "only this site")
	f.BoolVar(&asCSV, "csv", false, "print the timeline as comma-separated values")
	jsonFlag(cmd, &asJSON)
	return cmd
}

// lines are the report in words.
func (r evacuationReport) lines(now time.Time) []string {
	what, where, end := "REAL EVACUATION", "the whole campus", "and runs"
	if r.Kind == "drill" {
		what = "DRILL"
	}
	if len(r.Sites) > 0 {
		where = strings.Join(r.Sites, ", ")
	}
	if !r.EndedAt.IsZero() {
		end = fmt.Sprintf("ended %s: %s", moment(r.EndedAt.Time, now), r.Reason)
	}
	out := []string{
		fmt.Sprintf("%s of %s, started %s, %s (%s).", what, where, moment(r.StartedAt.Time, now), end, r.ID),
		fmt.Sprintf("On the list at the start: %d (%s). Now or at the end: %s.", r.AtStart, r.Scope, inStates(r.Counts)),
	}
	for _, s := range r.Accounted {
		after := "not reached"
		if s.Seconds != nil {
			after = "after " + time.Duration(*s.Seconds*float64(time.Second)).Round(time.Second).String()
		}
		out = append(out, fmt.Sprintf("%d %% accounted for: %s.", s.Percent, after))
	}
	for _, w := range r.Within {
		out = append(out, fmt.Sprintf("Within %d minutes: %d of %d.", w.Minutes, w.People, r.AtStart))
	}
	for _, p := range r.Points {
		name := p.Point
		if name == "" {
			name = "no point said"
		} else if !p.Known {
			name += " (nobody has set it up)"
		}
		out = append(out, fmt.Sprintf("Safe, %s: %d.", name, p.Safe))
	}
	if n := len(r.Added); n > 0 {
		out = append(out, fmt.Sprintf("LIST ERROR: %d were not on the list and were added.", n))
	}
	if n := len(r.Gone); n > 0 {
		out = append(out, fmt.Sprintf("LIST ERROR: %d were looked for and had left before; the news came later.", n))
	}
	for _, s := range r.Silent {
		out = append(out, fmt.Sprintf("NOT SURE: of %s all is known only until %s.", s.Name, moment(s.CompleteAsOf.Time, now)))
	}
	for _, l := range r.Lost {
		back := "and not again"
		if !l.BackAt.IsZero() {
			back = "again from " + moment(l.BackAt.Time, now)
		}
		out = append(out, fmt.Sprintf("LOST: %s, last heard %s, %s.", l.Name, moment(l.LastHeard.Time, now), back))
	}
	if len(r.Freshness) == 0 {
		out = append(out, "How fresh the news was is not known here: this node did not run then.")
	}
	for _, s := range r.Sweeps {
		state := "clear"
		if !s.Clear {
			state = "NOT clear"
		}
		out = append(out, fmt.Sprintf("Searched: %s, %s: %s at %s by %s.", s.Site, s.Zone, state, moment(s.At.Time, now), s.By))
	}
	for _, c := range r.Refuges {
		at, said := "(place not said)", "the answer was read there"
		if c.Point != nil {
			at = *c.Point
		}
		switch {
		case c.Help != nil:
			said = helpWords[*c.Help]
		case c.Count != nil && *c.Count > 0:
			said = fmt.Sprintf("%d heard from there", *c.Count)
		}
		out = append(out, fmt.Sprintf("Refuge %s: %s, %s (%s).", at, said, moment(c.At.Time, now), c.By))
	}
	return out
}

// inStates says how many are in each state, those to be found first.
func inStates(counts map[string]int) string {
	line := fmt.Sprintf("%d inside", counts["inside"])
	for _, s := range []string{"unconfirmed", "missing", "refuge", "probably_left", "safe", "left"} {
		if n := counts[s]; n > 0 {
			line += fmt.Sprintf(", %d %s", n, strings.ReplaceAll(s, "_", " "))
		}
	}
	return line
}

func (c *command) evacWho() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "who BADGE|VISIT", Short: "All that is known of where somebody was",
		Long:    "All that is known of where somebody was, entrance and time by entrance and time:\nwhat was said, by which node, and what was taken back since.",
		Example: "  upprop evac who K7M4-2QXP",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			raw, err := newClient(c.data).raw(cmd.Context(), "POST", "/api/v1/evacuation/evidence", api.Leaving{Code: args[0]})
			if err != nil {
				return err
			}
			if asJSON {
				return c.say("%s", strings.TrimSpace(string(raw)))
			}
			var e struct {
				Badge record.BadgeCode `json:"badge"`
				State *string          `json:"state"`
				Said  []struct {
					At                api.Stamp
					What, Node, Place string
					How, Mark, Point  *string
					Void, Counts      bool
				} `json:"said"`
			}
			if err := json.Unmarshal(raw, &e); err != nil {
				return errUnreadable
			}
			state := "on no list"
			if e.State != nil {
				state = strings.ReplaceAll(*e.State, "_", " ")
			}
			if err := c.say("Badge %s: %s.", e.Badge, state); err != nil {
				return err
			}
			now := time.Now()
			return c.table("TIME\tWHAT\tPLACE\tNODE\tHOW\tNOTE", func(w io.Writer) error {
				for _, s := range e.Said {
					what, place, how, note := strings.ReplaceAll(s.What, "_", " "), s.Place, "", ""
					if s.Mark != nil {
						what += " " + *s.Mark
					}
					if s.Point != nil {
						place = *s.Point
					}
					if s.How != nil {
						how = *s.How
					}
					switch {
					case s.Void:
						note = "taken back"
					case !s.Counts:
						note = "does not count: its node had been revoked"
					}
					if _, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", moment(s.At.Time, now), what, orDash(place), s.Node, orDash(how), orDash(note)); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}
