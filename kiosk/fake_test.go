package kiosk_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/upprop/upprop/kiosk"
	"github.com/upprop/upprop/kiosk/lang"
)

// house is a real, small Visits in memory: it judges what it is given, counts
// and remembers.
type house struct {
	mu       sync.Mutex
	arrivals []kiosk.Arrival
	out      map[string]bool
	asked    []string // codes as they reached the house
	refuse   error
	// wait has those who are called so wait for the reception.
	wait string
	// signs has documents signed before anybody is let in.
	signs bool
	now   func() time.Time
	// keep has photos kept as they are.
	keep bool
}

const limit = 200

// payload makes the QR as long as that of a signed badge.
var payload = strings.Repeat("4N5W8ZJ6V2CX0RTYH3GQ8D1EFPK5SBM9A7XW", 5)[:175-len("UPP1B7K3M9Q21")]

func (h *house) CheckIn(_ context.Context, a kiosk.Arrival) (kiosk.Receipt, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.refuse != nil {
		return kiosk.Receipt{}, h.refuse
	}
	switch {
	case a.Name == "":
		return kiosk.Receipt{}, lang.Problem{Key: lang.NameEmpty, Field: "name"}
	case utf8.RuneCountInString(a.Name) > limit:
		return kiosk.Receipt{}, lang.Problem{Key: lang.NameTooLong, Field: "name", Args: map[string]any{"Limit": limit}}
	case strings.ContainsFunc(a.Name, unicode.IsControl):
		return kiosk.Receipt{}, lang.Problem{Key: lang.TextControl, Field: "name"}
	case h.signs && len(a.Signed) > 0 && a.Signature == "" && a.Drawing == "":
		return kiosk.Receipt{}, lang.Problem{Key: lang.DocumentUnsigned, Field: "signature"}
	}
	h.arrivals = append(h.arrivals, a)
	n := len(h.arrivals)
	var photo []byte
	if h.keep {
		photo = a.Photo
	}
	return kiosk.Receipt{
		Photo: photo,
		Visit: fmt.Sprintf("visit-%d", n), Badge: fmt.Sprintf("7K3M9Q2%d", n%10),
		QR: fmt.Sprintf("UPP1B7K3M9Q2%d%s", n%10, payload), At: h.now(), Wait: h.wait != "" && a.Name == h.wait,
	}, nil
}

func (h *house) CheckInGroup(ctx context.Context, a kiosk.Arrival, with []string) (out []kiosk.Receipt, err error) {
	for i, name := range append([]string{a.Name}, with...) {
		one := a
		if one.Name = name; i > 0 {
			one.Assist = ""
		}
		got, err := h.CheckIn(ctx, one)
		if err != nil {
			return nil, err
		}
		out = append(out, got)
	}
	return out, nil
}

func (h *house) CheckOut(_ context.Context, code string) (kiosk.Departure, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked = append(h.asked, code)
	if h.refuse != nil {
		return kiosk.Departure{}, h.refuse
	}
	badge, name := strings.NewReplacer("O", "0", "I", "1", "L", "1").Replace(code), ""
	if rest, ok := strings.CutPrefix(badge, "UPP1B"); ok && len(rest) > 8 {
		badge = rest[:8]
		if n := int(badge[7] - '0'); n >= 1 && n <= len(h.arrivals) {
			name = h.arrivals[n-1].Name
		}
	}
	if len(badge) != 8 || strings.Trim(badge, "0123456789ABCDEFGHJKMNPQRSTVWXYZ") != "" {
		return kiosk.Departure{}, fmt.Errorf("check out: %w", lang.Problem{Key: lang.BadgeMalformed})
	}
	already := h.out[badge]
	h.out[badge] = true
	return kiosk.Departure{Badge: badge, At: h.now(), Known: len(h.arrivals) > 0, Already: already, Name: name}, nil
}

func (h *house) checkedIn() []kiosk.Arrival {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]kiosk.Arrival(nil), h.arrivals...)
}

// at is a Sunday in Stockholm.
var at = time.Date(2026, 11, 22, 9, 2, 14, 0, time.UTC)

func stockholm(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Skipf("no time zones on this machine: %v", err)
	}
	return zone
}

// logs is a buffer that several requests may write to.
type logs struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// door is a kiosk at a fake house with a captured log.
func door(t testing.TB, change ...func(*kiosk.Config)) (*kiosk.Kiosk, *house, *logs) {
	t.Helper()
	h := &house{out: map[string]bool{}, now: func() time.Time { return at }}
	l := &logs{}
	cfg := kiosk.Config{
		Visits: h, NodeName: "entre-1", Entrance: "Huvudentrén", Site: "Norra området", CampusName: "Lindholmen",
		Zone:   stockholm(t),
		Logger: slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, f := range change {
		f(&cfg)
	}
	k, err := kiosk.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = k.Close() })
	return k, h, l
}
