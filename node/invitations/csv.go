package invitations

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/sheet"
)

// Columns are those that a file of invitations may have; name and from must be
// there.
var Columns = []string{"name", "company", "email", "phone", "from", "to", "host", "host_mail", "type", "entrance", "purpose", "note", "lang"}

// RowFault says what is wrong with one row of a file; 1 is the heading.
type RowFault struct {
	Row  int
	Err  *sheet.Problem
	From *Problem
}

// ErrRows means that a file has rows that are wrong: nothing of it was done.
type ErrRows struct{ Rows []RowFault }

func (e *ErrRows) Error() string {
	first := e.Rows[0]
	return fmt.Sprintf("%d rows of the file are wrong, and nobody was invited: the first is row %d (%s)", len(e.Rows), first.Row, first.Err.Hint)
}

// ParseCSV reads a file of invitations: a heading with names of columns, in any
// order, and one person a row, apart by commas, semicolons or tabs. Times are in
// zone. Errors: *Problem for the file, *ErrRows for its rows.
func ParseCSV(b []byte, zone *time.Location) ([]Request, error) {
	b = bytes.TrimPrefix(b, []byte("\ufeff"))
	if !utf8.Valid(b) {
		return nil, problem("invitations.csv_utf8", "csv", "the file is not in UTF-8, and nobody was invited: save it as CSV in UTF-8")
	}
	head, _, _ := bytes.Cut(b, []byte("\n"))
	r := csv.NewReader(bytes.NewReader(b))
	r.FieldsPerRecord, r.TrimLeadingSpace = -1, true
	for _, c := range []rune{';', '\t'} {
		if bytes.ContainsRune(head, c) {
			r.Comma = c
		}
	}
	rows, err := r.ReadAll()
	if err != nil || len(rows) == 0 {
		return nil, problem("invitations.csv", "csv", "the file could not be read as CSV, and nobody was invited: each row is one person, and quotes come in pairs")
	}
	at := map[string]int{}
	for i, c := range rows[0] {
		c = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(c)), " ", "_")
		if !slices.Contains(Columns, c) {
			return nil, problem("invitations.csv_head", "csv", "the first row names the columns, and one of them is not known: use "+strings.Join(Columns, ", "))
		}
		at[c] = i
	}
	_, name := at["name"]
	_, from := at["from"]
	switch {
	case !name || !from:
		return nil, problem("invitations.csv_head", "csv", "the first row names the columns, and name or from is not among them: use "+strings.Join(Columns, ", "))
	case len(rows) == 1:
		return nil, problem("invitations.csv", "csv", "the file has a heading and no row, and nobody was invited: each row is one person")
	case len(rows) > MaxAtOnce+1:
		p := problem("invitations.csv_long", "csv", fmt.Sprintf("the file has more than %d rows, and nobody was invited: divide it", MaxAtOnce))
		p.Limit = MaxAtOnce
		return nil, p
	}
	var out []Request
	var faults ErrRows
	for n, row := range rows[1:] {
		cell := func(c string) string {
			if i, ok := at[c]; ok && i < len(row) {
				return strings.TrimSpace(row[i])
			}
			return ""
		}
		req, err := requestOf(cell, zone)
		if err != nil {
			faults.add(n+2, err)
		}
		out = append(out, req)
	}
	if len(faults.Rows) > 0 {
		return nil, &faults
	}
	return out, nil
}

func (e *ErrRows) add(row int, err error) {
	f := RowFault{Row: row, From: IsProblem(err)}
	if errors.As(err, &f.Err) {
		e.Rows = append(e.Rows, f)
	}
}

func requestOf(cell func(string) string, zone *time.Location) (r Request, err error) {
	for _, c := range Columns {
		// What a spreadsheet would take for a formula is nobody's name.
		if v := cell(c); v != "" && (strings.ContainsAny(v[:1], "=@") || c != "phone" && strings.ContainsAny(v[:1], "+-")) {
			return r, problem("invitations.formula", c, "the "+c+" begins like a formula of a spreadsheet: write it as plain text")
		}
	}
	p := func(c string) record.Private { return record.Private(cell(c)) }
	r = Request{
		Name: p("name"), Company: p("company"), Email: p("email"), Phone: p("phone"), Host: p("host"), HostMail: p("host_mail"),
		Purpose: p("purpose"), Note: p("note"), Type: cell("type"), Lang: cell("lang"), Entrance: record.EntranceID(cell("entrance")),
	}
	r.From, r.To, err = ParseSpan(cell("from"), cell("to"), zone)
	return r, err
}

// ParseSpan reads from when until when: "2026-11-27 09:00" and "2026-11-27
// 16:00", or "16:00" for the same day, or nothing for an hour; a date alone is
// the whole day. Errors: *Problem.
func ParseSpan(from, to string, zone *time.Location) (time.Time, time.Time, error) {
	a, whole, ok := parseTime(from, zone)
	if !ok {
		return a, a, errWhen
	}
	if to == "" {
		if whole {
			return a, a.AddDate(0, 0, 1).Add(-time.Minute), nil
		}
		return a, a.Add(time.Hour), nil
	}
	if c, err := time.Parse("15:04", to); err == nil {
		b := time.Date(a.Year(), a.Month(), a.Day(), c.Hour(), c.Minute(), 0, 0, zone)
		return a, b, nil
	}
	b, whole, ok := parseTime(to, zone)
	if !ok {
		return a, b, errWhen
	}
	if whole {
		b = b.AddDate(0, 0, 1).Add(-time.Minute)
	}
	return a, b, nil
}

var errWhen = problem("invitations.time", "when", "a time could not be read: write it like 2026-11-27 09:00, or 2026-11-27 for the whole day")

func parseTime(s string, zone *time.Location) (t time.Time, whole, ok bool) {
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02T15:04", time.RFC3339} {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return t, false, true
		}
	}
	t, err := time.ParseInLocation(time.DateOnly, s, zone)
	return t, true, err == nil
}

// Import invites all whom a file names, or nobody: where one row is wrong,
// nothing is done. Where the disk fails midway, those who were invited are
// returned with the error. Errors: *Problem, *ErrRows, the disk's.
func (s *Service) Import(ctx context.Context, by string, b []byte, dry bool) ([]Made, error) {
	if err := s.may(); err != nil {
		return nil, err
	}
	all, err := ParseCSV(b, s.cfg.Zone)
	if err != nil {
		return nil, err
	}
	var faults ErrRows
	for n := range all {
		if err := s.Check(&all[n]); err != nil {
			faults.add(n+2, err)
		}
	}
	if len(faults.Rows) > 0 {
		return nil, &faults
	}
	out := make([]Made, 0, len(all))
	if dry {
		return append(out, make([]Made, len(all))...), nil
	}
	for _, r := range all {
		made, err := s.Invite(ctx, by, r)
		if err != nil {
			return out, err
		}
		out = append(out, made)
	}
	return out, nil
}
