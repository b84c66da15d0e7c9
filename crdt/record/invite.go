package record

// Invite is what is sealed of an invitation: for desks whole, and for its bearer
// without Secret, Code and Note.
type Invite struct {
	Name, Company, Host   Private
	Email, Phone, Purpose Private
	// HostMail is where the host is told of the arrival; empty: Host says.
	HostMail Private
	// Note is what the mail says besides.
	Note Private
	Lang string
	// Secret is the QR's, and Code what is typed instead of it.
	Secret [16]byte
	Code   Private
	// Thread is the id under which calendars know the invitation: that of the
	// first of those that stand one instead of another. Turn counts them from 0.
	Thread string
	Turn   int
}
