package kinds

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/upprop/upprop/node/sheet"
)

const (
	// MaxNote is the longest note in one language, in characters, and MaxNoteLines
	// in lines.
	MaxNote, MaxNoteLines = 600, 12
	// An access point's name has 32 bytes at most, a password 8 to 63 characters.
	maxNetwork, minPassword, maxPassword = 32, 8, 63
)

// Wifi is a network for visitors; without a password it is open.
type Wifi struct {
	Network  string `json:"network"`
	Password string `json:"password"`
}

func errLanguage(field string) *Problem {
	return &Problem{Key: "kinds.language", Field: field, Hint: "a text's language is written with two or three small letters, like sv or en"}
}

// NoteIn is the note in a language, else in one that there is, and which that is;
// empty for none.
func (k Kind) NoteIn(lang string) (text, in string) {
	have := []string{}
	for l, t := range k.Note {
		if t != "" {
			have = append(have, l)
		}
	}
	slices.Sort(have)
	for _, l := range append([]string{lang, "en", "sv"}, have...) {
		if slices.Contains(have, l) {
			return k.Note[l], l
		}
	}
	return "", ""
}

var escapeWifi = strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, ":", `\:`, `"`, `\"`)

// Code is what the QR code of a network says to a telephone; empty for none.
func (w Wifi) Code() string {
	switch {
	case w.Network == "":
		return ""
	case w.Password == "":
		return "WIFI:T:nopass;S:" + escapeWifi.Replace(w.Network) + ";;"
	}
	return "WIFI:T:WPA;S:" + escapeWifi.Replace(w.Network) + ";P:" + escapeWifi.Replace(w.Password) + ";;"
}

// checkNote is a note as it is kept: its lines, without space at their ends.
func checkNote(s string) (string, error) {
	lines := strings.Split(strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")), "\n")
	for i := range lines {
		var err error
		if lines[i], err = sheet.Line("note", lines[i], MaxNote); err != nil {
			return "", err
		}
	}
	out := strings.Join(lines, "\n")
	if utf8.RuneCountInString(out) > MaxNote || len(lines) > MaxNoteLines {
		return out, &Problem{Key: "kinds.note", Field: "note", Limit: MaxNote, Hint: fmt.Sprintf("the text is too long, and nothing was saved: shorten it to at most %d characters on %d lines", MaxNote, MaxNoteLines)}
	}
	return out, nil
}

func (w Wifi) check() error {
	network, err := sheet.Line("network", w.Network, maxNetwork)
	switch {
	case err != nil:
		return err
	case network != w.Network || len(network) > maxNetwork || network == "" && w.Password != "":
		return &Problem{Key: "kinds.network", Field: "network", Hint: "that cannot be the name of a Wi-Fi network, and nothing was saved: write what it is called, 32 bytes at most; without a network there is no password"}
	}
	plain := strings.IndexFunc(w.Password, func(r rune) bool { return r < ' ' || r > '~' }) < 0
	if n := len(w.Password); n > 0 && (n < minPassword || n > maxPassword || !plain || strings.TrimSpace(w.Password) != w.Password) {
		return &Problem{Key: "kinds.password", Field: "password", Hint: "that cannot be the password of a Wi-Fi network, and nothing was saved: it has 8 to 63 letters, digits and signs, none with an accent; leave it empty for an open network"}
	}
	return nil
}
