package main

import (
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/node/api"
	"github.com/upprop/upprop/node/photos"
)

func (c *command) photo() *cobra.Command {
	return group("photo", "Photos of visitors who have agreed to one", c.photoShow(), c.photoSet(), c.photoRemove())
}

func (c *command) photoShow() *cobra.Command {
	return &cobra.Command{
		Use: "show VISIT", Short: "Write the photo of a visit to standard output, as a JPEG",
		Long:    "Write the photo of a visit to standard output, as a JPEG. That it was opened is on\nrecord. It is done at a desk.",
		Example: "  upprop photo show 4H2K… > photo.jpg",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			var p api.Photo
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/photos/open", api.PhotoRequest{Visit: args[0]}, &p); err != nil {
				return err
			}
			if len(p.Photo) == 0 {
				return photos.ErrNone
			}
			_, err := cmd.OutOrStdout().Write(p.Photo)
			return err
		},
	}
}

func (c *command) photoSet() *cobra.Command {
	var asJSON bool
	in := api.PhotoRequest{}
	cmd := &cobra.Command{
		Use: "set VISIT FILE|-", Short: "Keep a photo of a visitor who has agreed to it",
		Long: `Keep a photo of a visitor who has agreed to it, in the place of one that is kept: a
JPEG of at most 256 kB and 2 megapixels, or - for standard input. It is cut to a
portrait, scaled down and written anew. It is done at a desk, and only for types of
visitors that ask for one: upprop type set TYPE --ask photo=may.`,
		Example: "  upprop photo set 4H2K… face.jpg --agreed",
		Args:    usage(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			in.Visit = args[0]
			from := cmd.InOrStdin()
			if args[1] != "-" {
				f, err := os.Open(args[1])
				if err != nil {
					return err
				}
				defer f.Close()
				from = f
			}
			var err error
			if in.Photo, err = io.ReadAll(io.LimitReader(from, photos.MaxInput+1)); err != nil {
				return err
			}
			if len(in.Photo) > photos.MaxInput {
				return photos.ErrPicture
			}
			var p api.Photo
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/photos", in, &p); err != nil {
				return err
			}
			if asJSON {
				return c.json(p)
			}
			return c.say("The photo is kept. The visitor may have it removed at any time: upprop photo remove %s", args[0])
		},
	}
	cmd.Flags().BoolVar(&in.Agreed, "agreed", false, "the visitor has read what it is for, and agrees")
	cmd.Flags().StringVar(&in.Lang, "lang", "", "the `language` in which they read it")
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) photoRemove() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "remove VISIT", Short: "Take back, for a visitor, that a photo is kept, and destroy it on every node",
		Long: `Take back, for a visitor, that a photo is kept, and destroy it on every node, for good.
Which nodes have confirmed is told by upprop erase list. It is the same as
upprop consent withdraw VISIT photo.`,
		Example: "  upprop photo remove 4H2K…",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			var out api.Withdrawn
			in := api.Withdrawal{Visit: args[0], Purpose: "photo"}
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/subjects/withdraw", in, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			return c.say("The photo is destroyed here, and on every other node as soon as it hears of it.")
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}
