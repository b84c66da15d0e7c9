// Package nodetest runs whole campuses in one process, from a seed: real
// nodes over a network in memory (mesh/memnet), on disks that lose power
// (crdt/store.CrashFS) and by clocks that go wrong, with visitors, wardens and
// operators at work. It knows what really happened and holds every node to
// the promises of the house: what must always hold after each step, and what
// must hold again once all is healed. It is not for speed and draws nothing
// on a screen.
//
// Everything runs inside a testing/synctest bubble, which the caller makes,
// so that weeks pass in seconds and nothing waits on real time.
//
// Invariant: the steps of a run depend on its seed alone, and under Chance
// what nodes draw does too. What happens within one instant of a step is
// ordered by the Go scheduler, so run with GOMAXPROCS=1; then a seed nearly
// always does the same twice.
package nodetest
