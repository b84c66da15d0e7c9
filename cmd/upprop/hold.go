package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/node/api"
)

func (c *command) hold() *cobra.Command {
	return group("hold", "Keep a visit past its date where a claim or an inquiry needs it", c.holdAdd(), c.holdList(), c.holdRenew(), c.holdLift())
}

func (c *command) holdAdd() *cobra.Command {
	var asJSON bool
	in := api.HoldRequest{}
	cmd := &cobra.Command{
		Use: "add VISIT", Short: "Hold a visit: nothing erases it before a day that you name",
		Long: `Hold what is stored about a visit, for a reason and until a day. Until then no
erasure, search or date ends it; it is kept apart, for desks alone. The reason
stands on every node: write it in words that name nobody. A hold ends a year from
now at most, and is renewed by who has looked at it again: upprop hold renew.`,
		Example: `  upprop hold add 4H2K… --reason "an accident in the yard" --until 2027-03-31`,
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			in.Visit = args[0]
			return c.holdAct(cmd, "/api/v1/holds", in, asJSON)
		},
	}
	holdFlags(cmd, &in, true)
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) holdRenew() *cobra.Command {
	var asJSON bool
	in := api.HoldRequest{}
	cmd := &cobra.Command{
		Use: "renew HOLD", Short: "Give a hold a later end, for a reason",
		Example: `  upprop hold renew 4H2K… --reason "the court has not decided" --until 2028-03-31`,
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			in.Hold = args[0]
			return c.holdAct(cmd, "/api/v1/holds/renew", in, asJSON)
		},
	}
	holdFlags(cmd, &in, true)
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) holdLift() *cobra.Command {
	var asJSON bool
	in := api.HoldRequest{}
	cmd := &cobra.Command{
		Use: "lift HOLD", Short: "End a hold: what it kept past its date is destroyed on every node",
		Long: `End a hold. What it kept past the visit's date is destroyed at once, on every node,
and cannot be had back; what has not come to its date goes on as before. Who has
confirmed: upprop erase status.`,
		Example: `  upprop hold lift 4H2K… --reason "settled"`,
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			in.Hold = args[0]
			return c.holdAct(cmd, "/api/v1/holds/lift", in, asJSON)
		},
	}
	holdFlags(cmd, &in, false)
	jsonFlag(cmd, &asJSON)
	return cmd
}

func holdFlags(cmd *cobra.Command, in *api.HoldRequest, ends bool) {
	reasonFlag(cmd, &in.Reason)
	must(cmd.MarkFlagRequired("reason"))
	if ends {
		cmd.Flags().StringVar(&in.Until, "until", "", "the `date` on which the hold ends, YYYY-MM-DD")
		must(cmd.MarkFlagRequired("until"))
	}
}

func (c *command) holdAct(cmd *cobra.Command, path string, in api.HoldRequest, asJSON bool) error {
	var out api.Hold
	if err := newClient(c.data).ask(cmd.Context(), "POST", path, in, &out); err != nil {
		return err
	}
	if asJSON {
		return c.json(out)
	}
	if out.Lifted != nil {
		return c.say("Hold %s is lifted. What it kept past its date is destroyed here, and on every other node as soon as it hears of it.", out.Hold)
	}
	return c.say("Hold %s keeps the visit until %s.", out.Hold, out.Until)
}

func (c *command) holdList() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List the holds, and when they end",
		Example: "  upprop hold list --json",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var out []api.Hold
			if err := newClient(c.data).ask(cmd.Context(), "GET", "/api/v1/holds", nil, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			return c.table("HOLD\tVISIT\tSINCE\tUNTIL\tSTATE\tBY\tREASON", func(w io.Writer) error {
				for _, h := range out {
					if _, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", h.Hold, h.Visit, h.Made.At.Format("2006-01-02"), h.Until, h.State, h.Made.By, h.Made.Reason); err != nil {
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

func (c *command) kept() *cobra.Command {
	return group("kept", "Look at what is kept past the day of its visit", c.keptList())
}

func (c *command) keptList() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List signed documents and what holds keep, and until when",
		Long: `List what is kept past the day of its visit: signed documents, each for the time of
its document (upprop retention list), and what legal holds keep. It is done at a
desk, and put on record. To have one destroyed before its time: upprop erase KEPT.`,
		Example: "  upprop kept list --json",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var out []api.Kept
			if err := newClient(c.data).ask(cmd.Context(), "GET", "/api/v1/kept", nil, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			return c.table("KEPT\tVISIT\tWHAT\tUNTIL\tNAME", func(w io.Writer) error {
				for _, k := range out {
					what, name := k.Document, "-"
					if k.Hold != "" {
						what = "held"
					}
					if k.Name != nil {
						name = k.Name.Reveal()
					}
					if _, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", k.Kept, k.Visit, what, k.Until, name); err != nil {
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
