package crdt

import (
	"bytes"
	"os"
	"os/exec"
	"testing"
	"time"
)

// A panic while the log is written ends the process; it does not hang with
// nobody told.
func TestAPanicWhileWritingEndsTheProcess(t *testing.T) {
	if os.Getenv("UPPROP_TEST_PANIC") != "" {
		m := newTestCampus(t).node("a")
		m.cfg.Sign = func([]byte) []byte { panic("the signer is broken") }
		m.crash(t)
		m.arrive(t, someone(1))
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestAPanicWhileWritingEndsTheProcess$")
	cmd.Env = append(os.Environ(), "UPPROP_TEST_PANIC=1")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	hung := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() })
	err = cmd.Wait()
	if !hung.Stop() || err == nil || !bytes.Contains(out.Bytes(), []byte("the signer is broken")) {
		t.Errorf("it did not end by its panic: %v\n%s", err, out.String())
	}
}
