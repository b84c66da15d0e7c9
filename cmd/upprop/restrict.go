package main

import (
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/node/api"
)

// reasonFlag adds --reason, which names nobody.
func reasonFlag(cmd *cobra.Command, into *string) {
	cmd.Flags().StringVar(into, "reason", "", "why, in `words` that name nobody: they are kept on every node")
}

func (c *command) restrict() *cobra.Command {
	var asJSON bool
	in := api.CaseRequest{}
	cmd := &cobra.Command{
		Use: "restrict VISIT", Short: "Restrict the use of what is stored about a visitor",
		Long: `Restrict the use of what is stored about a visitor (Article 18): it is shown
nowhere, on any node, but on the muster list in an evacuation that is no drill,
where a life is at stake. The person can still have it all: upprop subject export.
--lift ends that; the person is to be told before. It is done at a desk.`,
		Example: `  upprop subject restrict 4H2K… --reason "accuracy contested"
  upprop subject restrict 4H2K… --lift --reason "accuracy verified"`,
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if in.Reason == "" && !in.Lift {
				return wrongUsage("no reason is given: say why with --reason, in words that name nobody")
			}
			in.Visit = args[0]
			out, err := c.restricting(cmd, "/api/v1/subjects/restrict", in)
			switch {
			case err != nil:
				return err
			case asJSON:
				return c.json(out)
			case in.Lift && out.Restricted:
				return c.say("Lifted, but for what was restricted because of an objection: decide that with `upprop case decide`.")
			case in.Lift:
				return c.say("The restriction is lifted, here and on every other node as soon as it hears of it.")
			}
			return c.say("Restricted (case %s), here and on every other node as soon as it hears of it. In an evacuation wardens still see the card.", out.Case)
		},
	}
	reasonFlag(cmd, &in.Reason)
	cmd.Flags().BoolVar(&in.Lift, "lift", false, "end the restriction")
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) object() *cobra.Command {
	var asJSON bool
	in := api.CaseRequest{}
	cmd := &cobra.Command{
		Use: "object VISIT", Short: "Take down that a visitor objects to the processing",
		Long: `Take down that a visitor objects (Article 21). It opens a case that is to be
answered within a month, and restricts what is stored until it is decided:
upprop case decide. It is done at a desk.`,
		Example: `  upprop subject object 4H2K… --reason "protected identity"`,
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if in.Reason == "" {
				return wrongUsage("no reason is given: say why with --reason, in words that name nobody")
			}
			in.Visit = args[0]
			out, err := c.restricting(cmd, "/api/v1/subjects/object", in)
			if err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			return c.say("Case %s is open, to be answered by %s. Until it is decided, what is stored is restricted.", out.Case, out.Due.Format(time.DateOnly))
		},
	}
	reasonFlag(cmd, &in.Reason)
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) restricting(cmd *cobra.Command, path string, in api.CaseRequest) (out api.Restricting, err error) {
	if !utf8.ValidString(in.Reason) {
		return out, wrongUsage("what is written is not in UTF-8")
	}
	return out, newClient(c.data).ask(cmd.Context(), "POST", path, in, &out)
}
