package office

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/node/calls"
	"github.com/upprop/upprop/node/operators"
)

// callLine is a call for help from a door, as every page of an operator shows it.
type callLine struct {
	ID, Where, Since string
	// By is who is on the way; empty while nobody is.
	By string
	// Coming: somebody has said so. Lost: the door has not been heard of for a while.
	Coming, Lost bool
	// MayAnswer: this operator may.
	MayAnswer bool
}

// calls are those that stand.
func (o *Office) calls(r request) (out []callLine) {
	now := o.cfg.Clock()
	for _, c := range o.cfg.Node.Calls().Calls() {
		l := callLine{
			ID: c.ID, Where: cmp.Or(whereOf(c.Place), string(c.Place.Site)), Since: o.moment(r, c.Since, now),
			Coming: c.State == calls.Coming, Lost: c.Lost, MayAnswer: r.who.May(operators.Create),
		}
		if l.Coming {
			l.By = o.nameBy(r, c.By)
		}
		out = append(out, l)
	}
	return out
}

// nameBy is what the operator is called who is named so on record.
func (o *Office) nameBy(r request, by string) string {
	if id, ok := strings.CutPrefix(by, "operator "); ok {
		if who, ok := o.cfg.Node.Operators().Get(operators.ID(id)); ok && who.Alias != "" {
			return who.Alias.Reveal()
		}
	}
	return r.Text("calls.somebody", nil)
}

// watch counts a page of who may answer as one that shows calls.
func (o *Office) watch(r request) (done func()) {
	if !r.who.May(operators.Create) {
		return func() {}
	}
	return o.cfg.Node.Calls().Watch()
}

// liveCalls keeps the calls of a page up to date that has nothing else to be.
func (o *Office) liveCalls(r request) (webkit.Response, error) {
	return webkit.Live{Feed: func(ctx context.Context, _ string, send func(webkit.Event) error) error {
		defer o.watch(r)()
		tick := time.NewTicker(pulse)
		defer tick.Stop()
		var sent []byte
		for {
			changed := o.cfg.Node.Calls().Changed()
			who, ok := o.who(r.Request)
			if !ok || !who.May(operators.View) {
				return nil // what is being written stays; the next step says why
			}
			part, err := r.Fragment("desk", "calls", o.calls(request{r.Request, who}))
			if err != nil {
				return err
			}
			if sent == nil || !bytes.Equal(part, sent) {
				if err := send(webkit.Event{Name: "fragment", Data: part}); err != nil {
					return err
				}
				sent = part
			}
			select {
			case <-ctx.Done():
				return nil
			case <-o.gone:
				return nil
			case <-tick.C:
			case <-changed:
			}
		}
	}}, nil
}

// answerCall says to a door that somebody comes, or that it is done.
func (o *Office) answerCall(r request) (webkit.Response, error) {
	var to calls.State
	if to.UnmarshalText([]byte(r.Field("do"))) != nil {
		return nil, lang.Problem{Key: "request.malformed"}
	}
	switch err := o.cfg.Node.Calls().Answer(r.PathValue("call"), to, r.by()); {
	case errors.Is(err, calls.ErrNone), err == nil:
		// Somebody else has answered: the page shows what there still is.
	case errors.Is(err, calls.ErrAnswer):
		return nil, lang.Problem{Key: "request.malformed"}
	default:
		return nil, err
	}
	return webkit.Redirect{To: r.Link("/desk")}, nil
}

func (o *Office) callRoutes() []webkit.Route {
	return []webkit.Route{
		{Method: http.MethodGet, Pattern: "/desk/calls", Handler: o.may(operators.View, o.liveCalls)},
		{Method: http.MethodPost, Pattern: "/desk/calls/{call}", Handler: o.may(operators.Create, o.answerCall)},
	}
}
