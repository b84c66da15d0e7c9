package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/node/api"
	"github.com/upprop/upprop/node/rights"
)

func (c *command) privacy() *cobra.Command {
	return group("privacy", "Write the documents that the law asks for, from the settings as they are",
		c.writes("notice", "Print the privacy notice for visitors (Article 13)"),
		c.writes("record", "Print the record of processing (Article 30)"),
		c.writes("dpia", "Print a starting point for the impact assessment (Article 35)"),
		c.writes("balancing", "Print a starting point for the balancing test (Article 6(1)(f))"),
		c.writes("annex", "Print the annexes to an agreement with a processor (Article 28)"),
		c.privacySet(), c.wheel(), c.reviewed())
}

func (c *command) writes(name, short string) *cobra.Command {
	var lang, pdf string
	var asJSON, force bool
	cmd := &cobra.Command{
		Use: name, Short: short, Example: "  upprop privacy " + name + " --lang en", Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			in := api.DocumentRequest{Name: name, Lang: rights.Lang(lang)}
			if pdf != "" {
				return c.pages(cmd, "/api/v1/documents", in, rights.Lang(lang), pdf, force)
			}
			return c.document(cmd, "/api/v1/documents", in, asJSON)
		},
	}
	cmd.Flags().StringVar(&pdf, "pdf", "", "write it as pages to `FILE`, or - for standard output")
	cmd.Flags().BoolVar(&force, "force", false, "write over a file that is there")
	langFlag(cmd, &lang)
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) privacySet() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "set controller|contact|dpo|transfers|processors TEXT", Short: "Say who is responsible, for the documents and letters",
		Example: `  upprop privacy set controller "Ekudden AB, 556000-0000"
  upprop privacy set contact "privacy@ekudden.example"`,
		Args: usage(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			var out api.HouseFact
			in := api.HouseFact{Fact: args[0], Text: args[1]}
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/documents/house", in, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			return c.say("Documents and letters now say so, at every node.")
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) caseLetter() *cobra.Command {
	var lang string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "letter CASE", Short: "Print the letter that tells the person how their case stands",
		Example: "  upprop case letter 4H2K… --lang sv",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.document(cmd, "/api/v1/cases/letter", api.DocumentRequest{Case: args[0], Lang: rights.Lang(lang)}, asJSON)
		},
	}
	langFlag(cmd, &lang)
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) wheel() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "wheel", Short: "List what is to be reviewed each year, and when that was done",
		Example: "  upprop privacy wheel",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var all []api.Review
			if err := newClient(c.data).ask(cmd.Context(), "GET", "/api/v1/wheel", nil, &all); err != nil {
				return err
			}
			if asJSON {
				return c.json(all)
			}
			return c.table("REVIEW\tDONE\tBY\tDUE", func(w io.Writer) error {
				for _, x := range all {
					done, due := "never", "now"
					if !x.DoneAt.IsZero() {
						done = x.DoneAt.Format(time.DateOnly)
					}
					if !x.Overdue {
						due = x.Due.Format(time.DateOnly)
					}
					if _, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", x.Review, done, orDash(x.By), due); err != nil {
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

func (c *command) reviewed() *cobra.Command {
	return &cobra.Command{
		Use: "reviewed REVIEW", Short: "Say that a review of the yearly wheel has been done today",
		Example: "  upprop privacy reviewed retention",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			var out api.ReviewDone
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/wheel", api.ReviewDone{Review: args[0]}, &out); err != nil {
				return err
			}
			return c.say("On record as done today: %s. It is due again in a year.", out.Review)
		},
	}
}
