package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestPrivacyTable holds PRIVACY.md to what exists: every test and every command
// that it names, and that each row has a test or says what is not built.
func TestPrivacyTable(t *testing.T) {
	root := filepath.Join("..", "..")
	b, err := os.ReadFile(filepath.Join(root, "PRIVACY.md"))
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`([a-z/]+) (Test[A-Za-z0-9]+)(?:/([a-z]+))?`")
	typed := regexp.MustCompile("`upprop ([^`]*)`")
	rows := 0
	for _, line := range strings.Split(string(b), "\n") {
		for _, m := range typed.FindAllStringSubmatch(line, -1) {
			c := newCommand(&bytes.Buffer{}, &bytes.Buffer{}, &bytes.Buffer{})
			words := strings.Fields(m[1])
			cmd, rest, err := c.root.Find(words)
			if err != nil || cmd == c.root || len(rest) > 0 && !strings.HasPrefix(rest[0], "--") {
				t.Errorf("there is no `upprop %s`", m[1])
				continue
			}
			for _, flag := range rest {
				if cmd.Flags().Lookup(strings.TrimPrefix(flag, "--")) == nil {
					t.Errorf("`upprop %s` has no %s", m[1], flag)
				}
			}
		}
		if !strings.HasPrefix(line, "| ") || strings.HasSuffix(line, "| test |") {
			continue
		}
		rows++
		tests := named.FindAllStringSubmatch(line, -1)
		if len(tests) == 0 && !strings.Contains(line, "not built") {
			t.Errorf("no test shows this: %s", line)
		}
		for _, m := range tests {
			if !exists(t, filepath.Join(root, m[1]), m[2], m[3]) {
				t.Errorf("there is no test %s %s %s", m[1], m[2], m[3])
			}
		}
	}
	if rows < 30 {
		t.Error(rows, "rows: the table was not read")
	}
	if exists(t, root+"/node", "TestNothingAtAll", "") || exists(t, ".", "TestScripts", "nothing") {
		t.Error("a test that does not exist is found")
	}
}

// exists reports whether a package has a test, and a script where one is named.
func exists(t *testing.T, dir, name, script string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	if script != "" {
		if _, err := os.Stat(filepath.Join(dir, "testdata", script+".txtar")); err != nil {
			return false
		}
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte("func "+name+"(t *testing.T)")) {
			return true
		}
	}
	return false
}
