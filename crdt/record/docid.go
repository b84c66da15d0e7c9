package record

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Day is a date in UTC, counted in days since 1970-01-01. Documents are cut
// by it; what people see is always local time.
type Day int32

// DayOf is the date of t in UTC.
func DayOf(t time.Time) Day {
	s := t.Unix()
	d := s / 86400
	if s%86400 < 0 {
		d--
	}
	return Day(d)
}

// Start is the first moment of the day.
func (d Day) Start() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

func (d Day) String() string { return d.Start().Format("20060102") }

// ParseDay reads the form of String.
func ParseDay(s string) (Day, error) {
	// Digits are read here: a node takes names apart thousands of times a minute.
	if len(s) != 8 {
		return 0, errDay
	}
	n := 0
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, errDay
		}
		n = 10*n + int(c-'0')
	}
	year, month, day := n/10000, time.Month(n/100%100), n%100
	t := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	if y, m, d := t.Date(); y != year || m != month || d != day {
		return 0, errDay
	}
	return DayOf(t), nil
}

var errDay = errors.New("parse day: want YYYYMMDD")

// DocKind is what a document holds.
type DocKind string

const (
	// DocDay documents hold the events that were written on one day at one
	// site; Automerge.
	DocDay DocKind = "day"
	// DocSealed documents hold sealed particulars and key records of one
	// day of writing at one site. Never Automerge, so that they can be shredded.
	DocSealed DocKind = "sealed"
	// DocActs documents hold what was done on record: shreds, their receipts
	// and the audit trail of one day of writing at one site. Never Automerge.
	DocActs DocKind = "acts"
	// DocCampus documents hold the settings, one document a year; Automerge.
	DocCampus DocKind = "campus"
)

// DocID names a document: "day/20261122/0/north", "sealed/20261122/0/north",
// "acts/20261122/0/north", "campus/2026". The number after the day is the part: a writer goes on to
// the next part when one holds PartSize entries, because Automerge slows down
// with long documents.
type DocID string

// PartSize is how many entries a part may hold before writers go on to the
// next. It bounds the cost of one merge (measured: flat up to about 5,000).
const PartSize = 4096

// ErrDocID is matched by errors of ParseDocID.
var ErrDocID = errors.New("not the name of a document")

// Doc is a document's name taken apart.
type Doc struct {
	Kind DocKind
	Day  Day
	Part int
	Site SiteID
	Year int
}

// ID puts the name together.
func (d Doc) ID() DocID {
	if d.Kind == DocCampus {
		return DocID(fmt.Sprintf("campus/%04d", d.Year))
	}
	return DocID(string(d.Kind) + "/" + d.Day.String() + "/" + strconv.Itoa(d.Part) + "/" + string(d.Site))
}

// ParseDocID takes a document's name apart; it accepts just what ID writes.
func ParseDocID(s string) (Doc, error) {
	if len(s) > 128 {
		return Doc{}, ErrDocID
	}
	kind, rest, _ := strings.Cut(s, "/")
	switch DocKind(kind) {
	case DocCampus:
		y, err := strconv.Atoi(rest)
		if err != nil || y < 1970 || y > 9999 || len(rest) != 4 {
			return Doc{}, ErrDocID
		}
		return Doc{Kind: DocCampus, Year: y}, nil
	case DocDay, DocSealed, DocActs:
	default:
		return Doc{}, ErrDocID
	}
	date, rest, _ := strings.Cut(rest, "/")
	number, site, _ := strings.Cut(rest, "/")
	day, err := ParseDay(date)
	if err != nil {
		return Doc{}, fmt.Errorf("%w: %w", ErrDocID, err)
	}
	part, err := strconv.Atoi(number)
	if err != nil || part < 0 || part > 1<<16 || strconv.Itoa(part) != number {
		return Doc{}, ErrDocID
	}
	if err := CheckPlaceName(site); err != nil {
		return Doc{}, fmt.Errorf("%w: %w", ErrDocID, err)
	}
	return Doc{Kind: DocKind(kind), Day: day, Part: part, Site: SiteID(site)}, nil
}
