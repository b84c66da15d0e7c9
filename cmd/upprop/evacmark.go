package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/api"
)

// markFlags are the four things that can be said of a person, of which one is.
type markFlags struct{ safe, missing, inside, refuge bool }

func (m *markFlags) bind(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&m.safe, "safe", false, "seen out of danger")
	f.BoolVar(&m.missing, "missing", false, "seen by nobody here")
	f.BoolVar(&m.inside, "inside", false, "seen, or said, to be still inside")
	f.BoolVar(&m.refuge, "refuge", false, "waits at a refuge and must be helped out")
}

// one is the one that was given.
func (m markFlags) one() (mark record.Mark, err error) {
	n := 0
	for _, of := range []struct {
		given bool
		mark  record.Mark
	}{{m.safe, record.Safe}, {m.missing, record.Missing}, {m.inside, record.Inside}, {m.refuge, record.Refuge}} {
		if of.given {
			n++
			mark = of.mark
		}
	}
	if n != 1 {
		return "", wrongUsage("say one of --safe, --missing, --inside and --refuge")
	}
	return mark, nil
}

func (c *command) evacMark() *cobra.Command {
	var flags markFlags
	var point string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "mark BADGE|VISIT", Short: "Say that somebody is safe, missing, inside or waiting at a refuge",
		Long: `Say of somebody, by the code on the badge, the payload of its QR code or the
visit's id, that they are safe, missing, inside or waiting at a refuge. It stands
instead of what this node knew to have been said before. A code that this node
has not heard of is taken too, and so is a point that nobody has set up.`,
		Example: "  upprop evac mark K7M4-2QXP --safe --point 'Car park'\n  upprop evac mark K7M4-2QXP --missing",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			mark, err := flags.one()
			if err != nil {
				return err
			}
			in := api.Marking{Code: args[0], Mark: mark, Point: record.PointName(point)}
			var out api.Marked
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/evacuation/marks", in, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			return c.say("%s", markedLine(out))
		},
	}
	flags.bind(cmd)
	cmd.Flags().StringVar(&point, "point", "", "the muster point or refuge where it is")
	jsonFlag(cmd, &asJSON)
	return cmd
}

func markedLine(m api.Marked) string {
	line := fmt.Sprintf("Badge %s: %s", m.Badge, m.Mark)
	if m.Point != nil {
		line += " at " + string(*m.Point)
	}
	line += "."
	if m.PointKnown != nil && !*m.PointKnown {
		line += " Nobody has set up a point of that name: the mark is kept, and shown so."
	}
	if m.Visit == nil {
		line += " No visit with this badge is known here: the mark is kept, and counts for its bearer when the news come."
	} else if !m.Known {
		line += " This node had not heard of the visit: the mark is kept."
	}
	if m.Already {
		line += " It was said already, at " + moment(m.At.Time, time.Now()) + "."
	}
	return line
}

func (c *command) evacUndo() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "undo BADGE|VISIT", Short: "Take back the mark that stands on somebody",
		Long: `Take back the mark that stands on somebody, whoever made it. What it stood
instead of stands again. Nothing is erased: both are on record.`,
		Example: "  upprop evac undo K7M4-2QXP",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			var out api.Undone
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/evacuation/marks/undo", api.Undoing{Code: args[0]}, &out); err != nil {
				return err
			}
			switch {
			case asJSON:
				return c.json(out)
			case out.Undone != nil && out.Mark != nil:
				return c.say("Badge %s: no longer %s. What was said before stands: %s.", out.Badge, *out.Undone, *out.Mark)
			case out.Undone != nil:
				return c.say("Badge %s: no longer %s. Nobody's mark stands.", out.Badge, *out.Undone)
			}
			return c.say("Badge %s: taken back already.", out.Badge)
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) evacSweep() *cobra.Command {
	var site string
	var clear, not, asJSON bool
	cmd := &cobra.Command{
		Use: "sweep ZONE", Short: "Say that a zone was searched, and whether it is clear of people",
		Example: "  upprop evac sweep 'Floor 2' --clear\n  upprop evac sweep Cellar --site North --not-clear",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if clear == not {
				return wrongUsage("say one of --clear and --not-clear")
			}
			var out api.Swept
			in := api.Sweeping{Zone: record.ZoneID(args[0]), Site: record.SiteID(site), Clear: &clear}
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/evacuation/sweeps", in, &out); err != nil {
				return err
			}
			switch {
			case asJSON:
				return c.json(out)
			case out.Clear:
				return c.say("%s, %s: searched, and clear.", out.Site, out.Zone)
			}
			return c.say("%s, %s: searched, and NOT clear.", out.Site, out.Zone)
		},
	}
	f := cmd.Flags()
	f.StringVar(&site, "site", "", "the zone's site (default this node's)")
	f.BoolVar(&clear, "clear", false, "nobody is left there")
	f.BoolVar(&not, "not-clear", false, "somebody may be left there")
	jsonFlag(cmd, &asJSON)
	return cmd
}
