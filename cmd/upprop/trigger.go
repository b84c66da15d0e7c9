package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/api"
)

func (c *command) trigger() *cobra.Command {
	return group("trigger", "Let a fire panel start an evacuation", c.triggerAdd(), c.triggerList(), c.triggerRemove())
}

func (c *command) triggerAdd() *cobra.Command {
	var site, from string
	var drill, asJSON bool
	cmd := &cobra.Command{
		Use: "add NAME", Short: "Let a machine start an evacuation at this node",
		Long: `Let a machine, a fire panel's relay or a bridge to one, start an evacuation at
this node, and print the secret that it signs its messages with (Standard
Webhooks). The secret is printed this once, and kept on this node alone. To have
one message heard at two nodes, give the second one the first one's secret with
--secret-file, under the same name: together they start one evacuation.

Let the machine send {"action":"test"} when it is set up: everything is checked,
and nothing is started.`,
		Example: "  upprop trigger add \"Fire panel\"\n  upprop trigger add \"Test button\" --site North --drill-only",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			in := api.TriggerRequest{Name: args[0], Site: record.SiteID(site), DrillOnly: drill}
			if from != "" {
				secret, err := c.firstLine(from)
				if err != nil {
					return err
				}
				in.Secret = secret
			}
			var out api.TriggerMade
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/triggers", in, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			where := out.URL
			if where == "" {
				where = "/api/v1/trigger, once this node has screens (`upprop run --http IP:PORT`)"
			}
			return c.say("%s may start %s of %s.\n\nSecret (printed this once): %s\nSend to: %s",
				out.Name, map[bool]string{true: "a drill", false: "a REAL evacuation"}[drill], orElse(site, "the whole campus"), out.Secret, where)
		},
	}
	cmd.Flags().StringVar(&site, "site", "", "the only site that it may evacuate (default the whole campus)")
	cmd.Flags().BoolVar(&drill, "drill-only", false, "what it starts is a drill")
	cmd.Flags().StringVar(&from, "secret-file", "", "take the secret from this `file`'s first line, or - for standard input (default a new one)")
	jsonFlag(cmd, &asJSON)
	return cmd
}

// firstLine reads the first line of a file, or of standard input for "-".
func (c *command) firstLine(path string) (string, error) {
	in := c.stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return "", fmt.Errorf("the secret cannot be read: check the path after --secret-file: %w", err)
		}
		defer f.Close()
		in = f
	}
	line, _ := bufio.NewReader(io.LimitReader(in, 4096)).ReadString('\n')
	if line = strings.TrimSpace(line); line == "" {
		return "", fmt.Errorf("there is no secret in %s: put it on the first line", path)
	}
	return line, nil
}

func (c *command) triggerList() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List the machines that may start an evacuation at this node",
		Example: "  upprop trigger list\n  upprop trigger list --json",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var out []api.TriggerSource
			if err := newClient(c.data).ask(cmd.Context(), "GET", "/api/v1/triggers", nil, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			now := time.Now()
			return c.table("NAME\tSTARTS\tSITE\tLAST HEARD\tLAST TESTED\tCLOCK", func(w io.Writer) error {
				for _, x := range out {
					starts, clock := "real", "-"
					if x.DrillOnly {
						starts = "drill"
					}
					switch {
					case x.ClockOff:
						clock = "wrong"
					case !x.LastHeard.IsZero():
						clock = "right"
					}
					if _, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", x.Name, starts, orElse(string(x.Site), "whole campus"), moment(x.LastHeard.Time, now), moment(x.TestedAt.Time, now), clock); err != nil {
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

func (c *command) triggerRemove() *cobra.Command {
	return c.removal(removal{
		Use: "remove NAME", Short: "End a machine's right to start an evacuation at this node",
		Example: `  upprop trigger remove "Fire panel"`, path: "/api/v1/triggers", said: "%s is not heard any more.",
	})
}
