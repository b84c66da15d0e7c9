package record

// Parcel is what is sealed of a delivery, for desks.
type Parcel struct {
	// For is whom it is for, and Mail where they are told; empty: For says.
	For, Mail Private
	// From is who sent or brought it, Kept where it lies now, Note what else is to
	// be known.
	From, Kept, Note Private
	// Items is how many there are, Cold that it must be kept cold.
	Items int
	Cold  bool
	// Rest is that of a Card.
	Rest Private
}

// Slip is what is sealed of how a delivery ended.
type Slip struct {
	// To is who took it, where that is not whom it was for.
	To   Private
	Rest Private
}
