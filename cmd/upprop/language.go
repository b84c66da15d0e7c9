package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/evac/reply"
	invited "github.com/upprop/upprop/kiosk/guest"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/node/api"
)

func (c *command) language() *cobra.Command {
	return group("language", "Choose the languages in which visitors are spoken to, and add others",
		c.languageList(), c.languageOffer(), c.languageTemplate(), c.languageAdd(), c.languageRemove())
}

const languagesPath = "/api/v1/languages"

func (c *command) languageList() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List the languages that the doors offer, in order, and the others that are spoken",
		Example: "  upprop language list\n  upprop language list --json",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var all []api.Language
			if err := newClient(c.data).ask(cmd.Context(), "GET", languagesPath, nil, &all); err != nil {
				return err
			}
			return c.languages(all, asJSON)
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) languages(all []api.Language, asJSON bool) error {
	if asJSON {
		return c.json(all)
	}
	return c.table("LANGUAGE\tNAME\tOFFERED\tADDED", func(w io.Writer) error {
		for _, l := range all {
			name, offered, added := lang.Locale(l.Lang).Name(), "-", "-"
			if l.Offered {
				offered = "yes"
			}
			if l.Added {
				name, added = "-", fmt.Sprintf("%d bytes", l.Bytes)
			}
			if _, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", l.Lang, name, offered, added); err != nil {
				return err
			}
		}
		return nil
	})
}

func (c *command) languageOffer() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "offer LANGUAGE...", Short: "Say which languages the doors and the links in messages offer, in which order",
		Long: `Say which languages the doors and the links in messages offer, in which order.
The first is spoken where nothing else is known of the visitor. It is done at a
desk, or at a node that may make tokens, and reaches every node; whoever is
writing at a door goes on where they were.`,
		Example: "  upprop language offer sv en ar fi\n  upprop language offer sv en sv-simple fi nb da de ar",
		Args:    usage(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			var all []api.Language
			if err := newClient(c.data).ask(cmd.Context(), "POST", languagesPath+"/offer", api.LanguageOffer{Langs: args}, &all); err != nil {
				return err
			}
			if asJSON {
				return c.json(all)
			}
			return c.say("The doors offer %s.", strings.Join(args, ", "))
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) languageTemplate() *cobra.Command {
	return &cobra.Command{
		Use: "template LANGUAGE", Short: "Print the words of a language that the program has, to be translated",
		Long: `Print all words that visitors see in a language that the program has, as a file to
be translated for ` + "`upprop language add`" + `. What stands in {{braces}} stays as it is,
and a phrase with forms for one and for many needs those of the new language:
zero, one, two, few, many, other.`,
		Example: "  upprop language template en > so.toml",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error {
			file, err := lang.Template(lang.Locale(args[0]), reply.Words(), invited.Words())
			if err != nil {
				return fmt.Errorf("%w: write one of %s", err, tags(lang.Visitors()))
			}
			if _, err := c.stdout.Write(file); err != nil {
				return fmt.Errorf("print answer: %w", err)
			}
			return nil
		},
	}
}

func tags(all []lang.Locale) string {
	var out []string
	for _, l := range all {
		out = append(out, string(l))
	}
	return strings.Join(out, ", ")
}

func (c *command) languageAdd() *cobra.Command {
	var tag string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "add FILE", Short: "Add a language to those that the program has, or replace its words",
		Long: `Add a language to those that the program has, or replace its words: a file as
` + "`upprop language template`" + ` prints it, translated. It is named by its tag, like
so.toml, unless --lang names it. What is missing, or is in the wrong place, is told
phrase by phrase, and nothing is saved. It reaches every node with the settings;
messages and mails go out in English to who has chosen it. Offer it to have the
doors show it.`,
		Example: "  upprop language add so.toml\n  upprop language add somali.toml --lang so",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			file, err := os.ReadFile(args[0])
			if err != nil {
				return fmt.Errorf("read language: %w", err)
			}
			if tag == "" {
				tag = strings.TrimSuffix(filepath.Base(args[0]), filepath.Ext(args[0]))
			}
			var all []api.Language
			if err := newClient(c.data).ask(cmd.Context(), "POST", languagesPath, api.LanguageFile{Lang: tag, TOML: string(file)}, &all); err != nil {
				return err
			}
			if asJSON {
				return c.json(all)
			}
			return c.say("Language %s is added. Offer it with `upprop language offer`.", tag)
		},
	}
	cmd.Flags().StringVar(&tag, "lang", "", "the language's `tag`, where the file is not named by it")
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) languageRemove() *cobra.Command {
	return c.removal(removal{
		Use: "remove LANGUAGE", Short: "Remove a language that was added",
		Long:    "Remove a language that was added. One that the doors offer is taken out of what\nthey offer first.",
		Example: "  upprop language remove so", path: languagesPath, said: "%s is not spoken any more.",
	})
}
