package phone

import (
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/alarm"
)

// telling is what those who wait at a refuge are to know; with no point, those at
// a site of whom nobody has said where. It is not kept on the phone to be sent
// later: that help is on its way is true when it is said, or not at all. Saying
// the same twice changes nothing.
type telling struct {
	Point record.PointName `json:"point"`
	Site  record.SiteID    `json:"site"`
	Help  record.Help      `json:"help"`
}

// told answers a telling: what they are told now, which is durable here.
type told struct {
	Help record.Help `json:"help"`
}

func (s *Service) tell(r asked) (any, error) {
	var in telling
	if err := decode(r.Header.Get("Content-Type"), r.Body, &in); err != nil {
		return nil, err
	}
	t, err := s.cfg.Alarm.Tell(r.Context(), alarm.TellRequest{Point: in.Point, Site: in.Site, Help: in.Help, How: how})
	if err != nil {
		return nil, err
	}
	return told{t.Stands.Help}, nil
}
