package seal

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestWithheld(t *testing.T) {
	k := mustKey(t, card, "")
	raw, err := k.key.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	r := NewVault()
	if err := r.Add(k); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Lock(until, nil, nil); err != nil {
		t.Fatal(err)
	}
	bucket := bucketBytes(r, until)[0]
	s := NewBearerSecret()
	o := VaultOptions{Passphrase: []byte("correct horse battery")}
	for _, v := range []any{
		k, &k, r,
		struct{ K PrivateKey }{k},
		[]PrivateKey{k},
		map[string]*Vault{"r": r},
		s, &s,
		struct{ S BearerSecret }{s},
		[]BearerSecret{s},
		o, &o,
		struct{ O VaultOptions }{o},
	} {
		var outs []string
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%c"} {
			outs = append(outs, fmt.Sprintf(verb, v))
		}
		js, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		outs = append(outs, string(js))
		var logged bytes.Buffer
		slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "v", v)
		outs = append(outs, logged.String())
		for _, out := range outs {
			for _, raw := range [][]byte{raw, bucket, s[:], o.Passphrase} {
				for _, secret := range []string{
					string(raw), fmt.Sprintf("%x", raw), fmt.Sprintf("%X", raw), strings.Trim(fmt.Sprint(raw), "[]")[:20],
					base64.StdEncoding.EncodeToString(raw)[:16], fmt.Sprintf("%#v", raw)[8:30],
				} {
					if strings.Contains(out, secret) {
						t.Errorf("%T prints its secret: %q", v, out)
					}
				}
			}
			if !strings.Contains(out, withheld) && !strings.Contains(out, "ptr") && !strings.Contains(out, "0x") && !strings.Contains(out, "%!") {
				t.Errorf("%T prints %q, without %s", v, out, withheld)
			}
		}
	}
}
