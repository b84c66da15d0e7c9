package main

import (
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/node/api"
)

func (c *command) retention() *cobra.Command {
	return group("retention", "Say for how long each class of data is kept", c.retentionList(), c.retentionSet())
}

func (c *command) retentionList() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List for how many days each class of data is kept",
		Example: "  upprop retention list --json",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var r api.Retention
			if err := newClient(c.data).ask(cmd.Context(), "GET", "/api/v1/retention", nil, &r); err != nil {
				return err
			}
			if asJSON {
				return c.json(r)
			}
			return c.table("CLASS\tTYPE\tDAYS\tWHAT", func(w io.Writer) error {
				row := func(class, kind string, days int, what string) error {
					_, err := fmt.Fprintf(w, "%s\t%s\t%d\t%s\n", class, kind, days, what)
					return err
				}
				const card, contact = "name, company, host, help needed", "e-mail, telephone, purpose, language"
				rows := []error{row("card", "all", r.Card, card), row("contact", "all", r.Contact, contact)}
				const picture = "photos of visitors who agreed to one"
				if r.Photo != nil {
					rows = append(rows, row("photo", "all", *r.Photo, picture))
				}
				for _, t := range r.Types {
					rows = append(rows, row("card", t.Type, t.Card, card), row("contact", t.Type, t.Contact, contact))
					if t.Photo != nil {
						rows = append(rows, row("photo", t.Type, *t.Photo, picture))
					}
				}
				const signed = "what is signed: name, signature, when and where"
				rows = append(rows, row("document", "all", r.Document, signed))
				for _, d := range r.Documents {
					rows = append(rows, row("document", d.Document, d.Days, signed))
				}
				rows = append(rows, row("delivery", "all", r.Delivery, "deliveries, from their pick-up: for whom, from whom, where, who took them"))
				rows = append(rows, row("events", "all", r.Events, "times and places; cannot be changed"),
					row("acts", "all", r.Acts, "who did what; cannot be changed"))
				for _, err := range rows {
					if err != nil {
						return err
					}
				}
				if r.Holds > 0 {
					_, err := fmt.Fprintf(w, "hold\t%d visits\t-\tkept for longer by legal holds: upprop hold list\n", r.Holds)
					return err
				}
				return nil
			})
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) retentionSet() *cobra.Command {
	var asJSON bool
	in := api.RetentionChange{}
	cmd := &cobra.Command{
		Use: "set card|contact|photo|document|delivery DAYS", Short: "Keep a class of data for another number of days",
		Long: `Keep names (card), contact details (contact) or photos (photo) for another number of
days, for all visitors or for one visitor type; or what is signed (document), for all documents or
for one, named by --type; or deliveries (delivery), from their pick-up on; 0 takes the
figure of a type away. The notice
and the record of processing say so from then on. A shorter time holds for what is
stored too: what is over is destroyed on every node, and cannot be had back. A
longer one holds for new visits alone. --dry-run says what it would mean.`,
		Example: `  upprop retention set contact 7 --dry-run
  upprop retention set card 3 --type delivery
  upprop retention set document 730 --type nda`,
		Args: usage(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			days, err := strconv.Atoi(args[1])
			if err != nil {
				return wrongUsage("DAYS is a number, such as 14")
			}
			in.Class, in.Days = args[0], days
			var p api.RetentionPreview
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/retention", in, &p); err != nil {
				return err
			}
			if asJSON {
				return c.json(p)
			}
			did := "Set"
			if !p.Done {
				did = "Nothing is changed yet. It would go"
			}
			held := ""
			if p.Held > 0 {
				held = fmt.Sprintf(" Legal holds keep %d all the same: upprop hold list.", p.Held)
			}
			return c.say("%s from %d to %d days. Of what is stored, %d visits are kept no longer and are destroyed, and %d are kept for a shorter time.%s",
				did, p.Before, p.After, p.Destroyed, p.Shortened, held)
		},
	}
	cmd.Flags().StringVar(&in.Type, "type", "", "the visitor `type` or document that it is for; all, where none is named")
	cmd.Flags().BoolVar(&in.DryRun, "dry-run", false, "say what it would mean, and change nothing")
	jsonFlag(cmd, &asJSON)
	return cmd
}
