package main

import (
	"github.com/spf13/cobra"

	"github.com/upprop/upprop/node/api"
)

// operatorPasskey is all about passkeys that is not their operator's alone, who
// makes them at /login/passkeys.
func (c *command) operatorPasskey() *cobra.Command {
	return group("passkey", "Take passkeys away, or say at which names they are shown",
		c.changeOperator("remove NAME", "Take all passkeys away from an operator who has lost them", "has no passkeys any more", api.OperatorChange{RemovePasskeys: true}),
		c.passkeyDomain())
}

func (c *command) passkeyDomain() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "domain [DOMAIN|none]", Short: "Say or set the domain under whose names desks are reached",
		Long: `Say, or set for the whole campus, the domain under whose names desks are reached,
like upprop.example.se for desk1.upprop.example.se. A passkey that is made at one
of its names is good at all of them, also at a desk that is cut off. It has to be
yours: each name in it is taken for one of the campus's own. A passkey that was
made for another domain is of no use any more.`,
		Example: "  upprop operator passkey domain upprop.example.se\n  upprop operator passkey domain none",
		Args:    usage(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			var out api.Domain
			method, body := "GET", any(nil)
			if len(args) == 1 {
				in := api.Domain{Domain: args[0]}
				if in.Domain == "none" {
					in.Domain = ""
				}
				method, body = "POST", in
			}
			if err := newClient(c.data).ask(cmd.Context(), method, "/api/v1/domain", body, &out); err != nil {
				return err
			}
			switch {
			case asJSON:
				return c.json(out)
			case out.Domain == "":
				return c.say("No domain is set: passkeys are shown on a desk's own machine alone.")
			}
			return c.say("Desks are reached under names of %s, and passkeys are shown there.", out.Domain)
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}
