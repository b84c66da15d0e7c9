package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/node/api"
	"github.com/upprop/upprop/node/kinds"
)

func (c *command) kind() *cobra.Command {
	return group("type", "Set up the types of visitors", c.kindSet(), c.kindList())
}

func (c *command) kindSet() *cobra.Command {
	var names, badges, notes, asks, sign, unsign []string
	var wifi kinds.Wifi
	var unattended, manyNames, escort, off, asJSON bool
	var approval, mark string
	cmd := &cobra.Command{
		Use: "set ID", Short: "Add a type of visitor, or change what is said of one",
		Long: `Add a type of visitor, or change what is said of one: only what is given
changes. It is done at a desk, or at a node that may make tokens, and reaches
every node. A field is asked for as no, may or must; what must be told is
demanded at a door's screen, and not of a receptionist.`,
		Example: `  upprop type set contractor --ask company=must --ask phone=must --sign safety
  upprop type set school-class --name sv=Skolklass --name en="School class" --group
  upprop type set delivery --unattended=false
  upprop type set contractor --mark triangle --escort
  upprop type set visitor --note en="Park at P2." --wifi-network Guest --wifi-password "rowan lake 26"`,
		Args: usage(cobra.ExactArgs(1)), ValidArgsFunction: c.completeKind,
		RunE: func(cmd *cobra.Command, args []string) error {
			in := api.KindEdit{ID: args[0], Documents: map[string]bool{}}
			var err error
			if in.Name, err = pairs("name", names); err != nil {
				return err
			}
			if in.Badge, err = pairs("badge", badges); err != nil {
				return err
			}
			if in.Note, err = pairs("note", notes); err != nil {
				return err
			}
			if cmd.Flags().Changed("wifi-network") || cmd.Flags().Changed("wifi-password") {
				in.Wifi = &wifi
			}
			ask, err := pairs("ask", asks)
			if err != nil {
				return err
			}
			in.Ask = map[string]kinds.Asked{}
			for f, a := range ask {
				in.Ask[f] = kinds.Asked(a)
			}
			for _, d := range sign {
				in.Documents[d] = true
			}
			for _, d := range unsign {
				in.Documents[d] = false
			}
			for name, flag := range map[string]struct {
				v  bool
				to **bool
			}{"unattended": {unattended, &in.Unattended}, "group": {manyNames, &in.Group}, "escort": {escort, &in.Escort}, "off": {off, &in.Off}} {
				if cmd.Flags().Changed(name) {
					v := flag.v
					*flag.to = &v
				}
			}
			if cmd.Flags().Changed("approval") {
				a := kinds.Approval(approval)
				in.Approval = &a
			}
			if cmd.Flags().Changed("mark") {
				m := kinds.Mark(mark)
				in.Mark = &m
			}
			var out kinds.Kind
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/types", in, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			return c.say("Type %s (%s) is set.", out.ID, out.Word("en"))
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&names, "name", nil, "what it is called in one language: `LANGUAGE=TEXT`; may be repeated")
	f.StringArrayVar(&badges, "badge", nil, "what stands on the badge in one language: `LANGUAGE=TEXT`; may be repeated")
	f.StringArrayVar(&notes, "note", nil, "what such visitors should know of the house in one language: `LANGUAGE=TEXT`; may be repeated")
	f.StringVar(&wifi.Network, "wifi-network", "", "a Wi-Fi `network` for them, readable on every node; empty takes it away")
	f.StringVar(&wifi.Password, "wifi-password", "", "its `password`; none for an open network")
	f.StringArrayVar(&asks, "ask", nil, "whether a field is asked for: `FIELD=no|may|must`; may be repeated")
	f.StringArrayVar(&sign, "sign", nil, "a `document` to be read and signed; may be repeated")
	f.StringArrayVar(&unsign, "unsign", nil, "a `document` not to be signed any more; may be repeated")
	f.BoolVar(&unattended, "unattended", false, "such visitors may check in alone at a door's screen")
	f.BoolVar(&manyNames, "group", false, "one form takes in many names")
	f.StringVar(&approval, "approval", "", "whose approval such visitors need: no, one or another (than who invited)")
	f.StringVar(&mark, "mark", "", "the `sign` by which the type is known on badges and lists: circle, square, triangle, diamond, star or hexagon; empty takes it away")
	f.BoolVar(&escort, "escort", false, "such visitors are to be accompanied, which their badges say")
	f.BoolVar(&off, "off", false, "offer the type nowhere")
	jsonFlag(cmd, &asJSON)
	return cmd
}

// pairs reads KEY=VALUE flags.
func pairs(flag string, all []string) (map[string]string, error) {
	out := map[string]string{}
	for _, one := range all {
		k, v, ok := strings.Cut(one, "=")
		if !ok || k == "" {
			return nil, wrongUsage("--%s is written with an equals sign, like the examples of --help", flag)
		}
		out[k] = v
	}
	return out, nil
}

func (c *command) kindList() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List the types of visitors",
		Example: "  upprop type list\n  upprop type list --json",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var out []kinds.Kind
			if err := newClient(c.data).ask(cmd.Context(), "GET", "/api/v1/types", nil, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			return c.table("ID\tNAME\tASKS\tSIGNS\tCHECKS IN", func(w io.Writer) error {
				for _, k := range out {
					var asks []string
					for _, f := range slices.Sorted(maps.Keys(k.Ask)) {
						switch k.Ask[f] {
						case kinds.Must:
							asks = append(asks, f+"!")
						case kinds.May:
							asks = append(asks, f)
						}
					}
					where := "at a desk"
					switch {
					case k.Off:
						where = "nowhere (off)"
					case k.Unattended:
						where = "at doors and desks"
					}
					if k.Group {
						where += ", many at once"
					}
					if k.Approval != kinds.NotNeeded {
						where += ", when approved"
					}
					if k.Escort {
						where += ", accompanied"
					}
					if _, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", k.ID, k.Word("en"), orDash(strings.Join(asks, " ")), orDash(strings.Join(k.Documents, " ")), where); err != nil {
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

// completeKind completes a type by asking the running node.
func (c *command) completeKind(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	ctx, cancel := context.WithTimeout(cmd.Context(), 2*time.Second)
	defer cancel()
	var out []kinds.Kind
	if len(args) > 0 || newClient(c.data).ask(ctx, "GET", "/api/v1/types", nil, &out) != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []cobra.Completion
	for _, k := range out {
		names = append(names, cobra.CompletionWithDesc(k.ID, k.Word("en")))
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
