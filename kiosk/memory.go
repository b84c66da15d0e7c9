package kiosk

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// Memory is what a door holds for pages that are on a screen: forms, invitations,
// badges. It outlives the door's screens, which are built anew when the campus gets
// another name or speaks other languages, so that whoever stands there then goes on
// where they were. It is in memory only, and each thing goes by itself when its
// time has come. Safe for concurrent use.
type Memory struct {
	// welcomes are the pages with a badge, by one-time id.
	welcomes *drawer[welcome]
	// farewells are goodbyes by name, by one-time id.
	farewells *drawer[farewell]
	// held is what was being written when an evacuation began, by one-time id.
	held *drawer[arrivePage]
	// invites are invitations that were opened, by one-time id.
	invites *drawer[Invite]
	// submitted are the forms already sent in, so that a second press of the
	// button gives the first one's answer.
	submitted *once
	// asked are where those were who called a desk, by one-time id.
	asked *drawer[asked]
	// mine are the pages of people's own, by one-time id.
	mine *drawer[minePage]
	// own are those that were opened by a mailed link.
	own *drawer[minePage]
}

// NewMemory makes an empty one; clock nil means time.Now. Forget it at the end.
func NewMemory(clock func() time.Time) *Memory {
	if clock == nil {
		clock = time.Now
	}
	return &Memory{
		welcomes:  newDrawer[welcome](256, 5*time.Minute, clock),
		farewells: newDrawer[farewell](64, time.Minute, clock),
		held:      newDrawer[arrivePage](64, holding, clock),
		invites:   newDrawer[Invite](64, holding, clock),
		submitted: newOnce(1024, 10*time.Minute, clock),
		asked:     newDrawer[asked](64, holding, clock),
		mine:      newDrawer[minePage](64, 5*time.Minute, clock),
		own:       newDrawer[minePage](256, ownFor, clock),
	}
}

// Forget forgets everything, for good. Idempotent.
func (m *Memory) Forget() {
	m.welcomes.close()
	m.farewells.close()
	m.held.close()
	m.invites.close()
	m.submitted.seen.close()
	m.mine.close()
	m.own.close()
	m.asked.close()
}

// words is another where other languages are offered, or their words are others.
func (c Config) words() string {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%q", c.Languages)
	for _, x := range c.Extra {
		_, _ = fmt.Fprintf(h, "%q %q", x.Locale, x.TOML)
	}
	return hex.EncodeToString(h.Sum(nil)[:6])
}
