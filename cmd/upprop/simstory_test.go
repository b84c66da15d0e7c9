package main

import (
	"reflect"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/upprop/upprop/cmd/internal/sim"
	"github.com/upprop/upprop/node/nodetest"
)

// What a failure prints after "again:" is read back as what it was.
func TestAFailureSaysHowToSeeItAgain(t *testing.T) {
	all := nodetest.Faults(nodetest.FaultNames())
	for _, o := range []nodetest.Options{
		{Seed: 1, Steps: 60, Faults: nodetest.Faults{}},
		{Seed: 1<<64 - 1, Steps: 1, Faults: all},
		{Seed: 7, Steps: 60, Faults: all[:1], Nodes: 50},
		{Seed: 7, Steps: 80, Faults: all[1:3], Nodes: 2, Keep: []int{3}},
		{Seed: 7, Steps: 80, Faults: nodetest.Faults{}, Keep: []int{1, 5, 60}},
	} {
		broken := &nodetest.Violation{Promise: "goes on", What: "it did not"}
		f := sim.Failure{Options: o, Result: nodetest.Result{Broken: broken, Trace: []string{"something happened"}}}
		_, line, ok := strings.Cut(tell(f, f), "\nagain: upprop sim ")
		if !ok {
			t.Fatalf("%+v: nothing is said of how to see it again", o)
		}
		var back storyFlags
		set := pflag.NewFlagSet("sim", pflag.ContinueOnError)
		back.register(set)
		// As a shell would: a flag without its value would take the next for it.
		if err := set.Parse(strings.Split(strings.TrimSpace(line), " ")); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		got, err := back.options()
		if err != nil || !reflect.DeepEqual(got, o) {
			t.Errorf("%s is read as %+v (%v), and was %+v", strings.TrimSpace(line), got, err, o)
		}
	}
}
