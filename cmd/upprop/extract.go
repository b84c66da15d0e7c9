package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/evac/paper"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/node/api"
	"github.com/upprop/upprop/node/rights"
)

func (c *command) subjectExport() *cobra.Command {
	var asJSON, asCSV bool
	var force bool
	var language, xlsx, pdf string
	cmd := &cobra.Command{
		Use: "export VISIT", Short: "Print all that is stored about a visitor, for the visitor",
		Long: `Print all that is stored about a visitor: what they told, when and where they
came and went, why each datum is kept, who has had it, and which nodes had
answered. It is for the person themself: find out first that it is they who ask.
It is done at a desk, and put on record.`,
		Example: `  upprop subject export 4H2K… --lang sv
  upprop subject export 4H2K… --json`,
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			form, forms := "text", 0
			for _, f := range []struct {
				form  string
				asked bool
			}{{"json", asJSON}, {"csv", asCSV}, {"xlsx", xlsx != ""}, {"pdf", pdf != ""}} {
				if f.asked {
					form, forms = f.form, forms+1
				}
			}
			if forms > 1 {
				return wrongUsage("--json, --csv, --xlsx and --pdf are different forms: write one of them")
			}
			switch form {
			case "text":
				return c.document(cmd, "/api/v1/subjects/extract", api.ExtractRequest{Visit: args[0], Lang: rights.Lang(language)}, false)
			case "pdf":
				return c.pages(cmd, "/api/v1/subjects/extract", api.ExtractRequest{Visit: args[0], Lang: rights.Lang(language), Form: "pdf"}, rights.Lang(language), pdf, force)
			}
			in := api.SubjectRequest{Visit: args[0], Form: form}
			var out api.SubjectExtract
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/subjects/export", in, &out); err != nil {
				return err
			}
			switch form {
			case "csv":
				return out.CSV(c.stdout)
			case "xlsx":
				return c.handOut(xlsx, force, out.XLSX)
			}
			return c.json(out)
		},
	}
	jsonFlag(cmd, &asJSON)
	cmd.Flags().BoolVar(&asCSV, "csv", false, "print it as a table of comma-separated values")
	cmd.Flags().StringVar(&xlsx, "xlsx", "", "write it as a workbook to `FILE`, or - for standard output")
	cmd.Flags().StringVar(&pdf, "pdf", "", "write it as pages to `FILE`, or - for standard output")
	cmd.Flags().BoolVar(&force, "force", false, "write over a file that is there")
	langFlag(cmd, &language)
	return cmd
}

// pages has the node write a text, and puts it on pages.
func (c *command) pages(cmd *cobra.Command, path string, in any, l rights.Lang, file string, force bool) error {
	var out api.Document
	if err := newClient(c.data).ask(cmd.Context(), "POST", path, in, &out); err != nil {
		return err
	}
	p, err := paper.New()
	if err != nil {
		return err
	}
	now := time.Now()
	mark := map[rights.Lang]string{rights.Swedish: "Utskrivet %s, operatören vid noden", rights.English: "Printed %s, operator at this node"}[l]
	mark = fmt.Sprintf(mark, now.Format("2006-01-02 15:04:05"))
	return c.handOut(file, force, func(w io.Writer) error { return p.Plain(w, lang.Locale(l), out.Text.Reveal(), mark, now) })
}

// handOut writes what holds personal data to a file that only its owner reads,
// or to standard output.
func (c *command) handOut(file string, force bool, write func(io.Writer) error) error {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return err
	}
	if file == "-" {
		if _, err := c.stdout.Write(b.Bytes()); err != nil {
			return fmt.Errorf("print answer: %w", err)
		}
		return nil
	}
	if err := writePaper(file, force, func() ([]byte, error) { return b.Bytes(), nil }); err != nil {
		return err
	}
	return c.say("Written to %s. Whoever has it can read what is in it: destroy it when it has served.", file)
}

func langFlag(cmd *cobra.Command, into *string) {
	cmd.Flags().StringVar(into, "lang", "sv", "the `language` to write in: sv or en")
}

// document prints a text that the node writes.
func (c *command) document(cmd *cobra.Command, path string, in any, asJSON bool) error {
	var out api.Document
	if err := newClient(c.data).ask(cmd.Context(), "POST", path, in, &out); err != nil {
		return err
	}
	if asJSON {
		return c.json(out)
	}
	return c.say("%s", strings.TrimRight(out.Text.Reveal(), "\n"))
}
