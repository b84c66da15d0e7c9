package office

import (
	"context"
	"errors"
	"strconv"

	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/node/printer"
)

// printersPage is on which printers this node prints badges and the muster list.
type printersPage struct {
	Frame  frame
	Labels labelForm
	List   listForm
	Done   string
	Faults faults
}

// listForm is where the list is printed by itself, as it is or as it was written.
type listForm struct {
	Printer, Every string
	Langs          []choice
	Drills, Set    bool
	// State says how it goes.
	State, Tone string
}

var paperLangs = [][2]string{{"sv", "paper.sv"}, {"en", "paper.en"}}

func (o *Office) printers(r request) (webkit.Response, error) {
	return o.printersPage(r, printersPage{}), nil
}

func (o *Office) printersPage(r request, p printersPage) webkit.Page {
	p.Frame, p.Labels, p.List = o.frame(r, "settings"), o.labelForm(r, p.Labels), o.listForm(r, p.List)
	return webkit.Page{Name: "printers", Path: "/admin/printers", Data: p}
}

// listForm fills a form that nobody has written with what is set.
func (o *Office) listForm(r request, f listForm) listForm {
	s, st := o.cfg.Node.Printer().Settings()
	f.Set = s.Printer != ""
	if f.Langs == nil {
		f = listForm{Printer: s.Printer, Every: strconv.Itoa(s.EveryMinutes), Langs: choices(r, s.Lang, paperLangs), Drills: s.Drills, Set: f.Set}
		if !f.Set {
			f.Every = "5"
		}
	}
	now := o.cfg.Clock()
	switch {
	case st.Damaged:
		f.State, f.Tone = r.Text("paper.damaged", nil), "fault"
	case !f.Set:
		f.State, f.Tone = r.Text("paper.unset", nil), "note"
	case !st.Failed.IsZero():
		f.State, f.Tone = r.Text("paper.fails", map[string]any{"Since": o.moment(r, st.Failed, now), "Why": st.Why}), "fault"
	case !st.Printed.IsZero():
		f.State, f.Tone = r.Text("paper.prints", map[string]any{"At": o.moment(r, st.Printed, now)}), "done"
	default:
		f.State, f.Tone = r.Text("paper.untried", nil), "note"
	}
	return f
}

// changePrinters does the one thing that was pressed: printers are set, tried, or let
// go.
func (o *Office) changePrinters(r request) (webkit.Response, error) {
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), printerTest)
	defer done()
	var p printersPage
	var err error
	said := "label.set"
	switch n := o.cfg.Node; r.Field("do") {
	case "no_printers":
		said, err = "label.removed", n.Labels().Remove(r.by())
	case "test":
		said, err = "label.tested", n.Labels().Test(ctx)
	case "list":
		p.List = listForm{Printer: r.Field("printer"), Every: r.Field("every"), Langs: choices(r, r.Field("paper"), paperLangs), Drills: r.Field("drills") != ""}
		every, bad := strconv.Atoi(p.List.Every)
		if bad != nil {
			every = -1 // none that is taken: the rules say so
		}
		said = "paper.set"
		err = n.Printer().Set(r.by(), printer.Settings{Printer: p.List.Printer, EveryMinutes: every, Lang: r.Field("paper"), Drills: p.List.Drills})
	case "no_list":
		said, err = "paper.removed", n.Printer().Remove(r.by())
	case "list_test":
		said, err = "paper.tested", n.Printer().Print(ctx)
	default:
		p.Labels = labelForm{Printers: r.Lines("printers"), Width: r.Field("width"), Height: r.Field("height"), DPI: r.Field("dpi")}
		err = n.Labels().Set(r.by(), p.Labels.settings())
	}
	if q := new(printer.Problem); errors.As(err, &q) {
		about := printerFields[q.Key]
		err = lang.Problem{Key: about.key, Field: about.field, Args: map[string]any{"Why": q.Hint}}
	}
	if err != nil {
		return fault(r.Request, err, func(f faults) webkit.Page {
			p.Faults = f
			return o.printersPage(r, p)
		})
	}
	return o.printersPage(r, printersPage{Done: r.Text(said, nil)}), nil
}

// printerTest is how long printers may take for a test: each of four is given half a
// minute.
const printerTest = 8 * patience

// printerFields are the words for a problem, and the field that it is about.
var printerFields = map[string]struct{ key, field string }{
	"label.address": {"label.address", "printers"}, "label.size": {"label.size", "width"}, "label.failed": {"label.failed", "printers"}, "label.none": {"label.none", "printers"},
	"printer.address": {"paper.address", "printer"}, "printer.every": {"paper.bad_every", "every"}, "printer.lang": {"paper.bad_lang", "paper"},
	"printer.failed": {"paper.failed", "printer"}, "printer.none": {"paper.none", "printer"},
}
