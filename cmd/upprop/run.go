package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/cmd/internal/app"
	"github.com/upprop/upprop/node"
)

func (c *command) runNode() *cobra.Command {
	var at serving
	var files secretFiles
	cmd := &cobra.Command{
		Use: "run", Short: "Run the node in a data folder",
		Long: `Run the node in a data folder until it is told to stop (Ctrl-C or SIGTERM).

With --passphrase-file the node's keys rest under a passphrase; where they do
already, it is needed. A warden's handheld takes its PIN with --pin-file, or on
its screen; without it, it lists badges and places, and no names.`,
		Example: `  upprop run
  upprop run --data /srv/upprop --http off`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkAddrs(at.listen, at.http); err != nil {
				return err
			}
			given, err := c.readSecrets(files, false)
			if err != nil {
				return err
			}
			defer given.clear()
			at.secrets = given
			return c.serve(cmd.Context(), at, c.ready)
		},
	}
	addrFlags(cmd, &at.listen, &at.http)
	files.passphraseFlag(cmd)
	files.pinFlag(cmd)
	return cmd
}

// errDone is what a task returns to end the node in good order.
var errDone = errors.New("done")

// serving is how a node is run.
type serving struct {
	listen, http string
	// secrets are cleared when the node has been opened.
	secrets secrets
}

// serve runs a node, and task beside it, until ctx ends, the node fails or
// task returns an error.
func (c *command) serve(ctx context.Context, at serving, task func(context.Context, *app.App) error) error {
	log, err := c.logger()
	if err != nil {
		return err
	}
	a, err := app.Open(app.Config{
		Node: node.Config{Dir: c.data, Listen: at.listen, Release: release, Logger: log, Passphrase: at.secrets.passphrase}, HTTP: at.http, OwnProcess: true,
	})
	if err != nil {
		return aboutPassphrase(err, len(at.secrets.passphrase) > 0)
	}
	if len(at.secrets.pin) > 0 {
		if err = errNoPINHere(a.Node().Self().Role); err == nil {
			err = c.givePIN(a, at.secrets.pin)
		}
		if err != nil {
			return errors.Join(err, a.Close())
		}
	}
	at.secrets.clear()
	log.Info("node starts", "node", a.Node().Self().ID.Short(), "role", string(a.Node().Self().Role), "release", release)
	defer log.Info("node has stopped")
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	beside := make(chan struct{})
	go func() {
		defer close(beside)
		if err := task(ctx, a); err != nil {
			stop(err)
		}
	}()
	err = a.Run(ctx)
	stop(nil)
	<-beside
	if cause := context.Cause(ctx); err == nil && !errors.Is(cause, context.Canceled) && !errors.Is(cause, errDone) {
		err = cause
	}
	return errors.Join(err, a.Close())
}

// ready says in one line that the node is up.
func (c *command) ready(_ context.Context, a *app.App) error {
	self := a.Node().Self()
	line := fmt.Sprintf("%s (%s) of %s is running; other nodes reach it at %s", self.Name, self.Role, a.Node().CampusName(), strings.Join(a.Node().Network().Addrs(), ", "))
	if u := a.URL(); u != "" {
		line += "; screens at " + u
	}
	return c.say("%s", line)
}

// firstSync is how long a new node waits for what it needs before it goes on
// without.
const firstSync = 20 * time.Second
