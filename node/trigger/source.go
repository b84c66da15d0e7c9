package trigger

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/signed"
)

// source is one machine whose word counts here.
type source struct {
	Name      string        `json:"name"`
	Site      record.SiteID `json:"site,omitempty"`
	DrillOnly bool          `json:"drill_only,omitempty"`
	Secret    []byte        `json:"secret"`
	MadeAt    time.Time     `json:"made_at"`
}

// Source is what may be told of a source.
type Source struct {
	Name string
	// Site is where it may start an evacuation; empty for anywhere.
	Site record.SiteID
	// DrillOnly: what it starts is a drill.
	DrillOnly bool
	MadeAt    time.Time
	State     State
}

// ClockOff reports whether its clock was off when it was last heard.
func (x Source) ClockOff() bool {
	return !x.State.Heard.IsZero() && (!x.State.Timed || x.State.Off.Abs() > Slack)
}

// secretOf reads a secret as it is printed.
func secretOf(s string) ([]byte, error) {
	b, err := signed.ParseSecret(s)
	if err != nil {
		return nil, &Problem{Key: "trigger.secret", Hint: "that is no secret of a source, and nothing was saved: give the one that `upprop trigger add` printed at the other node, whsec_ and all"}
	}
	return b, nil
}

// Sources are all sources of this node, in order of name.
func (s *Service) Sources() (out []Source) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range s.sources {
		st := s.states[x.Name]
		st.Seen = slices.Clone(st.Seen)
		out = append(out, Source{x.Name, x.Site, x.DrillOnly, x.MadeAt, st})
	}
	return out
}

// Add sets up a source, durably, and returns its secret, which is told this
// once. With a secret of another node's source of the same name, one message
// to both starts one evacuation. Errors: *Problem.
func (s *Service) Add(name string, site record.SiteID, drillOnly bool, secret string) (string, error) {
	s.acting.Lock()
	defer s.acting.Unlock()
	name = strings.TrimSpace(norm.NFC.String(name))
	key := signed.NewSecret()
	if secret != "" {
		var err error
		if key, err = secretOf(secret); err != nil {
			return "", err
		}
	}
	s.mu.Lock()
	all := slices.Clone(s.sources)
	s.mu.Unlock()
	switch {
	case s.damaged != nil:
		return "", &Problem{Key: "trigger.damaged", Hint: "the file triggers.json in the data folder cannot be read, and nothing was saved: put it back from a copy, or delete it and set all sources up again; then start upprop anew"}
	case record.CheckPlaceName(name) != nil:
		return "", &Problem{Key: "trigger.name", Hint: "that cannot name a source: write at most 64 bytes, without slashes or control characters, not beginning with a hyphen"}
	case slices.ContainsFunc(all, func(x source) bool { return x.Name == name }):
		return "", &Problem{Key: "trigger.taken", Hint: "there is a source of that name already: choose another, or remove that one first; its secret is not told again"}
	case site != "" && (record.CheckPlaceName(string(site)) != nil || !s.cfg.Known(site)):
		return "", &Problem{Key: "trigger.no_site", Hint: "no site of that name is known here, and nothing was saved: write it as `upprop nodes` does"}
	case len(all) >= MaxSources:
		return "", &Problem{Key: "trigger.many", Limit: MaxSources, Hint: fmt.Sprintf("this node has %d sources already, which is as many as it may have: remove one first", MaxSources)}
	}
	all = append(all, source{name, site, drillOnly, key, s.cfg.Now().UTC()})
	if err := s.replace(all); err != nil {
		return "", err
	}
	s.cfg.Record("trigger.add", name)
	return signed.SecretText(key), nil
}

// Remove ends a source: its word counts no more. Errors: *Problem.
func (s *Service) Remove(name string) error {
	s.acting.Lock()
	defer s.acting.Unlock()
	name = strings.TrimSpace(norm.NFC.String(name))
	s.mu.Lock()
	all := slices.DeleteFunc(slices.Clone(s.sources), func(x source) bool { return x.Name == name })
	known := len(all) < len(s.sources)
	s.mu.Unlock()
	if !known {
		return &Problem{Key: "trigger.unknown", Hint: "this node has no source of that name: write it as `upprop trigger list` does"}
	}
	if err := s.replace(all); err != nil {
		return err
	}
	s.cfg.Record("trigger.remove", name)
	s.mu.Lock()
	delete(s.states, name)
	delete(s.limits, name)
	s.mu.Unlock()
	if err := s.cfg.Keeper.Save(name, State{}); err != nil {
		return fmt.Errorf("forget a trigger: %w", err)
	}
	return nil
}

// replace writes the sources and then goes by them.
func (s *Service) replace(all []source) error {
	slices.SortFunc(all, func(a, b source) int { return cmp.Compare(a.Name, b.Name) })
	if err := signed.WriteSources(s.cfg.File, kept, all); err != nil {
		return err
	}
	s.mu.Lock()
	s.sources = all
	s.mu.Unlock()
	return nil
}

// what the file holds, in errors.
const kept = "sources of triggers"

func readSources(path string) ([]source, error) {
	return signed.ReadSources(path, kept, MaxSources, func(x source) bool { return len(x.Secret) >= signed.MinSecret && x.Name != "" })
}
