package idp

import (
	"encoding/json"
	"slices"
)

// claims are what is read of an ID token; all else is left alone.
type claims struct {
	Party    string          `json:"azp"`
	Tenant   string          `json:"tid"`
	Email    string          `json:"email"`
	Verified json.RawMessage `json:"email_verified"`
	Groups   texts           `json:"groups"`
	Roles    texts           `json:"roles"`
	Methods  texts           `json:"amr"`
}

func (c claims) person(subject string) Person {
	p := Person{
		Subject: subject, Tenant: c.Tenant, Email: c.Email, Groups: append(slices.Clone(c.Groups), c.Roles...),
		Twice: slices.Contains(c.Methods, "mfa"),
	}
	switch string(c.Verified) {
	case "true", `"true"`:
		p.Verified = true
	case "":
	default:
		p.Denied = true
	}
	return p
}

// texts is a list of texts, or one by itself; what is neither is none.
type texts []string

func (t *texts) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*t = texts{one}
		return nil
	}
	var all []string
	if json.Unmarshal(b, &all) == nil {
		*t = all
	}
	return nil
}
