package sim

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/upprop/upprop/node/nodetest"
)

const (
	// limit is how long one campus may take, in real time, before it is said to
	// hang. A worker notices by itself before that, see watch.
	limit = time.Hour
	// renew is after how many campuses a worker is replaced, so that nothing
	// they leave behind adds up.
	renew = 100
)

// process is one worker.
type process struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *os.File
	dec    *json.Decoder
	stderr *tail
	done   int
}

// startProcess starts a worker.
func startProcess(cfg Config) (p *process, err error) {
	exe := cfg.Program
	if exe == "" {
		if exe, err = os.Executable(); err != nil {
			return nil, fmt.Errorf("start simulator: %w", err)
		}
	}
	p = &process{cmd: exec.Command(exe, cfg.Worker...), stderr: &tail{}}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start simulator: %w", err)
	}
	p.out, p.dec = r, json.NewDecoder(r)
	p.cmd.Env = append(append(os.Environ(), "GOMAXPROCS=1", "GOGC=400"), cfg.Env...)
	p.cmd.Stderr = p.stderr
	p.cmd.ExtraFiles = []*os.File{w}
	if p.in, err = p.cmd.StdinPipe(); err == nil {
		err = p.cmd.Start()
	}
	_ = w.Close()
	if err != nil {
		_ = r.Close()
		return nil, fmt.Errorf("start simulator: %w", err)
	}
	return p, nil
}

// run simulates one campus. ok is false when the process is of no more use.
func (p *process) run(ctx context.Context, o nodetest.Options) (a answer, ok bool) {
	p.done++
	hung := time.AfterFunc(limit, func() { _ = p.cmd.Process.Kill() })
	defer context.AfterFunc(ctx, func() { _ = p.cmd.Process.Kill() })()
	err := json.NewEncoder(p.in).Encode(o)
	if err == nil {
		err = p.dec.Decode(&a)
	}
	if err == nil {
		hung.Stop()
		return a, p.done < renew
	}
	promise, what := "goes on", "the process ended:\n"+p.stderr.String()
	if !hung.Stop() {
		what = fmt.Sprintf("the campus made no headway for %v", limit)
	}
	return answer{Result: nodetest.Result{Broken: &nodetest.Violation{Promise: promise, What: what}}, died: true}, false
}

// close ends the worker.
func (p *process) close() {
	_ = p.in.Close()
	t := time.AfterFunc(5*time.Second, func() { _ = p.cmd.Process.Kill() })
	_ = p.cmd.Wait()
	t.Stop()
	_ = p.out.Close()
}

// tail keeps the first words of a death: the beginning of a panic says most.
type tail struct{ buf bytes.Buffer }

func (t *tail) Write(p []byte) (int, error) {
	if room := 6000 - t.buf.Len(); room > 0 {
		t.buf.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

func (t *tail) String() string { return t.buf.String() }
