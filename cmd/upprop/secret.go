package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/upprop/upprop/crdt/seal"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/pin"
)

// maxSecret is the longest line of a file with a PIN or a passphrase, in bytes.
const maxSecret = 4096

// secretFiles are where a node's passphrase and its PIN are read from.
type secretFiles struct{ passphrase, pin string }

// secrets are what was read; the reader clears them.
type secrets struct{ passphrase, pin []byte }

func (s secrets) clear() {
	clear(s.passphrase)
	clear(s.pin)
}

func (f *secretFiles) passphraseFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.passphrase, "passphrase-file", "", "keep this node's keys under the passphrase on this `file`'s first line, or - for standard input")
}

func (f *secretFiles) pinFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.pin, "pin-file", "", "unlock a handheld's names with the PIN on this `file`'s first line, or - for standard input; where none is set, set it")
}

// again is what to add to the next start of a node with a passphrase.
func (f secretFiles) again() string {
	switch f.passphrase {
	case "":
		return ""
	case "-":
		return " --passphrase-file -"
	}
	path, err := filepath.Abs(f.passphrase)
	if err != nil {
		path = f.passphrase
	}
	return " --passphrase-file " + quote(path)
}

// readSecrets reads both; stdinTaken says that standard input has been read for
// something else.
func (c *command) readSecrets(f secretFiles, stdinTaken bool) (s secrets, err error) {
	n := 0
	for _, from := range []string{f.passphrase, f.pin} {
		if from == "-" {
			n++
		}
	}
	if n > 1 || n > 0 && stdinTaken {
		return s, wrongUsage("only one thing can be read from standard input: give a file for the other")
	}
	if f.passphrase != "" {
		if s.passphrase, err = c.secretLine(f.passphrase, "passphrase", "--passphrase-file"); err != nil {
			return s, err
		}
	}
	if f.pin != "" {
		if s.pin, err = c.secretLine(f.pin, "PIN", "--pin-file"); err != nil {
			s.clear()
			return s, err
		}
		if !pin.Good(s.pin) {
			s.clear()
			return s, errors.New("there is no PIN in the file: a PIN has 4 to 12 digits, alone on the first line")
		}
	}
	return s, nil
}

// secretLine is the first line of a file, or of standard input for "-".
func (c *command) secretLine(from, what, flag string) ([]byte, error) {
	in := c.stdin
	if from != "-" {
		f, err := os.Open(from)
		if err != nil {
			return nil, fmt.Errorf("the file with the %s cannot be read: check %s: %w", what, flag, err)
		}
		defer f.Close()
		in = f
	}
	b := make([]byte, maxSecret+1)
	n, err := io.ReadFull(in, b)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		clear(b)
		return nil, fmt.Errorf("the file with the %s cannot be read: check %s: %w", what, flag, err)
	}
	line, rest, _ := bytes.Cut(b[:n], []byte("\n"))
	clear(rest)
	line = bytes.TrimSuffix(line, []byte("\r"))
	switch {
	case len(line) == 0:
		return nil, fmt.Errorf("there is no %s on the first line of %s: write it there, alone", what, flag)
	case len(line) > maxSecret:
		clear(line)
		return nil, fmt.Errorf("the first line of %s is longer than %d bytes: is it the right file?", flag, maxSecret)
	}
	return line, nil
}

// askSecret reads a secret from a file or standard input or, at a terminal,
// asks for it; twice where a slip would lock something away.
func (c *command) askSecret(from, what, flag string, twice bool) ([]byte, error) {
	in, ok := c.stdin.(*os.File)
	if from == "" && (!ok || !term.IsTerminal(int(in.Fd()))) {
		from = "-"
	}
	if from != "" {
		return c.secretLine(from, what, flag)
	}
	first, err := c.prompt(in, what+": ")
	if err != nil {
		return nil, err
	}
	if twice {
		second, err := c.prompt(in, what+" again: ")
		if err != nil {
			return nil, err
		}
		if first != second {
			return nil, fmt.Errorf("the two differ: try again")
		}
	}
	return []byte(first.Reveal()), nil
}

// aboutPassphrase says how a passphrase is given where one is needed.
func aboutPassphrase(err error, given bool) error {
	if !errors.Is(err, seal.ErrPassphrase) {
		return err
	}
	if given {
		return errors.New("this node's keys are under a passphrase, and the one in --passphrase-file is another: give the one that was set")
	}
	return errors.New("this node's keys are under a passphrase: give it with --passphrase-file FILE")
}

// errNoPINHere refuses a PIN before anything is done with it.
func errNoPINHere(role identity.Role) error {
	if role == identity.RoleWarden {
		return nil
	}
	return fmt.Errorf("this node asks for no PIN, being %s: leave --pin-file out; only a node with the role warden does", article(role))
}

func article(role identity.Role) string {
	if role == identity.RoleEntrance {
		return "an " + string(role)
	}
	return "a " + string(role)
}
