package office

import (
	"context"
	"strconv"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/rights"
)

// bulkLine is what is prepared to be erased here.
type bulkLine struct {
	ID, At, Reason string
	Visits         int
	// Mine: this operator has prepared it; Second: another has to confirm.
	Mine, Second bool
}

func (o *Office) bulkLines(r request) (out []bulkLine) {
	for _, b := range o.cfg.Node.Rights().Bulks() {
		out = append(out, bulkLine{
			ID: b.ID.String(), At: o.moment(r, b.At, o.cfg.Clock()), Reason: b.Reason, Visits: len(b.Visits), Mine: b.By == r.by(), Second: b.Second,
		})
	}
	return out
}

// bulkPage finds many visits to erase.
type bulkPage struct {
	Frame                     frame
	Since, Site, Host, Reason string
	Kinds                     []choice
	Most                      int
	// Asked: Found is whom the search has found.
	Asked  bool
	Found  rights.Found
	Count  int
	Faults faults
}

func (o *Office) bulk(r request) (webkit.Response, error) { return o.bulkPage(r, nil, nil), nil }

func (o *Office) bulkPage(r request, found *rights.Found, f faults) webkit.Page {
	p := bulkPage{
		Frame: o.frame(r, "rights"), Since: r.Field("since"), Site: r.Field("site"), Host: r.Field("host"), Reason: r.Field("reason"),
		Most: rights.SecondAbove, Faults: f, Kinds: o.anyType(r, r.Field("type")),
	}
	if found != nil {
		p.Asked, p.Found, p.Count = true, *found, len(found.Visits)
	}
	return webkit.Page{Name: "bulk", Path: "/desk/rights/bulk", Data: p}
}

// findBulk counts, or with a reason prepares.
func (o *Office) findBulk(r request) (webkit.Response, error) {
	q := rights.Query{Type: r.Field("type"), Site: record.SiteID(r.Field("site")), Host: record.Private(r.Field("host"))}
	again := func(f faults) webkit.Page { return o.bulkPage(r, nil, f) }
	if since := r.Field("since"); since != "" {
		t, err := time.ParseInLocation(time.DateOnly, since, o.cfg.Zone)
		if err != nil {
			return fault(r.Request, lang.Problem{Key: "rights.bad_date", Field: "since"}, again)
		}
		q.NotSeenSince = t
	}
	mine := o.cfg.Node.Rights().As(r.by())
	if r.Field("do") != "prepare" {
		found, err := mine.Search(r.Context(), q)
		if err != nil {
			return fault(r.Request, err, again)
		}
		return o.bulkPage(r, &found, nil), nil
	}
	if _, err := mine.Prepare(r.Context(), q, r.Field("reason")); err != nil {
		return fault(r.Request, err, again)
	}
	return webkit.Redirect{To: r.Link("/desk/rights")}, nil
}

// confirmBulk carries out or cancels what was prepared.
func (o *Office) confirmBulk(r request) (webkit.Response, error) {
	id, err := record.ParseErasureID(r.PathValue("bulk"))
	if err != nil {
		return nil, lang.Problem{Key: "page.missing"}
	}
	ctx := context.WithoutCancel(r.Context())
	mine := o.cfg.Node.Rights().As(r.by())
	if r.Field("do") == "cancel" {
		err = mine.Cancel(ctx, id)
	} else {
		count, _ := strconv.Atoi(r.Field("count"))
		_, err = mine.Confirm(ctx, id, count)
	}
	if err == nil {
		return webkit.Redirect{To: r.Link("/desk/rights")}, nil
	}
	err = inWords(err)
	p, ok := err.(lang.Problem) //nolint:errorlint // inWords makes it
	if !ok {
		return nil, err
	}
	res, err := o.rightsPage(r, "", faults{{Text: r.Text(p.Key, p.Args)}})
	if page, is := res.(webkit.Page); is {
		page.Status = 422
		return page, err
	}
	return res, err
}

func (o *Office) bulkRoutes(get, post func(string, webkit.Handler) webkit.Route) []webkit.Route {
	return []webkit.Route{
		get("/desk/rights/bulk", o.may(operators.Bulk, o.bulk)),
		post("/desk/rights/bulk", o.may(operators.Bulk, o.findBulk)),
		post("/desk/rights/bulk/{bulk}", o.may(operators.Bulk, o.confirmBulk)),
	}
}
