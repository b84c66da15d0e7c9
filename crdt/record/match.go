package record

// Match is the word of the node that somebody came to: they may be whom an entry
// of the watch list is about. It is part of the dossier, and dies with it.
type Match struct {
	// Entry is its id, and By what they have in common: "name", "email".
	Entry, By string
	// Wait: the person was asked to wait for the reception.
	Wait bool
	// Rest is that of a Card.
	Rest Private
}

// MaxMatches bounds those of one visit.
const MaxMatches = 16
