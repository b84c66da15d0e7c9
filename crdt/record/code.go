package record

import (
	"errors"
	"fmt"
)

// ErrCode is matched by every error about a code that was mistyped: a
// character outside the alphabet, a wrong length or a check character that
// does not agree.
var ErrCode = errors.New("no such code")

// Codes are written with Crockford's base 32 alphabet (no I, L, O, U), so
// that a code read aloud, typed with the wrong layout or scanned by a
// keyboard-type scanner stays the same code.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

var symbol = func() (t [256]int8) {
	for i := range t {
		t[i] = -1
	}
	for i, c := range []byte(alphabet) {
		t[c] = int8(i)
		if c >= 'A' {
			t[c+'a'-'A'] = int8(i)
		}
	}
	for from, to := range map[byte]byte{'O': '0', 'o': '0', 'I': '1', 'i': '1', 'L': '1', 'l': '1'} {
		t[from] = t[to]
	}
	return t
}()

// power[i] is α^i in GF(32) with the primitive polynomial x^5+x^2+1.
var power = func() (t [31]byte) {
	v := byte(1)
	for i := range t {
		t[i] = v
		v <<= 1
		if v&0x20 != 0 {
			v ^= 0x25
		}
	}
	return t
}()

func mul(a, b byte) byte {
	var p byte
	for ; b > 0; b >>= 1 {
		if b&1 != 0 {
			p ^= a
		}
		a <<= 1
		if a&0x20 != 0 {
			a ^= 0x25
		}
	}
	return p
}

// checkSymbol is the last character of a code: it makes the weighted sum
// Σ αⁱ·cᵢ over GF(32) equal to salt. Up to 31 characters, the weights differ,
// so that every single wrong character and every exchange of two characters
// is caught; codes of different salts are never taken for each other.
func checkSymbol(data []byte, salt byte) byte {
	sum := salt
	for i, c := range data {
		sum ^= mul(power[i], c)
	}
	// Divide by α^n: its inverse is α^(31-n).
	return mul(sum, power[(31-len(data))%31])
}

// encode writes the first bits of b, five a character, and a check character.
func encode(b []byte, bits int, salt byte) string {
	n := (bits + 4) / 5
	data := make([]byte, n, n+1)
	for i := range data {
		for j := range 5 {
			bit := i*5 + j
			if bit < bits && b[bit/8]&(0x80>>(bit%8)) != 0 {
				data[i] |= 0x10 >> j
			}
		}
	}
	data = append(data, checkSymbol(data, salt))
	for i, c := range data {
		data[i] = alphabet[c]
	}
	return string(data)
}

// decode reads what encode wrote, forgiving case, spaces, hyphens and
// look-alikes, into b. what names the code in errors; the errors never carry
// the code itself.
func decode(s string, b []byte, bits int, salt byte, what string) error {
	n := (bits+4)/5 + 1
	data := make([]byte, 0, n)
	for i := range len(s) {
		if s[i] == '-' || s[i] == ' ' {
			continue
		}
		v := symbol[s[i]]
		if v < 0 {
			return fmt.Errorf("%s has a character that no code has: %w", what, ErrCode)
		}
		if len(data) == n {
			return fmt.Errorf("%s is longer than %d characters: %w", what, n, ErrCode)
		}
		data = append(data, byte(v))
	}
	if len(data) < n {
		return fmt.Errorf("%s is shorter than %d characters: %w", what, n, ErrCode)
	}
	if checkSymbol(data[:n-1], salt) != data[n-1] {
		return fmt.Errorf("%s has a wrong character (its check character disagrees): %w", what, ErrCode)
	}
	clear(b)
	for i, c := range data[:n-1] {
		for j := range 5 {
			bit := i*5 + j
			if c&(0x10>>j) == 0 {
				continue
			}
			if bit >= bits {
				return fmt.Errorf("%s is not in its shortest form: %w", what, ErrCode)
			}
			b[bit/8] |= 0x80 >> (bit % 8)
		}
	}
	return nil
}
