package main

import "testing"

func TestTokenInWhatIsPasted(t *testing.T) {
	for text, want := range map[string]string{
		"UPPROP1-ABCDEF":                          "UPPROP1-ABCDEF",
		"upprop join UPPROP1-ABCDEF\n":            "UPPROP1-ABCDEF",
		"upprop join UPPROP1-ABC\r\nDEF\n":        "UPPROP1-ABCDEF",
		"upprop join upprop1-abc def --data DIR":  "upprop1-abcdef",
		"$ upprop join UPPROP1-ABCDEF --http off": "UPPROP1-ABCDEF",
		"nonsense here":                           "nonsense here",
		"":                                        "",
	} {
		if got := tokenIn(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
