package main

import (
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/node/api"
)

func (c *command) visitSignOut() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "sign-out-after [HOURS|off]", Short: "Say or set after how long the clock signs visitors out",
		Long: `Say, or set for the whole campus, after how many hours inside the clock signs a
visitor out whom nobody has checked out or seen again. That is no evidence of
leaving: the person stays on the list of an evacuation, as having probably left.
It is off unless it is set, and signs nobody out while an evacuation runs.`,
		Example: "  upprop visit sign-out-after 16\n  upprop visit sign-out-after off",
		Args:    usage(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			var out api.SignOut
			method, body := "GET", any(nil)
			if len(args) == 1 {
				text := strings.TrimSuffix(args[0], "h")
				if args[0] == "off" {
					text = "0"
				}
				hours, err := strconv.Atoi(text)
				if err != nil {
					return wrongUsage("say after how many hours, like 16, or off")
				}
				method, body = "POST", api.SignOut{AfterHours: hours}
			}
			if err := newClient(c.data).ask(cmd.Context(), method, "/api/v1/sign-out", body, &out); err != nil {
				return err
			}
			switch {
			case asJSON:
				return c.json(out)
			case out.AfterHours == 0:
				return c.say("The clock signs nobody out.")
			}
			return c.say("After %d hours inside the clock signs a visitor out, who then stands on the list as having probably left.", out.AfterHours)
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}
