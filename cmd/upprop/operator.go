package main

import (
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/api"
	"github.com/upprop/upprop/node/operators"
)

func (c *command) operator() *cobra.Command {
	on, off := true, false
	return group("operator", "Say who may work at the desks", c.addOperator(), c.resetOperator(),
		c.changeOperator("disable NAME", "Shut an operator out, on every node that hears of it", "is shut out", api.OperatorChange{Disabled: &on}),
		c.changeOperator("enable NAME", "Let a disabled operator in again", "can sign in again", api.OperatorChange{Disabled: &off}),
		c.changeOperator("remove NAME", "Take an operator away for good", "is removed", api.OperatorChange{Remove: true}),
		c.renameOperator(), c.roleOfOperator(), c.operatorFactor(), c.operatorPasskey(), c.operatorIdP(), c.listOperators())
}

// operatorRoles are the names of all roles.
func operatorRoles() (out []string) {
	for _, r := range operators.Roles() {
		out = append(out, string(r))
	}
	return out
}

func (c *command) addOperator() *cobra.Command {
	var role, file string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "add NAME", Short: "Make an account for somebody who works at a desk",
		Long: `Make an account for somebody who works at a desk, and print a one-time password
that they replace when they first sign in at /login; or give their password with
--password-file. NAME is a name, or the number that the house knows them by: only
desks can read it. The first account is an admin's unless --role says otherwise.`,
		Example: `  upprop operator add "Astrid Ek" --role reception
  upprop operator add 4711 --role security --password-file - < password`,
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			in, err := c.operatorRequest(args[0], file)
			if err != nil {
				return err
			}
			if in.Role = role; role != "" {
				if _, err := operators.ParseRole(role); err != nil {
					return wrongUsage("there is no role %q for operators: choose reception, security, privacy, auditor or admin", role)
				}
			}
			var out api.OperatorMade
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/operators", in, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			if out.Password == nil {
				return c.say("%s can sign in at /login of a desk, as %s.", args[0], out.Role)
			}
			return c.say("%s can sign in at /login of a desk, as %s, with this one-time password\nwithin three days. It is not shown again.\n\n  %s", args[0], out.Role, out.Password.Reveal())
		},
	}
	cmd.Flags().StringVar(&role, "role", "", "what they may do: reception, security, privacy, auditor or admin (default reception, admin for the first)")
	must(cmd.RegisterFlagCompletionFunc("role", fixed(operatorRoles()...)))
	passwordFlag(cmd, &file)
	jsonFlag(cmd, &asJSON)
	return cmd
}

func passwordFlag(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "password-file", "", "take the password on this `file`'s first line, or - for standard input, instead of making a one-time one")
}

// operatorRequest is the request about an account with the password of a file.
func (c *command) operatorRequest(name, file string) (in api.OperatorRequest, err error) {
	if !utf8.ValidString(name) {
		return in, wrongUsage("what is written is not in UTF-8")
	}
	in.Name = api.Text{Private: record.Private(name)}
	if file == "" {
		return in, nil
	}
	b, err := c.secretLine(file, "password", "--password-file")
	if err != nil {
		return in, err
	}
	defer clear(b)
	if !utf8.Valid(b) {
		return in, errors.New("the password in the file is not in UTF-8: write it in a text file")
	}
	in.Password = api.Text{Private: record.Private(string(b))}
	return in, nil
}

func (c *command) resetOperator() *cobra.Command {
	var file string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "reset NAME", Short: "Give an operator who is locked out a new password",
		Long: `Give an operator a new password: a one-time one, or that of --password-file. It
asks for no password, and is done at the node that holds the campus root or at
another that may let nodes in. All sessions of the operator end, and their second
factor and their passkeys are taken away.`,
		Example: `  upprop operator reset "Astrid Ek"`,
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			in, err := c.operatorRequest(args[0], file)
			if err != nil {
				return err
			}
			var out api.OperatorMade
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/operators/reset", in, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			if out.Disabled {
				if err := c.say("%s is still disabled: `upprop operator enable` lets them in again.", args[0]); err != nil {
					return err
				}
			}
			if out.Password == nil {
				return c.say("The password of %s is set anew.", args[0])
			}
			return c.say("%s can sign in with this one-time password within three days. It is not shown\nagain.\n\n  %s", args[0], out.Password.Reveal())
		},
	}
	passwordFlag(cmd, &file)
	jsonFlag(cmd, &asJSON)
	return cmd
}

// changeOperator is a command that makes one change of an account.
func (c *command) changeOperator(use, short, did string, change api.OperatorChange) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.askChange(cmd, args[0], change, fmt.Sprintf("%s %s.", args[0], did))
		},
	}
}

func (c *command) askChange(cmd *cobra.Command, name string, change api.OperatorChange, say string) error {
	if !utf8.ValidString(name) {
		return wrongUsage("what is written is not in UTF-8")
	}
	change.Name = api.Text{Private: record.Private(name)}
	var out api.Operator
	if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/operators/change", change, &out); err != nil {
		return err
	}
	return c.say("%s", say)
}

func (c *command) renameOperator() *cobra.Command {
	return &cobra.Command{
		Use: "rename NAME NEW", Short: "Give an operator another name to sign in with",
		Args: usage(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !utf8.ValidString(args[1]) {
				return wrongUsage("what is written is not in UTF-8")
			}
			change := api.OperatorChange{Alias: &api.Text{Private: record.Private(args[1])}}
			return c.askChange(cmd, args[0], change, fmt.Sprintf("%s is %s from now on.", args[0], args[1]))
		},
	}
}

func (c *command) roleOfOperator() *cobra.Command {
	return &cobra.Command{
		Use: "role NAME ROLE", Short: "Give an operator another role",
		Args: usage(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			role, err := operators.ParseRole(args[1])
			if err != nil {
				return wrongUsage("there is no role %q for operators: choose reception, security, privacy, auditor or admin", args[1])
			}
			return c.askChange(cmd, args[0], api.OperatorChange{Role: string(role)}, fmt.Sprintf("%s has the role %s from now on.", args[0], role))
		},
	}
}

func (c *command) listOperators() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List the operators", Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var out []api.Operator
			if err := newClient(c.data).ask(cmd.Context(), "GET", "/api/v1/operators", nil, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			if len(out) == 0 {
				return c.say("There are no operators yet: make the first with `upprop operator add NAME`.")
			}
			return c.table("ID\tNAME\tROLE\tSTATE", func(w io.Writer) error {
				for _, o := range out {
					state := "may sign in"
					switch {
					case o.Disabled:
						state = "disabled"
					case o.Lost:
						state = "password lost: reset it"
					case o.Once:
						state = "one-time password"
					case o.Factor:
						state = "may sign in, with second factor"
					case o.Passkeys > 0:
						state = "may sign in, has passkeys"
					}
					if _, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", o.ID, reveal(o.Alias), o.Role, state); err != nil {
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
