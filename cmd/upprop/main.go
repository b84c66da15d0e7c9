// Command upprop is one node of a campus: it keeps who is inside, tells the
// other nodes, and answers who may still be there when the alarm goes.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() { os.Exit(run(os.Args[1:])) }

// Exit codes.
const (
	exitOK    = 0
	exitError = 1
	exitUsage = 2
)

// run is the whole program but for its exit.
func run(args []string) int {
	noCoreDumps()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second signal ends the program at once.
	context.AfterFunc(ctx, stop)

	c := newCommand(os.Stdin, os.Stdout, os.Stderr)
	c.root.SetArgs(args)
	return c.report(c.root.ExecuteContext(ctx))
}

// report prints an error as one line and says with which code to exit.
func (c *command) report(err error) int {
	if err == nil {
		return exitOK
	}
	line := "upprop: " + oneLine(err.Error())
	if c.began {
		_, _ = fmt.Fprintln(c.stderr, line)
		return exitError
	}
	_, _ = fmt.Fprintln(c.stderr, line+": run `upprop --help` to see how it is used")
	return exitUsage
}

// oneLine puts an error of several lines on one.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}

// command is the program with where it reads and writes.
type command struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	root           *cobraCommand
	data           string
	level          string
	// began: the command line was in order, so that what goes wrong from here
	// on is no wrong usage.
	began bool
}
