package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/api"
	"github.com/upprop/upprop/node/deliveries"
)

func (c *command) delivery() *cobra.Command {
	return group("delivery", "Take deliveries in, and hand them out", c.deliveryAdd(), c.deliveryList(),
		c.deliveryEnd("picked-up", "Say that a delivery was picked up", deliveries.PickedUp), c.deliveryEnd("returned", "Say that a delivery was sent back", deliveries.Returned),
		c.deliveryEnd("lost", "Say that a delivery cannot be found", deliveries.Lost), c.deliveryPutBack(), c.deliveryRemind())
}

// private reads what somebody has written on the command line.
func private(to *api.Text, s string) error {
	if !utf8.ValidString(s) {
		return wrongUsage("what is written is not in UTF-8")
	}
	*to = api.Text{Private: record.Private(s)}
	return nil
}

func (c *command) deliveryAdd() *cobra.Command {
	var whom, mail, from, kept, note string
	in := api.DeliveryRequest{}
	var asJSON bool
	cmd := &cobra.Command{
		Use: "add", Short: "Take a delivery in",
		Long: `Take in what was left for somebody. It is done at a desk. Where the host list or
--mail knows an address and the node sends mail, whom it is for is told, and
reminded while it waits: upprop delivery remind-after. The code goes on the
delivery: with it the delivery is found again.`,
		Example: `  upprop delivery add --for "Sven Ask" --from PostNord --items 2 --kept "Shelf 3"
  upprop delivery add --for "Sven Ask" --cold --kept "The fridge" --json`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			for to, s := range map[*api.Text]string{&in.For: whom, &in.Mail: mail, &in.From: from, &in.Kept: kept, &in.Note: note} {
				if err := private(to, s); err != nil {
					return err
				}
			}
			var out api.DeliveryTaken
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/deliveries", in, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			mailed := "Nobody was told by mail."
			if out.Mailed {
				mailed = "The mail waits to be sent."
			}
			return c.say("Taken in. Code %s (delivery %s). %s", out.Code, out.Delivery, mailed)
		},
	}
	f := cmd.Flags()
	f.StringVar(&whom, "for", "", "whom it is for")
	f.StringVar(&mail, "mail", "", "where they are told (default: as the host list says)")
	f.StringVar(&from, "from", "", "who sent or brought it")
	f.StringVar(&kept, "kept", "", "where it lies")
	f.StringVar(&note, "note", "", "what else is to be known at the desk")
	f.IntVar(&in.Items, "items", 1, "how many there are")
	f.BoolVar(&in.Cold, "cold", false, "it must be kept cold")
	must(cmd.MarkFlagRequired("for"))
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) deliveryList() *cobra.Command {
	var find string
	var all, asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List what waits to be picked up",
		Long:    "List what waits to be picked up, what came first before the rest; with --all what\nwas picked up, returned or lost too.",
		Example: "  upprop delivery list\n  upprop delivery list --all --find sven --json",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var in api.DeliveryQuery
			if err := private(&in.Find, find); err != nil {
				return err
			}
			var got []api.Delivery
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/deliveries/find", in, &got); err != nil {
				return err
			}
			out := []api.Delivery{}
			for _, d := range got {
				if all || d.State == deliveries.Waiting {
					out = append(out, d)
				}
			}
			switch {
			case asJSON:
				return c.json(out)
			case len(out) == 0:
				return c.say("No delivery is there.")
			}
			now := time.Now()
			return c.table("CODE\tSTATE\tFOR\tFROM\tITEMS\tKEPT\tCAME\tTAKEN BY", func(w io.Writer) error {
				for _, d := range out {
					items, took := "-", []string{}
					if d.Items != nil {
						items = strconv.Itoa(*d.Items)
					}
					if d.Cold != nil && *d.Cold {
						items += " (COLD)"
					}
					for _, e := range d.Endings {
						if e.To != nil {
							took = append(took, e.To.Reveal())
						}
					}
					if _, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", d.Code, d.State, reveal(d.For), reveal(d.From), items, reveal(d.Kept), moment(d.At.Time, now), orDash(strings.Join(took, ", "))); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&find, "find", "", "a part of a name, a sender, a place, a note or a code")
	cmd.Flags().BoolVar(&all, "all", false, "also those that do not wait any more")
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) deliveryEnd(use, short string, how deliveries.State) *cobra.Command {
	var to string
	var asJSON bool
	cmd := &cobra.Command{
		Use: use + " CODE", Short: short, Args: usage(cobra.ExactArgs(1)),
		Example: "  upprop delivery " + use + " K7M4-2QXP",
		RunE: func(cmd *cobra.Command, args []string) error {
			in := api.DeliveryEnding{Code: args[0], How: how}
			if err := private(&in.To, to); err != nil {
				return err
			}
			return c.deliveryTold(cmd, "/api/v1/deliveries/end", in, asJSON)
		},
	}
	if how == deliveries.PickedUp {
		cmd.Flags().StringVar(&to, "by", "", "who took it, where that was not whom it is for")
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) deliveryPutBack() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "put-back CODE", Short: "Say that a delivery waits after all", Args: usage(cobra.ExactArgs(1)),
		Example: "  upprop delivery put-back K7M4-2QXP",
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.deliveryTold(cmd, "/api/v1/deliveries/put-back", api.DeliveryName{Code: args[0]}, asJSON)
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

// deliveryTold says something of a delivery, and how it stands then.
func (c *command) deliveryTold(cmd *cobra.Command, path string, in any, asJSON bool) error {
	var out api.Delivery
	if err := newClient(c.data).ask(cmd.Context(), "POST", path, in, &out); err != nil {
		return err
	}
	if asJSON {
		return c.json(out)
	}
	return c.say("Delivery %s: %s.", out.Code, strings.ReplaceAll(string(out.State), "_", " "))
}

func (c *command) deliveryRemind() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "remind-after [DAYS|off]", Short: "Say or set after how long people are reminded of a delivery",
		Long: `Say, or set for the whole campus, after how many days whom a delivery waits for
is told of it once more. The node that took it in sends that, once, and again each
four weeks while it waits.`,
		Example: "  upprop delivery remind-after 3\n  upprop delivery remind-after off",
		Args:    usage(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			var out api.DeliveryReminder
			method, body := "GET", any(nil)
			if len(args) == 1 {
				text := args[0]
				if text == "off" {
					text = "0"
				}
				days, err := strconv.Atoi(text)
				if err != nil {
					return wrongUsage("say after how many days, like 3, or off")
				}
				method, body = "POST", api.DeliveryReminder{AfterDays: days}
			}
			if err := newClient(c.data).ask(cmd.Context(), method, "/api/v1/deliveries/reminder", body, &out); err != nil {
				return err
			}
			switch {
			case asJSON:
				return c.json(out)
			case out.AfterDays == 0:
				return c.say("Nobody is reminded of a delivery.")
			}
			return c.say("After %d days whom a delivery waits for is reminded of it.", out.AfterDays)
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}
