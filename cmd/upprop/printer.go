package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/node/api"
)

func (c *command) printer() *cobra.Command {
	return group("printer", "Print the list by itself when an alarm starts", c.printerSet(), c.printerShow("show", "Show where the list is printed by itself, and how that went", "GET", "/api/v1/printer"),
		c.printerShow("test", "Print the list now, as when an alarm starts", "POST", "/api/v1/printer/test"),
		c.printerShow("remove", "Print nothing by itself any more", "DELETE", "/api/v1/printer"))
}

func (c *command) printerSet() *cobra.Command {
	var every time.Duration
	var locale string
	var drills, asJSON bool
	cmd := &cobra.Command{
		Use: "set ADDRESS", Short: "Print the list on this printer when an alarm starts",
		Long: `Print the muster list on a printer of this node when an alarm starts, and again
while it runs: ipp://HOST/ipp/print or ipps://HOST/ipp/print (the printer must
take PDF), or lp:NAME for a queue of this machine's CUPS. The list has the names
that this node may read, so choose a printer that stands where they may be seen.
Each printing is on record. What fails is tried again, and doctor says so.`,
		Example: "  upprop printer set ipp://192.0.2.7/ipp/print --every 5m\n  upprop printer set lp:Reception --lang en --drills",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if every%time.Minute != 0 {
				return wrongUsage("say --every in whole minutes")
			}
			in := api.PrinterSet{Printer: args[0], EveryMinutes: int(every / time.Minute), Lang: locale, Drills: drills}
			return c.printerAsk(cmd.Context(), "POST", "/api/v1/printer", in, asJSON)
		},
	}
	cmd.Flags().DurationVar(&every, "every", 5*time.Minute, "print it anew so often while the alarm runs; 0 for once")
	cmd.Flags().StringVar(&locale, "lang", "sv", "the paper's language, sv or en")
	cmd.Flags().BoolVar(&drills, "drills", false, "print in drills as well")
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) printerShow(use, short, method, path string) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: use, Short: short, Example: "  upprop printer " + use, Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.printerAsk(cmd.Context(), method, path, nil, asJSON)
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) printerAsk(ctx context.Context, method, path string, in any, asJSON bool) error {
	var out api.Printer
	if err := newClient(c.data).ask(ctx, method, path, in, &out); err != nil {
		return err
	}
	switch now := time.Now(); {
	case asJSON:
		return c.json(out)
	case out.Printer == "":
		return c.say("Nothing is printed by itself at this node.")
	case !out.FailedSince.IsZero():
		return c.say("The list could NOT be printed on %s since %s: %s.", out.Printer, moment(out.FailedSince.Time, now), out.Why)
	case !out.PrintedAt.IsZero():
		return c.say("The list is printed on %s when an alarm starts. Last printed %s.", out.Printer, moment(out.PrintedAt.Time, now))
	}
	return c.say("The list is printed on %s when an alarm starts. Try it: `upprop printer test`.", out.Printer)
}
