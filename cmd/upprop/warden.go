package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/api"
)

func (c *command) warden() *cobra.Command {
	return group("warden", "Say which wardens are on duty where", c.wardenAssign(), c.wardenList(), c.wardenRemove())
}

func (c *command) wardenAssign() *cobra.Command {
	var point, zone, site string
	var duty bool
	cmd := &cobra.Command{
		Use: "assign NODE", Short: "Assign a warden to a muster point, a zone or both",
		Long: `Assign a node of role warden, or with --duty a duty such as "Floor 2", to a
muster point, a zone or both, besides what is assigned already. A duty says what
is to be done, not who does it: names of people do not belong in settings, which
lie readable on every node and cannot be erased.`,
		Example: "  upprop warden assign \"Warden 1\" --point \"Car park\" --zone B2\n  upprop warden assign \"Floor 2\" --duty --zone \"Floor 2\"",
		Args:    usage(cobra.ExactArgs(1)), ValidArgsFunction: c.completeNode,
		RunE: func(cmd *cobra.Command, args []string) error {
			if point == "" && zone == "" {
				return wrongUsage("nothing to assign was named: give --point, --zone or both")
			}
			in := api.Assignment{Name: args[0], Duty: duty, Point: record.PointName(point), Zone: record.ZoneID(zone), Site: record.SiteID(site)}
			var out []api.Warden
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/wardens", in, &out); err != nil {
				return err
			}
			return c.say("%s is assigned to %s.", args[0], strings.Join(nonEmpty(point, zone), " and "))
		},
	}
	cmd.Flags().StringVar(&point, "point", "", "the muster point or refuge")
	cmd.Flags().StringVar(&zone, "zone", "", "the zone to search and clear")
	cmd.Flags().StringVar(&site, "site", "", "the zone's site (default this node's)")
	cmd.Flags().BoolVar(&duty, "duty", false, "it is a duty by name, not a node")
	return cmd
}

func nonEmpty(all ...string) (out []string) {
	for _, s := range all {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

func (c *command) wardenList() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List who is assigned where",
		Example: "  upprop warden list\n  upprop warden list --json",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var out []api.Warden
			if err := newClient(c.data).ask(cmd.Context(), "GET", "/api/v1/wardens", nil, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			return c.table("WARDEN\tIS A\tPOINTS\tZONES", func(w io.Writer) error {
				for _, x := range out {
					kind := "node"
					switch {
					case x.Node == nil:
						kind = "duty"
					case x.Gone:
						kind = "node that is no warden any more"
					}
					var points, zones []string
					for _, p := range x.Points {
						points = append(points, string(p))
					}
					for _, z := range x.Zones {
						zones = append(zones, fmt.Sprintf("%s (%s)", z.Zone, z.Site))
					}
					if _, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", x.Name, kind, orDash(strings.Join(points, ", ")), orDash(strings.Join(zones, ", "))); err != nil {
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

func (c *command) wardenRemove() *cobra.Command {
	return c.removal(removal{
		Use: "remove NODE", Short: "Take all that is assigned from a warden or a duty",
		Example: `  upprop warden remove "Floor 2"`, path: "/api/v1/wardens", said: "Nothing is assigned to %s any more.",
	})
}
