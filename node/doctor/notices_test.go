package doctor

import (
	"strings"
	"testing"
	"time"
)

func TestNotices(t *testing.T) {
	now := time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
	codes := func(n Notices) (out string) {
		for _, f := range notices(Facts{Now: now, Name: "Reception", Notices: n}) {
			out += f.Code + " "
			if f.Severity != Warning || f.What == "" || f.Means == "" || f.Do == "" {
				t.Errorf("%+v", f)
			}
		}
		return strings.TrimSpace(out)
	}
	for _, c := range []struct {
		n    Notices
		want string
	}{
		{Notices{}, ""},
		{Notices{Pending: 3, Oldest: now.Add(-time.Minute)}, ""},
		{Notices{Pending: 3, Oldest: now.Add(-11 * time.Minute)}, "notices-waiting"},
		{Notices{Pending: 501, Oldest: now}, "notices-waiting"},
		{Notices{Failing: []FailingChannel{{"smtp", now, "the server cannot be reached"}}}, "notices-failing"},
	} {
		if got := codes(c.n); got != c.want {
			t.Errorf("%+v: %q, want %q", c.n, got, c.want)
		}
	}
}
