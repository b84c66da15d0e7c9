package kinds

import (
	"strings"
	"testing"
)

func TestNoteAndWifi(t *testing.T) {
	b, _ := newBook()
	ctx := t.Context()
	k, err := b.Put(ctx, "", "visitor", Edit{Note: map[string]string{"sv": "Parkera på P2. \r\nKaffe finns."}, Wifi: &Wifi{"Gäst; 2", `a"b:c\d,e`}})
	if err != nil {
		t.Fatal(err)
	}
	if text, in := k.NoteIn("en"); text != "Parkera på P2.\nKaffe finns." || in != "sv" {
		t.Errorf("%q in %q", text, in)
	}
	if got := k.Wifi.Code(); got != `WIFI:T:WPA;S:Gäst\; 2;P:a\"b\:c\\d\,e;;` {
		t.Error(got)
	}
	if got := (Wifi{Network: "Open"}).Code(); got != "WIFI:T:nopass;S:Open;;" {
		t.Error(got)
	}
	for what, e := range map[string]Edit{
		"too long":               {Note: map[string]string{"sv": strings.Repeat("å", MaxNote+1)}},
		"too many lines":         {Note: map[string]string{"sv": strings.Repeat("a\n", MaxNoteLines) + "a"}},
		"turned around":          {Note: map[string]string{"sv": "a\u202eb"}},
		"no language":            {Note: map[string]string{"Svenska": "a"}},
		"no network":             {Wifi: &Wifi{Password: "12345678"}},
		"network of 33 bytes":    {Wifi: &Wifi{Network: strings.Repeat("a", 33)}},
		"network of 34 bytes, å": {Wifi: &Wifi{Network: strings.Repeat("å", 17)}},
		"short password":         {Wifi: &Wifi{"Guest", "1234567"}},
		"password with å":        {Wifi: &Wifi{"Guest", "lösenord"}},
	} {
		if _, err := b.Put(ctx, "", "visitor", e); err == nil {
			t.Errorf("%s is taken", what)
		}
	}
	if k, err = b.Put(ctx, "", "visitor", Edit{Note: map[string]string{"sv": ""}, Wifi: &Wifi{}}); err != nil || k.Wifi.Code() != "" || len(k.Note) != 0 {
		t.Error(k, err)
	}
}
