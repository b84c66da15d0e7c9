package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/node/api"
	"github.com/upprop/upprop/node/documents"
)

func (c *command) paper() *cobra.Command {
	return group("document", "Set up what visitors read and sign", c.paperSet(), c.paperList(), c.paperShow())
}

func (c *command) paperSet() *cobra.Command {
	var names, texts []string
	var off, asJSON bool
	cmd := &cobra.Command{
		Use: "set ID", Short: "Add a document that visitors read and sign, or change one",
		Long: `Add a document that visitors read and sign, or change one: only what is given
changes. A text is read from a file of plain text in UTF-8, or from standard
input where the file is -. A new text is a new version: it is asked for from
then on, and what was signed before stays readable for as long as the signature
is kept. Which types of visitors sign it is said by upprop type set --sign.`,
		Example: `  upprop document set house-rules --name sv=Ordningsregler --text sv=regler.txt
  upprop document set nda --name en="Confidentiality" --text en=nda.txt
  upprop document set nda --off`,
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			in := api.PaperEdit{ID: args[0]}
			var err error
			if in.Name, err = pairs("name", names); err != nil {
				return err
			}
			files, err := pairs("text", texts)
			if err != nil {
				return err
			}
			in.Text = map[string]string{}
			for l, file := range files {
				if in.Text[l], err = c.textOf(file); err != nil {
					return err
				}
			}
			if cmd.Flags().Changed("off") {
				in.Off = &off
			}
			var out documents.Document
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/papers", in, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			return c.say("Document %s (%s) is set, in %s.", out.ID, out.Word("en"), orElse(strings.Join(slices.Sorted(maps.Keys(out.Text)), ", "), "no language yet"))
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&names, "name", nil, "what it is called in one language: `LANGUAGE=TEXT`; may be repeated")
	f.StringArrayVar(&texts, "text", nil, "its text in one language: `LANGUAGE=FILE`; may be repeated")
	f.BoolVar(&off, "off", false, "nobody signs it any more")
	jsonFlag(cmd, &asJSON)
	return cmd
}

// textOf reads a text file; nothing where no file is named.
func (c *command) textOf(file string) (string, error) {
	var in io.Reader = c.stdin
	switch file {
	case "":
		return "", nil
	case "-":
	default:
		f, err := os.Open(file)
		if err != nil {
			return "", fmt.Errorf("read text: %w", err)
		}
		defer f.Close()
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, documents.MaxText+1))
	if err != nil {
		return "", fmt.Errorf("read text: %w", err)
	}
	if len(b) > documents.MaxText {
		return "", fmt.Errorf("the text is longer than %d bytes: shorten it, or make two documents of it", documents.MaxText)
	}
	return string(b), nil
}

func (c *command) papers(cmd *cobra.Command) (out []documents.Document, err error) {
	return out, newClient(c.data).ask(cmd.Context(), "GET", "/api/v1/papers", nil, &out)
}

func (c *command) paperList() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List the documents that visitors read and sign",
		Example: "  upprop document list\n  upprop document list --json",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var out []documents.Document
			if err := newClient(c.data).ask(cmd.Context(), "GET", "/api/v1/papers", nil, &out); err != nil {
				return err
			}
			switch {
			case asJSON:
				return c.json(out)
			case len(out) == 0:
				return c.say("Nothing is read and signed: `upprop document set ID --name sv=TEXT --text sv=FILE`.")
			}
			return c.table("ID\tNAME\tLANGUAGE\tIN FORCE SINCE (UTC)\tSHA-256", func(w io.Writer) error {
				for _, d := range out {
					name := d.Word("en")
					if d.Off {
						name += " (off)"
					}
					for _, l := range slices.Sorted(maps.Keys(d.Text)) {
						if _, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", d.ID, name, l, d.Text[l].Version(), d.Text[l].Hash); err != nil {
							return err
						}
					}
					if len(d.Text) == 0 {
						if _, err := fmt.Fprintf(w, "%s\t%s\t-\t-\t-\n", d.ID, name); err != nil {
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

func (c *command) paperShow() *cobra.Command {
	var lang string
	cmd := &cobra.Command{
		Use: "show ID", Short: "Print a document's text that is in force",
		Example: "  upprop document show nda --lang en",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			all, err := c.papers(cmd)
			if err != nil {
				return err
			}
			for _, d := range all {
				if d.ID != args[0] {
					continue
				}
				text, _, ok := d.In(lang)
				if !ok {
					return fmt.Errorf("the document has no text in force: give it one with `upprop document set %s --text sv=FILE`", d.ID)
				}
				return c.say("%s", text.Body)
			}
			return fmt.Errorf("there is no document of that id: `upprop document list` shows those there are")
		},
	}
	cmd.Flags().StringVar(&lang, "lang", "sv", "the `language` to read it in, where it has that")
	return cmd
}
