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
	var listen, http string
	cmd := &cobra.Command{
		Use: "run", Short: "Run the node in a data folder",
		Long: "Run the node in a data folder until it is told to stop (Ctrl-C or SIGTERM).",
		Example: `  upprop run
  upprop run --data /srv/upprop --http off`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkAddrs(listen, http); err != nil {
				return err
			}
			return c.serve(cmd.Context(), listen, http, c.ready)
		},
	}
	addrFlags(cmd, &listen, &http)
	return cmd
}

// errDone is what a task returns to end the node in good order.
var errDone = errors.New("done")

// serve runs a node, and task beside it, until ctx ends, the node fails or
// task returns an error.
func (c *command) serve(ctx context.Context, listen, http string, task func(context.Context, *app.App) error) error {
	log, err := c.logger()
	if err != nil {
		return err
	}
	a, err := app.Open(app.Config{
		Node: node.Config{Dir: c.data, Listen: listen, Release: release, Logger: log}, HTTP: http, OwnProcess: true,
	})
	if err != nil {
		return err
	}
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
