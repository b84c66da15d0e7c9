package kiosk

import (
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
)

// faults are what is wrong with a form, in the reader's words.
type faults []formFault

type formFault struct{ Field, Text string }

func faultsOf(r *webkit.Request, p lang.Problem) faults {
	return faults{{Field: p.Field, Text: r.Text(p.Key, p.Args)}}
}

// On is the fault of one field, or empty. Templates call it.
func (f faults) On(field string) string {
	for _, one := range f {
		if one.Field == field {
			return one.Text
		}
	}
	return ""
}
