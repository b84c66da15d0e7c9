package main

import (
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/node/api"
)

func (c *command) consent() *cobra.Command {
	return group("consent", "What visitors have agreed to, by which words, and taking it back", c.consentList(), c.consentWithdraw(), c.consentWords(), c.consentSet())
}

func (c *command) consentList() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list VISIT", Short: "List what somebody has consented to, and what of it stands",
		Example: "  upprop consent list 4H2K…",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			var all []api.SubjectConsent
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/subjects/consents", api.Withdrawal{Visit: args[0]}, &all); err != nil {
				return err
			}
			if asJSON {
				return c.json(all)
			}
			now := time.Now()
			return c.table("PURPOSE\tGIVEN\tHOW\tWORDS\tTAKEN BACK", func(w io.Writer) error {
				for _, x := range all {
					how := x.How
					if x.Guardian {
						how += ", guardian"
					}
					if _, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s %d (%s)\t%s\n", x.Purpose, moment(x.At.Time, now), orDash(how), x.Lang, x.Version, x.Hash, moment(x.WithdrawnAt.Time, now)); err != nil {
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

func (c *command) consentWithdraw() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "withdraw VISIT assist|notify|photo", Short: "Take back a consent, and destroy what was kept because of it",
		Long: `Take back a consent of a visitor: to keep what help they need (assist), to be
told of an alarm (notify), or to a photo (photo). It holds at once here, and on every other node as soon
as it hears of it; what stood before is destroyed. It is done at a desk.`,
		Example: "  upprop consent withdraw 4H2K… assist",
		Args:    usage(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			var out api.Withdrawn
			in := api.Withdrawal{Visit: args[0], Purpose: args[1]}
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/subjects/withdraw", in, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			return c.say("Taken back. What was kept because of it is destroyed here, and on every other node as soon as it hears of it.")
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) consentWords() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "words", Short: "List the words by which people consent or have consented",
		Example: "  upprop consent words --json",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var all []api.ConsentWords
			if err := newClient(c.data).ask(cmd.Context(), "GET", "/api/v1/consents", nil, &all); err != nil {
				return err
			}
			if asJSON {
				return c.json(all)
			}
			return c.table("PURPOSE\tLANG\tVERSION\tHASH\tSTANDS\tTEXT", func(w io.Writer) error {
				for _, x := range all {
					stands := "-"
					if x.Stands {
						stands = "yes"
					}
					if _, err := fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\t%s\n", x.Purpose, x.Lang, x.Version, x.Hash, stands, x.Text); err != nil {
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

func (c *command) consentSet() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "set assist|notify|photo LANG TEXT", Short: "Let people consent by other words from now on",
		Long: `Let people consent by other words from now on, as the next version. Who has
consented by earlier words has consented to those, and the register says to which.`,
		Example: `  upprop consent set assist en "We may keep what help you need until you have left."`,
		Args:    usage(cobra.ExactArgs(3)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !utf8.ValidString(args[2]) {
				return wrongUsage("what is written is not in UTF-8")
			}
			var out api.ConsentWords
			in := api.ConsentEdit{Purpose: args[0], Lang: args[1], Text: args[2]}
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/consents", in, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			return c.say("Version %d of the words stands from now on (%s).", out.Version, out.Hash)
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}
