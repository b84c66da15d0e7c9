package node

import (
	"errors"
	"strings"
)

// ReceptionPhoneSetting is the number that doors show to who cannot be helped
// there; empty for none.
const ReceptionPhoneSetting = settingReceptionPhone

const (
	settingReceptionPhone = "reception.phone"
	maxReceptionPhone     = 40
)

// ErrReceptionPhone is EditSetting's error about ReceptionPhoneSetting.
var ErrReceptionPhone = errors.New("that is no telephone number that can be shown, and nothing was saved: write it with digits, spaces, hyphens, parentheses and a plus, 40 characters at most, or nothing for none")

func checkReceptionPhone(s string) error {
	if len(s) > maxReceptionPhone || strings.TrimSpace(s) != s || strings.Trim(s, "0123456789 -()+") != "" || s != "" && !strings.ContainsAny(s, "0123456789") {
		return ErrReceptionPhone
	}
	return nil
}

// ReceptionPhone is the reception's number, as it is written; empty for none.
func (n *Node) ReceptionPhone() string {
	if s, ok := n.replica.Setting(settingReceptionPhone); ok && checkReceptionPhone(s.Value.String()) == nil {
		return s.Value.String()
	}
	return ""
}
