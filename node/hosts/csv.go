package hosts

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/sheet"
)

// RowFault says what is wrong with one row of a file; 1 is the heading.
type RowFault struct {
	Row int
	Err *Problem
}

// ErrRows means that a file has rows that are wrong: nothing of it was done.
type ErrRows struct{ Rows []RowFault }

func (e *ErrRows) Error() string {
	return fmt.Sprintf("%d rows of the file are wrong, and nothing was saved: the first is row %d (%s)", len(e.Rows), e.Rows[0].Row, e.Rows[0].Err.Hint)
}

var errFile = &Problem{Key: "hosts.csv", Field: "csv", Hint: "the file could not be read as CSV in UTF-8, and nothing was saved: the first row names the columns name, unit and mail, and each other row is one host"}

// Import takes in a CSV file with the columns name, unit and mail: who is known
// by the same mail, or else by the same name, is changed, others are added.
// With replace, those who are not in the file are taken off. Where one row is
// wrong nothing is done. It returns how many were added and changed, and taken
// off. Errors: ErrNotHere, *Problem, *ErrRows, the disk's.
func (b *Book) Import(ctx context.Context, by string, file []byte, replace bool) (put, removed int, err error) {
	b.writing.Lock()
	defer b.writing.Unlock()
	if err := b.may(); err != nil {
		return 0, 0, err
	}
	read, err := parse(file)
	if err != nil {
		return 0, 0, err
	}
	known := b.current()
	byMail, byName := map[string][]int{}, map[string][]int{}
	for i, k := range known {
		byMail[plain(k.Mail.Reveal())] = append(byMail[plain(k.Mail.Reveal())], i)
		byName[plain(k.Name.Reveal())] = append(byName[plain(k.Name.Reveal())], i)
	}
	match := func(h Host) (at int) {
		if same := byMail[plain(h.Mail.Reveal())]; h.Mail != "" && len(same) > 0 {
			return same[0]
		}
		for _, i := range byName[plain(h.Name.Reveal())] {
			if h.Mail == "" || known[i].Mail == "" {
				return i
			}
		}
		return -1
	}
	total := len(read)
	for _, h := range read {
		if !replace && match(h) >= 0 {
			total--
		}
	}
	if !replace {
		total += len(known)
	}
	if len(read) > MaxHosts || total > MaxHosts {
		return 0, 0, &Problem{Key: "hosts.too_many", Limit: MaxHosts, Hint: fmt.Sprintf("with this file there would be more than %d hosts, which is as many as a campus may have, and nothing was saved", MaxHosts)}
	}
	kept := map[string]bool{}
	var all []crdt.Setting
	_, _, fresh, err := b.key()
	if err != nil {
		return 0, 0, err
	}
	if len(fresh) > 0 {
		// So that all of the file is sealed under one key.
		if err := sheet.Write(ctx, b.cfg.Settings, fresh...); err != nil {
			return 0, 0, fmt.Errorf("save hosts: %w", err)
		}
	}
	for i := range read {
		h := &read[i]
		if at := match(*h); at >= 0 && !kept[known[at].ID] {
			h.ID = known[at].ID
		}
		some, err := b.put(h)
		if err != nil {
			return 0, 0, err
		}
		kept[h.ID] = true
		if len(some) > 0 {
			put++
		}
		all = append(all, some...)
	}
	for part := range slices.Chunk(all, 200) { // a commit holds no more
		if err := sheet.Write(ctx, b.cfg.Settings, part...); err != nil {
			return 0, 0, fmt.Errorf("save hosts: %w", err)
		}
	}
	if replace {
		for _, k := range known {
			if kept[k.ID] {
				continue
			}
			if err := b.take(ctx, k.ID); err != nil {
				return put, removed, err
			}
			removed++
		}
	}
	b.cfg.Record(by, "host.import", fmt.Sprintf("%d set, %d removed", put, removed))
	return put, removed, nil
}

func parse(file []byte) ([]Host, error) {
	file = bytes.TrimPrefix(file, []byte("\ufeff"))
	if !utf8.Valid(file) {
		return nil, errFile
	}
	head, _, _ := bytes.Cut(file, []byte("\n"))
	r := csv.NewReader(bytes.NewReader(file))
	r.FieldsPerRecord, r.TrimLeadingSpace = -1, true
	for _, c := range []rune{';', '\t'} {
		if bytes.ContainsRune(head, c) {
			r.Comma = c
		}
	}
	rows, err := r.ReadAll()
	if err != nil || len(rows) < 2 {
		return nil, errFile
	}
	at := map[string]int{}
	for i, c := range rows[0] {
		c = strings.ToLower(strings.TrimSpace(c))
		if !slices.Contains(fields, c) {
			return nil, errFile
		}
		at[c] = i
	}
	if _, ok := at["name"]; !ok {
		return nil, errFile
	}
	var out []Host
	var faults ErrRows
	for n, row := range rows[1:] {
		cell := func(c string) record.Private {
			if i, ok := at[c]; ok && i < len(row) {
				return record.Private(row[i])
			}
			return ""
		}
		h := Host{Name: cell("name"), Unit: cell("unit"), Mail: cell("mail")}
		var p *Problem
		if err := check(&h); errors.As(err, &p) {
			faults.Rows = append(faults.Rows, RowFault{n + 2, p})
		}
		out = append(out, h)
	}
	if len(faults.Rows) > 0 {
		return nil, &faults
	}
	return out, nil
}
