package lang

import "sync"

// Keys of the problems that the house reports to people.
const (
	NameEmpty         = "name.empty"
	NameTooLong       = "name.too_long" // args: Limit
	TextControl       = "text.control"
	TextTooLong       = "text.too_long" // args: Limit
	BadgeMalformed    = "badge.malformed"
	BadgeAmbiguous    = "badge.ambiguous"
	BadgeNewer        = "badge.newer"
	BadgeForged       = "badge.forged"
	InvitationNone    = "invitation.none"
	InvitationUnknown = "invitation.unknown"
	InvitationExpired = "invitation.expired"
	EvacuationNone    = "evacuation.none"
	EvacuationNoSite  = "evacuation.no_site"
	EvacuationRuns    = "evacuation.runs"
	CutNotHere        = "cut.not_here"
	CutLong           = "cut.long"
	CutLinks          = "cut.links"
	CutNoNode         = "cut.no_node"
	CutSelf           = "cut.self"
	ReasonEmpty       = "evacuation.reason_empty"
	ReasonLong        = "evacuation.reason_long" // args: Limit
	NotCovered        = "evacuation.not_covered"
	NoMark            = "evacuation.no_mark"
	NoPoint           = "evacuation.no_point" // args: Limit
	NoZone            = "evacuation.no_zone"
	NoHelp            = "evacuation.no_help"
	NoCount           = "evacuation.no_count" // args: Limit
	NothingToUndo     = "evacuation.nothing_to_undo"
	NotAdded          = "evacuation.not_added"
	JoinSelf          = "evacuation.join_self"
	VisitUnknown      = "evacuation.visit_unknown"
	AddedEmpty        = "evacuation.text_empty"
	WordsNotKept      = "evacuation.words_not_kept"
	PINMalformed      = "pin.malformed"
	PINWrong          = "pin.wrong"
	PINWait           = "pin.wait" // args: Seconds
	PINNone           = "pin.none"
	PINLocked         = "pin.locked"
	PINNotHere        = "pin.not_here"
	KeysMissing       = "keys.missing"
	DiskFull          = "disk.full"
	StoreBroken       = "store.broken"
	StoreKeys         = "store.keys"
	ClosedEvacuation  = "closed.evacuation"
	NodeRevoked       = "node.revoked"
	NotifyNoAddress   = "notify.no_address"
	TypeUnknown       = "type.unknown"
	TypeAttended      = "type.attended"
	FieldRequired     = "field.required"
	GroupTooMany      = "group.too_many" // args: Limit
	GroupLine         = "group.line"     // args: Limit
	InvitationNotHere = "invitation.not_here"
	InvitationsWrong  = "invitations.wrong"
	InvitationsNoName = "invitations.no_name"
	InvitationsGone   = "invitations.gone"
	InvitationsOff    = "invitations.off"
	InvitationsOver   = "invitations.over"
	InvitationsWaits  = "invitations.waiting"
	InvitationsDenied = "invitations.refused"
	InvitationsSkip   = "invitations.skipped"
	InvitationsEarly  = "invitations.early" // args: Day
	InvitationsUsed   = "invitations.used"  // args: Clock, Where
	DocumentUnsigned  = "document.unsigned"
	DocumentDrawing   = "document.drawing"
	DocumentMany      = "document.too_many" // args: Limit
	DocumentsChanged  = "documents.changed"
	SelfRefused       = "self.refused"
	SelfWait          = "self.wait"
	SelfMaybe         = "self.maybe"
	SelfEnough        = "self.enough"
	SelfNoDesk        = "self.no_desk"
	SelfAtDesk        = "self.at_desk"
	SelfNoMail        = "self.no_mail"
	SelfFind          = "self.not_found"
	SelfLink          = "self.link"
	SubjectNotYet     = "subject.not_yet"
	MinorContact      = "minor.contact"
	MinorGuardian     = "minor.guardian"
)

// Problem is an error that a person can do something about. It is built at
// the rule that failed and rendered in one place, in the language of whoever
// reads it.
type Problem struct {
	// Key names the sentence in the catalog.
	Key string
	// Args fill the sentence's placeholders. Never personal data: Error
	// prints them.
	Args map[string]any
	// Field names the form field that is meant, as in the form; empty when
	// the problem is not with one field.
	Field string
}

// Error is the English sentence, without personal data.
func (p Problem) Error() string {
	c, err := own()
	if err != nil {
		return p.Key
	}
	return c.Text(English, p.Key, p.Args)
}

var own = sync.OnceValues(func() (*Catalog, error) { return LoadVisitors(nil) })
