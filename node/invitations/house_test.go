package invitations

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/sheet/sheettest"
)

// paper is a Vault that seals with a mark instead of a cipher.
type paper struct{ desk bool }

var mark = []byte("sealed ")

func (p paper) Seal(v record.VisitID, version uint32, _ record.Day, parts map[record.Audience][]byte) (out []record.SealedEntry, stored func(), err error) {
	for a, b := range parts {
		out = append(out,
			record.SealedEntry{Kind: record.PartPut, Visit: v, Audience: a, Version: version, Box: append(bytes.Clone(mark), b...)},
			record.SealedEntry{Kind: record.KeyPut, Visit: v, Audience: a, Version: version, Box: []byte("key")})
	}
	return out, func() {}, nil
}

func (p paper) Open(_ record.PartKey, part crdt.SealedPart) ([]byte, error) {
	if !p.desk {
		return nil, errors.New("not for this node")
	}
	return bytes.TrimPrefix(bytes.Clone(part.Box), mark), nil
}

func (p paper) SealBearer(v record.VisitID, version uint32, until record.Day, plain []byte) (out []record.SealedEntry, secret [16]byte, err error) {
	secret = [16]byte(v)
	secret[0]++
	out, err = p.SealBearerAnew(v, version, until, plain, secret)
	return out, secret, err
}

func (paper) SealBearerAnew(v record.VisitID, version uint32, _ record.Day, plain []byte, secret [16]byte) ([]record.SealedEntry, error) {
	return []record.SealedEntry{
		{Kind: record.PartPut, Visit: v, Audience: record.BearerAudience, Version: version, Box: append(bytes.Clone(mark), plain...)},
		{Kind: record.KeyPut, Visit: v, Audience: record.BearerAudience, Version: version, Box: secret[:]},
	}, nil
}

func (p paper) OpenBearer(_ record.VisitID, part crdt.SealedPart, secret [16]byte) ([]byte, error) {
	if !bytes.Equal(part.Key, secret[:]) {
		return nil, errors.New("another secret")
	}
	return bytes.TrimPrefix(bytes.Clone(part.Box), mark), nil
}

func (p paper) SealBefore(v record.VisitID, version uint32, _ record.Day, plain []byte, secret [16]byte) ([]record.SealedEntry, error) {
	return []record.SealedEntry{
		{Kind: record.PartPut, Visit: v, Audience: record.BeforeAudience, Version: version, Box: append(bytes.Clone(mark), plain...)},
		{Kind: record.KeyPut, Visit: v, Audience: record.BeforeAudience, Version: version, Box: secret[:]},
	}, nil
}

func (p paper) OpenBefore(v record.VisitID, part crdt.SealedPart, secret [16]byte) ([]byte, error) {
	return p.OpenBearer(v, part, secret)
}

// spot is one node: its replica, and its invitations.
type spot struct {
	*Service
	sheettest.Desk
	t     *testing.T
	next  byte
	mails []Letter
	mute  error // why no mail is taken down
	acts  []string
}

// house is the nodes of one campus and their clock.
type house struct {
	t   *testing.T
	mu  sync.Mutex
	now time.Time
}

func newHouse(t *testing.T) *house { return &house{t: t, now: sheettest.At} }

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *house) advance(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

func (h *house) spot(name string, desk bool) *spot {
	s := &spot{Desk: sheettest.New(h.t, name), t: h.t}
	campus := record.IssuerID{1}
	s.Service = New(Config{
		Replica: s.Desk, Vault: paper{desk}, Now: h.clock, Zone: time.UTC,
		Draw: func() (record.VisitID, error) {
			s.next++
			return record.VisitID{name[0], 0xff, 0xff, 0xff, 0xff, s.next}, nil
		},
		SignQR: func(q record.QR) (string, error) {
			q.Issuer = campus
			return record.SignQR(q, func([]byte) []byte { return make([]byte, 64) })
		},
		Judge: func(text string) (record.QR, error) {
			q, err := record.ParseQR(text)
			if err == nil && q.Issuer != campus {
				err = problem("invitation.unknown", "code", "of another campus: check in without it")
			}
			return q, err
		},
		Desk: func() bool { return desk }, Place: func() record.Place { return record.Place{Site: "North", Entrance: record.EntranceID(name)} },
		Type:  func(id string) bool { return id == "visitor" || id == "contractor" },
		Today: func() record.Day { return record.DayOf(h.clock()) }, Date: func() record.Day { return record.DayOf(h.clock()) },
		Campus: func() string { return "Ekudden" },
		Act: func(by, what string, ids []record.VisitID) error {
			s.acts = append(s.acts, by+" "+what)
			return nil
		},
		House: func(kind, lang string) (string, [][2]string) {
			return "Park <here>\n" + kind + " " + lang, [][2]string{{"Wi-Fi", "Guest & co"}}
		},
		Tell: func(l Letter) error {
			if s.mute != nil {
				return s.mute
			}
			s.mails = append(s.mails, l)
			return nil
		},
	})
	return s
}

// invite invites Åsa Öberg for the day after the clock's first.
func (s *spot) invite(change func(*Request)) Made {
	s.t.Helper()
	r := Request{
		Name: "Åsa Öberg", Company: "Ekström & Söner", Host: "Sven Ask", HostMail: "sven@example.org", Email: "asa@example.org",
		From: sheettest.At.Add(time.Hour), To: sheettest.At.Add(4 * time.Hour), Type: "contractor", Lang: "sv", Note: "Ta <b>hissen</b>, plan 3; tack",
	}
	if change != nil {
		change(&r)
	}
	made, err := s.Invite(s.t.Context(), "op", r)
	if err != nil {
		s.t.Fatal(err)
	}
	return made
}

// arrive records that somebody came by an invitation, as visits does.
func (s *spot) arrive(invitation record.VisitID) record.VisitID {
	s.t.Helper()
	s.next++
	v := record.VisitID{'v', s.Place(s).Entrance[0], 0xff, 0xff, 0xff, s.next}
	place := record.Place{Site: "North", Entrance: s.Place(s).Entrance}
	at := record.HLCOf(s.cfg.Now())
	if _, err := s.Commit(s.t.Context(),
		crdt.Draft{Event: &record.Event{Kind: record.Arrived, At: at, Visit: v, Place: place, How: "kiosk"}},
		crdt.Draft{Event: &record.Event{Kind: record.Welcomed, At: at, Visit: invitation, Other: v, Place: place, How: "kiosk"}}); err != nil {
		s.t.Fatal(err)
	}
	return v
}

// Place is where a spot stands.
func (s *spot) Place(*spot) record.Place { return s.cfg.Place() }

func (s *spot) leave(v record.VisitID) {
	s.t.Helper()
	if _, err := s.Commit(s.t.Context(), crdt.Draft{Event: &record.Event{Kind: record.Left, Visit: v, How: "kiosk"}}); err != nil {
		s.t.Fatal(err)
	}
}

func wants(t *testing.T, what string, err error, key string) {
	t.Helper()
	p := IsProblem(err)
	switch {
	case key == "" && err == nil:
	case key == "" || p == nil || p.Key != key || !strings.Contains(p.Hint, ":") && !strings.Contains(p.Hint, ","):
		t.Errorf("%s: %v, want %q", what, err, key)
	}
}
