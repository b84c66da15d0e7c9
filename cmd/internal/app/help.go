package app

import (
	"cmp"
	"errors"
	"slices"

	"github.com/upprop/upprop/kiosk"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/calls"
)

// help lets a door call a desk.
type help struct{ *calls.Service }

// Ring implements kiosk.Help.
func (h help) Ring() error {
	err := h.Service.Ring()
	if errors.Is(err, calls.ErrOften) {
		return lang.Problem{Key: "help.often"}
	}
	return err
}

// Now implements kiosk.Help.
func (h help) Now() kiosk.Call {
	d := h.Own()
	return kiosk.Call{On: d.On, Since: d.Since, State: d.State.String(), Cut: d.Cut, Late: d.Late}
}

// otherEntrances are a few other doors of this site with people to ask or a
// screen, in order of name.
func (a *App) otherEntrances() (out []string) {
	const few = 3
	self := a.node.Self()
	for _, m := range a.node.Roster().Members() {
		if m.ID == self.ID || m.Revoked != nil || m.Site != self.Site || m.Role != identity.RoleDesk && m.Role != identity.RoleEntrance {
			continue
		}
		if name := cmp.Or(m.Entrance, m.Name); !slices.Contains(out, name) && name != cmp.Or(self.Entrance, self.Name) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out[:min(len(out), few)]
}
