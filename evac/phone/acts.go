package phone

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/alarm"
)

// how is what evidence by a phone says of itself.
const how = "phone"

// maxActs is how many acts are taken in one request.
const maxActs = 100

// act is one mark that was made on a phone, or the taking back of one.
type act struct {
	// Once is drawn on the phone: an act that is told to several nodes, or twice
	// to one, counts once.
	Once record.OnceID `json:"once"`
	Code string        `json:"code"`
	// Mark is what is said; Undo instead is the Once of the act that is taken
	// back, which must have been told to this node before, in this request or an
	// earlier one.
	Mark  record.Mark      `json:"mark"`
	Undo  record.OnceID    `json:"undo"`
	Point record.PointName `json:"point"`
	// At is when it was done by the phone's clock. It is kept as what the phone says,
	// and decides nothing: order is the business of Over.
	At time.Time `json:"at"`
	// Starts are the starts that the phone knew to run.
	Starts []record.EvacID `json:"starts"`
	// Over is what the phone's list said to stand, and OverActs its own acts that
	// the list did not have yet.
	Over     []eventToken    `json:"over"`
	OverActs []record.OnceID `json:"over_acts"`
}

// done answers one act.
type done struct {
	Once record.OnceID `json:"once"`
	OK   bool          `json:"ok"`
	// Known is false for a code of whom this node has not heard.
	Known bool `json:"known"`
	// Event is what later acts may name in Over.
	Event string `json:"event,omitempty"`
	// Why it was not recorded; Again: it may be sent again as it is.
	*fault
	Again bool `json:"again,omitempty"`
}

// marks takes acts in their order and answers each by itself. Those that are ok
// are durable here.
func (s *Service) marks(r asked) (any, error) {
	acts, err := decodeActs(r.Header.Get("Content-Type"), r.Body)
	if err != nil {
		return nil, err
	}
	out := make([]done, len(acts))
	for i, a := range acts {
		d, err := s.do(r, a)
		if err != nil {
			f, again := s.refusal(err)
			d = done{fault: &f, Again: again}
		}
		d.Once, d.OK = a.Once, err == nil
		out[i] = d
	}
	return struct {
		Done []done `json:"done"`
	}{out}, nil
}

func (s *Service) do(r asked, a act) (done, error) {
	switch {
	case a.Once.IsZero():
		return done{}, errNoOnce
	case (a.Mark == "") == a.Undo.IsZero():
		return done{}, errUndoAndMark
	}
	code, err := alarm.ParseCode(a.Code)
	if err != nil {
		return done{}, err
	}
	if a.Mark == "" {
		u, err := s.cfg.Alarm.Retract(r.Context(), code, a.Undo, a.Once)
		return done{Known: !u.Visit.IsZero()}, err
	}
	over := make([]record.EventID, len(a.Over))
	for i, e := range a.Over {
		over[i] = record.EventID(e)
	}
	m, err := s.cfg.Alarm.Mark(r.Context(), alarm.MarkRequest{
		Code: code, Mark: a.Mark, Point: a.Point, How: how, Once: a.Once, Starts: a.Starts, Said: a.At,
		Blind: true, Over: over, OverActs: a.OverActs,
	})
	if err != nil {
		return done{}, err
	}
	return done{Known: m.Known, Event: tokenOf(m.ID)}, nil
}

// adding is somebody who was seen and is on no list.
type adding struct {
	Once   record.OnceID    `json:"once"`
	Text   string           `json:"text"`
	Mark   record.Mark      `json:"mark"`
	Point  record.PointName `json:"point"`
	At     time.Time        `json:"at"`
	Starts []record.EvacID  `json:"starts"`
}

// addedPerson answers an adding.
type addedPerson struct {
	Visit record.VisitID   `json:"visit"`
	Badge record.BadgeCode `json:"badge"`
}

func (s *Service) add(r asked) (any, error) {
	var in adding
	if err := decode(r.Header.Get("Content-Type"), r.Body, &in); err != nil {
		return nil, err
	}
	if in.Once.IsZero() {
		return nil, errNoOnce
	}
	got, err := s.cfg.Alarm.Add(r.Context(), alarm.AddRequest{
		Text: record.Private(in.Text), Mark: in.Mark, Point: in.Point, How: how, Once: in.Once, Starts: in.Starts,
	})
	if err != nil {
		return nil, err
	}
	return addedPerson{got.Visit, got.Badge}, nil
}

// decodeActs reads the body of a request for marks. Errors: errMalformed,
// errTooMany, *http.MaxBytesError.
func decodeActs(kind string, body io.Reader) ([]act, error) {
	var in struct {
		Acts []act `json:"acts"`
	}
	if err := decode(kind, body, &in); err != nil {
		return nil, err
	}
	if len(in.Acts) > maxActs {
		return nil, errTooMany
	}
	for _, a := range in.Acts {
		if len(a.Starts) > maxNamed || len(a.Over) > maxNamed || len(a.OverActs) > maxNamed {
			return nil, errMalformed
		}
	}
	return in.Acts, nil
}

// maxNamed is how many starts or events one act may name.
const maxNamed = record.MaxOver

func decode(kind string, body io.Reader, into any) error {
	if t, _, err := mime.ParseMediaType(kind); err != nil || t != "application/json" {
		return errMalformed
	}
	d := json.NewDecoder(body)
	d.DisallowUnknownFields()
	var large *http.MaxBytesError
	switch err := d.Decode(into); {
	case errors.As(err, &large):
		return err
	case err != nil:
		return errMalformed // a decoder's words may quote what was sent
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errMalformed
	}
	return nil
}
