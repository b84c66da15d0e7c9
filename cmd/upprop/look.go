package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/node/api"
	"github.com/upprop/upprop/node/look"
)

const lookPath = "/api/v1/look"

func (c *command) look() *cobra.Command {
	return group("look", "Give the screens the house's own logo and colour", c.lookShow(), c.lookSet(), c.lookReset())
}

func (c *command) lookShow() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "show", Short: "Show which colour and logo the screens have",
		Example: "  upprop look show\n  upprop look show --json",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var l api.Look
			if err := newClient(c.data).ask(cmd.Context(), "GET", lookPath, nil, &l); err != nil {
				return err
			}
			return c.tellLook(l, asJSON)
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) lookSet() *cobra.Command {
	var asJSON bool
	var colour, logo string
	cmd := &cobra.Command{
		Use: "set", Short: "Set the colour, the logo, or both",
		Long: `Set the colour, the logo, or both; what is not given stays as it is. The logo is a
PNG or a JPEG of at most 1 MB, and is drawn anew, at most 480 by 160 pixels. A colour that
cannot be read on light or on dark screens is shown darker or lighter there, which is
said. It is done at a desk, or at a node that may make tokens, and reaches every
node. What says how somebody stands, or that there is an alarm, keeps its colour.`,
		Example: "  upprop look set --colour '#0b4f8a' --logo logo.png\n  upprop look set --logo new.jpg",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var in api.LookEdit
			if !cmd.Flags().Changed("colour") && !cmd.Flags().Changed("logo") {
				return usageError{"say what is to be set: --colour, --logo or both"}
			}
			if cmd.Flags().Changed("colour") {
				in.Colour = &colour
			}
			if cmd.Flags().Changed("logo") {
				at, err := os.Stat(logo)
				if err != nil {
					return fmt.Errorf("read logo: %w", err)
				}
				if at.Size() > look.MaxUpload {
					return fmt.Errorf("%s is larger than %d kB: make it smaller", logo, look.MaxUpload>>10)
				}
				if in.Logo, err = os.ReadFile(logo); err != nil {
					return fmt.Errorf("read logo: %w", err)
				}
				if len(in.Logo) == 0 {
					return fmt.Errorf("%s is empty: choose a PNG or a JPEG", logo)
				}
			}
			return c.editLook(cmd, in, asJSON)
		},
	}
	cmd.Flags().StringVar(&colour, "colour", "", "the house's `colour`, like #0b4f8a")
	cmd.Flags().StringVar(&logo, "logo", "", "the `file` with the logo, a PNG or a JPEG")
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) lookReset() *cobra.Command {
	var asJSON, colour, logo bool
	cmd := &cobra.Command{
		Use: "reset", Short: "Go back to the program's own look",
		Long:    "Go back to the program's own look: the colour, the logo, or, when neither is named,\nboth. What was is in `upprop settings history --key look/`, and can be put back.",
		Example: "  upprop look reset\n  upprop look reset --logo",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			none, in := look.None, api.LookEdit{NoLogo: logo || !colour}
			if colour || !logo {
				in.Colour = &none
			}
			return c.editLook(cmd, in, asJSON)
		},
	}
	cmd.Flags().BoolVar(&colour, "colour", false, "the colour alone")
	cmd.Flags().BoolVar(&logo, "logo", false, "the logo alone")
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) editLook(cmd *cobra.Command, in api.LookEdit, asJSON bool) error {
	var l api.Look
	if err := newClient(c.data).ask(cmd.Context(), "POST", lookPath, in, &l); err != nil {
		return err
	}
	return c.tellLook(l, asJSON)
}

func (c *command) tellLook(l api.Look, asJSON bool) error {
	if asJSON {
		return c.json(l)
	}
	if l.Colour == nil {
		if err := c.say("Colour: the program's own."); err != nil {
			return err
		}
	} else {
		for i, s := range []*api.Shade{l.Light, l.Dark} {
			where, said := []string{"light", "dark"}[i], "as it was chosen"
			if s.Changed {
				said = "as " + s.Colour + ", since it cannot be read there as it was chosen"
			}
			if err := c.say("Colour: %s, on %s screens %s.", *l.Colour, where, said); err != nil {
				return err
			}
		}
	}
	if l.Logo == nil {
		return c.say("Logo: none.")
	}
	return c.say("Logo: %d × %d pixels, %d bytes.", l.Logo.Width, l.Logo.Height, l.Logo.Bytes)
}
