package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/api"
	"github.com/upprop/upprop/node/points"
)

func (c *command) point() *cobra.Command {
	return group("point", "Set up muster points, refuges and where screens stand", c.pointAdd(), c.pointList(), c.pointRemove(), c.pointPlan(), c.pointPlans(), c.pointPlace(), c.pointScreen(), c.pointScreens())
}

func (c *command) pointAdd() *cobra.Command {
	var site, position, at string
	var refuge, muster, asJSON bool
	var capacity int
	var texts []string
	cmd := &cobra.Command{
		Use: "add NAME", Short: "Add a muster point or a refuge, or change what is said of one",
		Long: `Add a muster point, where people gather, or with --refuge a place in the house
where people wait to be helped out. Of a point that is there already, only what
is given changes. It is done at a desk, or at a node that may make tokens, and
reaches every node. Write no names of people: settings cannot be erased.`,
		Example: "  upprop point add \"Car park\" --position \"by the big oak\" --at 57.70690,11.93780 --capacity 200\n  upprop point add \"Stair B, floor 2\" --refuge --text sv=\"Tryck på knappen och vänta.\"",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			in := api.PointEdit{Name: record.PointName(args[0])}
			set := cmd.Flags().Changed
			if refuge && muster {
				return wrongUsage("a point is a refuge or it is not: give one of --refuge and --muster")
			}
			kind := points.Muster
			if refuge {
				kind = points.Refuge
			}
			if refuge || muster {
				in.Kind = &kind
			}
			if s := record.SiteID(site); set("site") {
				in.Site = &s
			}
			if set("position") {
				in.Position = &position
			}
			if set("at") {
				in.At = &at
			}
			if set("capacity") {
				in.Capacity = &capacity
			}
			for _, t := range texts {
				l, text, ok := strings.Cut(t, "=")
				if !ok {
					return wrongUsage("a text is written LANGUAGE=TEXT, like sv=\"Vänta här.\"")
				}
				if in.Text == nil {
					in.Text = map[string]string{}
				}
				in.Text[l] = text
			}
			var out points.Point
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/points", in, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			what := "Muster point"
			if out.Kind == points.Refuge {
				what = "Refuge"
			}
			return c.say("%s %s is set up at %s.", what, out.Name, orElse(string(out.Site), "every site"))
		},
	}
	f := cmd.Flags()
	f.StringVar(&site, "site", "", "the site that it is for (default this node's)")
	f.BoolVar(&refuge, "refuge", false, "a refuge in the house, not a muster point")
	f.BoolVar(&muster, "muster", false, "a muster point, where it was a refuge")
	f.StringVar(&position, "position", "", "where it is, in words that a visitor understands")
	f.StringVar(&at, "at", "", "where it is on a map: `LAT,LON` in degrees")
	f.IntVar(&capacity, "capacity", 0, "how many people it holds")
	f.StringArrayVar(&texts, "text", nil, "what to do there, in one language: `LANGUAGE=TEXT`; may be repeated")
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) pointList() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List muster points and refuges",
		Example: "  upprop point list\n  upprop point list --json",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var out []points.Point
			if err := newClient(c.data).ask(cmd.Context(), "GET", "/api/v1/points", nil, &out); err != nil {
				return err
			}
			switch {
			case asJSON:
				return c.json(out)
			case len(out) == 0:
				return c.say("No muster point is set up, so the kiosks cannot say where to go: `upprop point add NAME --position TEXT`.")
			}
			return c.table("NAME\tKIND\tSITE\tHOLDS\tON THE MAP\tON THE PLAN\tPOSITION\tTEXTS", func(w io.Writer) error {
				for _, p := range out {
					holds, at, placed := "-", "-", "-"
					if p.Capacity > 0 {
						holds = fmt.Sprint(p.Capacity)
					}
					if p.At != nil {
						at = p.At.String()
					}
					if p.Place != nil {
						placed = fmt.Sprintf("%g,%g", float64(p.Place.X)/10, float64(p.Place.Y)/10)
					}
					texts := strings.Join(slices.Sorted(maps.Keys(p.Text)), " ")
					if _, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", p.Name, p.Kind, orDash(string(p.Site)), holds, at, placed, orDash(p.Position), orDash(texts)); err != nil {
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

func (c *command) pointRemove() *cobra.Command {
	return c.removal(removal{
		Use: "remove NAME", Short: "Take a muster point or a refuge off the list",
		Long:    "Take a muster point or a refuge off the list. Marks that name it are kept, and\nsay that the point is not set up.",
		Example: `  upprop point remove "Car park"`, path: "/api/v1/points", said: "%s is not on the list any more.", complete: c.completePoint,
	})
}

// removal is a command that takes away what it names.
type removal struct {
	Use, Short, Long, Example string
	path, said                string
	complete                  cobra.CompletionFunc
}

func (c *command) removal(r removal) *cobra.Command {
	return &cobra.Command{
		Use: r.Use, Short: r.Short, Long: r.Long, Example: r.Example,
		Args: usage(cobra.ExactArgs(1)), ValidArgsFunction: r.complete,
		RunE: func(cmd *cobra.Command, args []string) error {
			var out api.Named
			if err := newClient(c.data).ask(cmd.Context(), "DELETE", r.path+"?"+url.Values{"name": {args[0]}}.Encode(), nil, &out); err != nil {
				return err
			}
			return c.say(r.said, out.Name)
		},
	}
}

func (c *command) pointScreen() *cobra.Command {
	var at, refuge string
	var facing int
	cmd := &cobra.Command{
		Use: "screen NODE", Short: "Say where a kiosk's screen stands, so that it points the way",
		Long: `Say where a kiosk's screen stands and where people look who read it, so that it
can point the way to the muster points. Without --facing its map has north up.
With --refuge it stands at that refuge: in an evacuation it shows those who wait
there what they are told, and lets them answer.`,
		Example: `  upprop point screen "East gate" --at 57.70700,11.93900 --facing 90
  upprop point screen "Stair B" --refuge "Stair B, floor 3"`,
		Args: usage(cobra.ExactArgs(1)), ValidArgsFunction: c.completeNode,
		RunE: func(cmd *cobra.Command, args []string) error {
			in := api.ScreenPlace{Name: args[0]}
			set := cmd.Flags().Changed
			if set("at") {
				in.At = &at
			}
			if set("refuge") {
				in.Refuge = (*record.PointName)(&refuge)
			}
			switch {
			case in.At == nil && in.Refuge == nil:
				return wrongUsage("say where it stands with --at or --refuge; an empty one takes it back")
			case set("facing") && in.At == nil:
				return wrongUsage("--facing goes with --at")
			}
			if cmd.Flags().Changed("facing") {
				in.Facing = &facing
			}
			var out []points.Screen
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/screens", in, &out); err != nil {
				return err
			}
			switch {
			case refuge != "":
				return c.say("%s stands at the refuge %s.", args[0], refuge)
			case in.At == nil:
				return c.say("%s stands at no refuge any more.", args[0])
			case at == "":
				return c.say("Where %s stands is not known any more.", args[0])
			}
			return c.say("%s points the way from %s.", args[0], at)
		},
	}
	cmd.Flags().StringVar(&at, "at", "", "where it stands: `LAT,LON` in degrees; empty takes it back")
	cmd.Flags().IntVar(&facing, "facing", 0, "where people look who read it, in `degrees` from north: 90 is east")
	cmd.Flags().StringVar(&refuge, "refuge", "", "the `refuge` at which it stands; empty takes it back")
	return cmd
}

func (c *command) pointScreens() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "screens", Short: "List the screens whose place is known",
		Example: "  upprop point screens", Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var out []points.Screen
			if err := newClient(c.data).ask(cmd.Context(), "GET", "/api/v1/screens", nil, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			return c.table("NODE\tAT\tFACING\tREFUGE", func(w io.Writer) error {
				for _, s := range out {
					at, facing := "-", "-"
					if s.At != nil {
						at = s.At.String()
					}
					if s.Facing != nil {
						facing = fmt.Sprint(*s.Facing)
					}
					if _, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", s.Name, at, facing, cmp.Or(string(s.Refuge), "-")); err != nil {
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

// completePoint completes a point's name by asking the running node.
func (c *command) completePoint(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	ctx, cancel := context.WithTimeout(cmd.Context(), 2*time.Second)
	defer cancel()
	var out []points.Point
	if len(args) > 0 || newClient(c.data).ask(ctx, "GET", "/api/v1/points", nil, &out) != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []cobra.Completion
	for _, p := range out {
		names = append(names, cobra.CompletionWithDesc(string(p.Name), string(p.Kind)))
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
