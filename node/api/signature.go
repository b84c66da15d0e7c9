package api

import (
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// SubjectSignature is a document that somebody has signed. Name is what was
// typed, Drawing the strokes of what was drawn; null where there is none.
type SubjectSignature struct {
	Document string `json:"document"`
	Lang     string `json:"lang"`
	Version  string `json:"version"`
	Hash     string `json:"hash"`
	At       Stamp  `json:"at"`
	How      string `json:"how"`
	Name     *Text  `json:"name"`
	Drawing  *Text  `json:"drawing"`
}

func signaturesOf(all []record.Signature) []SubjectSignature {
	out := make([]SubjectSignature, 0, len(all))
	for _, s := range all {
		out = append(out, SubjectSignature{
			Document: s.Document, Lang: s.Lang, Version: s.Version, Hash: s.Hash, At: Stamp{time.UnixMilli(s.At)}, How: s.How,
			Name: textOf(s.Name), Drawing: textOf(s.Drawing),
		})
	}
	return out
}
