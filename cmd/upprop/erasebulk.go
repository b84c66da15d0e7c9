package main

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/api"
)

func (c *command) eraseSearch() *cobra.Command {
	var asJSON bool
	var host string
	in := api.ErasureQuery{}
	cmd := &cobra.Command{
		Use: "search", Short: "Find the visits to erase by search, and prepare that",
		Long: `Find visits by when they were last seen, their type, site or host, and say how many
there are. With --reason it is prepared to be erased, and confirmed in a second
step within the hour. Who may be inside, is restricted or has an open case is left
out. More than 100 visits are confirmed by a second person, who is signed in at a
desk's screen.`,
		Example: `  upprop erase search --not-seen-since 2026-11-01 --type delivery
  upprop erase search --host "Sven Ask" --reason "the contract has ended"`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !utf8.ValidString(host) || !utf8.ValidString(in.Reason) {
				return wrongUsage("what is written is not in UTF-8")
			}
			in.Host = api.Text{Private: record.Private(host)}
			var f api.ErasureFound
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/erasures/search", in, &f); err != nil {
				return err
			}
			if asJSON {
				return c.json(f)
			}
			line := fmt.Sprintf("%d visits would be erased", f.Visits)
			if !f.First.IsZero() {
				line += fmt.Sprintf(", last seen from %s to %s", f.First.Format(time.DateOnly), f.Last.Format(time.DateOnly))
			}
			line += fmt.Sprintf(". Left out: %d who may be inside, %d restricted or with an open case, %d erased already.", f.Inside, f.Kept, f.Erased)
			switch {
			case f.Bulk == nil:
				line += " Nothing is prepared: write --reason to go on."
			case f.SecondPerson:
				line += fmt.Sprintf(" Prepared as %s. A second person confirms it at this desk's screen, under Rights.", *f.Bulk)
			default:
				line += fmt.Sprintf(" Prepared. Confirm it within the hour: upprop erase confirm %s --visits %d", *f.Bulk, f.Visits)
			}
			return c.say("%s", line)
		},
	}
	f := cmd.Flags()
	f.StringVar(&in.NotSeenSince, "not-seen-since", "", "nothing was recorded of them on this `date` or later, YYYY-MM-DD")
	f.StringVar(&in.Type, "type", "", "the kind of visitor")
	f.StringVar(&in.Site, "site", "", "where they were last seen")
	f.StringVar(&host, "host", "", "whom they visited")
	f.StringVar(&in.Reason, "reason", "", "why they are to be erased; it goes on record and names nobody")
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) eraseConfirm() *cobra.Command {
	var asJSON bool
	var visits int
	cmd := &cobra.Command{
		Use: "confirm BULK", Short: "Carry out what `upprop erase search` has prepared",
		Example: "  upprop erase confirm 7Q0X… --visits 12",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := preparedCode(args[0])
			if err != nil {
				return err
			}
			var out api.BulkErased
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/erasures/confirm", api.BulkConfirmation{Bulk: id, Visits: visits}, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			return c.say("%d visits are erased here, and on every other node as soon as it hears of it. Who has confirmed: upprop erase status", out.Visits)
		},
	}
	cmd.Flags().IntVar(&visits, "visits", 0, "how `many` visits the search has found")
	must(cmd.MarkFlagRequired("visits"))
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) eraseCancel() *cobra.Command {
	return &cobra.Command{
		Use: "cancel BULK", Short: "Forget what `upprop erase search` has prepared",
		Example: "  upprop erase cancel 7Q0X…",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := preparedCode(args[0])
			if err != nil {
				return err
			}
			var out api.BulkErased
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/erasures/cancel", api.BulkConfirmation{Bulk: id}, &out); err != nil {
				return err
			}
			return c.say("Cancelled: nothing is erased.")
		},
	}
}

// erasureSummaries says how far all erasures have come.
func (c *command) erasureSummaries(cmd *cobra.Command, asJSON bool) error {
	var all []api.ErasureSummary
	if err := newClient(c.data).ask(cmd.Context(), "GET", "/api/v1/erasures/all", nil, &all); err != nil {
		return err
	}
	if asJSON {
		return c.json(all)
	}
	now := time.Now()
	return c.table("ERASURE\tORDERED\tNODE\tVISITS\tCONFIRMED\tPENDING", func(w io.Writer) error {
		for _, x := range all {
			pending := strings.Join(x.Pending, ", ")
			if x.Complete {
				pending = "complete"
			}
			if _, err := fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%s\n", x.Erasure, moment(x.At.Time, now), x.Node, x.Visits, x.Receipts, orDash(pending)); err != nil {
				return err
			}
		}
		return nil
	})
}

// preparedCode reads the code of what a search has prepared.
func preparedCode(s string) (record.ErasureID, error) {
	id, err := record.ParseErasureID(s)
	if err != nil {
		return id, wrongUsage("the code of what is prepared is not well-formed: write it as `upprop erase search` printed it")
	}
	return id, nil
}
