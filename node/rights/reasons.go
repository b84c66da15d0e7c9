package rights

import (
	"slices"
	"strings"
	"time"

	"github.com/upprop/upprop/crdt/record"
)

// Reason says of one datum why it is kept, and where it comes from. Source, At
// and By are empty where the arrival that would tell is retained no more.
type Reason struct {
	Datum      string
	Purpose    string
	LegalBasis string
	Source     string
	At         time.Time
	By         string
}

// reasons follow from the events, the acts and the lists; none is stored.
func (s *Service) reasons(p record.Presence, x Particulars, evidence []record.Stated, acts []act, members []Member) (out []Reason) {
	why := s.Purposes()
	origin := Reason{}
	if arrival, ok := arrivalOf(p, evidence); ok {
		how := arrival.Event.How
		origin.Source, origin.At = textOf(why.Sources, how), arrival.Event.At.Time()
		origin.By = s.by(how, nameOf(members, arrival.ID.Actor.Node()))
	}
	for _, d := range Data {
		if !x.has(d) {
			continue
		}
		r := origin
		for _, a := range acts {
			if a.What == actRectify && slices.Contains(strings.Split(a.Note, ","), d) {
				r.Source, r.At, r.By = textOf(why.Sources, "correction"), a.At, a.Node+", "+a.By
			}
		}
		i := slices.IndexFunc(why.Data, func(r Rule) bool { return r.Datum == d })
		rule := why.Data[i]
		r.Datum, r.Purpose, r.LegalBasis = d, textOf(why.Purposes, rule.Purpose), textOf(bases, rule.Basis)
		out = append(out, r)
	}
	return out
}

// by says who took something in: a node, and its operator where it was one.
func (s *Service) by(how, node string) string {
	switch how {
	case "desk", "command", "import":
		return node + ", " + s.cfg.By
	}
	return node
}

// arrivalOf is the arrival from which a visit was taken in.
func arrivalOf(p record.Presence, evidence []record.Stated) (record.Stated, bool) {
	i := slices.IndexFunc(evidence, func(s record.Stated) bool { return s.ID == p.Arrived.ID && s.Event.Kind == record.Arrived })
	if i < 0 {
		return record.Stated{}, false
	}
	return evidence[i], true
}

// has reports whether a datum is stored.
func (x Particulars) has(datum string) bool {
	switch datum {
	case "name":
		return x.Name != ""
	case "company":
		return x.Company != ""
	case "host":
		return x.Host != ""
	case "email":
		return x.Email != ""
	case "phone":
		return x.Phone != ""
	case "purpose":
		return x.Purpose != ""
	case "assist":
		return x.Assist != ""
	case "lang":
		return x.Lang != ""
	}
	if datum == "photo" {
		return len(x.Photo.Picture) > 0
	}
	if datum == "signed" {
		return len(x.Signed) > 0
	}
	return datum == "presence"
}
