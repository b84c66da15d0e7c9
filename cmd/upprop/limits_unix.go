//go:build unix

package main

import "syscall"

// noCoreDumps keeps personal data in memory out of core dumps. Where it
// cannot be done, the system allows none to this process anyway.
func noCoreDumps() {
	_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{})
}
