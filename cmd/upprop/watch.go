package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/api"
	"github.com/upprop/upprop/node/watch"
)

func (c *command) watch() *cobra.Command {
	return group("watch", "Keep a list of those of whose coming the desk is to know", c.watchAdd(), c.watchList(), c.watchRemove(), c.watchAlerts(), c.watchAnswer(), c.watchTerms())
}

func (c *command) watchAdd() *cobra.Command {
	var names []string
	var company, email, phone, reason, advice, until string
	var wait, asJSON bool
	cmd := &cobra.Command{
		Use: "add", Short: "Put somebody on the watch list",
		Long: `Put somebody on the watch list. Whoever comes to any entrance and has this name,
address or number is taken in as ever, and the desks are told. With --wait they
are asked, in neutral words, to wait for the reception. A company alone means
everybody who comes from it. The entry ends on its date by itself. It is done at
a desk.`,
		Example: `  upprop watch add --name "Gunnar Ek" --phone 0701234567 --reason "threatened staff on 3 March" --advice "call security"
  upprop watch add --name "Gunnar Ek" --name "G. Eek" --reason "banned" --until 2027-03-31 --wait`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			text := func(s string) api.Text { return api.Text{Private: record.Private(s)} }
			in := api.WatchEntry{Company: text(company), Email: text(email), Phone: text(phone), Reason: text(reason), Advice: text(advice), Until: until, Wait: wait}
			for _, n := range names {
				in.Names = append(in.Names, text(n))
			}
			var out api.WatchEntry
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/watch", in, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			return c.say("Entry %s is on the list until %s.", out.ID, out.Until)
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&names, "name", nil, "the name; again for another spelling")
	f.StringVar(&company, "company", "", "the company; alone, everybody of it")
	f.StringVar(&email, "email", "", "an e-mail address")
	f.StringVar(&phone, "phone", "", "a telephone number")
	f.StringVar(&reason, "reason", "", "why the desk is to know")
	f.StringVar(&advice, "advice", "", "what the desk is to do")
	f.StringVar(&until, "until", "", "the last `date` on which it counts; unless given, see upprop watch terms")
	f.BoolVar(&wait, "wait", false, "ask whoever matches to wait for the reception")
	must(cmd.MarkFlagRequired("reason"))
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) watchList() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "Show the watch list", Long: "Show the watch list, the newest entry first. It opens at a desk.",
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := []api.WatchEntry{}
			if err := newClient(c.data).ask(cmd.Context(), "GET", "/api/v1/watch", nil, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			return c.table("ID\tWHO\tREASON\tADVICE\tUNTIL\tBY", func(w io.Writer) error {
				for _, e := range out {
					if _, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", e.ID, who(e), e.Reason.Reveal(), orDash(e.Advice.Reveal()), e.Until, e.By); err != nil {
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

// who is all by which an entry is found.
func who(e api.WatchEntry) string {
	var all []string
	for _, t := range append(e.Names, e.Email, e.Phone, e.Company) {
		if t.Private != "" {
			all = append(all, t.Reveal())
		}
	}
	return strings.Join(all, ", ")
}

func (c *command) watchRemove() *cobra.Command {
	return c.removal(removal{
		Use: "remove ID", Short: "Take an entry off the watch list",
		Long:    "Take an entry off the watch list, by the id that `upprop watch list` shows.",
		Example: "  upprop watch remove 4f7k…", path: "/api/v1/watch", said: "Entry %s is off the list.",
	})
}

func (c *command) watchAlerts() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "alerts", Short: "Show who came, or is expected, and may be on the watch list",
		Long: `Show who came, or is expected, and may be on the watch list: what nobody has
answered first. An address or a number in common is strong; many people have
one name.`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := []api.WatchAlert{}
			if err := newClient(c.data).ask(cmd.Context(), "GET", "/api/v1/watch/alerts", nil, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			return c.table("VISIT\tNAME\tWHERE\tINSIDE\tMATCH\tENTRY\tADVICE\tANSWER", func(w io.Writer) error {
				for _, a := range out {
					for _, f := range a.Found {
						if _, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", a.Visit, orDash(name(a)), orDash(string(a.Entrance)), inside(a), by(f.By), who(f.Entry), orDash(f.Entry.Advice.Reveal()), orDash(answer(a))); err != nil {
							return err
						}
					}
				}
				return nil
			})
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func name(a api.WatchAlert) string {
	if a.Name == nil {
		return ""
	}
	return a.Name.Reveal()
}

func inside(a api.WatchAlert) string {
	switch {
	case a.Expected:
		return "expected"
	case a.Open:
		return "inside"
	}
	return "left"
}

func by(all []watch.By) string {
	var out []string
	for _, b := range all {
		out = append(out, string(b))
	}
	return strings.Join(out, ", ")
}

func answer(a api.WatchAlert) string {
	if a.Answer == nil {
		return ""
	}
	return string(a.Answer.Outcome)
}

func (c *command) watchAnswer() *cobra.Command {
	var all []string
	for _, o := range watch.Outcomes() {
		all = append(all, string(o))
	}
	return &cobra.Command{
		Use: "answer VISIT OUTCOME", Short: "Say what came of an alert",
		Long: `Say what came of an alert: other (it is somebody else), let_in or turned_away (it
is them), or not_found. Checking the person out is done as ever.`,
		Example: "  upprop watch answer 0G7K… other", Args: usage(cobra.ExactArgs(2)),
		ValidArgsFunction: cobra.FixedCompletions(all, cobra.ShellCompDirectiveNoFileComp),
		RunE: func(cmd *cobra.Command, args []string) error {
			v, err := record.ParseVisitID(args[0])
			if err != nil {
				return err
			}
			var out api.WatchAnswer
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/watch/alerts", api.WatchAnswer{Visit: v, Outcome: watch.Outcome(args[1])}, &out); err != nil {
				return err
			}
			return c.say("It is on record: %s.", out.Outcome)
		},
	}
}

func (c *command) watchTerms() *cobra.Command {
	var in api.WatchTerms
	var asJSON bool
	cmd := &cobra.Command{
		Use: "terms", Short: "Show or set for how long entries of the watch list stand",
		Long: `Show or set for how many days an entry of the watch list stands where nobody says,
and at most, and the prefix of the country that numbers without one are of. What
is on the list stays as it is.`,
		Example: "  upprop watch terms --days 90 --most 180", Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var out api.WatchTerms
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/watch/terms", in, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			return c.say("An entry stands for %d days, and for %d at most. Numbers without a prefix are of +%s.", out.Days, out.Most, out.Country)
		},
	}
	f := cmd.Flags()
	f.IntVar(&in.Days, "days", 0, "for how many `days` an entry stands where nobody says")
	f.IntVar(&in.Most, "most", 0, "for how many `days` it stands at most")
	f.StringVar(&in.Country, "country", "", "the prefix of the country, in digits")
	jsonFlag(cmd, &asJSON)
	return cmd
}
