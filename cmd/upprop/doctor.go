package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/doctor"
)

// examining is how long a node may take to answer before it counts as stuck.
const examining = 5 * time.Second

func (c *command) doctor() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "doctor", Short: "Say what is wrong with this node, and what to do",
		Long: `Say what is wrong with this node, in words, and what to do about it. It works
whether the node runs or not, and changes nothing.

It ends with 0 when nothing needs a person, and with 1 when something does.`,
		Example: "  upprop doctor\n  upprop doctor --json",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var r doctor.Report
			ctx, cancel := context.WithTimeout(cmd.Context(), examining)
			defer cancel()
			err := newClient(c.data).ask(ctx, "GET", "/api/v1/doctor", nil, &r)
			found := append(r.Findings, node.Folder(c.data).Checkup(time.Now(), err == nil)...)
			r = doctor.NewReport(r.Node, err == nil, found)
			if asJSON {
				err = c.json(r)
			} else {
				err = c.diagnosis(r)
			}
			if err != nil || r.Healthy {
				return err
			}
			n := 0
			for _, f := range r.Findings {
				if f.Severity != doctor.Notice {
					n++
				}
			}
			if n == 1 {
				return fmt.Errorf("one thing needs a person: do what the findings on standard output say")
			}
			return fmt.Errorf("%d things need a person: do what the findings on standard output say", n)
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

// diagnosis prints a report for a person.
func (c *command) diagnosis(r doctor.Report) error {
	if r.Healthy && r.Running {
		if err := c.say("Nothing is wrong with %s.", r.Node); err != nil {
			return err
		}
	}
	for i, f := range r.Findings {
		gap := "\n"
		if i == 0 && !(r.Healthy && r.Running) {
			gap = ""
		}
		if err := c.say(gap+"%s  %s  (%s)\n  It means: %s\n  To do:    %s", strings.ToUpper(string(f.Severity)), f.What, f.Code, f.Means, f.Do); err != nil {
			return err
		}
	}
	return nil
}
