package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/api"
)

func (c *command) evacAdd() *cobra.Command {
	var point string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "add TEXT|-", Short: "Put somebody on the list who is on none",
		Long: `Put somebody on the list who is on none: a name, or what the person looks like.
With --point they are safe there; without, all that is known is that there is
somebody, until they are marked. With - the text is read from standard input:
what is on the command line shows in the machine's list of processes.`,
		Example: "  upprop evac add 'Red jacket, about 30' --point 'Car park'\n  upprop evac add - < note",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			text := args[0]
			if text == "-" {
				b, err := io.ReadAll(io.LimitReader(c.stdin, 64<<10))
				if err != nil {
					return fmt.Errorf("read the text: %w", err)
				}
				text = strings.TrimSpace(string(b))
			}
			if !utf8.ValidString(text) {
				return wrongUsage("what is written is not in UTF-8")
			}
			in := api.Adding{Text: api.Text{Private: record.Private(text)}, Point: record.PointName(point)}
			var out api.Added
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/evacuation/people", in, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			line := fmt.Sprintf("Added. Badge %s (visit %s).", out.Badge, out.Visit)
			if point == "" {
				line += " Unconfirmed until somebody marks the person."
			}
			if out.PointKnown != nil && !*out.PointKnown {
				line += " Nobody has set up a point of that name: the mark is kept, and shown so."
			}
			return c.say("%s", line)
		},
	}
	cmd.Flags().StringVar(&point, "point", "", "the muster point where the person is safe")
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) evacJoin() *cobra.Command {
	var apart, asJSON bool
	cmd := &cobra.Command{
		Use: "join ADDED [BADGE|VISIT]", Short: "Say that who was added is the bearer of a visit",
		Long: `Say that who was added turned out to be the bearer of a visit: from then on they
are one person, with what was said of both. With --apart they are two again.`,
		Example: "  upprop evac join 3M7Q-0TYV K7M4-2QXP\n  upprop evac join 3M7Q-0TYV --apart",
		Args:    usage(cobra.RangeArgs(1, 2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if apart == (len(args) == 2) {
				return wrongUsage("give the badge of a visit, or --apart")
			}
			in := api.Joining{Added: args[0], Apart: apart}
			if !apart {
				in.Visit = args[1]
			}
			var out api.Joined
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/evacuation/join", in, &out); err != nil {
				return err
			}
			switch {
			case asJSON:
				return c.json(out)
			case out.Visit == nil:
				return c.say("Badge %s is a person of their own again.", out.Added.Badge())
			}
			return c.say("Badge %s is the bearer of badge %s (visit %s).", out.Added.Badge(), out.Visit.Badge(), *out.Visit)
		},
	}
	cmd.Flags().BoolVar(&apart, "apart", false, "they are two people after all")
	jsonFlag(cmd, &asJSON)
	return cmd
}
