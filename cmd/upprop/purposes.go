package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/node/api"
)

func (c *command) purposes() *cobra.Command {
	return group("purposes", "Say why data is kept, on what ground, and where it comes from", c.purposesList(), c.purposesSet())
}

func (c *command) purposesList() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List purposes, legal bases and sources, and which datum has which",
		Example: "  upprop purposes list --json",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var p api.Purposes
			if err := newClient(c.data).ask(cmd.Context(), "GET", "/api/v1/purposes", nil, &p); err != nil {
				return err
			}
			if asJSON {
				return c.json(p)
			}
			return c.table("LIST\tID\tTEXT", func(w io.Writer) error {
				row := func(list, id, text string) error {
					_, err := fmt.Fprintf(w, "%s\t%s\t%s\n", list, id, text)
					return err
				}
				for _, d := range p.Data {
					if err := row("datum", d.Datum, "purpose "+d.Purpose+", basis "+d.LegalBasis); err != nil {
						return err
					}
				}
				for _, list := range []struct {
					name string
					all  []api.Label
				}{{"purpose", p.Purposes}, {"basis", p.Bases}, {"source", p.Sources}} {
					for _, l := range list.all {
						if err := row(list.name, l.ID, l.Text); err != nil {
							return err
						}
					}
				}
				return nil
			})
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) purposesSet() *cobra.Command {
	var asJSON bool
	in := api.PurposeChange{}
	cmd := &cobra.Command{
		Use: "set purpose|source|datum ID [TEXT]", Short: "Name a purpose or source, or say why a datum is kept",
		Long: `Name a purpose or a source, or say for which purpose and on which basis a datum is
kept. Every reason given anywhere is looked up in these lists, so it changes for
all data at once; --dry-run says for which, and changes nothing.`,
		Example: `  upprop purposes set purpose safety "know who is in the building" --dry-run
  upprop purposes set datum email --purpose reach --basis a`,
		Args: usage(cobra.RangeArgs(2, 3)),
		RunE: func(cmd *cobra.Command, args []string) error {
			in.List, in.ID = args[0], args[1]
			if len(args) == 3 {
				in.Text = args[2]
			}
			switch {
			case in.List == "datum" && (in.Text != "" || in.Purpose == "" && in.LegalBasis == ""):
				return wrongUsage("for a datum write --purpose, --basis or both, and no text")
			case in.List != "datum" && (in.Text == "" || in.Purpose != "" || in.LegalBasis != ""):
				return wrongUsage("a purpose or source is an id and a text: `upprop purposes set purpose ID TEXT`")
			}
			var p api.PurposePreview
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/purposes", in, &p); err != nil {
				return err
			}
			if asJSON {
				return c.json(p)
			}
			did := "Changed"
			if !p.Done {
				did = "Nothing is changed yet. It would change"
			}
			return c.say("%s from %q to %q: the reason of %s, of up to %d visits.", did, p.Before, p.After, orDash(strings.Join(p.Data, ", ")), p.Visits)
		},
	}
	cmd.Flags().StringVar(&in.Purpose, "purpose", "", "the `id` of the purpose that a datum is kept for")
	cmd.Flags().StringVar(&in.LegalBasis, "basis", "", "the `letter` of Article 6(1), from a to f")
	cmd.Flags().BoolVar(&in.DryRun, "dry-run", false, "say what it would change, and change nothing")
	jsonFlag(cmd, &asJSON)
	return cmd
}
