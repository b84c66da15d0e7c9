package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/api"
)

func (c *command) nodes() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "nodes", Short: "List the campus's nodes and how fresh their news is",
		Example: "  upprop nodes\n  upprop nodes --json",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var out []api.Node
			if err := newClient(c.data).ask(cmd.Context(), "GET", "/api/v1/nodes", nil, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			now := time.Now()
			for _, n := range out {
				if w := clockWarning(n); w != "" {
					if err := c.say("%s", w); err != nil {
						return err
					}
				}
			}
			return c.table("NAME\tROLE\tSITE\tSTATE\tLAST HEARD\tCOMPLETE AS OF\tTROUBLE\tID", func(w io.Writer) error {
				for _, n := range out {
					state := string(n.State)
					if n.ViaNode != nil && n.State == api.Via {
						state += " " + *n.ViaNode
					}
					if !n.CutUntil.IsZero() {
						state += ", CUT by a drill until " + moment(n.CutUntil.Time, now)
					}
					if n.ClockSuspect {
						state += ", clock wrong"
					}
					if _, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", n.Name, n.Role, n.Site, state, moment(n.LastHeard.Time, now), moment(n.CompleteAsOf.Time, now), orDash(strings.Join(n.Trouble, ", ")), n.ID); err != nil {
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

// clockWarning says what is wrong with a node's clock, and what to do; empty
// when it agrees with ours.
func clockWarning(n api.Node) string {
	if !n.ClockSuspect || n.ClockOffset == nil {
		return ""
	}
	off := time.Duration(*n.ClockOffset) * time.Millisecond
	way := "ahead of"
	if off < 0 {
		way = "behind"
	}
	return fmt.Sprintf("The clock of %s is %s %s this node's: nothing is lost, but set the wrong one right (timedatectl set-ntp true); until then times from %s are by its own clock.",
		n.Name, off.Abs().Round(time.Minute), way, n.Name)
}

func (c *command) node() *cobra.Command {
	revoke := &cobra.Command{
		Use: "revoke NAME", Short: "End a node's membership, at once and for good",
		Long: `End a node's membership. What it had told by now goes on counting; what it
says later does not. To come back it has to join again as a new node.`,
		Example: `  upprop node revoke "East gate"`,
		Args:    usage(cobra.ExactArgs(1)), ValidArgsFunction: c.completeNode,
		RunE: func(cmd *cobra.Command, args []string) error {
			var out api.Named
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/nodes/revoke", api.Named{Name: args[0]}, &out); err != nil {
				return err
			}
			return c.say("%s is revoked and cut off.", out.Name)
		},
	}
	return group("node", "Act on one node", revoke, c.writeOff())
}

func (c *command) issuer() *cobra.Command {
	grant := &cobra.Command{
		Use: "grant NODE", Short: "Let a node make tokens and revoke nodes",
		Long:    "Let a node make tokens and revoke nodes. It is done on the node that holds the\ncampus root.",
		Example: `  upprop issuer grant "South desk"`,
		Args:    usage(cobra.ExactArgs(1)), ValidArgsFunction: c.completeNode,
		RunE: func(cmd *cobra.Command, args []string) error {
			var out api.Named
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/issuers", api.Named{Name: args[0]}, &out); err != nil {
				return err
			}
			if err := c.say("%s may now make tokens and revoke nodes.", out.Name); err != nil {
				return err
			}
			return c.warnOfPlace(cmd.Context(), func(n api.Node) bool { return n.Name == out.Name })
		},
	}
	return group("issuer", "Say who may let nodes in and out", grant)
}

// warnOfPlace warns when a node that was given power over the campus stands
// where it can be carried away.
func (c *command) warnOfPlace(ctx context.Context, which func(api.Node) bool) error {
	var all []api.Node
	if err := newClient(c.data).ask(ctx, "GET", "/api/v1/nodes", nil, &all); err != nil {
		return err
	}
	for _, n := range all {
		if which(n) && n.Role != identity.RoleDesk {
			return c.say("Mind that %s is no desk (%s): whoever carries it away can let himself into the campus. Choose a desk behind a locked door if there is one.", n.Name, n.Role)
		}
	}
	return nil
}

// completeNode completes a node's name by asking the running node.
func (c *command) completeNode(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), 2*time.Second)
	defer cancel()
	var out []api.Node
	if newClient(c.data).ask(ctx, "GET", "/api/v1/nodes", nil, &out) != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []cobra.Completion
	for _, n := range out {
		if n.State != api.Here && n.State != api.Revoked {
			names = append(names, cobra.CompletionWithDesc(n.Name, string(n.Role)))
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
