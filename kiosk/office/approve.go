package office

import (
	"cmp"
	"context"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/webkit"
)

// words are what was said of somebody who needs approval, by whom.
func (o *Office) words(r request, a record.Approval, now time.Time) (out []evidence) {
	for _, one := range []struct {
		words []record.Word
		key   string
	}{{a.Approved, "expected.approved"}, {a.Refused, "expected.refused"}} {
		for _, w := range one.words {
			what := r.Text(one.key, nil)
			if w.By == record.ByHost {
				what = r.Text(linkWords[one.key], map[string]any{"Reason": r.Text(cmp.Or(reasonWords[w.Reason], "expected.no_reason"), nil)})
			}
			out = append(out, evidence{At: o.moment(r, w.At.Time(), now), What: what, Node: o.nameOf(w.ID.Actor.Node())})
		}
	}
	return out
}

// reasonWords are the reasons for which a host declines.
var reasonWords = map[string]string{
	record.NotExpected: "expected.not_expected", record.AnotherTime: "expected.another_time", record.NotAllowed: "expected.not_allowed",
}

// linkWords are what is said of a host's word.
var linkWords = map[string]string{"expected.approved": "expected.approved_link", "expected.refused": "expected.refused_link"}

// approve says that somebody who is here, and needs approval, is welcome, or is
// not. It changes no list: who is inside is inside.
func (o *Office) approve(r request) (webkit.Response, error) {
	s, err := o.presence(r)
	if err != nil {
		return nil, err
	}
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer done()
	if err := o.cfg.Node.Invitations().Decide(ctx, r.by(), s.Visit, r.Field("do") == "approve"); err != nil {
		return nil, inWords(err)
	}
	return webkit.Redirect{To: r.Link("/desk/visit/" + s.Visit.String())}, nil
}
