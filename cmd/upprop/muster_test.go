package main

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestTruth(t *testing.T) {
	people := `"people":[{"state":"inside"},{"state":"inside"},{"state":"probably_left"},{"state":"unconfirmed"}]`
	for _, c := range []struct {
		entrances string
		has       []string
		hasNot    string
	}{
		{`{"name":"A","state":"here"},{"name":"B","state":"fresh"}`, []string{"2 inside, 1 unconfirmed, 1 probably left at ", "all 2 entrances are up to date"}, "NOT SURE"},
		{`{"name":"A","state":"here"},{"name":"East","state":"silent","last_heard":"2026-11-22T10:02:14.000Z","doubt":2}`, []string{"NOT SURE: East not heard since ", "(2 in doubt)"}, "up to date"},
		{`{"name":"East","state":"stale","complete_as_of":"2026-11-22T10:02:14.000Z","last_heard":"2026-11-22T10:02:15.000Z"}`, []string{"NOT SURE: East complete as of "}, "doubt"},
		{`{"name":"East","state":"stale","complete_as_of":null,"last_heard":"2026-11-22T10:02:15.000Z"}`, []string{"NOT SURE: East lives, but not all"}, ""},
		{`{"name":"East","state":"never","complete_as_of":null,"last_heard":null},{"name":"West","state":"never"}`, []string{"East never heard of; West never heard of"}, ""},
	} {
		var l musterList
		if err := json.Unmarshal([]byte(`{"as_of":"2026-11-22T10:05:00.000Z","entrances":[`+c.entrances+`],`+people+`}`), &l); err != nil {
			t.Fatal(err)
		}
		got := l.truth()
		for _, want := range c.has {
			if !strings.Contains(got, want) {
				t.Errorf("%q does not say %q", got, want)
			}
		}
		if c.hasNot != "" && strings.Contains(got, c.hasNot) || strings.Contains(got, "\n") {
			t.Errorf("%q", got)
		}
	}
}

func TestQuote(t *testing.T) {
	for in, want := range map[string]string{"/srv/upprop": "/srv/upprop", "/a b": "'/a b'", "it's": `'it'\''s'`, "": "''", "å": "'å'"} {
		if got := quote(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}
