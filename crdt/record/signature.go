package record

// Signature is somebody's word that they have read a document and agree. It is
// part of the dossier, and dies with it.
type Signature struct {
	// Document is its id, Lang the language in which it was read.
	Document, Lang string
	// Hash is the SHA-256 of the text that was read, in hexadecimal, and Version
	// since when that was in force.
	Hash, Version string
	// At is when it was signed, in Unix milliseconds.
	At int64
	// How it was signed: "typed", "drawn" or "paper".
	How string
	// Name is what was typed; Drawing the strokes of what was drawn: each a list
	// of points "x,y" with spaces between, strokes apart by ";", in a field 1000
	// wide and 300 high.
	Name, Drawing Private
	// Rest is that of a Card.
	Rest Private
}
