package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/api"
	"github.com/upprop/upprop/node/feed"
)

func (c *command) feed() *cobra.Command {
	return group("feed", "Count staff by the word of an access-control system", c.feedAdd(), c.feedList(), c.feedImport(), c.feedRemove())
}

func (c *command) feedAdd() *cobra.Command {
	var zone, entrance string
	var quiet time.Duration
	var broker api.FeedBroker
	var asJSON bool
	cmd := &cobra.Command{
		Use: "add NAME", Short: "Take a system's word for who of the staff is inside",
		Long: `Take an access-control system's word for whose badge went in or out, and print
the secret that it signs its messages with (Standard Webhooks). The secret is
printed this once, and kept on this node alone. With --mqtt the system is heard
at a broker as well; there its word is as good as the broker's passwords.

A message is {"badge":"4512","event":"in","at":"2026-11-27T08:02:14Z"}, with
"name" if you like, or a list of up to 500. Let the system send {"event":"alive"}
every few minutes, at a broker with "at": a feed that has been silent for longer
than --quiet is named on every list, since staff may be missing from it.`,
		Example: "  upprop feed add \"Access control\" --entrance \"Staff door\"\n  upprop feed add Doors --mqtt mqtts://broker.example.org:8883 --topic access/events --user upprop --password-file /etc/upprop/mqtt.password",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			in := api.FeedRequest{Name: args[0], Zone: record.ZoneID(zone), Entrance: record.EntranceID(entrance), QuietSeconds: int(quiet / time.Second)}
			if broker != (api.FeedBroker{}) {
				in.MQTT = &broker
			}
			var out api.FeedMade
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/feeds", in, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			where := out.URL
			if where == "" {
				where = "/api/v1/badges, once this node has screens (`upprop run --http IP:PORT`)"
			}
			if in.MQTT != nil {
				where += fmt.Sprintf("\nOr publish to: %s at %s", broker.Topic, broker.URL)
			}
			return c.say("Staff are counted as %s tells.\n\nSecret (printed this once): %s\nSend to: %s", out.Name, out.Secret, where)
		},
	}
	f := cmd.Flags()
	f.StringVar(&entrance, "entrance", "", "the door where those go in and out of whom it tells (default this node's)")
	f.StringVar(&zone, "zone", "", "the zone that they go to (default this node's)")
	f.DurationVar(&quiet, "quiet", feed.DefaultQuiet, "for how long it may be silent before every list says so")
	f.StringVar(&broker.URL, "mqtt", "", "hear it at this MQTT 5 broker as well, `mqtts://HOST:PORT`")
	f.StringVar(&broker.Topic, "topic", "", "the topic at the broker")
	f.StringVar(&broker.User, "user", "", "the user at the broker")
	f.StringVar(&broker.PasswordFile, "password-file", "", "the `file` with the password at the broker, of this machine")
	f.StringVar(&broker.CAFile, "ca-file", "", "the `file` with the certificate that signed the broker's (default this machine's list)")
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) feedList() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List the systems that tell this node of staff",
		Example: "  upprop feed list\n  upprop feed list --json",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var out []api.FeedSource
			if err := newClient(c.data).ask(cmd.Context(), "GET", "/api/v1/feeds", nil, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			now := time.Now()
			return c.table("NAME\tDOOR\tLAST HEARD\tSTATE\tBROKER", func(w io.Writer) error {
				for _, x := range out {
					state, broker := "heard", "-"
					switch {
					case x.LastHeard.IsZero():
						state = "never heard"
					case x.Silent:
						state = "SILENT"
					case x.ClockOff:
						state = "clock wrong"
					}
					if m := x.MQTT; m != nil {
						broker = "connected"
						if !m.Connected {
							broker = "not connected"
							if m.Fault != "" {
								broker += ": " + m.Fault
							}
						}
					}
					door := orElse(string(x.Zone), string(x.Entrance))
					if _, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", x.Name, orElse(door, string(x.Site)), moment(x.LastHeard.Time, now), state, broker); err != nil {
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

func (c *command) feedImport() *cobra.Command {
	var at string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "import NAME FILE|-", Short: "Take in a feed's events from a CSV file",
		Long: `Take in the events of a feed from a CSV file with the columns badge, event, at
and name, in any order, named in its first line; commas or semicolons between.
Without a column event everybody is in; without at, at the time of --at. The same
file taken in again changes nothing.`,
		Example: "  upprop feed import \"Access control\" inside.csv --at 2026-11-27T08:30:00+01:00",
		Args:    usage(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			in := c.stdin
			if args[1] != "-" {
				f, err := os.Open(args[1])
				if err != nil {
					return fmt.Errorf("the file cannot be read: check the path: %w", err)
				}
				defer f.Close()
				in = f
			}
			when := time.Time{}
			if at != "" {
				t, err := time.Parse(time.RFC3339, at)
				if err != nil {
					return wrongUsage("--at is no time: write it like 2026-11-27T08:30:00+01:00")
				}
				when = t
			}
			all, err := readBadges(in, when)
			if err != nil {
				return err
			}
			var out api.BadgesTaken
			for part := range slices.Chunk(all, 200) {
				var one api.BadgesTaken
				if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/feeds/import", api.FeedImport{Name: args[0], Events: part}, &one); err != nil {
					return fmt.Errorf("%w (%d of %d lines are taken in; take the file in again: none counts twice)", err, len(out.Outcomes), len(all))
				}
				out.Source, out.Outcomes = one.Source, append(out.Outcomes, one.Outcomes...)
			}
			if asJSON {
				return c.json(out)
			}
			n := map[feed.Outcome]int{}
			for _, o := range out.Outcomes {
				n[o]++
			}
			text := fmt.Sprintf("%d in, %d out.", n["in"], n["out"])
			if same := n["repeated"] + n["late"]; same > 0 {
				text += fmt.Sprintf(" %d were known already, or older than what is.", same)
			}
			if n["unknown"] > 0 {
				text += fmt.Sprintf(" %d went out who had not been told of going in.", n["unknown"])
			}
			if bad := n["malformed"] + n["old"]; bad > 0 {
				text += fmt.Sprintf(" %d lines were REFUSED: without a badge, or more than two days old.", bad)
			}
			return c.say("%s", text)
		},
	}
	cmd.Flags().StringVar(&at, "at", "", "the `time` of lines that have none, RFC 3339")
	jsonFlag(cmd, &asJSON)
	return cmd
}

// maxImport bounds a file of events, in bytes.
const maxImport = 16 << 20

// readBadges reads events from CSV. Errors name lines, and nobody.
func readBadges(from io.Reader, at time.Time) (all []api.FeedEvent, err error) {
	b, err := io.ReadAll(io.LimitReader(from, maxImport+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("the file cannot be read: %w", err)
	case len(b) > maxImport:
		return nil, errors.New("the file is larger than 16 MiB: divide it")
	}
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	r := csv.NewReader(bytes.NewReader(b))
	head, _, _ := bytes.Cut(b, []byte("\n"))
	if bytes.Count(head, []byte(";")) > bytes.Count(head, []byte(",")) {
		r.Comma = ';'
	}
	r.FieldsPerRecord, r.TrimLeadingSpace = -1, true
	column := map[string]int{}
	for line := 1; ; line++ {
		row, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("line %d is not CSV: look at its quotes", line)
		}
		if line == 1 {
			for i, name := range row {
				column[strings.ToLower(strings.TrimSpace(name))] = i
			}
			if _, there := column["badge"]; !there {
				return nil, errors.New("the first line names no column badge: write badge,event,at,name above the lines, or those of them that there are")
			}
			continue
		}
		cell := func(name string) string {
			if i, there := column[name]; there && i < len(row) {
				return strings.TrimSpace(row[i])
			}
			return ""
		}
		e := api.FeedEvent{Event: orElse(strings.ToLower(cell("event")), feed.In)}
		e.Badge.Private, e.Name.Private = record.Private(cell("badge")), record.Private(cell("name"))
		if e.At.Time = at; cell("at") != "" {
			if e.At.Time, err = time.Parse(time.RFC3339, cell("at")); err != nil {
				return nil, fmt.Errorf("line %d has no time that can be read: write it like 2026-11-27T08:30:00+01:00", line)
			}
		}
		if e.At.IsZero() {
			return nil, fmt.Errorf("line %d has no time: give the file a column at, or the command --at", line)
		}
		all = append(all, e)
	}
	if len(all) == 0 {
		return nil, errors.New("there are no lines in the file: look whether it is the right one")
	}
	return all, nil
}

func (c *command) feedRemove() *cobra.Command {
	return c.removal(removal{
		Use: "remove NAME", Short: "Take a system's word no more",
		Example: `  upprop feed remove "Access control"`, path: "/api/v1/feeds", said: "%s is not heard any more. Who is inside by its word stays on the lists.",
	})
}
