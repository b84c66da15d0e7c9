package shape

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

type outcome struct {
	alive        bool
	last, passed int // number of the frame fed last; how many were fed
	stderr       string
}

// besiege sends count changes made from seed to a child in mode.
func besiege(t *testing.T, mode string, seed uint64, count int) outcome {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+mode, "GOTRACEBACK=none")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(in)
	send := func(raw []byte) error {
		var size [4]byte
		binary.BigEndian.PutUint32(size[:], uint32(len(raw)))
		_, err := w.Write(size[:])
		_, err2 := w.Write(raw)
		return errors.Join(err, err2)
	}
	g := newCampaign(seed)
	for n := range count {
		raw := []byte{}
		if n%1500 == 1499 {
			g.restart()
		} else {
			raw = g.next()
		}
		if send(raw) != nil {
			break // the child is dead
		}
	}
	w.Flush()
	in.Close()
	o := outcome{alive: cmd.Wait() == nil, last: -1, stderr: stderr.String()}
	lines := strings.Fields(stdout.String())
	for i, s := range lines {
		switch n, err := strconv.Atoi(s); {
		case err == nil && (i == 0 || lines[i-1] != "done"):
			o.last = n
			o.passed++
		case s == "done":
			return o
		}
	}
	return o
}

func count(n int) int {
	if testing.Short() {
		return n / 10
	}
	return n
}

// Nothing that passes the shape check and the checks of state kills the core,
// and all of it is really applied.
func TestSurvivesHostile(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		o := besiege(t, letAllowed, seed, count(8000))
		if !o.alive {
			t.Fatalf("seed %d: the child died of change %d after %d:\n%s", seed, o.last, o.passed, o.stderr)
		}
		t.Logf("seed %d: %d of %d changes reached the core", seed, o.passed, count(8000))
		if o.passed < count(8000)/12 {
			t.Errorf("seed %d: too few changes reached the core", seed)
		}
	}
}

// The shape check alone, without the checks of state, keeps the core alive.
func TestShapeAloneSurvives(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		o := besiege(t, letShaped, seed+100, count(8000))
		if !o.alive {
			t.Fatalf("seed %d: the child died of change %d after %d:\n%s", seed, o.last, o.passed, o.stderr)
		}
		t.Logf("seed %d: %d of %d changes reached the core", seed, o.passed, count(8000))
	}
}

// The same stream kills the core when nothing is checked: the check is
// needed, and the stream is hostile.
func TestUncheckedDies(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		o := besiege(t, letAll, seed, 5000)
		if o.alive {
			t.Errorf("seed %d: the core survived %d unchecked changes", seed, o.passed)
			continue
		}
		if !strings.Contains(o.stderr, "SIGABRT") {
			t.Errorf("seed %d: the child ended otherwise: %s", seed, o.stderr)
		}
		reason := o.stderr
		if at := strings.Index(reason, "\n"); at > 0 {
			reason = reason[:min(len(reason), at+160)]
		}
		t.Logf("seed %d: dead after %d changes: %s", seed, o.passed, reason)
	}
}
