package phone

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/upprop/upprop/crdt/record"
)

const someActs = `{"acts":[{"once":"00112233445566778899aabbccddeeff","code":"K7M4-2QXP","mark":"safe","point":"Car park",` +
	`"at":"2026-11-27T10:02:14Z","starts":[],"over":["day/20261127/0/North Gate 0000000000000000000000000000000000000000000000000000000000000001 7"],"over_acts":[]},` +
	`{"once":"10112233445566778899aabbccddeeff","code":"K7M4-2QXP","undo":"00112233445566778899aabbccddeeff"}]}`

func FuzzMarks(f *testing.F) {
	f.Add(someActs)
	f.Add(`{"acts":[]}`)
	f.Add(`{"acts":[{"over":["day/x 1 1"]}]}`)
	f.Fuzz(func(t *testing.T, body string) {
		acts, err := decodeActs("application/json", strings.NewReader(body))
		if err != nil {
			var no fault
			if !errors.As(err, &no) || no.Hint == "" {
				t.Fatalf("not in words: %v", err)
			}
			return
		}
		if len(acts) > maxActs {
			t.Fatalf("%d acts", len(acts))
		}
		for _, a := range acts {
			for _, e := range a.Over {
				if _, err := record.ParseDocID(string(e.Doc)); err != nil || e.Seq == 0 {
					t.Fatalf("%+v", e)
				}
				var again eventToken
				if err := again.UnmarshalText([]byte(tokenOf(record.EventID(e)))); err != nil || again != e {
					t.Fatalf("%+v is read as %+v: %v", e, again, err)
				}
			}
		}
	})
}

func TestDecodeActs(t *testing.T) {
	acts, err := decodeActs("application/json; charset=utf-8", strings.NewReader(someActs))
	if err != nil || len(acts) != 2 || acts[0].Over[0].Seq != 7 || acts[0].Over[0].Doc != "day/20261127/0/North Gate" || acts[1].Undo != acts[0].Once {
		t.Fatalf("%+v %v", acts, err)
	}
	for body, kind := range map[string]string{
		someActs: "text/plain", "": "application/json", someActs + "{}": "application/json",
		`{"acts":[{"name":"Astrid Marker"}]}`: "application/json", `{"acts":[{"once":"zz"}]}`: "application/json",
	} {
		if _, err := decodeActs(kind, strings.NewReader(body)); !errors.Is(err, errMalformed) || strings.Contains(err.Error(), "Marker") {
			t.Errorf("%q as %s: %v", body, kind, err)
		}
	}
	many, _ := json.Marshal(map[string]any{"acts": make([]struct{}, maxActs+1)})
	if _, err := decodeActs("application/json", strings.NewReader(string(many))); !errors.Is(err, errTooMany) {
		t.Error(err)
	}
	large := http.MaxBytesReader(nil, readCloser{strings.NewReader(someActs)}, 10)
	var e *http.MaxBytesError
	if _, err := decodeActs("application/json", large); !errors.As(err, &e) {
		t.Error(err)
	}
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }
