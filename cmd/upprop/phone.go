package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/node/api"
	"github.com/upprop/upprop/node/pairing"
)

func (c *command) phone() *cobra.Command {
	return group("phone", "Let phones stand in for handhelds", c.pairPhone(), c.listPhones(), c.revokePhone())
}

func (c *command) pairPhone() *cobra.Command {
	var in api.PhoneRequest
	var lasts time.Duration
	var qr, asJSON bool
	cmd := &cobra.Command{
		Use: "pair", Short: "Pair a phone with the campus",
		Long: `Pair a phone, so that its browser can stand in for a warden's handheld: it keeps
the last list and the marks that are made on it when it has lost the network, and
delivers them to any node. Open the link on the phone, or scan it with --qr.
Whoever has the link can pair until the pairing ends or is revoked.`,
		Example: "  upprop phone pair --label \"Car park 2\" --qr\n  upprop phone pair --for 12h --json",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if lasts < time.Minute || lasts > pairing.MaxFor {
				return wrongUsage("--for goes from 1m to %dh", int(pairing.MaxFor.Hours()))
			}
			in.For = lasts.String()
			var out api.PairedPhone
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/phones", in, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			if qr && out.Link != "" {
				if err := c.qr(out.Link); err != nil {
					return err
				}
			}
			if out.Link == "" {
				return c.say("This node shows no screens (--http off). The phone %s is paired until %s; its key is\n\n%s", out.ID, moment(out.Expires.Time, time.Now()), out.Key)
			}
			return c.say("Open this on the phone before %s. The pairing is %s.\n\n%s", moment(out.Expires.Time, time.Now()), out.ID, out.Link)
		},
	}
	f := cmd.Flags()
	f.StringVar(&in.Label, "label", "", "which phone it is, by duty or number; name nobody")
	f.DurationVar(&lasts, "for", pairing.DefaultFor, "for how long")
	f.BoolVar(&qr, "qr", false, "show the link as a QR code too")
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) listPhones() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List the phones that are paired",
		Example: "  upprop phone list", Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var out []api.Phone
			if err := newClient(c.data).ask(cmd.Context(), "GET", "/api/v1/phones", nil, &out); err != nil {
				return err
			}
			switch {
			case asJSON:
				return c.json(out)
			case len(out) == 0:
				return c.say("No phone is paired, as far as this node knows: `upprop phone pair`.")
			}
			return c.table("PHONE\tSTATE\tLABEL\tPAIRED\tENDS\tBY", func(w io.Writer) error {
				for _, p := range out {
					if _, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", p.ID, p.State, orDash(p.Label), moment(p.Paired.Time, time.Now()), moment(p.Expires.Time, time.Now()), p.Node); err != nil {
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

func (c *command) revokePhone() *cobra.Command {
	return &cobra.Command{
		Use: "revoke PHONE", Short: "End a phone's pairing",
		Long: `End a phone's pairing, on every node as soon as it hears of it. The phone empties
itself when it next reaches a node, and by itself when its time is over.`,
		Example: "  upprop phone revoke 4XQK2M7DAHC3E", Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			var out api.PhoneID
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/phones/revoke", api.PhoneID{ID: args[0]}, &out); err != nil {
				return err
			}
			return c.say("The pairing %s is over.", out.ID)
		},
	}
}
