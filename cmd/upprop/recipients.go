package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/node/api"
)

func (c *command) recipients() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "recipients VISIT", Short: "List who has had something of a visit, and what they are to be told",
		Long: `List who has had something of a visit. Those outside the house are to be told when
it has been corrected, erased or restricted since (Article 19): tell them, and
take it down with upprop subject told.`,
		Example: "  upprop subject recipients 4H2K…",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			var out []api.SubjectRecipient
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/subjects/recipients", api.SubjectRequest{Visit: args[0]}, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			now := time.Now()
			return c.table("AT\tRECIPIENT\tWHAT\tNODE\tTO BE TOLD\tTOLD", func(w io.Writer) error {
				for _, r := range out {
					if _, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", moment(r.At.Time, now), r.Recipient, orDash(r.What), r.Node, orDash(strings.Join(r.ToTell, ", ")), moment(r.ToldAt.Time, now)); err != nil {
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

func (c *command) disclosed() *cobra.Command {
	in := api.Disclosure{}
	cmd := c.disclosure("disclosed VISIT", "/api/v1/subjects/disclose", &in, "Taken down: %s has had it. Corrections, erasures and restrictions are to be told to them.")
	cmd.Short = "Take down that something of a visit was given to somebody outside the house"
	cmd.Example = `  upprop subject disclosed 4H2K… --to Polisen --what "name and times"`
	cmd.Flags().StringVar(&in.What, "what", "", "what they were given, in `words` that name nobody")
	must(cmd.MarkFlagRequired("what"))
	return cmd
}

func (c *command) told() *cobra.Command {
	cmd := c.disclosure("told VISIT", "/api/v1/subjects/told", &api.Disclosure{}, "Taken down: %s has been told.")
	cmd.Short = "Take down that a recipient has been told what became of a visit"
	cmd.Example = "  upprop subject told 4H2K… --to Polisen"
	return cmd
}

func (c *command) disclosure(use, path string, in *api.Disclosure, said string) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: use, Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			in.Visit = args[0]
			var out api.Disclosure
			if err := newClient(c.data).ask(cmd.Context(), "POST", path, *in, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			return c.say(said, out.To)
		},
	}
	cmd.Flags().StringVar(&in.To, "to", "", "to whom: an `authority` or company")
	must(cmd.MarkFlagRequired("to"))
	jsonFlag(cmd, &asJSON)
	return cmd
}
