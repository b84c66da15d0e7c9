package kiosk

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"html/template"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/upprop/upprop/kiosk/badge"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
)

// A pass fills in the form for somebody who comes often. It is a QR code in
// their own hands that says what they wrote the last time; nothing of it is
// kept here, no node has to be asked, and it proves nothing: whoever holds it
// could as well type.
type pass struct {
	Name, Company, Phone, Email, Type string
	// Made is the day in UTC on which it was given out.
	Made time.Time
}

const (
	passPrefix = "UPPASS1"
	// passFor is for how long a pass is taken.
	passFor = 366 * 24 * time.Hour
	// passField is as much of one field as a pass holds, in letters: the code must be coarse
	// enough to be photographed.
	passField = 60
	// passMost bounds what is decoded, in bytes.
	passMost  = 5*passField*utf8.UTFMax + 64
	passCheck = 4
	passParts = 5
)

var passText = base32.StdEncoding.WithPadding(base32.NoPadding)

// encode is the payload of the pass's QR: the prefix and, in RFC 4648 base32, the
// first bytes of the SHA-256 of the rest, the day, and the fields with a NUL
// between.
func (p pass) encode() string {
	var b []byte
	b = binary.BigEndian.AppendUint16(b, uint16(p.Made.Unix()/86400))
	for i, f := range []string{p.Name, p.Company, p.Phone, p.Email, p.Type} {
		if i > 0 {
			b = append(b, 0)
		}
		letters := []rune(strings.Map(printed, f))
		b = append(b, string(letters[:min(len(letters), passField)])...)
	}
	sum := sha256.Sum256(b)
	return passPrefix + passText.EncodeToString(append(sum[:passCheck:passCheck], b...))
}

// printed drops what has no place in a field.
func printed(r rune) rune {
	if unicode.IsControl(r) {
		return -1
	}
	return r
}

// What is wrong with a pass.
var (
	errPass    = lang.Problem{Key: "pass.unreadable"}
	errPassOld = lang.Problem{Key: "pass.old"}
)

// isPass reports whether a tidied code is a pass, well read or not.
func isPass(code string) bool { return strings.HasPrefix(code, passPrefix) }

// readPass reads a pass. Errors: errPass, errPassOld.
func readPass(code string, now time.Time) (p pass, err error) {
	code = strings.TrimPrefix(code, passPrefix)
	if passText.DecodedLen(len(code)) > passMost {
		return p, errPass
	}
	b, err := passText.DecodeString(code)
	if err != nil || len(b) < passCheck+2 {
		return p, errPass
	}
	sum := sha256.Sum256(b[passCheck:])
	if string(sum[:passCheck]) != string(b[:passCheck]) {
		return p, errPass
	}
	b = b[passCheck:]
	p.Made = time.Unix(int64(binary.BigEndian.Uint16(b))*86400, 0).UTC()
	fields := strings.Split(string(b[2:]), "\x00")
	if len(fields) != passParts || !utf8.Valid(b[2:]) {
		return pass{}, errPass
	}
	for _, f := range fields {
		if strings.Map(printed, f) != f || utf8.RuneCountInString(f) > passField {
			return pass{}, errPass
		}
	}
	p.Name, p.Company, p.Phone, p.Email, p.Type = fields[0], fields[1], fields[2], fields[3], fields[4]
	if now.Sub(p.Made) > passFor {
		return pass{}, errPassOld
	}
	return p, nil
}

// openPass leads to the form, filled in by a pass; to an empty one, which says
// why, where the pass cannot be read.
func (k *Kiosk) openPass(r *webkit.Request, code string) (webkit.Response, error) {
	p, err := readPass(code, k.cfg.Clock())
	var problem lang.Problem
	if errors.As(err, &problem) {
		problem.Field = "name"
		kind, ok := k.typeOf("")
		if !ok {
			return nil, lang.Problem{Key: lang.TypeAttended}
		}
		return k.arrivalForm(r, arrivePage{
			Form: rand.Text(), Type: kind, Arrival: Arrival{Type: kind.ID}, Faults: faultsOf(r, problem),
		}, http.StatusUnprocessableEntity), nil
	}
	kind, ok := k.typeOf(p.Type)
	if !ok {
		if kind, ok = k.typeOf(""); !ok {
			return nil, lang.Problem{Key: lang.TypeAttended}
		}
	}
	a := Arrival{Name: p.Name, Company: p.Company, Type: kind.ID}
	// What this house does not ask for is not taken in.
	if kind.Asks("phone") {
		a.Phone = p.Phone
	}
	if kind.Asks("email") {
		a.Email = p.Email
	}
	page := rand.Text()
	k.invites.put(page, Invite{Arrival: a, Pass: true})
	return webkit.Redirect{To: r.Link("/kiosk/invited/" + page)}, nil
}

// passPage shows a pass once, to be photographed.
type passPage struct {
	Page  string
	QR    template.HTML
	Until time.Time
	Pause webkit.Pause
}

// showPass makes a pass of what was written on the form, for who asks for it.
func (k *Kiosk) showPass(r *webkit.Request) (webkit.Response, error) {
	id := r.PathValue("page")
	w, ok := k.welcomes.get(id)
	if !ok {
		return nil, lang.Problem{Key: "page.put_away"}
	}
	now := k.cfg.Clock()
	p := pass{Name: w.Name, Company: w.Company, Phone: w.Phone, Email: w.Email, Type: w.Type.ID, Made: now}
	qr, err := badge.SVG(p.encode(), r.Text("pass.qr", nil))
	if err != nil {
		return nil, err
	}
	return webkit.Page{
		Name: "pass", Data: passPage{Page: id, QR: qr, Until: now.Add(passFor), Pause: k.pause()},
		Refresh: webkit.Refresh{After: 5 * time.Minute, To: "/kiosk"},
	}, nil
}
