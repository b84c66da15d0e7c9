package main

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/upprop/upprop/cmd/internal/socket"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/join"
	"github.com/upprop/upprop/node"
)

func TestMain(m *testing.M) {
	testscript.Main(tidy{m}, map[string]func(){"upprop": main})
}

// tidy takes away the program that the tests built.
type tidy struct{ *testing.M }

func (m tidy) Run() int {
	code := m.M.Run()
	if programDir != "" {
		_ = os.RemoveAll(programDir)
	}
	return code
}

// TestScripts runs what an operator types. Each script has the program itself,
// and these words of its own:
//
//	ready DIR               wait until the node in DIR answers
//	says FILE TEXT          wait until the file holds the text
//	until REGEXP PROGRAM …   run a program again until what it prints matches
//	field NAME FIELD        set $NAME to a field of the JSON just printed; of a list, of its first
//	mistype TO FROM         set $TO to $FROM with one character changed
//	othercampus TO FROM     set $TO to the token $FROM with another root pin
//	oneline                 the last errors were exactly one line, "upprop: …"
//	bytes NAME N            set $NAME to N letters
//	control NAME            set $NAME to a text with a control character
//	badge NAME              set $NAME to a badge code that nobody bears
//	busy NAME               set $NAME to an address that is in use
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("TODAY", time.Now().Format(time.DateOnly))
			e.Setenv("SOON", time.Now().AddDate(0, 2, 0).Format(time.DateOnly))
			e.Setenv("LATER", time.Now().AddDate(0, 4, 0).Format(time.DateOnly))
			e.Setenv("NEXTWEEK", time.Now().AddDate(0, 0, 7).Format(time.DateOnly))
			e.Setenv("UPPROP_DATA", "")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"ready":       awaitNode,
			"says":        says,
			"until":       until,
			"shows":       shows,
			"field":       field,
			"mistype":     mistype,
			"othercampus": otherCampus,
			"oneline":     oneLineOnly,
			"bytes":       func(ts *testscript.TestScript, _ bool, args []string) { ts.Setenv(args[0], letters(ts, args[1])) },
			"badge": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Setenv(args[0], record.BadgeCode(4711).String())
			},
			"busy": busy,
			"now": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Setenv(args[0], time.Now().UTC().Format(time.RFC3339))
			},
			"control": func(ts *testscript.TestScript, _ bool, args []string) { ts.Setenv(args[0], "Astrid\x1b[2JEk") },
		},
	})
}

func awaitNode(ts *testscript.TestScript, _ bool, args []string) {
	path := node.Folder(ts.MkAbs(args[0])).Socket()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		c, err := socket.Dial(context.Background(), path)
		if err == nil {
			ts.Check(c.Close())
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("the node in %s never answers: %v", args[0], err)
		}
	}
}

func says(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		b, err := os.ReadFile(path)
		if err == nil && strings.Contains(string(b), args[1]) {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("%s never says %q: %v", args[0], args[1], err)
		}
	}
}

func until(ts *testscript.TestScript, _ bool, args []string) {
	want, err := regexp.Compile(args[0])
	ts.Check(err)
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		err := ts.Exec(args[1], args[2:]...)
		if err == nil && want.MatchString(ts.ReadFile("stdout")) {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("%v never prints %q: %v", args[1:], args[0], err)
		}
	}
}

// shows waits until a node's list has a text.
func shows(ts *testscript.TestScript, _ bool, args []string) {
	c := newClient(ts.MkAbs(args[0]))
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		b, err := c.raw(context.Background(), "GET", "/api/v1/muster", nil)
		if err == nil && strings.Contains(string(b), args[1]) {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("the list of %s never has %q: %s %v", args[0], args[1], b, err)
		}
	}
}

func field(ts *testscript.TestScript, _ bool, args []string) {
	var doc any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &doc))
	for name := range strings.SplitSeq(args[1], ".") {
		if all, ok := doc.([]any); ok && len(all) > 0 {
			doc = all[0]
		}
		fields, _ := doc.(map[string]any)
		doc = fields[name]
	}
	v, ok := doc.(string)
	if !ok {
		ts.Fatalf("no text in field %s", args[1])
	}
	ts.Setenv(args[0], v)
}

func mistype(ts *testscript.TestScript, _ bool, args []string) {
	text := []byte(ts.Getenv(args[1]))
	i := len(text) / 2
	if text[i] == 'A' {
		text[i] = 'B'
	} else {
		text[i] = 'A'
	}
	ts.Setenv(args[0], string(text))
}

func otherCampus(ts *testscript.TestScript, _ bool, args []string) {
	tok, err := join.ParseToken(ts.Getenv(args[1]))
	ts.Check(err)
	tok.Pin[0] ^= 1
	ts.Setenv(args[0], tok.Text())
}

func busy(ts *testscript.TestScript, _ bool, args []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { ts.Check(l.Close()) })
	ts.Setenv(args[0], l.Addr().String())
}

func oneLineOnly(ts *testscript.TestScript, _ bool, _ []string) {
	out := ts.ReadFile("stderr")
	if !strings.HasPrefix(out, "upprop: ") || strings.Count(out, "\n") != 1 || !strings.HasSuffix(out, "\n") {
		ts.Fatalf("not one line of error: %q", out)
	}
	if strings.Count(out, ": ") < 2 {
		ts.Fatalf("no hint in %q", out)
	}
}

func letters(ts *testscript.TestScript, text string) string {
	n, err := strconv.Atoi(text)
	ts.Check(err)
	return strings.Repeat("a", n)
}

func TestDefaultDataFolder(t *testing.T) {
	t.Setenv("UPPROP_DATA", "/somewhere")
	if got := defaultData(); got != "/somewhere" {
		t.Error(got)
	}
	t.Setenv("UPPROP_DATA", "")
	t.Setenv("HOME", "/home/x")
	if got := defaultData(); got != "/home/x/.local/share/upprop" {
		t.Error(got)
	}
}
