package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/node/api"
)

func jsonFlag(cmd *cobra.Command, into *bool) {
	cmd.Flags().BoolVar(into, "json", false, "print one JSON document")
}

// json prints one JSON document.
func (c *command) json(v any) error {
	e := json.NewEncoder(c.stdout)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("print answer: %w", err)
	}
	return nil
}

// say prints one line for a person.
func (c *command) say(format string, args ...any) error {
	if _, err := fmt.Fprintf(c.stdout, format+"\n", args...); err != nil {
		return fmt.Errorf("print answer: %w", err)
	}
	return nil
}

// table prints rows under headings, in columns.
func (c *command) table(head string, rows func(w io.Writer) error) error {
	w := tabwriter.NewWriter(c.stdout, 0, 4, 2, ' ', 0)
	if _, err := fmt.Fprintln(w, head); err != nil {
		return fmt.Errorf("print answer: %w", err)
	}
	if err := rows(w); err != nil {
		return fmt.Errorf("print answer: %w", err)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("print answer: %w", err)
	}
	return nil
}

// reveal is what a person who may read it sees; a dash where there is nothing.
func reveal(t *api.Text) string {
	if t == nil || t.Private == "" {
		return "-"
	}
	return t.Reveal()
}

// moment is a time as a person at this machine reads it.
func moment(t time.Time, now time.Time) string {
	if t.IsZero() {
		return "-"
	}
	t, now = t.Local(), now.Local()
	if t.Year() == now.Year() && t.YearDay() == now.YearDay() {
		return t.Format("15:04:05")
	}
	return t.Format("2006-01-02 15:04:05")
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
