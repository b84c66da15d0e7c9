package main

import (
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/api"
)

func (c *command) visit() *cobra.Command {
	return group("visit", "Check people in and out, and list them", c.visitIn(), c.visitOut(), c.visitList(), c.visitSignOut(), c.visitReceptionPhone())
}

func (c *command) visitIn() *cobra.Command {
	var name, company, host, email, phone, assist, kind, language string
	var asJSON, notify, under16, guardian bool
	var onPaper, with []string
	var invited string
	cmd := &cobra.Command{
		Use: "in", Short: "Check someone in",
		Example: `  upprop visit in --name "Astrid Ek" --company Bolaget --host "Sven Ask"
  upprop visit in --name "Björn Al" --assist "uses a wheelchair" --json
  upprop visit in --name "Eva Ny" --phone 0701234567 --notify --lang en`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if name == "" && invited == "" && !cmd.Flags().Changed("name") {
				return wrongUsage(`required flag(s) "name" not set, and no --invitation that says it`)
			}
			for _, s := range []string{name, company, host, email, phone, assist, kind, language} {
				if !utf8.ValidString(s) {
					return wrongUsage("what is written is not in UTF-8")
				}
			}
			text := func(s string) api.Text { return api.Text{Private: record.Private(s)} }
			in := api.Arrival{
				Name: text(name), Company: text(company), Host: text(host), Email: text(email),
				Phone: text(phone), Assist: text(assist), Type: kind, Lang: language, Notify: notify, Under16: under16, Guardian: guardian,
				OnPaper: onPaper, Invitation: text(invited),
			}
			for _, n := range with {
				in.With = append(in.With, text(n))
			}
			var out api.Receipt
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/visits", in, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			for _, o := range append([]api.Receipt{out}, out.Others...) {
				if err := c.say("Checked in. Badge %s (visit %s).", o.Badge, o.Visit); err != nil {
					return err
				}
			}
			if out.Wait {
				return c.say("Ask them to wait for the reception.")
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&name, "name", "", "who arrives")
	f.StringVar(&company, "company", "", "where they are from")
	f.StringVar(&host, "host", "", "whom they visit; where it is an e-mail address, they are told there")
	f.StringVar(&email, "email", "", "their e-mail address")
	f.StringVar(&phone, "phone", "", "their telephone number")
	f.StringVar(&kind, "type", "", "the kind of visitor (default visitor)")
	f.StringVar(&assist, "assist", "", "help they need to get out, told with their consent")
	f.StringVar(&language, "lang", "", "the language they read, sv or en (default sv)")
	f.BoolVar(&notify, "notify", false, "they agree to be told of an alarm at that telephone number or e-mail address")
	f.StringArrayVar(&onPaper, "signed-on-paper", nil, "a `document` that they have signed on paper; may be repeated")
	f.StringArrayVar(&with, "with", nil, "the `name` of somebody who comes with them, a visit of their own; may be repeated")
	f.StringVar(&invited, "invitation", "", "the `QR` of the invitation that they come by, or its code, which goes with their name")
	f.BoolVar(&under16, "under16", false, "they are under 16: no contact details are kept, and a guardian consents for them")
	f.BoolVar(&guardian, "guardian", false, "a guardian has agreed to what is kept with consent")
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) visitOut() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "out BADGE|QR", Short: "Check someone out",
		Long: `Check someone out by the code on the badge, the payload of its QR code, or the
visit's id. A code of a visit that this node has not heard of is taken too: the
visit is closed when the news meet.`,
		Example: `  upprop visit out K7M4-2QXP`,
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			var out api.Departure
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/visits/out", api.Leaving{Code: args[0]}, &out); err != nil {
				return err
			}
			// Only who shows the QR is greeted by name.
			bye := ""
			if out.Name != nil {
				bye = "Goodbye, " + out.Name.Reveal() + ". "
			}
			switch {
			case asJSON:
				return c.json(out)
			case out.Already:
				return c.say("%sBadge %s was checked out already, at %s.", bye, out.Badge, moment(out.At.Time, time.Now()))
			case !out.Known:
				return c.say("%sChecked out. Badge %s; this node had not heard of the visit, which is closed when the news come.", bye, out.Badge)
			}
			return c.say("%sChecked out. Badge %s.", bye, out.Badge)
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) visitList() *cobra.Command {
	var present, asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List visits",
		Long:    "List the visits that are retained. For who may be inside, and how sure that is,\nuse `upprop muster`.",
		Example: "  upprop visit list --present\n  upprop visit list --json",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			path := "/api/v1/visits"
			if present {
				path += "?present=1"
			}
			var out []api.Visit
			if err := newClient(c.data).ask(cmd.Context(), "GET", path, nil, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			now := time.Now()
			if err := c.table("BADGE\tSTATE\tNAME\tCOMPANY\tHOST\tPLACE\tARRIVED\tLEFT", func(w io.Writer) error {
				for _, v := range out {
					place := string(v.Zone)
					if place == "" {
						place = string(v.Entrance)
					}
					name := reveal(v.Name)
					if v.Restricted {
						name = "(restricted)"
					}
					if _, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", v.Badge, v.State, name, reveal(v.Company), reveal(v.Host), orDash(place), moment(v.ArrivedAt.Time, now), moment(v.LeftAt.Time, now)); err != nil {
						return err
					}
				}
				return nil
			}); err != nil {
				return err
			}
			for _, v := range out {
				for _, s := range v.SeenAgain {
					if err := c.say("USED TWICE: badge %s checked out at %s, and again at %s at %s (%s). Somebody may have a copy of it.", v.Badge, moment(v.LeftAt.Time, now), orDash(s.Place), moment(s.At.Time, now), s.How); err != nil {
						return err
					}
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&present, "present", false, "only who may be inside")
	jsonFlag(cmd, &asJSON)
	return cmd
}
