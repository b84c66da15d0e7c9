package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/cmd/internal/app"
	"github.com/upprop/upprop/mesh/join"
	"github.com/upprop/upprop/node"
)

// enrolling is how long the issuer may take.
const enrolling = 60 * time.Second

func (c *command) join() *cobra.Command {
	var o node.EnrollOptions
	var only bool
	var files secretFiles
	cmd := &cobra.Command{
		Use: "join TOKEN|-", Short: "Join a campus as a new node, and run",
		Long: `Join a campus with the line that ` + "`upprop token create`" + ` printed, fetch what the
node needs, and run. With - the token is read from standard input.`,
		Example: `  upprop join UPPROP1-ABC... --data /srv/upprop
  cat token.txt | upprop join - --enroll-only`,
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkAddrs(o.Listen, o.HTTP); err != nil {
				return err
			}
			text, err := c.tokenText(args[0])
			if err != nil {
				return err
			}
			if o.Token, err = join.ParseToken(text); err != nil {
				return err
			}
			// All that can be wrong is found before the token is spent.
			given, err := c.readSecrets(files, args[0] == "-")
			if err != nil {
				return err
			}
			defer given.clear()
			if len(given.pin) > 0 {
				if err := errNoPINHere(o.Token.Role); err != nil {
					return err
				}
			}
			if err := app.Available(o.HTTP); err != nil {
				return err
			}
			o.Passphrase = given.passphrase
			if err := c.enroll(cmd.Context(), o); err != nil {
				return aboutPassphrase(err, len(given.passphrase) > 0)
			}
			return c.serve(cmd.Context(), serving{secrets: given}, func(ctx context.Context, a *app.App) error {
				return c.firstSync(ctx, a, only, files)
			})
		},
	}
	addrFlags(cmd, &o.Listen, &o.HTTP)
	files.passphraseFlag(cmd)
	files.pinFlag(cmd)
	cmd.Flags().StringVar(&o.Name, "name", "", "what this node is called, where the token leaves it open (default the machine's name)")
	cmd.Flags().BoolVar(&only, "enroll-only", false, "join and fetch what is needed, then exit instead of running")
	return cmd
}

func (c *command) tokenText(arg string) (string, error) {
	if arg != "-" {
		return tokenIn(arg), nil
	}
	b, err := io.ReadAll(io.LimitReader(c.stdin, 64<<10))
	if err != nil {
		return "", fmt.Errorf("read token: %w", err)
	}
	return tokenIn(string(b)), nil
}

// tokenIn is the token in a text: the whole pasted line is as good as the token
// in it, also where a mail has broken the line.
func tokenIn(text string) string {
	words := strings.Fields(text)
	for i, word := range words {
		if !strings.HasPrefix(strings.ToUpper(word), "UPPROP1-") {
			continue
		}
		rest := words[i:]
		if flag := slices.IndexFunc(rest, func(w string) bool { return strings.HasPrefix(w, "-") }); flag > 0 {
			rest = rest[:flag]
		}
		return strings.Join(rest, "")
	}
	return text
}

func (c *command) enroll(ctx context.Context, o node.EnrollOptions) error {
	log, err := c.logger()
	if err != nil {
		return err
	}
	o.Dir, o.Logger = c.data, log
	if o.Name == "" && o.Token.Name == "" {
		if o.Name, err = os.Hostname(); err != nil {
			return fmt.Errorf("the machine's name is not known: give the node one with --name: %w", err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, enrolling)
	defer cancel()
	res, err := node.Enroll(ctx, o)
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return errors.New("the campus did not answer within a minute: check this node's network, then try again with the same token")
	}
	if errors.Is(err, join.ErrNoPeer) {
		log.Debug("no peer answered", "err", err)
		return join.ErrNoPeer // the attempts, address by address, are no help here
	}
	if err != nil {
		return err
	}
	if err := os.Chmod(o.Dir, 0o700); err != nil {
		return fmt.Errorf("protect data folder: %w", err)
	}
	return c.say("%s has joined as %s.", res.Cert.Name, res.Cert.Role)
}

// firstSync says when the node has what it needs to check people in.
func (c *command) firstSync(ctx context.Context, a *app.App, only bool, files secretFiles) error {
	wait, cancel := context.WithTimeout(ctx, firstSync)
	defer cancel()
	ready := a.AwaitReady(wait)
	if ctx.Err() != nil {
		return nil
	}
	what := "It has what it needs to check people in."
	if !ready {
		what = fmt.Sprintf("It has not got the campus's keys within %s, and checks nobody in until it has: check its network. It goes on trying while it runs.", firstSync)
	}
	if err := c.say("%s", what); err != nil {
		return err
	}
	switch {
	case !only:
		return c.ready(ctx, a)
	case !ready:
		return fmt.Errorf("this node has joined but could not fetch what it needs: check its network, then start it with `upprop run --data %s%s`", quote(c.data), files.again())
	}
	if err := c.say("Start it with:\n\n  upprop run --data %s%s", quote(c.data), files.again()); err != nil {
		return err
	}
	return errDone
}
