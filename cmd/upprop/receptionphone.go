package main

import (
	"github.com/spf13/cobra"

	"github.com/upprop/upprop/node/api"
)

func (c *command) visitReceptionPhone() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "reception-phone [NUMBER|none]", Short: "Say or set the number that doors show when nobody can be called",
		Long: `Say, or set for the whole campus, the reception's telephone number. A door's
screen shows it to who asks for help there when no desk sees the call, or when
the door is cut off from all of them.`,
		Example: "  upprop visit reception-phone \"031-123 45 67\"\n  upprop visit reception-phone none",
		Args:    usage(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			var out api.Reception
			method, body := "GET", any(nil)
			if len(args) == 1 {
				in := api.Reception{Phone: args[0]}
				if in.Phone == "none" {
					in.Phone = ""
				}
				method, body = "POST", in
			}
			if err := newClient(c.data).ask(cmd.Context(), method, "/api/v1/reception", body, &out); err != nil {
				return err
			}
			switch {
			case asJSON:
				return c.json(out)
			case out.Phone == "":
				return c.say("No number is shown at doors.")
			}
			return c.say("Doors show %s when nobody can be called.", out.Phone)
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}
