package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/node/api"
	"github.com/upprop/upprop/node/rights"
)

func (c *command) cases() *cobra.Command {
	return group("case", "Follow what persons have asked for, until it is answered",
		c.caseList(), c.caseOpen(), c.caseDecide(), c.caseExtend(), c.caseLetter())
}

func (c *command) caseList() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List the cases, and when their answers are due",
		Example: "  upprop case list --json",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var out []api.Case
			if err := newClient(c.data).ask(cmd.Context(), "GET", "/api/v1/cases", nil, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			now := time.Now()
			return c.table("CASE\tKIND\tVISIT\tOPENED\tAT\tDUE\tSTATE\tREASON", func(w io.Writer) error {
				for _, x := range out {
					state := string(x.State)
					if x.Overdue {
						state = "OVERDUE"
					}
					if _, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", x.Case, x.Kind, x.Visit, moment(x.Opened.At.Time, now), x.Opened.Node, x.Due.Format(time.DateOnly), state, orDash(x.Opened.Reason)); err != nil {
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

func (c *command) caseOpen() *cobra.Command {
	var asJSON bool
	in := api.CaseRequest{}
	cmd := &cobra.Command{
		Use: "open VISIT", Short: "Take down what a visitor has asked for, so that it is answered in time",
		Example: `  upprop case open 4H2K… --kind access --reason "asked by letter"`,
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			in.Visit = args[0]
			return c.caseAct(cmd, "/api/v1/cases", in, asJSON)
		},
	}
	cmd.Flags().StringVar(&in.Kind, "kind", "", "what is asked for: access, rectification, erasure, restriction, portability or objection")
	must(cmd.MarkFlagRequired("kind"))
	reasonFlag(cmd, &in.Reason)
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) caseDecide() *cobra.Command {
	var asJSON, grant, refuse bool
	in := api.CaseDecision{}
	cmd := &cobra.Command{
		Use: "decide CASE", Short: "Grant or refuse what was asked for",
		Long: `Grant or refuse a case. A refusal needs a reason, and the person is told of it and
of where to complain: upprop case letter. To grant an objection carries nothing
out by itself: what is stored stays restricted until it is erased.`,
		Example: `  upprop case decide 4H2K… --refuse --reason "needed for a legal claim"`,
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if grant == refuse {
				return wrongUsage("a case is granted or refused: write --grant or --refuse")
			}
			in.Case, in.Outcome = args[0], rights.Granted
			if refuse {
				in.Outcome = rights.Refused
			}
			return c.caseAct(cmd, "/api/v1/cases/decide", in, asJSON)
		},
	}
	cmd.Flags().BoolVar(&grant, "grant", false, "grant it")
	cmd.Flags().BoolVar(&refuse, "refuse", false, "refuse it")
	reasonFlag(cmd, &in.Reason)
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) caseExtend() *cobra.Command {
	var asJSON bool
	in := api.CaseDecision{}
	cmd := &cobra.Command{
		Use: "extend CASE", Short: "Give a case two months more, for a reason",
		Example: `  upprop case extend 4H2K… --reason "many requests at once"`,
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			in.Case = args[0]
			return c.caseAct(cmd, "/api/v1/cases/extend", in, asJSON)
		},
	}
	reasonFlag(cmd, &in.Reason)
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) caseAct(cmd *cobra.Command, path string, in any, asJSON bool) error {
	var out api.Case
	if err := newClient(c.data).ask(cmd.Context(), "POST", path, in, &out); err != nil {
		return err
	}
	if asJSON {
		return c.json(out)
	}
	return c.say("Case %s is %s; its answer is due by %s.", out.Case, out.State, out.Due.Format(time.DateOnly))
}
