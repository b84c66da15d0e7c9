package main

import (
	"fmt"
	"net/netip"
	"os"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/cmd/internal/app"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node"
)

func (c *command) initCampus() *cobra.Command {
	var o node.InitOptions
	var role string
	var files secretFiles
	cmd := &cobra.Command{
		Use: "init", Short: "Make a campus and its first node",
		Long: `Make a campus and its first node in an empty data folder.

The first node holds the campus root, the key at which all trust ends. Keep a
copy of it in a safe place with ` + "`upprop root export`" + `.`,
		Example: `  upprop init --campus Ekudden --name Reception
  upprop init --data /srv/upprop --campus Ekudden --name Reception --site North --listen 10.0.0.5:7460`,
		Args: usage(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			o.Dir = c.data
			r, err := parseRole(role)
			if err != nil {
				return err
			}
			o.Role = r
			if err := checkAddrs(o.Listen, o.HTTP); err != nil {
				return err
			}
			given, err := c.readSecrets(files, false)
			if err != nil {
				return err
			}
			defer given.clear()
			o.Passphrase = given.passphrase
			if o.Operator != "" && r != identity.RoleDesk {
				return wrongUsage("--operator takes a desk: operators sign in at desks, and this node is none")
			}
			once := ""
			o.OneTime = func(password string) { once = password }
			if err := node.Init(o); err != nil {
				return aboutPassphrase(err, len(given.passphrase) > 0)
			}
			if err := os.Chmod(o.Dir, 0o700); err != nil {
				return fmt.Errorf("protect data folder: %w", err)
			}
			if err := c.say("%s is the first node of %s. Start it with:\n\n  upprop run --data %s%s", o.Name, o.Campus, quote(c.data), files.again()); err != nil {
				return err
			}
			switch {
			case once != "":
				return c.say("\nThen sign in at /login as %s with this one-time password, within three days. It is\nnot shown again.\n\n  %s", o.Operator, once)
			case r == identity.RoleDesk:
				return c.say("\nThen make the first operator of its desk, for /desk and /admin:\n\n  upprop operator add NAME --data %s", quote(c.data))
			}
			return c.say("\nNobody can be checked in until a desk has joined: desks make the keys to which names are sealed.")
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Campus, "campus", "", "what the campus is called")
	f.StringVar(&o.Name, "name", "", "what this node is called")
	f.StringVar(&o.Site, "site", "", "the site it stands in (default the campus)")
	f.StringVar(&o.Entrance, "entrance", "", "the door it stands at (default its name)")
	f.StringVar(&o.Zone, "zone", "", "the building or floor it stands in")
	f.StringVar(&o.Operator, "operator", "", "make the first operator, with this name, and print a one-time password")
	files.passphraseFlag(cmd)
	roleFlag(cmd, &role, string(identity.RoleDesk))
	addrFlags(cmd, &o.Listen, &o.HTTP)
	must(cmd.MarkFlagRequired("campus"))
	must(cmd.MarkFlagRequired("name"))
	return cmd
}

// addrFlags are where a node listens.
func addrFlags(cmd *cobra.Command, listen, http *string) {
	cmd.Flags().StringVar(listen, "listen", "", "`IP:PORT` for other nodes, TCP and UDP (default "+node.DefaultListen+", or what the folder remembers)")
	cmd.Flags().StringVar(http, "http", "", "`IP:PORT` for screens and programs, or off (default "+app.DefaultHTTP+", or what the folder remembers)")
}

func checkAddrs(listen, http string) error {
	if listen != "" {
		if _, err := netip.ParseAddrPort(listen); err != nil {
			return wrongUsage("--listen takes IP:PORT, such as %s", node.DefaultListen)
		}
	}
	if http != "" && http != app.Off {
		if _, err := netip.ParseAddrPort(http); err != nil {
			return wrongUsage("--http takes IP:PORT, such as %s, or off", app.DefaultHTTP)
		}
	}
	return nil
}

func roleFlag(cmd *cobra.Command, into *string, byDefault string) {
	cmd.Flags().StringVar(into, "role", byDefault, "what the node is for: entrance, desk, warden or relay")
	must(cmd.RegisterFlagCompletionFunc("role", fixed("entrance", "desk", "warden", "relay")))
}

func parseRole(s string) (identity.Role, error) {
	r, err := identity.ParseRole(s)
	if err != nil {
		return "", wrongUsage("there is no role %q: choose entrance, desk, warden or relay", s)
	}
	return r, nil
}

// must ends the program over a mistake in the command table, which any start
// of it shows.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
