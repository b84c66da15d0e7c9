package webkit

import (
	"regexp"
	"strings"
)

// Withhold names values made from the form (a code in another spelling) that
// must not reach the log with an error either.
func (r *Request) Withhold(values ...string) { r.withheld = append(r.withheld, values...) }

// withhold is an error's text without anything that came in the form, in
// whatever case, should somebody below have put it there.
func (r *Request) withhold(err error) string {
	s := err.Error()
	values := r.withheld
	for name := range r.form {
		values = append(values, r.form.Get(name), r.Field(name))
	}
	for _, v := range values {
		if v = strings.TrimSpace(v); len(v) > 2 {
			s = regexp.MustCompile("(?i)"+regexp.QuoteMeta(strings.ToValidUTF8(v, ""))).ReplaceAllLiteralString(s, "[withheld]")
		}
	}
	return s
}
