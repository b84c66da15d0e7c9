package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/node/api"
)

func (c *command) badgePrinter() *cobra.Command {
	return group("badge-printer", "Print badges on a label printer at each check-in", c.badgePrinterSet(),
		c.badgePrinterShow("show", "Show where badges are printed, and how that goes", "GET", "/api/v1/badge-printer"),
		c.badgePrinterShow("test", "Print a badge of nobody on each printer", "POST", "/api/v1/badge-printer/test"),
		c.badgePrinterShow("remove", "Print no badges by itself any more", "DELETE", "/api/v1/badge-printer"))
}

func (c *command) badgePrinterSet() *cobra.Command {
	var size string
	var dpi int
	var asJSON bool
	cmd := &cobra.Command{
		Use: "set ADDRESS [FALLBACK ...]", Short: "Print a badge on this printer at each check-in at this node",
		Long: `Print a badge on a label at each check-in at this node's door and desk, and anew
at the desk. The printer is zpl://HOST:9100 for one that speaks Zebra's ZPL,
ipp://HOST/ipp/print or ipps://HOST/ipp/print for one that takes PDF, or lp:NAME for
a queue of this machine's CUPS. Those that follow are tried in order where it takes
no badge. The badge is a picture, so a name looks alike on every printer.`,
		Example: "  upprop badge-printer set zpl://192.0.2.8\n  upprop badge-printer set zpl://192.0.2.8 lp:Reception --size 62x40 --dpi 300",
		Args:    usage(cobra.RangeArgs(1, 4)),
		RunE: func(cmd *cobra.Command, args []string) error {
			in := api.BadgePrinterSet{Printers: args, DPI: dpi}
			if n, err := fmt.Sscanf(size, "%dx%d", &in.Width, &in.Height); n != 2 || err != nil || fmt.Sprintf("%dx%d", in.Width, in.Height) != size {
				return wrongUsage("say --size as WIDTHxHEIGHT in millimetres, for example 76x51")
			}
			return c.badgePrinterAsk(cmd.Context(), "POST", "/api/v1/badge-printer", in, asJSON)
		},
	}
	cmd.Flags().StringVar(&size, "size", "76x51", "the label's WIDTHxHEIGHT in millimetres")
	cmd.Flags().IntVar(&dpi, "dpi", 203, "the printer's dots an inch")
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) badgePrinterShow(use, short, method, path string) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: use, Short: short, Example: "  upprop badge-printer " + use, Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.badgePrinterAsk(cmd.Context(), method, path, nil, asJSON)
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) badgePrinterAsk(ctx context.Context, method, path string, in any, asJSON bool) error {
	var out api.BadgePrinter
	if err := newClient(c.data).ask(ctx, method, path, in, &out); err != nil {
		return err
	}
	on := strings.Join(out.Printers, ", then ")
	switch now := time.Now(); {
	case asJSON:
		return c.json(out)
	case on == "":
		return c.say("No badge is printed by itself at this node.")
	case !out.FailedSince.IsZero():
		return c.say("Badges of %d × %d mm are printed on %s. The first takes NONE since %s: %s. %d wait.",
			out.Width, out.Height, on, moment(out.FailedSince.Time, now), out.Why, out.Waiting)
	case !out.PrintedAt.IsZero():
		return c.say("Badges of %d × %d mm are printed on %s. Last printed %s.", out.Width, out.Height, on, moment(out.PrintedAt.Time, now))
	}
	return c.say("Badges of %d × %d mm are printed on %s at each check-in. Try it: `upprop badge-printer test`.", out.Width, out.Height, on)
}
