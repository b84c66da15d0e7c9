package sim_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/upprop/upprop/cmd/internal/sim"
	"github.com/upprop/upprop/node/nodetest"
)

// planted is a bug that the simulation must find: one piece of one file that
// is replaced. In the replacement, planted says whether this bug is in force.
type planted struct {
	name, file, old, new string
	// breaks are the promises of which one must be seen to be broken; of a bug of
	// several pieces, those of the first count.
	breaks []string
	// dies: the process ends by it. Of any other bug that is no find.
	dies bool
	// fault is the kind of fault under which it shows soonest.
	fault string
	// seed found it when this was last looked at, and is tried first; what does
	// not lie in the seed's hand may take a few more. 0: 1.
	seed uint64
	// rare bugs need many campuses or long ones, and are looked for with
	// UPPROP_SOAK alone.
	rare bool
}

// only, if not empty, are the bugs to look for.
var only = flag.String("bug", "", "look for these planted bugs alone, with commas between")

// mostSeeds is within how many seeds each bug must be found.
const mostSeeds = 150

// soon is within what time a campus without a bug agrees, but after a closure:
// to wait for longer would only cost time.
const soon = 6 * time.Minute

// mostBeside is after how many finds by promises that a bug is not aimed at it counts as
// not found.
const mostBeside = 20

// patience is how much more is spent on rare ones.
const patience = 10

// TestPlantedBugs: a simulation that cannot fail proves nothing. Each bug of
// the list is found by a promise that it must break, and the table says by which
// seed. With UPPROP_SOAK the rare ones are, too, and that seed is shown to break
// nothing without the bug.
func TestPlantedBugs(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program anew")
	}
	bugs := slices.Concat(bugs, nodeBugs)
	program := buildPlanted(t, bugs)
	// Two bugs at a time, each with one worker: beside a campus that shows the bug
	// another would run for nothing.
	rows := make([]string, len(bugs))
	slots := make(chan struct{}, runtime.NumCPU())
	var wg sync.WaitGroup
	for i, bug := range bugs {
		if i > 0 && bugs[i-1].name == bug.name {
			continue // a bug of two pieces
		}
		if *only != "" && !slices.Contains(strings.Split(*only, ","), bug.name) {
			continue
		}
		if bug.rare && os.Getenv("UPPROP_SOAK") == "" && *only == "" {
			continue
		}
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			rows[i] = bug.lookFor(t, program)
		})
	}
	wg.Wait()
	t.Logf("planted bugs:\n%s", strings.Join(rows, ""))
}

// lookFor looks for a bug, and tells by which seed it was found.
func (bug planted) lookFor(t *testing.T, program string) (row string) {
	most, first := mostSeeds, max(bug.seed, 1)
	if bug.rare {
		most *= patience
	}
	faults, err := nodetest.ParseFaults(bug.fault)
	if err != nil {
		t.Error(err)
		return ""
	}
	found, seed, began := "not found", uint64(0), time.Now()
	agreed := soon
	if bug.fault == "away" || bug.fault == nodetest.Drawer {
		agreed = 0 // old days are dropped in their own time
	}
	cfg := sim.Config{
		Program: program, Worker: []string{"sim-worker"}, Workers: 1,
		Options: nodetest.Options{Steps: 60, Faults: faults, Patience: agreed}, Env: []string{"UPPROP_PLANTED=" + bug.name},
	}
	// A bug may break other promises too, and at times those first.
	var beside []string
	for next, end := first, first+uint64(most); seed == 0 && next < end && len(beside) < mostBeside; {
		broke := uint64(0)
		cfg.First, cfg.Seeds = next, int(end-next)
		cfg.Failed = func(f sim.Failure) {
			broke = max(broke, f.Options.Seed)
			what := fmt.Sprintf("seed %d: %s", f.Options.Seed, f.Result.Broken.Promise)
			if slices.Contains(bug.breaks, f.Result.Broken.Promise) && f.Died == bug.dies {
				found, seed = what, f.Options.Seed
				return
			}
			beside = append(beside, what)
		}
		if _, err := sim.Run(context.Background(), cfg); err != nil {
			t.Error(err)
			return ""
		}
		if broke == 0 {
			break
		}
		next = broke + 1
	}
	if seed != 0 && (*only != "" || os.Getenv("UPPROP_SOAK") != "") {
		cfg.First, cfg.Seeds, cfg.Env = seed, 1, nil
		cfg.Failed = func(f sim.Failure) {
			t.Errorf("%s: seed %d breaks something without the bug too: %v", bug.name, f.Options.Seed, f.Result.Broken)
		}
		if _, err := sim.Run(context.Background(), cfg); err != nil {
			t.Error(err)
			return ""
		}
	}
	if seed == 0 {
		t.Errorf("%s: not found in %d seeds; but %s", bug.name, most, strings.Join(beside, ", "))
	}
	t.Logf("%s: %s (beside it: %d), in %v", bug.name, found, len(beside), time.Since(began).Round(time.Second))
	return fmt.Sprintf("  %-40s %-12s %s\n", bug.name, bug.fault, found)
}

// buildPlanted builds the program with all bugs in it, each asleep until the
// environment names it. The tree itself stays as it is: the compiler is given
// other files in its place.
func buildPlanted(t *testing.T, bugs []planted) string {
	t.Helper()
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	tmp := t.TempDir()
	replace := map[string]string{}
	put := func(name, text string) {
		at := filepath.Join(tmp, fmt.Sprintf("%d.go", len(replace)))
		if err := os.WriteFile(at, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		replace[filepath.Join(root, name)] = at
	}
	var files []string
	for _, bug := range bugs {
		files = append(files, bug.file)
	}
	slices.Sort(files)
	folders := map[string]bool{}
	for _, file := range slices.Compact(files) {
		raw, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		text := string(raw)
		for _, bug := range bugs {
			if bug.file != file {
				continue
			}
			if strings.Count(text, bug.old) != 1 {
				t.Fatalf("%s: %s does not have this just once any more: %s", bug.name, file, bug.old)
			}
			text = strings.Replace(text, bug.old, strings.ReplaceAll(bug.new, "PLANTED", fmt.Sprintf("planted(%q)", bug.name)), 1)
		}
		put(file, text)
		folders[filepath.Dir(file)] = true
	}
	for folder := range folders {
		put(filepath.Join(folder, "planted_bug.go"), fmt.Sprintf(
			"package %s\n\nimport \"os\"\n\nfunc planted(name string) bool { return os.Getenv(\"UPPROP_PLANTED\") == name }\n", filepath.Base(folder)))
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(tmp, "overlay.json")
	if err := os.WriteFile(list, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(tmp, "upprop")
	cmd := exec.Command("go", "build", "-overlay", list, "-o", program, "./cmd/upprop")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build with planted bugs: %v\n%s", err, out)
	}
	return program
}
