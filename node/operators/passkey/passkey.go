// Package passkey speaks WebAuthn: what a browser is asked for, and whether what
// it answers proves that somebody holds a key and was recognised by the device
// that has it. It keeps nothing and knows no operator: whose key it is, and that
// no question is answered twice, is for who asks.
//
// Invariant: no answer is good but to the question that it was asked with, at the
// address at which it was asked, with the user verified.
package passkey

import (
	"bytes"
	"encoding/json"
	"errors"
	"net"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// Local is the domain of a machine by itself.
const Local = "localhost"

// MaxAnswer bounds what a browser sends, in bytes.
const MaxAnswer = 32 << 10

// ErrAnswer is all that is said of an answer that is not good: what was wrong is
// nobody's business but the browser's.
var ErrAnswer = errors.New("the passkey was not accepted")

// Party is to whom a passkey is shown: a domain, asked for by a page at Origin.
type Party struct{ Domain, Origin string }

// At is the party of a page that is reached at a host, with or without its port.
// False: browsers offer no passkeys there, since it is neither this machine
// itself nor, over TLS, a name in the campus's domain.
func At(host string, tls bool, domain string) (Party, bool) {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name, scheme := strings.ToLower(name), "http://"
	if tls {
		scheme = "https://"
	}
	switch {
	case name == Local:
		return Party{Local, scheme + strings.ToLower(host)}, true
	case domain != "" && tls && Within(name, domain):
		return Party{domain, scheme + strings.ToLower(host)}, true
	}
	return Party{}, false
}

// Within reports whether a name is a domain or below it.
func Within(name, domain string) bool {
	return domain != "" && (name == domain || strings.HasSuffix(name, "."+domain))
}

// Key is the public half of a passkey, and what has to be kept to know it again.
type Key struct {
	ID     []byte   `json:"id"`
	Public []byte   `json:"public"`
	Flags  byte     `json:"flags"`
	Via    []string `json:"via,omitempty"`
	// Count is what its counter said when it was made; 0: it counts nothing.
	Count uint32 `json:"count,omitempty"`
}

// Question is what a browser was asked.
type Question struct {
	session webauthn.SessionData
}

// Holder is who is to hold a new passkey. Handle is kept on the device and told
// with every answer: an id, and nothing personal. Name is shown by the device.
type Holder struct {
	Handle []byte
	Name   string
	Have   []Key
}

// New asks for a new passkey. options are for the browser, as JSON.
func (p Party) New(campus string, h Holder) (options []byte, q Question, err error) {
	w, err := p.kit(campus)
	if err != nil {
		return nil, q, err
	}
	u := user{handle: h.Handle, name: h.Name, keys: credentials(h.Have)}
	creation, session, err := w.BeginRegistration(u,
		webauthn.WithExclusions(webauthn.Credentials(u.keys).CredentialDescriptors()),
		webauthn.WithConveyancePreference(protocol.PreferNoAttestation),
		webauthn.WithAuthenticatorSelection(protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(),
			UserVerification: protocol.VerificationRequired,
		}))
	if err != nil {
		return nil, q, err
	}
	options, err = json.Marshal(creation.Response)
	return options, Question{*session}, err
}

// Made judges the answer to New. Errors: ErrAnswer.
func (p Party) Made(q Question, handle, answer []byte) (Key, error) {
	w, err := p.kit("")
	if err != nil || len(answer) > MaxAnswer {
		return Key{}, ErrAnswer
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return Key{}, ErrAnswer
	}
	c, err := w.CreateCredential(user{handle: handle}, q.session, parsed)
	if err != nil || !c.Flags.UserVerified || len(c.ID) == 0 {
		return Key{}, ErrAnswer
	}
	k := Key{ID: c.ID, Public: c.PublicKey, Flags: byte(c.Flags.ProtocolValue()), Count: c.Authenticator.SignCount}
	for _, t := range c.Transport {
		if len(k.Via) < 8 && len(t) < 32 {
			k.Via = append(k.Via, string(t))
		}
	}
	return k, nil
}

// Ask asks for a passkey, whoever's.
func (p Party) Ask() (options []byte, q Question, err error) {
	w, err := p.kit("")
	if err != nil {
		return nil, q, err
	}
	assertion, session, err := w.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return nil, q, err
	}
	options, err = json.Marshal(assertion.Response)
	return options, Question{*session}, err
}

// Shown judges the answer to Ask, by a key that find has for the handle and the
// key's id that are told in it. It returns what the key's counter says. Errors:
// ErrAnswer.
func (p Party) Shown(q Question, answer []byte, find func(handle, id []byte) (Key, bool)) (count uint32, err error) {
	w, err := p.kit("")
	if err != nil || len(answer) > MaxAnswer {
		return 0, ErrAnswer
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return 0, ErrAnswer
	}
	_, _, err = w.ValidatePasskeyLogin(func(id, handle []byte) (webauthn.User, error) {
		k, ok := find(bytes.Clone(handle), bytes.Clone(id))
		if !ok {
			return nil, ErrAnswer
		}
		return user{handle: handle, keys: credentials([]Key{k})}, nil
	}, q.session, parsed)
	flags := parsed.Response.AuthenticatorData.Flags
	if err != nil || !flags.HasUserVerified() || !flags.HasUserPresent() {
		return 0, ErrAnswer
	}
	return parsed.Response.AuthenticatorData.Counter, nil
}

func (p Party) kit(campus string) (*webauthn.WebAuthn, error) {
	if campus == "" {
		campus = p.Domain
	}
	return webauthn.New(&webauthn.Config{
		RPID: p.Domain, RPDisplayName: campus, RPOrigins: []string{p.Origin},
		// Some browsers tell what nobody asked for.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
}

// user is a Holder as the library takes one.
type user struct {
	handle []byte
	name   string
	keys   []webauthn.Credential
}

func (u user) WebAuthnID() []byte                         { return u.handle }
func (u user) WebAuthnName() string                       { return u.name }
func (u user) WebAuthnDisplayName() string                { return u.name }
func (u user) WebAuthnCredentials() []webauthn.Credential { return u.keys }

func credentials(keys []Key) (out []webauthn.Credential) {
	for _, k := range keys {
		c := webauthn.Credential{ID: k.ID, PublicKey: k.Public, Flags: webauthn.NewCredentialFlags(protocol.AuthenticatorFlags(k.Flags))}
		for _, t := range k.Via {
			c.Transport = append(c.Transport, protocol.AuthenticatorTransport(t))
		}
		out = append(out, c)
	}
	return out
}
