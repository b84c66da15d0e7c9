package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/node/api"
	"github.com/upprop/upprop/node/badges"
)

const badgeLayoutPath = "/api/v1/badge-layout"

func (c *command) badgeLayout() *cobra.Command {
	return group("badge-layout", "Say what stands on badges", c.badgeLayoutShow(), c.badgeLayoutSet())
}

func (c *command) badgeLayoutShow() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "show", Short: "Show what stands on badges",
		Example: "  upprop badge-layout show\n  upprop badge-layout show --json",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var l badges.Layout
			if err := newClient(c.data).ask(cmd.Context(), "GET", badgeLayoutPath, nil, &l); err != nil {
				return err
			}
			return c.tellBadgeLayout(l, asJSON)
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) badgeLayoutSet() *cobra.Command {
	var show, hide, foots []string
	var shape string
	var given, back, asJSON bool
	cmd := &cobra.Command{
		Use: "set", Short: "Change what stands on badges",
		Long: `Change what stands on badges: only what is given changes. It is done at a desk, or at
a node that may make tokens, and reaches every node. Of campus, photo, company, host,
where and since each may be shown or hidden; the name, the code and the type always
stand there. The shape is that of badges printed from a screen: card, label or none.
` + "`/admin/badges`" + ` shows how they look.`,
		Example: "  upprop badge-layout set --hide host --show where\n  upprop badge-layout set --shape label --given --foot sv='Lämna tillbaka brickan'",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			in := api.BadgeLayoutEdit{Shown: map[badges.Part]bool{}}
			for _, part := range show {
				in.Shown[badges.Part(part)] = true
			}
			for _, part := range hide {
				if slices.Contains(show, part) {
					return wrongUsage("%s cannot be shown and hidden", part)
				}
				in.Shown[badges.Part(part)] = false
			}
			var err error
			if in.Foot, err = pairs("foot", foots); err != nil {
				return err
			}
			if cmd.Flags().Changed("shape") {
				s := badges.Shape(shape)
				in.Shape = &s
			}
			if cmd.Flags().Changed("given") {
				in.Given = &given
			}
			if cmd.Flags().Changed("back") {
				in.Back = &back
			}
			if badges.Edit(in).Empty() {
				return wrongUsage("say what is to be changed: --show, --hide, --given, --back, --shape or --foot")
			}
			var l badges.Layout
			if err := newClient(c.data).ask(cmd.Context(), "POST", badgeLayoutPath, in, &l); err != nil {
				return err
			}
			return c.tellBadgeLayout(l, asJSON)
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&show, "show", nil, "`parts` of a badge that are to stand there")
	f.StringSliceVar(&hide, "hide", nil, "`parts` that are not")
	f.StringArrayVar(&foots, "foot", nil, "what stands at the foot in one language: `LANGUAGE=TEXT`, empty for what the badge says by itself; may be repeated")
	f.StringVar(&shape, "shape", "", "how badges are printed from a screen: `card`, label or none")
	f.BoolVar(&given, "given", false, "write the first word of the name largest, the rest smaller")
	f.BoolVar(&back, "back", false, "badges are to be handed back, and desks are told which have not been")
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) tellBadgeLayout(l badges.Layout, asJSON bool) error {
	if asJSON {
		return c.json(l)
	}
	shown, hidden := []string{"name", "code", "type"}, []string{}
	for _, p := range badges.Parts() {
		if l.Shown[p] {
			shown = append(shown, string(p))
		} else {
			hidden = append(hidden, string(p))
		}
	}
	if err := c.say("Shown: %s.\nHidden: %s.\nPrinted from a screen as: %s.", strings.Join(shown, ", "), orDash(strings.Join(hidden, ", ")), l.Shape); err != nil {
		return err
	}
	if l.Given {
		if err := c.say("The first word of the name is largest."); err != nil {
			return err
		}
	}
	if l.Back {
		return c.say("Badges are to be handed back.")
	}
	return nil
}
