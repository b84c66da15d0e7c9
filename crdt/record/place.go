package record

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// SiteID, ZoneID and EntranceID name places as the operator wrote them, at
// most 64 bytes, without control characters or slashes.
type (
	SiteID     string
	ZoneID     string
	EntranceID string
)

// Place is where something happened. Zone may be empty: then the entrance
// says where.
type Place struct {
	Site     SiteID     `cbor:"1,keyasint,omitempty" json:"site,omitempty"`
	Zone     ZoneID     `cbor:"2,keyasint,omitempty" json:"zone,omitempty"`
	Entrance EntranceID `cbor:"3,keyasint,omitempty" json:"entrance,omitempty"`
}

// ErrPlaceName is matched by errors about a name of a place that cannot be
// used.
var ErrPlaceName = errors.New("not usable as the name of a place")

// CheckPlaceName says whether name can name a site, zone or entrance.
func CheckPlaceName(name string) error {
	switch {
	case name == "" || strings.TrimSpace(name) != name:
		return fmt.Errorf("%q: empty or with spaces around it: %w", name, ErrPlaceName)
	case len(name) > 64:
		return fmt.Errorf("a name of %d bytes (64 at most): %w", len(name), ErrPlaceName)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) || strings.ContainsRune(name, '/'):
		return fmt.Errorf("%q: control characters or a slash: %w", name, ErrPlaceName)
	case name[0] == '-':
		return fmt.Errorf("%q: begins with a hyphen: %w", name, ErrPlaceName)
	}
	return nil
}
