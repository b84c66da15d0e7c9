package main

import (
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/node/api"
)

func (c *command) settings() *cobra.Command {
	return group("settings", "Look at what was set by whom, and put it back", c.settingsHistory(), c.settingsUndo())
}

func (c *command) settingsHistory() *cobra.Command {
	var key string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "history", Short: "List the last changes of settings, the newest first",
		Long: `List the last changes that people made of the campus's settings, the newest
first. When and by whom is known for as long as the record of acts is kept.
Values that are secret, or may be personal, are not shown.`,
		Example: "  upprop settings history --key retention/", Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var out []api.SettingEdit
			if err := newClient(c.data).ask(cmd.Context(), "GET", "/api/v1/settings/history?key="+url.QueryEscape(key), nil, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			if len(out) == 0 {
				return c.say("Nobody has changed such a setting.")
			}
			return c.table("ID\tWHEN\tBY\tSETTING\tFROM\tTO\tSTATE", func(w io.Writer) error {
				for _, e := range out {
					when, by, from, to := "-", "-", "-", "changed"
					if e.At != nil {
						when, by = e.At.Local().Format(time.DateTime), *e.By
					}
					if e.From != nil {
						from = fmt.Sprintf("%.40q", *e.From)
					}
					if e.To != nil {
						to = fmt.Sprintf("%.40q", *e.To)
					}
					state := ""
					switch {
					case e.Overruled:
						state = "overruled"
					case !e.Counts:
						state = "does not count"
					case e.Stands:
						state = "stands"
					}
					if _, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", e.ID, when, by, e.Key, from, to, state); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&key, "key", "", "list settings alone whose key begins with this")
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) settingsUndo() *cobra.Command {
	var over string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "undo ID", Short: "Put a setting back to what it was before a change",
		Long: `Put a setting back to what it was before a change, or, where two people changed it
apart and one was overruled, to what that one wrote. ID is that of the change, as
"upprop settings history" shows it. It is a change of its own, by the same rules. Where the setting was changed
again since, that change stays unless --over names it.`,
		Example: "  upprop settings undo 4b7mq2xkz3ldw5ta", Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			var out api.SettingEdit
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/settings/undo", api.SettingUndo{ID: args[0], Over: over}, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			if out.Back == nil {
				return c.say("%s is put back.", out.Key)
			}
			return c.say("%s is %q again.", out.Key, *out.Back)
		},
	}
	cmd.Flags().StringVar(&over, "over", "", "the change of the setting that stands since, and is to go")
	jsonFlag(cmd, &asJSON)
	return cmd
}
