package doctor

import "fmt"

// passkeys judges counters, at desks, where operators sign in.
func passkeys(f Facts) []Finding {
	if f.Role != "desk" || f.Copied == 0 {
		return nil
	}
	return []Finding{{
		"passkey-copied", Warning, "",
		fmt.Sprintf("%d operators have a passkey whose counter has said less than before.", f.Copied),
		"Somebody may have a copy of the key and sign in with it; or the device, or this campus, was set back to an earlier state.",
		"Look at who it is under Operators at a desk, ask them, have the passkey taken away and another made. `upprop audit list` says when it was shown.",
	}}
}
