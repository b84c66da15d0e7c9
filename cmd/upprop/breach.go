package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/api"
	"github.com/upprop/upprop/node/rights"
)

func (c *command) breach() *cobra.Command {
	return group("breach", "When a node is lost: whose data it could open, and who is to be told", c.breachReport())
}

func (c *command) breachReport() *cobra.Command {
	var asJSON bool
	var lang string
	cmd := &cobra.Command{
		Use: "report NODE", Short: "List whose data a node could open, and since when",
		Long: `List the visits of which a node could open something, and since when, with what
the authority is to be told within 72 hours of the first report. It is done at a
desk, and put on record. Revoke the node first: upprop node revoke NAME.`,
		Example: `  upprop breach report Alfa --lang sv
  upprop breach report Alfa --json`,
		Args: usage(cobra.ExactArgs(1)), ValidArgsFunction: c.completeNode,
		RunE: func(cmd *cobra.Command, args []string) error {
			var out api.BreachReport
			in := api.BreachRequest{Node: args[0], Lang: rights.Lang(lang)}
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/breaches", in, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			if err := c.say("%s\n", strings.TrimRight(out.Text, "\n")); err != nil || len(out.Visits) == 0 {
				return err
			}
			now := time.Now()
			return c.table("VISIT\tCOULD OPEN\tSINCE\tERASED", func(w io.Writer) error {
				for _, v := range out.Visits {
					if _, err := fmt.Fprintf(w, "%s\t%s\t%s\t%v\n", v.Visit, audiences(v.Audiences), moment(v.Since.Time, now), v.Erased); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
	langFlag(cmd, &lang)
	jsonFlag(cmd, &asJSON)
	return cmd
}

func audiences(all []record.Audience) string {
	var out []string
	for _, a := range all {
		out = append(out, string(a))
	}
	return strings.Join(out, ", ")
}
