package main

import (
	"fmt"
	"io"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/node/api"
)

func (c *command) statistics() *cobra.Command {
	var from, to, site string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "statistics", Short: "Count arrivals by day, hour and type, also of those who are erased",
		Long: `Count arrivals by day, hour and type of visitor, as this desk has counted them when
each day was over. The counts are of nobody and outlive what they were counted
from, for ten years. Fewer than five are told as "1-4". Staff that is fed in is
not counted.`,
		Example: "  upprop statistics --from 2026-01-01 --to 2026-12-31 --site North\n  upprop statistics --json",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			q := url.Values{}
			for k, v := range map[string]string{"from": from, "to": to, "site": site} {
				if v != "" {
					q.Set(k, v)
				}
			}
			path := "/api/v1/statistics"
			if len(q) > 0 {
				path += "?" + q.Encode()
			}
			var out api.Statistics
			if err := newClient(c.data).ask(cmd.Context(), "GET", path, nil, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			return c.statisticsTable(out)
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "the first `date`")
	cmd.Flags().StringVar(&to, "to", "", "the last `date`")
	cmd.Flags().StringVar(&site, "site", "", "one `site` alone")
	jsonFlag(cmd, &asJSON)
	return cmd
}

// arrivals is a number as it is told: what few people make up is never exact.
func arrivals(a api.Arrivals) string {
	switch {
	case a.Few == 0:
		return fmt.Sprint(a.Arrivals)
	case a.Arrivals == 0 && a.Few == 1:
		return "1-4"
	}
	return fmt.Sprintf("%d-%d", a.Arrivals+a.Few, a.Arrivals+4*a.Few)
}

func (c *command) statisticsTable(s api.Statistics) error {
	if len(s.Days) == 0 {
		return c.say("No day has been counted yet: a desk counts each day when it is over.")
	}
	return c.table("WHAT\tWHICH\tARRIVALS", func(w io.Writer) error {
		line := func(what, which string, a api.Arrivals) error {
			_, err := fmt.Fprintf(w, "%s\t%s\t%s\n", what, which, arrivals(a))
			return err
		}
		for _, d := range s.Days {
			if err := line("day", d.Date+" "+string(d.Site), d.Arrivals); err != nil {
				return err
			}
		}
		for _, h := range s.Hours {
			if err := line("hour", fmt.Sprintf("%02d:00", h.Hour), h.Arrivals); err != nil {
				return err
			}
		}
		for _, k := range s.Types {
			if err := line("type", orDash(k.Type), k.Arrivals); err != nil {
				return err
			}
		}
		return line("all", "", s.Arrivals)
	})
}
