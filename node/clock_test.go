package node

import (
	"context"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/visits"
)

// A node whose clock is an hour wrong is noticed, follows nobody and leads
// nobody astray: visits open and close all the same.
func TestClockAnHourWrong(t *testing.T) {
	for name, off := range map[string]time.Duration{"ahead": time.Hour, "behind": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			desk := first(t)
			tok, err := desk.CreateToken(TokenOptions{Role: identity.RoleEntrance, Name: "East gate"})
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			if _, err := Enroll(context.Background(), EnrollOptions{Dir: dir, Token: tok, Listen: "127.0.0.1:0"}); err != nil {
				t.Fatal(err)
			}
			east := runWith(t, Config{Dir: dir, Now: func() time.Time { return time.Now().Add(off) }})
			eventually(t, "the wrong clock is noticed", func() bool {
				for _, n := range desk.Mesh().Freshness() {
					if n.Node == east.key.ID() && n.Suspect && (n.ClockOffset-off).Abs() < 10*time.Second {
						return true
					}
				}
				return false
			})
			var got visits.Receipt
			eventually(t, "a check-in at the wrong clock", func() bool {
				got, err = east.Visits().CheckIn(context.Background(), visits.Arrival{Name: "Astrid Ek"})
				return err == nil
			})
			eventually(t, "the desk sees the visit", func() bool { return len(desk.Replica().Open()) == 1 })
			if _, err := desk.Visits().CheckOut(context.Background(), got.QR, "desk"); err != nil {
				t.Fatal(err)
			}
			eventually(t, "both see it closed", func() bool {
				return len(desk.Replica().Open())+len(east.Replica().Open()) == 0
			})
			if drift := time.Until(desk.Replica().Clock().Now().Time()); drift > record.MaxDrift+time.Second {
				t.Fatalf("the desk's clock follows the wrong one by %v", drift)
			}
		})
	}
}
