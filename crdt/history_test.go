package crdt

import "testing"

func TestHistoryOfASetting(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.node("a"), c.node("b")
	putSetting(t, a, "campus/name", "Ekudden")
	pull(t, b, a)
	putSetting(t, b, "campus/name", "Eken")
	putSetting(t, a, "campus/name", "Udden") // has not heard of that
	pull(t, a, b)
	pull(t, b, a)
	for _, m := range []*member{a, b} {
		got := m.History("campus/name")
		if len(got) != 3 || got[0].Value.String() != "Ekudden" || got[0].By != a.cfg.Node || got[0].Stands || !got[2].Stands {
			t.Fatalf("%s: %+v", m.name, got)
		}
		s, _ := m.Setting("campus/name")
		if got[2].Value.String() != s.Value.String() {
			t.Errorf("%s: the last of the history is %q, and %q stands", m.name, got[2].Value.String(), s.Value.String())
		}
	}
	if len(a.History("nothing")) != 0 {
		t.Error("a setting that was never made has a history")
	}
}

// TestWhatWasOverruled: of two edits apart, the one that lost says so, and goes on
// saying so after both were replaced by somebody who saw the other alone; what was
// changed knowingly is not overruled.
func TestWhatWasOverruled(t *testing.T) {
	c := newTestCampus(t)
	a, b := c.node("a"), c.node("b")
	putSetting(t, a, "campus/name", "Ekudden")
	putSetting(t, a, "campus/name", "Eken")
	pull(t, b, a)
	putSetting(t, b, "campus/name", "Norra")
	putSetting(t, a, "campus/name", "Udden")
	pull(t, a, b)
	pull(t, b, a)
	won, _ := a.Setting("campus/name")
	putSetting(t, b, "campus/name", "Till sist")
	pull(t, a, b)
	for _, m := range []*member{a, b} {
		for _, e := range m.History("campus/name") {
			v := e.Value.String()
			if lost := (v == "Norra" || v == "Udden") && v != won.Value.String(); e.Overruled != lost {
				t.Errorf("%s: %s overruled: %v", m.name, v, e.Overruled)
			}
			want := map[string]string{"Ekudden": "", "Eken": "Ekudden", "Norra": "Eken", "Udden": "Eken", "Till sist": won.Value.String()}[v]
			if e.From == nil && want != "" || e.From != nil && e.From.Value.String() != want {
				t.Errorf("%s: %s was set upon %+v, want %q", m.name, v, e.From, want)
			}
		}
		putSetting(t, m, "drill.every/"+m.name, "1")
		got := m.Edits("", 3, func(s Setting) bool { return true })
		if len(got) != 3 || got[1].Value.String() != "Till sist" || !got[2].Stands {
			t.Errorf("%s: the last three are %+v", m.name, got)
		}
		if got := m.Edits("campus/", 9, func(s Setting) bool { return s.Key != "campus/name" }); len(got) != 0 {
			t.Error("what nobody asked for is listed")
		}
	}
}
