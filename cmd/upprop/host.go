package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/api"
)

func (c *command) host() *cobra.Command {
	return group("host", "Set up whom visitors may name as their host", c.hostSet(), c.hostFind(), c.hostRemove(), c.hostImport())
}

func (c *command) hostSet() *cobra.Command {
	var id, name, unit, mail string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "set", Short: "Add a host, or change one",
		Long:    "Add a host, or with --id change one; what is given stands. It is done at a desk.",
		Example: `  upprop host set --name "Sven Ask" --unit "Plan 3" --mail sven@example.org`,
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			text := func(s string) api.Text { return api.Text{Private: record.Private(s)} }
			var out api.Host
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/hosts", api.Host{ID: id, Name: text(name), Unit: text(unit), Mail: text(mail)}, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			return c.say("Host %s is set.", out.ID)
		},
	}
	f := cmd.Flags()
	f.StringVar(&id, "id", "", "the host to change, as `upprop host find` names it")
	f.StringVar(&name, "name", "", "how visitors ask for them")
	f.StringVar(&unit, "unit", "", "a department or a place")
	f.StringVar(&mail, "mail", "", "where they are told of arrivals")
	must(cmd.MarkFlagRequired("name"))
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) hostFind() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "find TEXT", Short: "Find hosts by the beginnings of words",
		Long:    "Find hosts by the beginnings of words, three letters or more. There is no list\nof all.",
		Example: "  upprop host find sve", Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			var out api.HostsFound
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/hosts/find", api.HostQuery{Find: api.Text{Private: record.Private(args[0])}}, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			if err := c.table("ID\tNAME\tUNIT\tMAIL", func(w io.Writer) error {
				for _, h := range out.Hosts {
					if _, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", h.ID, h.Name.Reveal(), orDash(h.Unit.Reveal()), orDash(h.Mail.Reveal())); err != nil {
						return err
					}
				}
				return nil
			}); err != nil {
				return err
			}
			more := ""
			if out.More {
				more = "There are more of these; be more exact. "
			}
			return c.say("%s%d hosts are known here.", more, out.Count)
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) hostRemove() *cobra.Command {
	return c.removal(removal{
		Use: "remove ID", Short: "Take a host off",
		Long:    "Take a host off, by the id that `upprop host find` shows.",
		Example: "  upprop host remove 4f7k…", path: "/api/v1/hosts", said: "Host %s is off.",
	})
}

func (c *command) hostImport() *cobra.Command {
	var replace, asJSON bool
	cmd := &cobra.Command{
		Use: "import FILE", Short: "Take in hosts from a CSV file",
		Long: `Take in hosts from a CSV file with the columns name, unit and mail: who is known
by the same mail, or else the same name, is changed, others are added. Where one
row is wrong nothing is done. The file is at most 60 kB; - reads standard input.`,
		Example: "  upprop host import hosts.csv\n  upprop host import hosts.csv --replace",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := c.file(args[0])
			if err != nil {
				return err
			}
			var out api.HostImport
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/hosts/import", api.HostFile{CSV: api.Text{Private: record.Private(b)}, Replace: replace}, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			for _, f := range out.Faults {
				if err := c.say("Row %d: %s", f.Row, f.Hint); err != nil {
					return err
				}
			}
			if len(out.Faults) > 0 {
				return fmt.Errorf("nothing was saved: mend the %d rows above and try again", len(out.Faults))
			}
			return c.say("%d hosts are set, %d taken off.", out.Set, out.Removed)
		},
	}
	cmd.Flags().BoolVar(&replace, "replace", false, "take those off who are not in the file")
	jsonFlag(cmd, &asJSON)
	return cmd
}
