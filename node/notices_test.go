package node

import (
	"bytes"
	"context"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/notify"
	"github.com/upprop/upprop/node/visits"
)

// logs keeps what a node logs.
type logs struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logs) has(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Contains(l.buf.Bytes(), []byte(text))
}

// TestNoticesRestSealed: while a host is to be told and cannot be, neither the
// visitor nor the host is anywhere in the folder of an entrance in clear, nor in
// its log; an erasure removes the notice.
func TestNoticesRestSealed(t *testing.T) {
	desk := first(t)
	tok, err := desk.CreateToken(TokenOptions{Role: identity.RoleEntrance, Name: "East gate"})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if _, err := Enroll(t.Context(), EnrollOptions{Dir: dir, Token: tok, Listen: "127.0.0.1:0"}); err != nil {
		t.Fatal(err)
	}
	said := &logs{}
	east := runWith(t, Config{Dir: dir, Logger: slog.New(slog.NewTextHandler(said, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err := east.ChangeNotices(func(s *notify.Settings) error {
		s.SMTP = &notify.SMTP{Host: "127.0.0.1", Port: 1, From: "upprop@example.org", TLS: "none"} // nobody is there
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	var got visits.Receipt
	eventually(t, "the entrance takes people in", func() bool {
		var err error
		got, err = east.Visits().CheckIn(context.Background(), visits.Arrival{Name: "Astrid Marker", Company: "Markerbolaget", Host: "sven.marker@example.org"})
		return err == nil
	})
	eventually(t, "the channel fails", func() bool {
		s := east.Notices().Status()
		return s.Pending == 1 && !s.Channels[0].Failing.IsZero()
	})
	inFolder := func() (where string) {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return nil // a file may go while the node runs
			}
			b, err := os.ReadFile(path)
			if err == nil && bytes.Contains(bytes.ToLower(b), []byte("marker")) {
				where = path
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return where
	}
	if at := inFolder(); at != "" {
		t.Error("a name or an address lies in clear in", at)
	}
	if said.has("arker") {
		t.Error("a name or an address is in the log")
	}
	// It waits over a restart, also with the keys under a passphrase since.
	if err := east.SetPassphrase([]byte("a passphrase for this")); err != nil {
		t.Fatal(err)
	}
	east.stop()
	east = runWith(t, Config{Dir: dir, Passphrase: []byte("a passphrase for this")})
	if s := east.Notices().Status(); s.Pending != 1 {
		t.Fatalf("after a restart: %+v", s.Counts)
	}
	eventually(t, "the desk has heard of the visit", func() bool {
		_, err := desk.Visits().Dossier(got.Visit)
		return err == nil
	})
	if _, err := desk.Erase(context.Background(), got.Visit); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the notice is removed where it waited", func() bool {
		s := east.Notices().Status()
		return s.Pending == 0 && s.Failed == 0 && s.Sent == 0
	})
	if at := inFolder(); at != "" {
		t.Error("a name or an address lies in clear in", at)
	}
}

// TestLettersUnderAnotherPassphrase: a change of the passphrase that was cut off
// between the two files does not keep the node from starting.
func TestLettersUnderAnotherPassphrase(t *testing.T) {
	desk := first(t)
	dir := string(desk.Folder())
	if err := desk.letters.SetPassphrase([]byte("only here so far")); err != nil {
		t.Fatal(err)
	}
	desk.stop()
	again := run(t, dir)
	if again.letters.HasPassphrase() {
		t.Error("the letters' keys are still under the other passphrase")
	}
}

func TestLinkIsADesksAlone(t *testing.T) {
	desk := first(t)
	east := desk.joined("East gate", identity.RoleEntrance)
	l := record.Link{Visit: record.VisitID{1}, Start: record.EvacID{2}, Until: desk.cfg.Now().Add(1e9)}
	good, err := desk.signLink(l)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []*running{desk, east} {
		if got, err := n.Link(good); err != nil || got.Visit != l.Visit {
			t.Error(n.Self().Name, err)
		}
	}
	forged, err := east.signLink(l)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := desk.Link(forged); err == nil || strings.Contains(err.Error(), forged) {
		t.Error("an entrance makes links:", err)
	}
}

// TestDesksTellOneAnotherWhomTheyAsk: what one desk puts on record about a long
// visit another reads; an entrance's word does not count.
func TestDesksTellOneAnotherWhomTheyAsk(t *testing.T) {
	desk := first(t)
	tok, err := desk.CreateToken(TokenOptions{Role: identity.RoleEntrance, Name: "East gate"})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if _, err := Enroll(t.Context(), EnrollOptions{Dir: dir, Token: tok, Listen: "127.0.0.1:0"}); err != nil {
		t.Fatal(err)
	}
	east := run(t, dir)
	got, err := desk.Visits().CheckIn(t.Context(), visits.Arrival{Name: "Astrid Marker", Host: "Sven Ask <sven.marker@example.org>"})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the desk reads who the host is", func() bool {
		host, err := desk.hostOf(t.Context(), got.Visit)
		return err == nil && host == "Sven Ask <sven.marker@example.org>"
	})
	asked := func(n *running, v record.VisitID) bool {
		c := &claims{actReader: actReader{node: n.Node}, by: map[record.EvacID][]notify.Claim{}, asked: map[record.VisitID]bool{}}
		is, err := c.reminded(v)
		if err != nil {
			t.Fatal(err)
		}
		return is
	}
	other := record.VisitID{7}
	eventually(t, "the entrance says that it asks", func() bool {
		return (&claims{actReader: actReader{node: east.Node}}).remind(t.Context(), other) == nil
	})
	if err := (&claims{actReader: actReader{node: desk.Node}}).remind(t.Context(), got.Visit); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the word of the desk is heard", func() bool { return asked(desk, got.Visit) && asked(east, got.Visit) })
	if asked(desk, other) || asked(east, other) {
		t.Fatal("the word of an entrance counts")
	}
}
