package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/api"
)

func (c *command) rootKey() *cobra.Command {
	return group("root", "Keep the campus root safe", c.rootExport(), c.rootRestore())
}

func (c *command) rootExport() *cobra.Command {
	var from string
	cmd := &cobra.Command{
		Use: "export FILE", Short: "Write the campus root to a file, under a passphrase",
		Long: `Write the campus root to a new file, sealed under a passphrase. Whoever has both
can issue and revoke everything in the campus: keep them apart, away from the
nodes.`,
		Example: "  upprop root export /media/usb/ekudden.root",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			pass, err := c.passphrase(from, true)
			if err != nil {
				return err
			}
			path, err := c.rootFile(cmd.Context(), "/api/v1/root/export", args[0], pass)
			if err != nil {
				return err
			}
			return c.say("The campus root is in %s, under the passphrase.", path)
		},
	}
	passphraseFlag(cmd, &from)
	return cmd
}

func (c *command) rootRestore() *cobra.Command {
	var from string
	cmd := &cobra.Command{
		Use: "restore FILE", Short: "Bring the campus root to this node",
		Long:    "Bring the campus root from an exported file to this node, which may issue from\nthen on.",
		Example: "  upprop root restore /media/usb/ekudden.root",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			pass, err := c.passphrase(from, false)
			if err != nil {
				return err
			}
			if _, err := c.rootFile(cmd.Context(), "/api/v1/root/restore", args[0], pass); err != nil {
				return err
			}
			if err := c.say("This node holds the campus root and may issue."); err != nil {
				return err
			}
			return c.warnOfPlace(cmd.Context(), func(n api.Node) bool { return n.State == api.Here })
		},
	}
	passphraseFlag(cmd, &from)
	return cmd
}

func passphraseFlag(cmd *cobra.Command, from *string) {
	cmd.Flags().StringVar(from, "passphrase-file", "", "read the passphrase from this `file`'s first line (default: ask)")
}

func (c *command) rootFile(ctx context.Context, verb, file string, pass record.Private) (string, error) {
	path, err := filepath.Abs(file)
	if err != nil {
		return "", fmt.Errorf("find file: %w", err)
	}
	var out api.RootFile
	err = newClient(c.data).ask(ctx, "POST", verb, api.RootFile{Path: path, Passphrase: api.Text{Private: pass}}, &out)
	return path, err
}

// passphrase reads the passphrase from a file, or asks for it, twice where a
// slip would lock the root away.
func (c *command) passphrase(from string, twice bool) (record.Private, error) {
	if from != "" {
		b, err := os.ReadFile(from)
		if err != nil {
			return "", fmt.Errorf("the passphrase file cannot be read: check --passphrase-file: %w", err)
		}
		line, _, _ := bytes.Cut(b, []byte("\n"))
		return record.Private(bytes.TrimSuffix(line, []byte("\r"))), nil
	}
	in, ok := c.stdin.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return "", errors.New("there is no terminal to ask for the passphrase: give it with --passphrase-file")
	}
	first, err := c.prompt(in, "Passphrase: ")
	if err != nil || !twice {
		return first, err
	}
	second, err := c.prompt(in, "Passphrase again: ")
	if err == nil && first != second {
		err = errors.New("the two passphrases differ: try again")
	}
	return first, err
}

func (c *command) prompt(in *os.File, what string) (record.Private, error) {
	_, _ = fmt.Fprint(c.stderr, what)
	b, err := term.ReadPassword(int(in.Fd()))
	_, _ = fmt.Fprintln(c.stderr)
	if err != nil {
		return "", fmt.Errorf("read passphrase: %w", err)
	}
	return record.Private(b), nil
}
