package app

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"testing"

	"github.com/upprop/upprop/kiosk/badge"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/badges"
	"github.com/upprop/upprop/node/printer"
)

// Who checks in at the door gets a badge out of the printer, which is a picture
// and holds no name in letters, and is told so.
func TestBadgeIsPrintedAtTheDoor(t *testing.T) {
	a := running(t, Config{Node: node.Config{Dir: first(t, identity.RoleDesk)}})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	labels := make(chan []byte, 4)
	go func() {
		defer close(labels)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			ask := make([]byte, len("~HS\r\n"))
			if _, err := io.ReadFull(c, ask); err == nil {
				_, _ = io.WriteString(c, "\x02030,0,0\x03\x02000,0,0,0\x03\x021234,0\x03")
				b, _ := io.ReadAll(c)
				labels <- b
			}
			_ = c.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close() })
	set := printer.LabelSettings{Printers: []string{"zpl://" + l.Addr().String()}, Width: 76, Height: 51, DPI: 203}
	if err := a.Node().Labels().Set("", set); err != nil {
		t.Fatal(err)
	}
	if err := a.Node().Labels().Test(t.Context()); err != nil {
		t.Fatal(err)
	}
	if b := <-labels; !bytes.HasPrefix(b, []byte("^XA^PW607^LL407")) {
		t.Fatalf("%.80q", b)
	}
	status, _, page := submit(t, a, "kiosk/arrive", url.Values{"name": {"Astrid Marker"}, "host": {"Sven"}, "lang": {"en"}})
	if status != 200 || !strings.Contains(page, "is coming out of the printer") {
		t.Fatal(status, page)
	}
	if b := <-labels; !bytes.HasPrefix(b, []byte("^XA")) || bytes.Contains(b, []byte("Astrid")) || bytes.Count(b, []byte("^")) != 9 {
		t.Fatalf("%.80q", b)
	}
	// What the house has taken off its badges is on none: the same visit with and without
	// its host is printed alike, and was not before.
	face := badge.Face{Name: "Astrid Marker", Host: "Sven", Code: "7KQ2-M4XZ", Payload: "x"}
	if !a.printBadges([]badge.Face{face}, func(key string) string { return key }) {
		t.Fatal("not printed")
	}
	with := <-labels
	if err := a.Node().Badges().Set(t.Context(), "", badges.Edit{Shown: map[badges.Part]bool{badges.Host: false}}); err != nil {
		t.Fatal(err)
	}
	if !a.printBadges([]badge.Face{face.Lay(a.Node().Badges().Now(), "sv")}, func(key string) string { return key }) {
		t.Fatal("not printed")
	}
	if without := <-labels; bytes.Equal(with, without) {
		t.Error("the host is on the label all the same")
	}
	if status, _, page := submit(t, a, "kiosk/arrive", url.Values{"name": {"Astrid Marker"}, "host": {"Sven Ask"}, "lang": {"en"}}); status != 200 || strings.Contains(page, "Sven Ask") {
		t.Error(status, "the host is on the badge of the door")
	}
	<-labels
	// A group that is more than can wait is not half printed.
	many := make([]badge.Face, 90)
	for i := range many {
		many[i] = badge.Face{Payload: "x"}
	}
	if a.printBadges(many, func(string) string { return "" }) {
		t.Fatal("ninety badges at once")
	}
	if err := a.Node().Labels().Set("", printer.LabelSettings{Printers: []string{"zpl://h"}, Width: 20, Height: 20, DPI: 203}); err == nil || errors.Is(err, printer.ErrNone) {
		t.Fatal("a badge of 20 mm:", err)
	}
}
