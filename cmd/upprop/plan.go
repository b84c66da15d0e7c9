package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/api"
	"github.com/upprop/upprop/node/plans"
	"github.com/upprop/upprop/node/points"
)

const plansPath = "/api/v1/plans"

func (c *command) pointPlan() *cobra.Command {
	var asJSON, clearing bool
	cmd := &cobra.Command{
		Use: "plan SITE [FILE]", Short: "Choose the picture of a site on which its points are seen",
		Long: `Choose the picture of a site on which its muster points are seen; "" is the plan of
the whole campus. It is a PNG or a JPEG of at most 1 MB, and is drawn anew, at most
1600 pixels wide; nobody may be seen on it, as a setting cannot be erased. It is done
at a desk, or at a node that may make tokens, and reaches every node. What was is in
` + "`upprop settings history --key plan/`" + `, and can be put back.`,
		Example: "  upprop point plan North north.png\n  upprop point plan North --clear",
		Args:    usage(cobra.RangeArgs(1, 2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			in := api.PlanEdit{Site: record.SiteID(args[0]), Clear: clearing}
			if clearing == (len(args) == 2) {
				return wrongUsage("name the file with the picture, or give --clear")
			}
			if !clearing {
				at, err := os.Stat(args[1])
				if err != nil {
					return fmt.Errorf("read plan: %w", err)
				}
				if at.Size() > plans.MaxUpload {
					return fmt.Errorf("%s is larger than %d kB: make it smaller", args[1], plans.MaxUpload>>10)
				}
				if in.Picture, err = os.ReadFile(args[1]); err != nil {
					return fmt.Errorf("read plan: %w", err)
				}
			}
			var out []api.Plan
			if err := newClient(c.data).ask(cmd.Context(), "POST", plansPath, in, &out); err != nil {
				return err
			}
			where := orElse(args[0], "the whole campus")
			switch {
			case asJSON:
				return c.json(out)
			case clearing:
				return c.say("There is no plan of %s any more.", where)
			}
			return c.say("The plan of %s is kept. Place its points with `upprop point place NAME X Y`.", where)
		},
	}
	cmd.Flags().BoolVar(&clearing, "clear", false, "take the plan away")
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) pointPlans() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "plans", Short: "List the sites that have a plan",
		Example: "  upprop point plans\n  upprop point plans --json",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var out []api.Plan
			if err := newClient(c.data).ask(cmd.Context(), "GET", plansPath, nil, &out); err != nil {
				return err
			}
			switch {
			case asJSON:
				return c.json(out)
			case len(out) == 0:
				return c.say("No site has a plan: `upprop point plan SITE FILE`.")
			}
			return c.table("SITE\tPIXELS\tBYTES\tPICTURE", func(w io.Writer) error {
				for _, p := range out {
					if _, err := fmt.Fprintf(w, "%s\t%d × %d\t%d\t%s\n", orElse(string(p.Site), "whole campus"), p.Width, p.Height, p.Bytes, p.ID); err != nil {
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

func (c *command) pointPlace() *cobra.Command {
	var asJSON, clearing bool
	cmd := &cobra.Command{
		Use: "place NAME [X Y]", Short: "Say where a point is on the plan of its site",
		Long: `Say where a muster point or a refuge is on the plan of its site: X in percent of the
plan's width from the left, Y in percent of its height from the top.`,
		Example: "  upprop point place \"Car park\" 40.5 72\n  upprop point place \"Car park\" --clear",
		Args:    usage(cobra.RangeArgs(1, 3)), ValidArgsFunction: c.completePoint,
		RunE: func(cmd *cobra.Command, args []string) error {
			x, y := points.NoPlace, points.NoPlace
			switch {
			case clearing && len(args) > 1 || !clearing && len(args) != 3:
				return wrongUsage("say where it is with two numbers, X and Y in percent, or give --clear")
			case !clearing:
				var okX, okY bool
				x, okX = perMille(args[1])
				y, okY = perMille(args[2])
				if !okX || !okY {
					return wrongUsage("X and Y are written in percent, 0 to 100, like 40.5")
				}
			}
			client := newClient(c.data)
			var all []points.Point
			if err := client.ask(cmd.Context(), "GET", "/api/v1/points", nil, &all); err != nil {
				return err
			}
			in := api.PointEdit{Name: record.PointName(args[0]), X: &x, Y: &y}
			if !named(all, in.Name) {
				return fmt.Errorf("no muster point or refuge of that name is set up: write it as `upprop point list` does")
			}
			var out points.Point
			if err := client.ask(cmd.Context(), "POST", "/api/v1/points", in, &out); err != nil {
				return err
			}
			switch {
			case asJSON:
				return c.json(out)
			case clearing:
				return c.say("%s is not on the plan any more.", out.Name)
			}
			return c.say("%s is on the plan of %s, %s.", out.Name, orElse(string(out.Site), "the whole campus"), onPlan(out.Place))
		},
	}
	cmd.Flags().BoolVar(&clearing, "clear", false, "take it off the plan")
	jsonFlag(cmd, &asJSON)
	return cmd
}

func named(all []points.Point, name record.PointName) bool {
	for _, p := range all {
		if p.Name == name {
			return true
		}
	}
	return false
}

// onPlan is a place in percent.
func onPlan(p *points.Place) string {
	if p == nil {
		return "-"
	}
	return fmt.Sprintf("%g %% from the left, %g %% from the top", float64(p.X)/10, float64(p.Y)/10)
}

// perMille reads percent.
func perMille(text string) (int, bool) {
	v, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
	if err != nil || !(v >= 0 && v <= 100) {
		return 0, false
	}
	return int(math.Round(v * 10)), true
}
