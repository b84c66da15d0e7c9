package visits

import (
	"slices"
	"strconv"
	"strings"

	"github.com/upprop/upprop/crdt/record"
)

const (
	// MaxSigned bounds the documents that one visit signs.
	MaxSigned = 8
	// MaxDrawing bounds a drawn signature, in bytes.
	MaxDrawing = 3000
)

// Paper is a document that a type of visitor signs, with the hashes of the
// texts that are in force for it: one for each language.
type Paper struct {
	ID     string
	Hashes []string
}

// checkSigned judges what was signed, whoever takes the person in.
func (a *Arrival) checkSigned() error {
	if len(a.Signed) > MaxSigned {
		return &Problem{Key: "document.too_many", Limit: MaxSigned, Hint: "that is more than " + strconv.Itoa(MaxSigned) + " documents: sign those that this type of visitor signs"}
	}
	for i := range a.Signed {
		s := &a.Signed[i]
		name, err := line("signature", s.Name, MaxName)
		if err != nil {
			return err
		}
		s.Name = name
		if !Strokes(s.Drawing.Reveal()) {
			return &Problem{Key: "document.drawing", Field: "signature", Hint: "the drawn signature could not be read: draw it again with fewer strokes, or type your name instead"}
		}
	}
	return nil
}

// unsigned says what is missing of what is to be signed, or nil.
func (a *Arrival) unsigned(papers []Paper) error {
	for _, p := range papers {
		i := slices.IndexFunc(a.Signed, func(s record.Signature) bool { return s.Document == p.ID })
		switch {
		case i < 0:
			return &Problem{Key: "document.unsigned", Field: "signature", Hint: "this type of visitor reads and signs " + p.ID + " first: read it and sign it, or go to the reception"}
		case a.Signed[i].How == "paper":
		case !slices.Contains(p.Hashes, a.Signed[i].Hash):
			return &Problem{Key: "documents.changed", Field: "signature", Hint: "the document has a new version since it was shown: read it again and sign that"}
		case a.Signed[i].Name == "" && a.Signed[i].Drawing == "":
			return &Problem{Key: "document.unsigned", Field: "signature", Hint: "the documents are not signed yet: type your name or draw your signature"}
		}
	}
	return nil
}

// Strokes reports whether a text is a drawing as record.Signature has it, or
// empty.
func Strokes(s string) bool {
	if len(s) > MaxDrawing {
		return false
	}
	if s == "" {
		return true
	}
	for _, stroke := range strings.Split(s, ";") {
		for _, point := range strings.Split(stroke, " ") {
			x, y, ok := strings.Cut(point, ",")
			if !ok || !within(x, 1000) || !within(y, 300) {
				return false
			}
		}
	}
	return true
}

func within(s string, most uint64) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n <= most
}
