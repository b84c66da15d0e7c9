package node

import (
	"errors"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// DomainSetting is the domain under whose names desks are reached; empty for
// none.
const DomainSetting = settingDomain

const (
	settingDomain = "campus/domain"
	maxDomain     = 200
)

// ErrDomain is EditSetting's error about DomainSetting.
var ErrDomain = errors.New("that is no domain that the campus can have, and nothing was saved: write one of your own in small letters, like upprop.example.se, or nothing for none")

// checkDomain lets pass what a campus can have to itself: a name of several
// labels, which is not one that anybody may register names in.
func checkDomain(s string) error {
	if s == "" {
		return nil
	}
	labels := strings.Split(s, ".")
	if len(s) > maxDomain || len(labels) < 2 || strings.Trim(labels[len(labels)-1], "0123456789") == "" {
		return ErrDomain
	}
	for _, l := range labels {
		if l == "" || len(l) > 63 || strings.Trim(l, "-") != l || strings.Trim(l, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return ErrDomain
		}
	}
	if suffix, _ := publicsuffix.PublicSuffix(s); suffix == s {
		return ErrDomain
	}
	return nil
}

// Domain is the domain under whose names desks are reached; empty for none. Names
// in it are the campus's own.
func (n *Node) Domain() string {
	if s, ok := n.replica.Setting(settingDomain); ok && checkDomain(s.Value.String()) == nil {
		return s.Value.String()
	}
	return ""
}
