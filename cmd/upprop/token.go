package main

import (
	"fmt"
	"time"

	"github.com/skip2/go-qrcode"
	"github.com/spf13/cobra"

	"github.com/upprop/upprop/mesh/join"
	"github.com/upprop/upprop/node/api"
)

func (c *command) token() *cobra.Command {
	return group("token", "Let new nodes join", c.createToken())
}

func (c *command) createToken() *cobra.Command {
	var in api.TokenRequest
	var ttl time.Duration
	var qr, asJSON bool
	cmd := &cobra.Command{
		Use: "create", Short: "Make one line to paste on a new machine",
		Long: `Make a token that brings in one node, and print the line to paste there.
Whoever has the line can join until it is used or its time is over.`,
		Example: `  upprop token create --role entrance --name "East gate" --zone "House B"
  upprop token create --role warden --ttl 15m --qr`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := parseRole(in.Role); err != nil {
				return err
			}
			if ttl < time.Second || ttl > join.MaxTTL {
				return wrongUsage("--ttl goes from 1s to %dh", int(join.MaxTTL.Hours()))
			}
			in.TTL = ttl.String()
			var out api.Token
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/tokens", in, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			if qr {
				if err := c.qr(out.Token); err != nil {
					return err
				}
			}
			return c.say("Paste this line on the new machine before %s. It keeps its data in the usual\nplace unless you add --data DIR.\n\n%s", moment(out.Expires.Time, time.Now()), out.Join)
		},
	}
	f := cmd.Flags()
	f.StringVar(&in.Name, "name", "", "what the new node shall be called (default: it chooses)")
	f.StringVar(&in.Site, "site", "", "the site it will stand in (default this node's)")
	f.StringVar(&in.Entrance, "entrance", "", "the door it will stand at (default its name)")
	f.StringVar(&in.Zone, "zone", "", "the building or floor it will stand in")
	f.DurationVar(&ttl, "ttl", join.DefaultTTL, "for how long the line can be used")
	f.BoolVar(&qr, "qr", false, "show the token as a QR code too")
	roleFlag(cmd, &in.Role, "")
	must(cmd.MarkFlagRequired("role"))
	jsonFlag(cmd, &asJSON)
	return cmd
}

// qr draws a code that a telephone reads off the terminal.
func (c *command) qr(text string) error {
	q, err := qrcode.New(text, qrcode.Low)
	if err != nil {
		return fmt.Errorf("draw QR code: %w", err)
	}
	return c.say("%s", q.ToSmallString(false))
}
