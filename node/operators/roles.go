package operators

import "slices"

// Act is what an operator may be allowed to do.
type Act string

// The acts.
const (
	View       Act = "view"       // the desk's lists, with names
	Create     Act = "create"     // check in and out by hand
	Change     Act = "change"     // read and correct the dossier of a visit
	Delete     Act = "delete"     // take back what was recorded
	Print      Act = "print"      // badges and lists on paper
	Export     Act = "export"     // take data out
	Bulk       Act = "bulk"       // act on many visits at once
	Privacy    Act = "privacy"    // erase, answer who asks what is stored
	Evacuation Act = "evacuation" // start and end one
	Watch      Act = "watch"      // the watch list, with its reasons
	Nodes      Act = "nodes"      // the campus itself: nodes, settings, operators
	Photos     Act = "photos"     // see photographs of visitors, take and remove them
	Approve    Act = "approve"    // say that who needs it is welcome, or is not
	Deliver    Act = "deliver"    // take deliveries in, and hand them out
)

// Role is a set of acts with a name.
type Role string

// The roles.
const (
	Reception Role = "reception"
	Security  Role = "security"
	Officer   Role = "privacy"
	Auditor   Role = "auditor"
	Admin     Role = "admin"
)

// table is the one rule of who may do what.
var table = map[Role][]Act{
	Reception: {View, Create, Change, Print, Photos, Deliver},
	Security:  {View, Create, Print, Evacuation, Watch, Approve, Photos, Deliver},
	Officer:   {View, Change, Delete, Print, Export, Bulk, Privacy, Photos},
	Auditor:   {View},
	Admin:     {View, Create, Change, Delete, Print, Export, Bulk, Privacy, Evacuation, Watch, Nodes, Approve, Photos, Deliver},
}

// Roles are all roles, in the order in which they are offered. The caller may
// not change the slice.
func Roles() []Role { return roles }

var roles = []Role{Reception, Security, Officer, Auditor, Admin}

// Acts are all acts, in order. The caller may not change the slice.
func Acts() []Act { return acts }

var acts = []Act{View, Create, Change, Delete, Print, Export, Bulk, Privacy, Evacuation, Watch, Nodes, Approve, Photos, Deliver}

// May reports whether the role has an act. An unknown role, of a newer release,
// has none.
func (r Role) May(a Act) bool { return slices.Contains(table[r], a) }

// ParseRole reads a role. Errors: ErrNoRole.
func ParseRole(s string) (Role, error) {
	if _, ok := table[Role(s)]; !ok {
		return "", ErrNoRole
	}
	return Role(s), nil
}
