package main

import (
	"strings"
	"testing"
	"time"

	"github.com/upprop/upprop/node/api"
)

func TestClockWarning(t *testing.T) {
	ms := (-61 * time.Minute).Milliseconds()
	got := clockWarning(api.Node{Name: "East gate", ClockOffset: &ms, ClockSuspect: true})
	for _, want := range []string{"East gate is 1h1m0s behind", "timedatectl", "nothing is lost"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q does not say %q", got, want)
		}
	}
	if strings.Contains(got, "\n") {
		t.Error("more than one line")
	}
	if got := clockWarning(api.Node{Name: "East gate", ClockOffset: &ms}); got != "" {
		t.Errorf("a clock that agrees is warned of: %q", got)
	}
}
