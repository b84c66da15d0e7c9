package main

import (
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/node/api"
)

func (c *command) erase() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "erase VISIT", Short: "Have what is stored about a visitor destroyed, on every node",
		Long: `Have the particulars of a visit destroyed on every node. It is done at once and
cannot be undone. Nodes that are cut off do it when they are back; status tells
which have confirmed. What was signed is kept for the time of its document, and
what a legal hold keeps is not erased; both are said. Somebody who may still be inside stays on the list, with
the name withheld.`,
		Example: `  upprop erase 4H2K…
  upprop erase status 7Q0X…`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return wrongUsage("`upprop erase` is written `upprop erase VISIT`, `upprop erase search` or `upprop erase status [ERASURE]`")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			var out api.Erased
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/erasures", api.EraseRequest{Visits: args}, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			for _, k := range out.Kept {
				if err := c.say("What was signed is kept until %s, and then destroyed by itself: %s (%s). Article 17(3) allows it where a claim may have to be proved; upprop erase %s destroys it at once.", k.Until, k.Document, k.Kept, k.Kept); err != nil {
					return err
				}
			}
			return c.say("Erased here, and on every other node as soon as it hears of it. Who has confirmed: upprop erase status %s", out.Erasure)
		},
	}
	jsonFlag(cmd, &asJSON)
	cmd.AddCommand(c.eraseStatus(), c.eraseSearch(), c.eraseConfirm(), c.eraseCancel())
	return cmd
}

func (c *command) eraseStatus() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "status [ERASURE]", Short: "Say which nodes have confirmed an erasure, or how far all have come",
		Example: "  upprop erase status\n  upprop erase status 7Q0X…",
		Args:    usage(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.erasureSummaries(cmd, asJSON)
			}
			var s api.ErasureStatus
			path := "/api/v1/erasures?" + url.Values{"erasure": {args[0]}}.Encode()
			if err := newClient(c.data).ask(cmd.Context(), "GET", path, nil, &s); err != nil {
				return err
			}
			if asJSON {
				return c.json(s)
			}
			return c.erasureStatus(s)
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) erasureStatus(s api.ErasureStatus) error {
	now := time.Now()
	line := fmt.Sprintf("Not complete: %d of %d nodes have confirmed.", len(s.Receipts), len(s.Receipts)+len(s.Pending)+len(s.WrittenOff))
	switch {
	case s.Complete && len(s.Pending) > 0:
		line = "Complete: the deadline date has passed, when the keys are destroyed everywhere."
	case s.Complete && len(s.WrittenOff) > 0:
		line = "Complete, but for nodes that were written off: what became of their disks nobody knows."
	case s.Complete:
		line = "Complete: every node has confirmed."
	}
	if err := c.say("%s", line); err != nil {
		return err
	}
	return c.table("NODE\tSTATE\tSINCE\tID", func(w io.Writer) error {
		row := func(name, state string, at time.Time, id fmt.Stringer) error {
			_, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", name, state, moment(at, now), id)
			return err
		}
		for _, x := range s.Receipts {
			if err := row(x.Node, "confirmed", x.At.Time, x.ID); err != nil {
				return err
			}
		}
		for _, x := range s.Pending {
			if err := row(x.Node, "pending, last heard", x.LastHeard.Time, x.ID); err != nil {
				return err
			}
		}
		for _, x := range s.WrittenOff {
			if err := row(x.Node, "written off at "+x.By, x.At.Time, x.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

func (c *command) writeOff() *cobra.Command {
	return &cobra.Command{
		Use: "write-off NAME", Short: "Declare that a node has been destroyed, so that erasures wait for it no longer",
		Long: `Declare that a node has been destroyed, so that erasures wait for it no longer.
It is put on record, and is no receipt: what became of its disk nobody knows. A
node that was lost or stolen is also revoked: upprop node revoke NAME.`,
		Example: `  upprop node write-off "East gate"`,
		Args:    usage(cobra.ExactArgs(1)), ValidArgsFunction: c.completeNode,
		RunE: func(cmd *cobra.Command, args []string) error {
			var out api.Named
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/nodes/writeoff", api.Named{Name: args[0]}, &out); err != nil {
				return err
			}
			return c.say("%s is written off. Erasures wait for it no longer; it is shown as written off, never as confirmed.", out.Name)
		},
	}
}

func (c *command) expire() *cobra.Command {
	var until string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "expire", Short: "Let keys of past dates die although nobody bears out this node's clock",
		Long: `Destroy the keys of all dates up to one, on your word that the date has come.
It is needed only where upprop doctor says that keys wait to be destroyed: after
this node's clock has jumped, or after a long time off. It cannot be undone, and
is put on record.`,
		Example: "  upprop expire --until 2026-11-20",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := time.Parse(time.DateOnly, until); err != nil {
				return wrongUsage("--until is written as 2026-11-20")
			}
			var out api.Expiring
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/expire", api.Expiring{Until: until}, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			return c.say("The keys of all dates up to %s are destroyed here.", out.Until)
		},
	}
	cmd.Flags().StringVar(&until, "until", "", "the last `date` whose keys die, YYYY-MM-DD")
	must(cmd.MarkFlagRequired("until"))
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) audit() *cobra.Command {
	return group("audit", "Look at what was done by whom", c.auditVerify(), c.auditList())
}

func (c *command) auditVerify() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "verify", Short: "Find out whether the record of acts is as it was written",
		Long: `Walk every node's chain of acts, and find what has been altered, taken away or
put in another order. It ends with 0 when nothing is wrong, and with 1 when
something is.`,
		Example: "  upprop audit verify",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var r api.AuditReport
			if err := newClient(c.data).ask(cmd.Context(), "GET", "/api/v1/audit/verify", nil, &r); err != nil {
				return err
			}
			if asJSON {
				if err := c.json(r); err != nil {
					return err
				}
			} else if err := c.auditReport(r); err != nil {
				return err
			}
			if r.OK {
				return nil
			}
			return fmt.Errorf("the record of acts is not as it was written: keep a copy of this data folder, compare with `upprop audit verify` at another node, and ask who had access to this machine")
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) auditReport(r api.AuditReport) error {
	if r.OK {
		n := 0
		for _, x := range r.Chains {
			n += x.Entries
		}
		return c.say("Nothing is wrong: %d entries of %d nodes are as they were written.", n, len(r.Chains))
	}
	for _, f := range r.Faults {
		if err := c.say("%s  %s: %s.", strings.ToUpper(string(f.Kind)), f.Node, f.What); err != nil {
			return err
		}
	}
	return nil
}

func (c *command) auditList() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List the acts on record, by ids alone",
		Example: "  upprop audit list --json",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var out []api.Act
			if err := newClient(c.data).ask(cmd.Context(), "GET", "/api/v1/audit", nil, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			now := time.Now()
			return c.table("AT\tNODE\tACT\tBY\tVISITS\tNOTE", func(w io.Writer) error {
				for _, x := range out {
					about := "-"
					if len(x.Visits) == 1 {
						about = x.Visits[0].String()
					} else if len(x.Visits) > 1 {
						about = fmt.Sprintf("%d visits", len(x.Visits))
					}
					if _, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", moment(x.At.Time, now), x.Node, x.What, orDash(x.By), about, orDash(x.Note)); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}
