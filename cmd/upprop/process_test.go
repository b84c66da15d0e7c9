package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/api"
)

// programDir is where program put it; empty when it was not asked.
var programDir string

// program builds upprop once for all tests here.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "upprop-process")
	if err != nil {
		return "", err
	}
	programDir = dir
	bin := filepath.Join(dir, "upprop")
	out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build: %w: %s", err, out)
	}
	return bin, nil
})

// process is one real upprop on a data folder. All of a test add what they
// logged to logs when they end.
type process struct {
	t      *testing.T
	dir    string
	cmd    *exec.Cmd
	stderr bytes.Buffer
	logs   *strings.Builder
	listen []string // more arguments of run
}

func upprop(t *testing.T, args ...string) (string, error) {
	t.Helper()
	bin, err := program()
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	cmd := exec.Command(bin, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%w: %s", err, errs.String())
	}
	return out.String(), nil
}

func must1(t *testing.T, args ...string) string {
	t.Helper()
	out, err := upprop(t, args...)
	if err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	return out
}

func into[T any](t *testing.T, args ...string) (v T) {
	t.Helper()
	out := must1(t, append(args, "--json")...)
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		t.Fatalf("%v: %v in %s", args, err, out)
	}
	return v
}

// start runs the node and waits until it answers.
func (p *process) start() {
	p.t.Helper()
	p.launch()
	p.await("the node answers", 30*time.Second, p.answers)
}

// answers reports whether the node answers.
func (p *process) answers() bool {
	var s api.Status
	return newClient(p.dir).ask(context.Background(), "GET", "/api/v1/status", nil, &s) == nil
}

// launch runs the node.
func (p *process) launch() {
	p.t.Helper()
	bin, err := program()
	if err != nil {
		p.t.Fatal(err)
	}
	p.stderr.Reset()
	p.cmd = exec.Command(bin, append([]string{"run", "--data", p.dir, "--log-level", "debug"}, p.listen...)...)
	p.cmd.Stderr = &p.stderr
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
}

// stayPut has nodes listen at the same port when they are started again, so
// that they find each other whichever were stopped at once.
func stayPut(all ...*process) {
	for _, p := range all {
		p.t.Helper()
		var s api.Status
		if err := newClient(p.dir).ask(context.Background(), "GET", "/api/v1/status", nil, &s); err != nil {
			p.t.Fatal(err)
		}
		p.listen = []string{"--listen", s.Listen[0]}
	}
}

// stop ends the process with a signal and returns how it ended.
func (p *process) stop(sig os.Signal) error {
	if p.cmd == nil {
		return nil
	}
	if err := p.cmd.Process.Signal(sig); err != nil {
		p.t.Error(err)
	}
	err := p.cmd.Wait()
	p.logs.WriteString(p.stderr.String())
	p.cmd = nil
	return err
}

func (p *process) orderly() {
	p.t.Helper()
	if err := p.stop(syscall.SIGTERM); err != nil {
		p.t.Errorf("SIGTERM: %v: %s", err, p.stderr.String())
	}
}

// await polls until ok, and returns how long it took.
func (p *process) await(what string, limit time.Duration, ok func() bool) time.Duration {
	p.t.Helper()
	began := time.Now()
	for !ok() {
		if time.Since(began) > limit {
			p.t.Fatalf("never: %s (%s)", what, p.dir)
		}
		// What is asked is a whole program at times: who waits for long asks seldom.
		time.Sleep(min(5*time.Millisecond+time.Since(began)/10, 200*time.Millisecond))
	}
	return time.Since(began)
}

func (p *process) listed() []record.VisitID {
	p.t.Helper()
	var l struct {
		People []struct{ Visit record.VisitID }
	}
	if err := newClient(p.dir).ask(context.Background(), "GET", "/api/v1/muster", nil, &l); err != nil {
		p.t.Fatal(err)
	}
	var out []record.VisitID
	for _, x := range l.People {
		out = append(out, x.Visit)
	}
	return out
}

// campus makes a first node and joins more with the pasted line.
func campus(t *testing.T, others ...string) []*process {
	t.Helper()
	if testing.Short() {
		t.Skip("starts real processes")
	}
	logs := &strings.Builder{}
	dir := t.TempDir()
	all := []*process{{t: t, dir: filepath.Join(dir, "0"), logs: logs}}
	must1(t, "init", "--data", all[0].dir, "--campus", "Ekudden", "--name", "Reception", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0")
	all[0].start()
	for i, role := range others {
		tok := into[api.Token](t, "token", "create", "--data", all[0].dir, "--role", role, "--name", fmt.Sprintf("Node %d", i+1))
		p := &process{t: t, dir: filepath.Join(dir, fmt.Sprint(i+1)), logs: logs}
		must1(t, "join", tok.Token, "--data", p.dir, "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--enroll-only")
		if _, err := upprop(t, "join", tok.Token, "--data", filepath.Join(dir, "late"), "--listen", "127.0.0.1:0", "--enroll-only"); err == nil || !strings.Contains(err.Error(), "used already") {
			t.Errorf("a spent token lets someone in: %v", err)
		}
		p.start()
		all = append(all, p)
	}
	t.Cleanup(func() {
		for _, p := range all {
			if err := p.stop(syscall.SIGTERM); err != nil {
				t.Errorf("SIGTERM: %v", err)
			}
		}
		if strings.Contains(strings.ToLower(logs.String()), "marker") {
			t.Error("a log names a person")
		}
		if !strings.Contains(logs.String(), `"msg"`) {
			t.Error("nothing was logged: the search for names proves nothing")
		}
	})
	return all
}

func checkIn(t *testing.T, p *process, name string) record.VisitID {
	t.Helper()
	return into[api.Receipt](t, "visit", "in", "--data", p.dir, "--name", name, "--company", "Marker AB").Visit
}

// agree waits until all processes show exactly these people.
func agree(t *testing.T, want []record.VisitID, all ...*process) time.Duration {
	t.Helper()
	slices.SortFunc(want, func(a, b record.VisitID) int { return bytes.Compare(a[:], b[:]) })
	began := time.Now()
	for _, p := range all {
		p.await(fmt.Sprintf("%d people on the list", len(want)), 5*time.Second, func() bool {
			got := p.listed()
			slices.SortFunc(got, func(a, b record.VisitID) int { return bytes.Compare(a[:], b[:]) })
			return slices.Equal(got, want)
		})
	}
	return time.Since(began)
}

func TestThreeProcesses(t *testing.T) {
	all := campus(t, "entrance", "warden")
	a, b, c := all[0], all[1], all[2]
	for _, p := range all {
		p.await("everybody hears everybody", 20*time.Second, func() bool {
			var nodes []api.Node
			if err := newClient(p.dir).ask(context.Background(), "GET", "/api/v1/nodes", nil, &nodes); err != nil {
				t.Fatal(err)
			}
			return len(nodes) == 3 && !slices.ContainsFunc(nodes, func(n api.Node) bool { return n.CompleteAsOf.IsZero() })
		})
	}

	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", a.cmd.Process.Pid))
	if err == nil && !regexp.MustCompile(`Max core file size +0 +0 `).Match(limits) {
		t.Errorf("names in memory may end up in a core dump: %s", limits)
	}

	one := checkIn(t, a, "Astrid Marker")
	t.Logf("a check-in at A is on the lists of B and C after %v", agree(t, []record.VisitID{one}, b, c))
	if out := must1(t, "muster", "--data", b.dir, "--json"); strings.Contains(out, "Marker") {
		t.Error("an entrance names people")
	}
	if out := must1(t, "muster", "--data", c.dir, "--json"); strings.Contains(out, "Marker") || !strings.Contains(out, `"names":"during_evacuation"`) {
		t.Error("a warden reads names at rest")
	}
	must1(t, "evac", "start", "--drill", "--data", b.dir)
	c.await("the warden's names are locked", 5*time.Second, func() bool {
		out := must1(t, "muster", "--data", c.dir, "--json")
		return strings.Contains(out, `"names":"locked"`) && !strings.Contains(out, "Marker")
	})
	pin := filepath.Join(t.TempDir(), "pin")
	if err := os.WriteFile(pin, []byte("1234\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	must1(t, "pin", "set", "--pin-file", pin, "--data", c.dir)
	c.await("the warden reads the name", 5*time.Second, func() bool {
		return strings.Contains(must1(t, "muster", "--data", c.dir, "--json"), "Astrid Marker")
	})
	must1(t, "evac", "end", "--reason", "all out", "--data", a.dir)
	c.await("the warden's list has no name any more", 5*time.Second, func() bool {
		return !strings.Contains(must1(t, "muster", "--data", c.dir, "--json"), "Marker")
	})
	must1(t, "visit", "out", "--data", c.dir, one.Badge().String())
	t.Logf("a check-out at C is on the lists of A and B after %v", agree(t, nil, a, b, c))

	b.orderly()
	two, three := checkIn(t, a, "Bo Marker"), checkIn(t, c, "Cy Marker")
	agree(t, []record.VisitID{two, three}, a, c)
	must1(t, "visit", "out", "--data", a.dir, three.QR())
	agree(t, []record.VisitID{two}, a, c)
	b.start()
	t.Logf("B agrees %v after it was started again", agree(t, []record.VisitID{two}, a, b, c))
}

// TestKilledUnderLoad cuts a node off in the middle of its work, again and
// again: what it acknowledged is there when it comes back.
func TestKilledUnderLoad(t *testing.T) {
	all := campus(t, "entrance")
	p := all[1]
	var acknowledged []record.VisitID
	for round := range 20 {
		ctx, cancel := context.WithCancel(context.Background())
		var mu sync.Mutex
		var wg sync.WaitGroup
		before := len(acknowledged)
		for range 4 {
			wg.Go(func() {
				cl := newClient(p.dir)
				defer cl.http.CloseIdleConnections()
				for ctx.Err() == nil {
					var got api.Receipt
					in := api.Arrival{Name: api.Text{Private: "Load Marker"}}
					if cl.ask(ctx, "POST", "/api/v1/visits", in, &got) != nil {
						return // killed: not acknowledged
					}
					mu.Lock()
					acknowledged = append(acknowledged, got.Visit)
					mu.Unlock()
				}
			})
		}
		p.await("something is acknowledged", 20*time.Second, func() bool {
			mu.Lock()
			defer mu.Unlock()
			return len(acknowledged) > before
		})
		time.Sleep(time.Duration(rand.IntN(120)) * time.Millisecond)
		_ = p.stop(syscall.SIGKILL)
		cancel()
		wg.Wait()
		if len(acknowledged) == before {
			t.Fatalf("round %d: nothing was acknowledged: the test proves nothing", round)
		}
		p.start()
		held := map[record.VisitID]bool{}
		for _, v := range p.listed() {
			held[v] = true
		}
		for _, v := range acknowledged {
			if !held[v] {
				t.Fatalf("round %d: acknowledged visit %s is lost", round, v.Short())
			}
		}
	}
	t.Logf("%d acknowledged visits, 20 kills, none lost", len(acknowledged))
	// The connections of the dead processes look alive to the other node for
	// the idle time of the network.
	took := all[0].await("the other node has them all", 20*time.Second, func() bool {
		held := map[record.VisitID]bool{}
		for _, v := range all[0].listed() {
			held[v] = true
		}
		return !slices.ContainsFunc(acknowledged, func(v record.VisitID) bool { return !held[v] })
	})
	t.Logf("the other node has them all after %v", took)
}
