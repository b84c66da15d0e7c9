package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/api"
	"github.com/upprop/upprop/node/cable"
)

func (c *command) evac() *cobra.Command {
	return group("evac", "Start, run and end an evacuation or a drill",
		c.evacStart(), c.evacMark(), c.evacUndo(), c.evacAdd(), c.evacJoin(), c.evacSweep(), c.evacRefuge(), c.evacStatus(), c.evacWho(), c.evacEnd(), c.evacReport(), c.evacPrint())
}

func (c *command) evacStart() *cobra.Command {
	var drill, asJSON bool
	var site string
	var cut []string
	var cutFor time.Duration
	cmd := &cobra.Command{
		Use: "start", Short: "Start an evacuation, or a drill",
		Long: `Start an evacuation, or with --drill a drill: of the whole campus, or of one
site. Works on any node, also alone. Where one runs already that is as wide and
as real, nothing changes; a real alarm during a drill is one, with an id of its
own.

A drill started at a desk can pull cables: --cut "East gate" cuts all links of a
node, --cut "East gate~Reception" the one between two. They are restored when the
drill ends, after --cut-for at the latest, at a restart, and within seconds when a
real alarm is started anywhere.`,
		Example: "  upprop evac start\n  upprop evac start --drill --site North --json\n  upprop evac start --drill --cut \"East gate\" --cut \"Reception~South desk\" --cut-for 15m",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var out api.Evacuation
			if len(cut) > 0 && !drill {
				return usageError{"a real alarm cuts no links: give --drill as well, or leave --cut out"}
			}
			in := api.EvacStart{Drill: drill, Site: record.SiteID(site), Cut: cut, CutSeconds: int(cutFor / time.Second)}
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/evacuation", in, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(struct {
					ID        record.EvacID `json:"id"`
					Kind      string        `json:"kind"`
					StartedAt api.Stamp     `json:"started_at"`
				}{out.ID, out.Kind, out.StartedAt})
			}
			return c.say("%s", running(out))
		},
	}
	cmd.Flags().BoolVar(&drill, "drill", false, "a drill, not a real alarm")
	cmd.Flags().StringVar(&site, "site", "", "only this site (default the whole campus)")
	cmd.Flags().StringArrayVar(&cut, "cut", nil, "cut this `link` for the drill: NODE~NODE, or NODE for all its links; may be given several times")
	cmd.Flags().DurationVar(&cutFor, "cut-for", cable.DefaultCut, "restore the links after so long at the latest, 30m at most")
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) evacEnd() *cobra.Command {
	var reason string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "end", Short: "End the evacuation or drill that runs",
		Long: `End all that runs, as far as this node knows. What a node has started that this
one has not heard of runs on, until it is ended there or here.`,
		Example: `  upprop evac end --reason "all accounted for"`,
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var out api.Evacuation
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/evacuation/end", api.EvacEnd{Reason: reason}, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			return c.say("Ended. It ran since %s.", moment(out.StartedAt.Time, time.Now()))
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why it is over; name nobody")
	jsonFlag(cmd, &asJSON)
	must(cmd.MarkFlagRequired("reason"))
	return cmd
}

func (c *command) evacStatus() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "status", Short: "Does an evacuation or a drill run, and how far has it come?",
		Example: "  upprop evac status\n  upprop evac status --json",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var out struct {
				api.Running
				Counts map[string]int `json:"counts,omitempty"`
			}
			client := newClient(c.data)
			if err := client.ask(cmd.Context(), "GET", "/api/v1/evacuation", nil, &out.Running); err != nil {
				return err
			}
			var l musterList
			if out.Evacuation != nil {
				if err := client.ask(cmd.Context(), "GET", "/api/v1/muster", nil, &l); err != nil {
					return err
				}
				out.Counts = l.Counts
			}
			switch {
			case asJSON:
				return c.json(out)
			case out.Evacuation == nil:
				return c.say("No evacuation or drill is running, as far as this node knows.")
			}
			if err := c.say("%s", running(*out.Evacuation)); err != nil {
				return err
			}
			return c.say("%s", l.truth())
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

// running says in words what runs, and above all whether it is real.
func running(e api.Evacuation) string {
	where := "the whole campus"
	if len(e.Sites) > 0 {
		names := make([]string, len(e.Sites))
		for i, s := range e.Sites {
			names[i] = string(s)
		}
		where = strings.Join(names, ", ")
	}
	what := "REAL EVACUATION"
	if e.Kind == "drill" {
		what = "DRILL"
	}
	text := fmt.Sprintf("%s of %s since %s (%s).", what, where, moment(e.StartedAt.Time, time.Now()), e.ID)
	for _, c := range e.Cuts {
		link := "All links of " + c.Node + " are"
		if c.To != nil {
			link = fmt.Sprintf("The link between %s and %s is", c.Node, *c.To)
		}
		text += fmt.Sprintf("\n%s cut for the drill, until %s at the latest.", link, moment(c.Until.Time, time.Now()))
	}
	return text
}
