package invitations

import (
	"strings"
	"testing"
)

func TestLookOfMails(t *testing.T) {
	_, page := bodies(false, "Hej", "Välkommen", nil, "", "", true)
	if got := (Look{}).on(page, "Ekudden"); got != page {
		t.Error("a plain mail is not plain")
	}
	got := Look{Logo: []byte("png"), Width: 480, Height: 160, Colour: "#0b4f8a"}.on(page, `Eken "&" Co`)
	for _, want := range []string{`<img src="cid:logo" width="192" height="64" alt="Eken &#34;&amp;&#34; Co">`, "border-top:4px solid #0b4f8a", "cid:qr"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
	if strings.Index(got, "cid:logo") > strings.Index(got, "Hej") || strings.Contains(got, "http") {
		t.Error(got)
	}
}
