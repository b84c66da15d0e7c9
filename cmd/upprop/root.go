package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

type cobraCommand = cobra.Command

func newCommand(stdin io.Reader, stdout, stderr io.Writer) *command {
	c := &command{stdin: stdin, stdout: stdout, stderr: stderr}
	c.root = &cobra.Command{
		Use:   "upprop",
		Short: "Who may still be inside, and how sure are we?",
		Long: `Upprop keeps who is inside on every node of a campus, without a server.

Make a campus on the first machine, then let others join with one pasted line:

  upprop init --campus Ekudden --name Reception
  upprop run
  upprop token create --role entrance --name "East gate"`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          usage(cobra.NoArgs),
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.root.SetIn(stdin)
	c.root.SetOut(stdout)
	c.root.SetErr(stderr)
	c.root.PersistentFlags().StringVar(&c.data, "data", defaultData(), "the node's data `folder` ($UPPROP_DATA)")
	c.root.PersistentFlags().StringVar(&c.level, "log-level", "info", "what is logged on standard error: debug, info, warn or error")
	c.root.AddCommand(
		c.version(),
		c.initCampus(),
		c.runNode(),
		c.token(),
		c.join(),
		c.nodes(),
		c.node(),
		c.visit(),
		c.notify(),
		c.muster(),
		c.evac(),
		c.point(),
		c.invite(), c.delivery(),
		c.host(), c.watch(),
		c.kind(), c.language(), c.look(), c.badgeLayout(),
		c.paper(),
		c.warden(),
		c.trigger(),
		c.feed(),
		c.printer(),
		c.badgePrinter(),
		c.phone(),
		c.pin(),
		c.passphraseCommand(),
		c.erase(),
		c.subject(),
		c.cases(),
		c.hold(), c.kept(), c.purposes(), c.retention(), c.statistics(), c.consent(), c.photo(),
		c.privacy(),
		c.breach(),
		c.audit(), c.settings(),
		c.expire(),
		c.doctor(),
		c.issuer(),
		c.operator(),
		c.rootKey(),
		c.backup(),
		c.restore(),
		c.demo(),
		c.sim(),
		c.simWorker(),
	)
	_ = c.root.RegisterFlagCompletionFunc("log-level", fixed("debug", "info", "warn", "error"))
	for _, cmd := range every(c.root) {
		c.mark(cmd)
	}
	return c
}

// mark makes a command note that its line was in order before it acts.
func (c *command) mark(cmd *cobra.Command) {
	act := cmd.RunE
	if act == nil {
		return
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !filepath.IsAbs(c.data) {
			abs, err := filepath.Abs(c.data)
			if err != nil {
				return fmt.Errorf("find data folder: %w", err)
			}
			c.data = abs
		}
		c.began = true
		err := act(cmd, args)
		var wrong usageError
		if errors.As(err, &wrong) {
			c.began = false
		}
		return err
	}
}

func every(cmd *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{cmd}
	for _, sub := range cmd.Commands() {
		all = append(all, every(sub)...)
	}
	return all
}

// usageError says that the command line itself is wrong.
type usageError struct{ text string }

func (e usageError) Error() string { return e.text }

func wrongUsage(format string, args ...any) error {
	return usageError{fmt.Sprintf(format, args...)}
}

// usage gives the words of wrong arguments a hint on the same line.
func usage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			if len(args) > 0 && cmd.HasSubCommands() {
				return wrongUsage("there is no command %q in `%s`", args[0], cmd.CommandPath())
			}
			return wrongUsage("`%s` is written `%s`", cmd.CommandPath(), cmd.UseLine())
		}
		return nil
	}
}

// group is a command that only holds others.
func group(use, short string, subs ...*cobra.Command) *cobra.Command {
	g := &cobra.Command{
		Use: use, Short: short, Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var names []string
			for _, sub := range cmd.Commands() {
				names = append(names, sub.Name())
			}
			return wrongUsage("`%s` needs one of: %s", cmd.CommandPath(), strings.Join(names, ", "))
		},
	}
	g.AddCommand(subs...)
	return g
}

// fixed completes a flag from a few words.
func fixed(words ...string) cobra.CompletionFunc {
	return cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)
}

// defaultData is where a node's data folder is unless said otherwise.
func defaultData() string {
	if d := os.Getenv("UPPROP_DATA"); d != "" {
		return d
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "upprop-data"
	}
	return filepath.Join(home, ".local", "share", "upprop")
}
