package seal

import "testing"

// What was filled in before opens by the secret of the invitation, and neither reads
// as what the bearer may see nor the other way.
func TestBeforeIsNotTheBearers(t *testing.T) {
	s := NewBearerSecret()
	v := visit(1)
	p, w, err := SealBefore(v, 2, []byte("x"), s)
	if err != nil {
		t.Fatal(err)
	}
	part, err := DecodePart(p.Encode())
	if err != nil {
		t.Fatal(err)
	}
	wrap, err := DecodeWrap(w.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := OpenBefore(v, part, wrap, s); err != nil || string(got) != "x" {
		t.Error(err)
	}
	for what, open := range map[string]func() ([]byte, error){
		"another secret":     func() ([]byte, error) { return OpenBefore(v, part, wrap, NewBearerSecret()) },
		"another invitation": func() ([]byte, error) { return OpenBefore(visit(2), part, wrap, s) },
		"as the bearer's":    func() ([]byte, error) { return OpenBearer(v, part, wrap, s) },
		"under its name": func() ([]byte, error) {
			q, x := part, wrap
			q.Audience, x.Audience = bearer, bearer
			return OpenBearer(v, q, x, s)
		},
	} {
		if _, err := open(); err == nil {
			t.Errorf("%s: it opens", what)
		}
	}
}
