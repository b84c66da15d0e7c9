package kiosk

import (
	"fmt"
	"slices"
	"time"

	"github.com/upprop/upprop/kiosk/steps"
)

// Signature is one that was made before its writer came. It prints as [withheld].
type Signature struct {
	Document, Lang, Hash, Version, How, Name, Drawing string
	At                                                time.Time
}

// Format withholds the person from every fmt verb.
func (Signature) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(withheld)) }

// Signatures are those of one person, one of each document.
type Signatures []Signature

// Under says under which text each document was signed, by its id.
func (all Signatures) Under() map[string]steps.Signed {
	out := map[string]steps.Signed{}
	for _, s := range all {
		out[s.Document] = steps.Signed{Hash: s.Hash, At: s.At}
	}
	return out
}

// Standing are those under a text that is in force of documents that a type signs,
// without those that were signed anew.
func (all Signatures) Standing(papers []Paper, anew map[string]string) (out Signatures) {
	for _, s := range all {
		if anew[s.Document] == "" && slices.ContainsFunc(papers, func(p Paper) bool { return p.ID == s.Document && p.Stands(s.Hash) }) {
			out = append(out, s)
		}
	}
	return out
}
