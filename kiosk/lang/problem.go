package lang

import "sync"

// Keys of the problems that the house reports to people.
const (
	NameEmpty        = "name.empty"
	NameTooLong      = "name.too_long" // args: Limit
	TextControl      = "text.control"
	TextTooLong      = "text.too_long" // args: Limit
	BadgeMalformed   = "badge.malformed"
	BadgeAmbiguous   = "badge.ambiguous"
	BadgeNewer       = "badge.newer"
	KeysMissing      = "keys.missing"
	DiskFull         = "disk.full"
	StoreBroken      = "store.broken"
	ClosedEvacuation = "closed.evacuation"
	NodeRevoked      = "node.revoked"
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

var own = sync.OnceValues(func() (*Catalog, error) { return Load() })
