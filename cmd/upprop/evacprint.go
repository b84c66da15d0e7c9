package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

func (c *command) evacPrint() *cobra.Command {
	var handOver, report, force bool
	var locale, site string
	cmd := &cobra.Command{
		Use: "print [FILE|-]", Short: "Write the list, the hand-over or the report as pages to print (PDF)",
		Long: `Write the muster list as A4 pages with boxes to tick: muster.pdf in this folder
unless another file is named, - for standard output. --handover makes the one
page for the fire service (handover.pdf), --report the report of the latest
evacuation or drill (report.pdf). A file that is there is kept, unless with
--force. That the paper was made is on record, with the visits whose names are
on it.`,
		Example: "  upprop evac print\n  upprop evac print --handover --lang en\n  upprop evac print - | lp",
		Args:    usage(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			file, paper := "muster.pdf", "list.pdf"
			switch {
			case handOver && report:
				return wrongUsage("say one of --handover and --report")
			case handOver:
				file, paper = "handover.pdf", "handover.pdf"
			case report:
				file, paper = "report.pdf", "report.pdf"
			}
			if len(args) == 1 {
				file = args[0]
			}
			if locale != "sv" && locale != "en" {
				return wrongUsage("papers are made in sv and en: say one of them with --lang")
			}
			q := url.Values{"lang": {locale}}
			if site != "" {
				q.Set("site", site)
			}
			fetch := func() ([]byte, error) {
				return newClient(c.data).raw(cmd.Context(), "GET", "/api/v1/evacuation/"+paper+"?"+q.Encode(), nil)
			}
			if file == "-" {
				b, err := fetch()
				if err != nil {
					return err
				}
				if _, err := c.stdout.Write(b); err != nil {
					return fmt.Errorf("write the paper: %w", err)
				}
				return nil
			}
			if err := writePaper(file, force, fetch); err != nil {
				return err
			}
			return c.say("Written to %s. Whoever has it can read the names on it: destroy it when it has served.", file)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&handOver, "handover", false, "the one page for the fire service")
	f.BoolVar(&report, "report", false, "the report of the latest evacuation or drill")
	f.StringVar(&locale, "lang", "sv", "the language of the paper: sv or en")
	f.StringVar(&site, "site", "", "only this site (default the whole campus)")
	f.BoolVar(&force, "force", false, "write over a file that is there")
	return cmd
}

// writePaper writes what fetch answers to a file that only its owner reads. It
// asks for nothing that it could not write, and leaves no half of a file: one
// that is written over stays as it was until the new one is whole.
func writePaper(file string, force bool, fetch func() ([]byte, error)) (err error) {
	var f *os.File
	if force {
		f, err = os.CreateTemp(filepath.Dir(file), ".upprop-paper-*")
	} else {
		f, err = os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	}
	switch {
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%s is there already, and was kept: name another file, or write over it with --force", file)
	case err != nil:
		return fmt.Errorf("nothing was printed, the file cannot be written: %w: name a file in a folder that is yours", err)
	}
	defer func() {
		if err != nil {
			_, _ = f.Close(), os.Remove(f.Name()) // what went wrong first is told
		}
	}()
	b, err := fetch()
	if err != nil {
		return err
	}
	if _, err := f.Write(b); err != nil {
		return fmt.Errorf("write the paper: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("write the paper: %w", err)
	}
	if !force {
		return nil
	}
	if err := os.Rename(f.Name(), file); err != nil {
		return fmt.Errorf("write the paper: %w", err)
	}
	return nil
}
