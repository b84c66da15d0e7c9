//go:build !unix

package main

// noCoreDumps has nothing to do on systems without them.
func noCoreDumps() {}
