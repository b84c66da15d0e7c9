package record

// Before is what who is invited filled in and signed before they came. It is
// sealed under the secret of their invitation, and lives no longer than that; what
// was signed goes into the visit's dossier when they come.
type Before struct {
	// Host is filled in where the invitation names none.
	Company, Host         Private
	Email, Phone, Purpose Private
	// Lang is the language that the person chose.
	Lang   string
	Signed []Signature
	// At is when it was filled in, in Unix milliseconds.
	At int64
	// Rest is that of a Card.
	Rest Private
}

// With is what an invitation says with what was filled in, nil for nothing.
func (i Invite) With(b *Before) Invite {
	if b == nil {
		return i
	}
	i.Company, i.Email, i.Phone, i.Purpose = b.Company, b.Email, b.Phone, b.Purpose
	if i.Host == "" {
		i.Host = b.Host
	}
	if b.Lang != "" {
		i.Lang = b.Lang
	}
	return i
}
