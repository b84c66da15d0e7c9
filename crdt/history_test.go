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
