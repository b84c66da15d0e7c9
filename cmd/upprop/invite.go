package main

import (
	"fmt"
	"io"
	"os"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/api"
	"github.com/upprop/upprop/node/invitations"
)

func (c *command) invite() *cobra.Command {
	return group("invite", "Invite people, and see who is expected", c.inviteMake(), c.inviteList(), c.inviteOff(), c.inviteSkip(), c.inviteDecide(true), c.inviteDecide(false), c.inviteSend(), c.inviteImport())
}

func (c *command) inviteMake() *cobra.Command {
	var name, company, host, hostMail, email, phone, purpose, note, instead, entrance string
	in := api.InvitationRequest{}
	var asJSON bool
	cmd := &cobra.Command{
		Use: "make", Short: "Invite somebody",
		Long: `Invite somebody: who comes by the invitation, at any entrance, by its QR code or
by name and code, finds the form filled in. It is done at a desk. Where an
e-mail address is given and the node sends mail, the invitation is mailed, with
the QR code and a calendar entry. People are invited 185 days ahead at most.

With --repeat it is good on several days, on the day of each and on no other:
weekly or weekdays (Monday to Friday) until --until, or listed on --day too.`,
		Example: `  upprop invite make --name "Åsa Öberg" --email asa@example.org --from "2026-11-27 09:00" --to 12:00 --host "Sven Ask" --host-mail sven@example.org
  upprop invite make --name "Bo Ek" --from 2026-11-27 --type contractor --json
  upprop invite make --name "Bo Ek" --from "2026-12-01 08:00" --to 12:00 --repeat weekly --until 2027-03-30`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			for to, s := range map[*api.Text]string{
				&in.Name: name, &in.Company: company, &in.Host: host, &in.HostMail: hostMail, &in.Email: email, &in.Phone: phone,
				&in.Purpose: purpose, &in.Note: note,
			} {
				if !utf8.ValidString(s) {
					return wrongUsage("what is written is not in UTF-8")
				}
				*to = api.Text{Private: record.Private(s)}
			}
			in.Entrance = record.EntranceID(entrance)
			if instead != "" {
				id, err := record.ParseVisitID(instead)
				if err != nil {
					return wrongUsage("that is no invitation's id: write it as `upprop invite list` does")
				}
				in.Instead = &id
			}
			var out api.InvitationMade
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/invitations", in, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			mailed := "It was not mailed: hand out the code, or print it at the desk."
			if out.Waits {
				mailed = "It is good, and mailed, once it is approved."
			}
			if out.Mailed {
				mailed = "The mail waits to be sent."
			}
			return c.say("Invited. Code %s (invitation %s). %s", out.Code, out.Invitation, mailed)
		},
	}
	f := cmd.Flags()
	f.StringVar(&name, "name", "", "who is expected")
	f.StringVar(&company, "company", "", "where they are from")
	f.StringVar(&email, "email", "", "where the invitation is mailed to")
	f.StringVar(&phone, "phone", "", "their telephone number")
	f.StringVar(&in.From, "from", "", "from `when`: \"2026-11-27 09:00\", or 2026-11-27 for the whole day")
	f.StringVar(&in.To, "to", "", "until `when`: 12:00 for the same day (default an hour later)")
	f.StringVar(&in.Repeat, "repeat", "", "weekly, weekdays or listed (default once)")
	f.StringVar(&in.Until, "until", "", "the last `date` of what repeats")
	f.StringSliceVar(&in.Days, "day", nil, "another `date` of what is listed; may be given several times")
	f.StringVar(&host, "host", "", "whom they visit")
	f.StringVar(&hostMail, "host-mail", "", "where the host is told that they have come")
	f.StringVar(&in.Type, "type", "", "the type of visitor (default visitor)")
	f.StringVar(&entrance, "entrance", "", "where to come (default any door)")
	f.StringVar(&purpose, "purpose", "", "what the visit is about")
	f.StringVar(&note, "note", "", "what the mail says besides")
	f.StringVar(&in.Lang, "lang", "", "the language of the mail, sv or en (default sv)")
	f.StringVar(&instead, "instead", "", "an `invitation` that this one stands instead of")
	must(cmd.MarkFlagRequired("name"))
	must(cmd.MarkFlagRequired("from"))
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) inviteList() *cobra.Command {
	var all, asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List who is expected",
		Example: "  upprop invite list\n  upprop invite list --all --json",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var got []api.Invitation
			if err := newClient(c.data).ask(cmd.Context(), "GET", "/api/v1/invitations", nil, &got); err != nil {
				return err
			}
			out := []api.Invitation{}
			for _, i := range got {
				if all || i.State == invitations.Expected || i.State == invitations.Here || i.State == invitations.Waiting {
					out = append(out, i)
				}
			}
			switch {
			case asJSON:
				return c.json(out)
			case len(out) == 0:
				return c.say("Nobody is expected.")
			}
			now := time.Now()
			return c.table("INVITATION\tSTATE\tNAME\tCOMPANY\tHOST\tTYPE\tFROM\tENTRANCE", func(w io.Writer) error {
				for _, i := range out {
					state := string(i.State)
					if i.Twice {
						state += " (USED TWICE)"
					}
					if i.Stray {
						state += " (USED ON ANOTHER DAY)"
					}
					if _, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", i.Invitation, state, reveal(i.Name), reveal(i.Company), reveal(i.Host), i.Type, moment(nextOf(i, now), now), orDash(string(i.Entrance))); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "also those that are over or called off")
	jsonFlag(cmd, &asJSON)
	return cmd
}

// nextOf is when the occasion begins that runs or comes next.
func nextOf(i api.Invitation, now time.Time) time.Time {
	for _, t := range i.Times {
		if !t.Off && t.To.After(now) {
			return t.From.Time
		}
	}
	return i.From.Time
}

// invitation reads an invitation's id.
func invitation(s string) (api.InvitationName, error) {
	id, err := record.ParseVisitID(s)
	if err != nil {
		return api.InvitationName{}, wrongUsage("that is no invitation's id: write it as `upprop invite list` does")
	}
	return api.InvitationName{Invitation: id}, nil
}

func (c *command) inviteOff() *cobra.Command {
	return &cobra.Command{
		Use: "off INVITATION", Short: "Call an invitation off",
		Long:    "Call an invitation off. It admits nobody wherever the news has come, and who was\ninvited is told by mail.",
		Example: "  upprop invite off 1T5Z8K…", Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			in, err := invitation(args[0])
			if err != nil {
				return err
			}
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/invitations/off", in, &in); err != nil {
				return err
			}
			return c.say("Called off.")
		},
	}
}

func (c *command) inviteSkip() *cobra.Command {
	var in api.InvitationSkip
	cmd := &cobra.Command{
		Use: "skip INVITATION DATE", Short: "Call one occasion of an invitation off",
		Long:    "Call the occasion of an invitation off that is on a date, or with --rest that one\nand all after it. Who was invited is told by mail.",
		Example: "  upprop invite skip 1T5Z8K… 2026-12-08\n  upprop invite skip 1T5Z8K… 2026-12-08 --rest", Args: usage(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, err := invitation(args[0])
			if err != nil {
				return err
			}
			in.Invitation, in.At = name.Invitation, args[1]
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/invitations/skip", in, &name); err != nil {
				return err
			}
			return c.say("Called off.")
		},
	}
	cmd.Flags().BoolVar(&in.Rest, "rest", false, "those after it too")
	return cmd
}

// inviteDecide approves who needs it, or refuses.
func (c *command) inviteDecide(welcome bool) *cobra.Command {
	cmd := &cobra.Command{
		Use: "refuse INVITATION|VISIT", Short: "Refuse somebody who needs approval", Args: usage(cobra.ExactArgs(1)),
		Long:    "Refuse an invitation that needs approval, or somebody who is here and does. A refusal\nstands, also against an approval that was given elsewhere.",
		Example: "  upprop invite refuse 1T5Z8K…",
		RunE: func(cmd *cobra.Command, args []string) error {
			in, err := invitation(args[0])
			if err != nil {
				return err
			}
			out := api.Decision{ID: in.Invitation, Welcome: welcome}
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/invitations/decide", out, &out); err != nil {
				return err
			}
			return c.say("%s.", map[bool]string{true: "Approved", false: "Refused"}[welcome])
		},
	}
	if welcome {
		cmd.Use, cmd.Short, cmd.Example = "approve INVITATION|VISIT", "Approve somebody who needs it", "  upprop invite approve 1T5Z8K…"
		cmd.Long = "Approve an invitation of a type of visitor that needs it, or somebody who is here and\ndoes. The invitation is mailed then."
	}
	return cmd
}

func (c *command) inviteSend() *cobra.Command {
	return &cobra.Command{
		Use: "send INVITATION", Short: "Mail an invitation once more",
		Example: "  upprop invite send 1T5Z8K…", Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			in, err := invitation(args[0])
			if err != nil {
				return err
			}
			var out api.InvitationMade
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/invitations/send", in, &out); err != nil {
				return err
			}
			return c.say("The mail waits to be sent.")
		},
	}
}

func (c *command) inviteImport() *cobra.Command {
	var dry, asJSON bool
	cmd := &cobra.Command{
		Use: "import FILE", Short: "Invite all whom a CSV file names",
		Long: `Invite all whom a CSV file names, or nobody: where one row is wrong, nothing is
done, and each such row is told. The first row names the columns: name and from,
and any of company, email, phone, to, host, host_mail, type, entrance, purpose,
note and lang. The file is at most 60 kB; - reads standard input.`,
		Example: "  upprop invite import guests.csv --dry-run\n  upprop invite import guests.csv",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := c.file(args[0])
			if err != nil {
				return err
			}
			in := api.InvitationFile{CSV: api.Text{Private: record.Private(b)}, DryRun: dry}
			var out api.InvitationImport
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/invitations/import", in, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			if len(out.Faults) > 0 {
				for _, f := range out.Faults {
					if err := c.say("Row %d: %s", f.Row, f.Hint); err != nil {
						return err
					}
				}
				return fmt.Errorf("nobody was invited: mend the %d rows above and try again", len(out.Faults))
			}
			if dry {
				return c.say("%d rows are in order. Nobody was invited.", out.Invited)
			}
			return c.say("%d people are invited.", out.Invited)
		},
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "judge the rows and invite nobody")
	jsonFlag(cmd, &asJSON)
	return cmd
}

// maxFile is the largest file that is read, in bytes.
const maxFile = 60 << 10

// file reads a file, or standard input where it is -.
func (c *command) file(name string) ([]byte, error) {
	in := c.stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("the file cannot be read: check the path: %w", err)
		}
		defer f.Close()
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, maxFile+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("the file cannot be read: check the path: %w", err)
	case len(b) > maxFile:
		return nil, fmt.Errorf("the file is larger than %d kB: divide it", maxFile>>10)
	}
	return b, nil
}
