package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/cmd/internal/app"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/seal"
	"github.com/upprop/upprop/crdt/store"
	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/api"
	"github.com/upprop/upprop/node/pin"
)

func (c *command) pin() *cobra.Command {
	return group("pin", "Lock and unlock the names on a warden's handheld", c.pinSet(), c.pinUnlock(), c.pinLock(), c.pinStatus())
}

func (c *command) pinSet() *cobra.Command {
	return c.pinVerb("set", "Choose the PIN of this handheld, or change it while names are unlocked",
		`Choose the PIN of the running handheld, 4 to 12 digits; names are unlocked
then. While names are unlocked it is changed. A PIN that nobody knows is not
recovered: let the node join anew with a fresh data folder.`, "/api/v1/pin", true)
}

func (c *command) pinUnlock() *cobra.Command {
	return c.pinVerb("unlock", "Unlock the names on this handheld with its PIN",
		`Unlock the names on the running handheld, for 12 hours or until it stops. They
are still shown only during an evacuation or drill.`, "/api/v1/pin/unlock", false)
}

func (c *command) pinVerb(use, short, long, path string, twice bool) *cobra.Command {
	var f secretFiles
	var asJSON bool
	cmd := &cobra.Command{
		Use: use, Short: short, Long: long, Args: usage(cobra.NoArgs),
		Example: "  upprop pin " + use + "\n  upprop pin " + use + " --pin-file /run/secrets/pin",
		RunE: func(cmd *cobra.Command, _ []string) error {
			given, err := c.askSecret(f.pin, "PIN", "--pin-file", twice)
			if err != nil {
				return err
			}
			defer clear(given)
			var out api.Names
			if err := newClient(c.data).ask(cmd.Context(), "POST", path, api.PIN{PIN: api.Text{Private: record.Private(given)}}, &out); err != nil {
				return err
			}
			return c.sayNames(out, asJSON)
		},
	}
	cmd.Flags().StringVar(&f.pin, "pin-file", "", "read the PIN from this `file`'s first line, or - for standard input (default: ask)")
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) pinLock() *cobra.Command {
	return c.namesVerb("lock", "Lock the names on this handheld at once", "POST", "/api/v1/pin/lock")
}

func (c *command) pinStatus() *cobra.Command {
	return c.namesVerb("status", "Are the names on this node locked?", "GET", "/api/v1/names")
}

func (c *command) namesVerb(use, short, method, path string) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: use, Short: short, Example: "  upprop pin " + use, Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var out api.Names
			if err := newClient(c.data).ask(cmd.Context(), method, path, nil, &out); err != nil {
				return err
			}
			return c.sayNames(out, asJSON)
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) sayNames(n api.Names, asJSON bool) error {
	if asJSON {
		return c.json(n)
	}
	switch now := time.Now(); {
	case !n.Asks:
		return c.say("This node asks for no PIN.")
	case !n.PINSet:
		return c.say("Names are locked: no PIN has been chosen. Choose one with `upprop pin set`.")
	case n.Locked && !n.WaitUntil.IsZero():
		return c.say("Names are locked. After %d wrong PINs, the next is tried at %s.", n.Wrong, moment(n.WaitUntil.Time, now))
	case n.Locked:
		return c.say("Names are locked.")
	default:
		return c.say("Names are unlocked until %s, and shown during an evacuation or drill.", moment(n.LocksAt.Time, now))
	}
}

// givePIN sets the PIN of a handheld that has none, and unlocks names with it
// where it has. A wrong one keeps the node from nothing but names.
func (c *command) givePIN(a *app.App, given []byte) error {
	if len(given) == 0 {
		return nil
	}
	lock := a.Node().PIN()
	if !lock.State().Set {
		return lock.Set(given)
	}
	err := lock.Unlock(given)
	var p *pin.Problem
	if errors.As(err, &p) {
		_, err = fmt.Fprintln(c.stderr, "upprop: the PIN in --pin-file is not that of this node: it runs with names locked; unlock them with `upprop pin unlock` or at /warden")
	}
	return err
}

func (c *command) passphraseCommand() *cobra.Command {
	return group("passphrase", "Keep the keys of this node under a passphrase", c.passphraseSet(), c.passphraseRemove())
}

func (c *command) passphraseSet() *cobra.Command {
	var from, current string
	cmd := &cobra.Command{
		Use: "set", Short: "Put this node's keys under a passphrase, or change it",
		Long: `Put the keys of this node under a passphrase, or change it. From then on the
node starts with --passphrase-file alone, and nobody can bring the keys back
who does not know it. It works while the node runs and while it does not; then
a passphrase that is changed must be given too, with --current-file.`,
		Example: "  upprop passphrase set\n  upprop passphrase set --passphrase-file new --current-file old",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if from == "-" && current == "-" {
				return wrongUsage("only one thing can be read from standard input: give a file for the other")
			}
			next, err := c.askSecret(from, "Passphrase", "--passphrase-file", true)
			if err != nil {
				return err
			}
			defer clear(next)
			var was []byte
			if current != "" {
				if was, err = c.secretLine(current, "passphrase", "--current-file"); err != nil {
					return err
				}
				defer clear(was)
			}
			if err := c.changePassphrase(cmd, was, next, "--current-file"); err != nil {
				return err
			}
			return c.say("This node's keys are under the passphrase. Start it with --passphrase-file from now on.")
		},
	}
	cmd.Flags().StringVar(&from, "passphrase-file", "", "read the new passphrase from this `file`'s first line, or - for standard input (default: ask)")
	cmd.Flags().StringVar(&current, "current-file", "", "read the passphrase that is to be changed from this `file`'s first line; not needed while the node runs")
	return cmd
}

func (c *command) passphraseRemove() *cobra.Command {
	var from string
	cmd := &cobra.Command{
		Use: "remove", Short: "Keep this node's keys under no passphrase any more",
		Long: `Keep the keys of this node under no passphrase any more. While it does not run,
the passphrase must be given.`,
		Example: "  upprop passphrase remove\n  upprop passphrase remove --passphrase-file FILE",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var was []byte
			if from != "" {
				var err error
				if was, err = c.secretLine(from, "passphrase", "--passphrase-file"); err != nil {
					return err
				}
				defer clear(was)
			}
			if err := c.changePassphrase(cmd, was, nil, "--passphrase-file"); err != nil {
				return err
			}
			return c.say("This node's keys are under no passphrase. It starts without one.")
		},
	}
	cmd.Flags().StringVar(&from, "passphrase-file", "", "read the passphrase from this `file`'s first line, or - for standard input; not needed while the node runs")
	return cmd
}

// changePassphrase asks the running node or, where none runs, does it itself.
// flag is where the one that it is under now is given.
func (c *command) changePassphrase(cmd *cobra.Command, current, next []byte, flag string) error {
	offline := node.SetPassphrase(c.data, current, next)
	if errors.Is(offline, store.ErrLocked) {
		var out api.Names
		return newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/passphrase", api.Passphrase{Passphrase: &api.Text{Private: record.Private(next)}}, &out)
	}
	if errors.Is(offline, seal.ErrPassphrase) {
		if len(current) == 0 {
			return fmt.Errorf("this node's keys are under a passphrase already: give that with %s", flag)
		}
		return fmt.Errorf("the passphrase that was given is not the one that this node's keys are under: check %s", flag)
	}
	return offline
}
