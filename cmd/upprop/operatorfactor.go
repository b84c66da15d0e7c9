package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/node/api"
	"github.com/upprop/upprop/node/operators"
)

// operatorFactor is all about second factors. Setting one up is for its operator
// alone, at /login/factor.
func (c *command) operatorFactor() *cobra.Command {
	return group("factor", "Say who needs a second factor to sign in, or take one away",
		c.changeOperator("remove NAME", "Take the second factor away from an operator who has lost it", "signs in by password alone", api.OperatorChange{RemoveFactor: true}),
		c.factorRule("require ROLE", "Have all of a role set up a second factor at their next sign-in", true),
		c.factorRule("waive ROLE", "Let those of a role do without a second factor", false),
		c.factorRoles())
}

func (c *command) factorRule(use, short string, on bool) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: usage(cobra.ExactArgs(1)), ValidArgs: operatorRoles(),
		RunE: func(cmd *cobra.Command, args []string) error {
			role, err := operators.ParseRole(args[0])
			if err != nil {
				return wrongUsage("there is no role %q for operators: choose reception, security, privacy, auditor or admin", args[0])
			}
			var out api.FactorRule
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/operators/factors", api.FactorRule{Role: string(role), Required: on}, &out); err != nil {
				return err
			}
			if on {
				return c.say("Who has the role %s sets up a second factor at their next sign-in.", role)
			}
			return c.say("Who has the role %s may sign in by password alone; second factors that are set up stay.", role)
		},
	}
}

func (c *command) factorRoles() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "roles", Short: "List which roles need a second factor", Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var out []api.FactorRule
			if err := newClient(c.data).ask(cmd.Context(), "GET", "/api/v1/operators/factors", nil, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			return c.table("ROLE\tSECOND FACTOR", func(w io.Writer) error {
				for _, r := range out {
					word := "as they like"
					if r.Required {
						word = "required"
					}
					if _, err := fmt.Fprintf(w, "%s\t%s\n", r.Role, word); err != nil {
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
