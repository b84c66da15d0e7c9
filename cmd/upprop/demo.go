package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/cmd/internal/demo"
	"github.com/upprop/upprop/kiosk/lang"
)

func (c *command) demo() *cobra.Command {
	cfg := demo.Config{Release: release}
	cmd := &cobra.Command{
		Use: "demo", Short: "Run a whole campus on this machine, with links you can cut",
		Long: `Run a whole campus on this machine: five nodes in one process, invented visitors,
and a page on which you cut links and see what each node still knows. Three
buttons there sound the alarm, cut two wardens' handhelds off from everybody,
and let the two meet.

Nothing is kept: all of it is removed when the demo ends (Ctrl-C).`,
		Example: `  upprop demo
  upprop demo --http 127.0.0.1:9000 --seed 7`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if err := checkAddrs("", cfg.HTTP); err != nil {
				return err
			}
			if !cmd.Flags().Changed("log-level") {
				// Cutting links is what the demo is for, not news.
				c.level = "error"
			}
			if cfg.Logger, err = c.logger(); err != nil {
				return err
			}
			cfg.Locale = tongue()
			d, err := demo.Open(cmd.Context(), cfg)
			if err != nil {
				return err
			}
			if err := c.announce(d); err != nil {
				return errors.Join(err, d.Close())
			}
			err = d.Run(cmd.Context())
			return errors.Join(err, d.Close())
		},
	}
	cmd.Flags().StringVar(&cfg.HTTP, "http", "", "loopback `IP:PORT` of the demo's page; the nodes' screens follow (default 127.0.0.1:8080, or another that is free)")
	cmd.Flags().Uint64Var(&cfg.Seed, "seed", 1, "chooses who comes and goes")
	return cmd
}

// announce says where everything is and what to try.
func (c *command) announce(d *demo.Demo) error {
	var b strings.Builder
	fmt.Fprintf(&b, "The campus Ekudden is up after %.1f s: five nodes on this machine, and invented visitors.\n\n", d.Took().Seconds())
	fmt.Fprintf(&b, "  %-16s %s\n\n", "The demo", d.URL())
	for _, n := range d.Nodes() {
		fmt.Fprintf(&b, "  %-16s %s   (%s)\n", n.Name, n.URL, n.Role)
	}
	b.WriteString(`
Try this: open the demo, cut the east gate off, let somebody come in there, and watch the others say what they do not know.
Or let two handhelds meet in an alarm, by three buttons: each then lists what the other marked, with no entrance reachable.
Ctrl-C ends it and removes everything.`)
	return c.say("%s", b.String())
}

// tongue is the language in which the nodes are named.
func tongue() lang.Locale {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := os.Getenv(name); v != "" {
			if strings.HasPrefix(v, string(lang.Swedish)) {
				return lang.Swedish
			}
			break
		}
	}
	return lang.English
}
