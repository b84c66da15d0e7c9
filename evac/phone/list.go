package phone

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/evac"
)

// answer is what a phone keeps. It reveals the personal data in the list.
type answer struct {
	// List is the muster as /api/v1/muster gives it; without its people where the
	// phone has them already.
	List map[string]json.RawMessage `json:"list"`
	// People names the people of the list, what stands of them and what help they
	// need. What a phone sends as `have` is not sent to it again.
	People string `json:"people_version"`
	// Standing and Assist are by visit, and null where the phone has them.
	Standing map[string][]string `json:"standing"`
	Assist   map[string]string   `json:"assist"`
	Points   []Point             `json:"points"`
	// Refuges are those of what runs; empty where nothing does.
	Refuges json.RawMessage `json:"refuges"`
	Pairing pairingNow      `json:"pairing"`
	Node    nodeNow         `json:"node"`
	Nodes   []Node          `json:"nodes"`
	// Now is the node's clock, to tell a phone whose clock is off.
	Now time.Time `json:"now"`
}

type pairingNow struct {
	ID    string    `json:"id"`
	Label string    `json:"label"`
	Ends  time.Time `json:"ends"`
}

type nodeNow struct {
	Name   string `json:"name"`
	Site   string `json:"site"`
	Campus string `json:"campus"`
	URL    string `json:"url"`
}

func (s *Service) list(r asked) (any, error) {
	l, err := s.cfg.List(r.pairing.Node)
	if err != nil {
		return nil, err
	}
	out, err := answerOf(l, r.URL.Query().Get("have"))
	if err != nil {
		return nil, err
	}
	out.Points, out.Nodes, out.Refuges = []Point{}, []Node{}, json.RawMessage("[]")
	if s.cfg.Refuges != nil {
		switch b, err := s.cfg.Refuges(l); {
		case err == nil:
			out.Refuges = b
		case !errors.Is(err, evac.ErrNoEvacuation):
			return nil, err
		}
	}
	if s.cfg.Points != nil {
		out.Points = append(out.Points, s.cfg.Points()...)
	}
	if s.cfg.Nodes != nil {
		out.Nodes = append(out.Nodes, s.cfg.Nodes()...)
	}
	out.Pairing = pairingNow{r.pairing.ID.String(), r.pairing.Label, r.pairing.Expires.UTC()}
	out.Node = nodeNow{s.cfg.NodeName, s.cfg.Site, s.cfg.CampusName, s.cfg.Web}
	out.Now = s.cfg.Now().UTC()
	return out, nil
}

// answerOf lays out a list for a phone that has the people of a version.
func answerOf(l evac.List, have string) (out answer, err error) {
	b, err := l.JSON()
	if err != nil {
		return out, err
	}
	if err := json.Unmarshal(b, &out.List); err != nil {
		return out, fmt.Errorf("write list for a phone: %w", err)
	}
	out.Standing, out.Assist = standing(l.Standing), map[string]string{}
	for _, p := range l.People {
		if p.Assist != "" {
			out.Assist[p.Visit.String()] = p.Assist.Reveal()
		}
	}
	rest, err := json.Marshal([]any{out.Standing, out.Assist})
	if err != nil {
		return out, fmt.Errorf("write list for a phone: %w", err)
	}
	sum := sha256.Sum256(append(rest, out.List["people"]...))
	out.People = hex.EncodeToString(sum[:8])
	if have == out.People {
		delete(out.List, "people")
		out.Standing, out.Assist = nil, nil
	}
	return out, nil
}

func standing(of map[record.VisitID][]record.EventID) map[string][]string {
	out := make(map[string][]string, len(of))
	for v, ids := range of {
		for _, id := range ids {
			out[v.String()] = append(out[v.String()], tokenOf(id))
		}
	}
	return out
}
