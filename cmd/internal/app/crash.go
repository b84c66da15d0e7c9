package app

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"github.com/upprop/upprop/node"
)

// maxWords is how much of a run's last words is read, in bytes.
const maxWords = 4 << 10

// lastWords has this process leave its last words in the folder if it ends by
// its own fault, and reports whether the last one aborted: the Automerge core
// ends a process so. A process that was killed leaves no words. It is for the
// one process that holds the folder.
func lastWords(f node.Folder) (aborted bool, err error) {
	old, err := os.Open(f.Crash())
	if err == nil {
		words, readErr := io.ReadAll(io.LimitReader(old, maxWords))
		if readErr == nil && len(words) > 0 {
			for _, sig := range []string{"SIGABRT", "SIGSEGV", "SIGBUS", "SIGILL"} {
				aborted = aborted || bytes.Contains(words, []byte(sig))
			}
			err = os.Rename(f.Crash(), f.LastCrash())
		}
		_ = old.Close()
		if err != nil {
			return aborted, fmt.Errorf("keep last words: %w", err)
		}
	}
	out, err := os.OpenFile(f.Crash(), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return aborted, fmt.Errorf("prepare for last words: %w", err)
	}
	defer out.Close()
	if err := debug.SetCrashOutput(out, debug.CrashOptions{}); err != nil {
		return aborted, fmt.Errorf("prepare for last words: %w", err)
	}
	return aborted, nil
}
