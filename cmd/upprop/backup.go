package main

import (
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node"
)

func (c *command) backup() *cobra.Command {
	var from string
	cmd := &cobra.Command{
		Use: "backup FILE", Short: "Write this node to a file",
		Long: `Write this node to a new file: who it is, and all it knows of visits. No key to
a name is in it, so what is erased later stays erased when the file is restored,
and the file alone shows nobody's name; a restored desk or warden asks the other
nodes for its keys.

The file lets a machine take this node's place: keep it as you keep the machine.
With --passphrase-file it is encrypted, and holds the campus root as well, where
this node has it.`,
		Example: "  upprop backup /media/usb/reception.upprop\n  upprop backup reception.upprop --passphrase-file secret.txt",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			var pass record.Private
			if from != "" {
				var err error
				if pass, err = c.passphrase(from, true); err != nil {
					return err
				}
			}
			path, err := c.rootFile(cmd.Context(), "/api/v1/backup", args[0], pass)
			if err != nil {
				return err
			}
			if from == "" {
				return c.say("This node is in %s. The campus root is not: `upprop root export`.", path)
			}
			return c.say("This node is in %s, under the passphrase.", path)
		},
	}
	cmd.Flags().StringVar(&from, "passphrase-file", "", "encrypt it under the first line of this `file`")
	return cmd
}

func (c *command) restore() *cobra.Command {
	var from string
	cmd := &cobra.Command{
		Use: "restore FILE", Short: "Make this machine the node that was backed up",
		Long: `Make a node of a backup, in a data folder that holds none. The node that was
backed up must be gone: two of it would be noticed by all, and neither trusted.
What it acknowledged after the backup comes back from the other nodes, where it
had reached them; what had not is named. Tokens it had out are void.`,
		Example: "  upprop restore /media/usb/reception.upprop --data /var/lib/upprop\n  upprop run --data /var/lib/upprop",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error {
			path, err := filepath.Abs(args[0])
			if err != nil {
				return err
			}
			var pass record.Private
			if from != "" {
				if pass, err = c.passphrase(from, false); err != nil {
					return err
				}
			}
			about, err := node.Restore(node.RestoreOptions{Dir: c.data, Path: path, Passphrase: pass.Reveal()})
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return errors.New("there is no such file: check the path of the backup")
			case err != nil:
				return err
			}
			return c.say("%s of %s is restored from %s. Start it with `upprop run`, and see that the machine it was on never starts it again.",
				about.Node, about.Campus, about.Made.Local().Format("2006-01-02 15:04"))
		},
	}
	cmd.Flags().StringVar(&from, "passphrase-file", "", "the first line of this `file` opens the backup")
	return cmd
}
