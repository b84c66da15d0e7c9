package sim_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// unplanted are the promises that no bug of the list aims at, and why.
var unplanted = map[string]string{
	"keys can be read back": "says that the simulation's own reader fails; the product reads the file at every start, and would not start",
}

// TestEveryPromiseHasItsBug: of each promise that the simulation holds a campus
// to, it is shown that it can be seen to be broken.
func TestEveryPromiseHasItsBug(t *testing.T) {
	aimed := map[string]bool{}
	for _, bug := range slices.Concat(bugs, nodeBugs) {
		for _, p := range bug.breaks {
			aimed[p] = true
		}
	}
	known := promises(t)
	for p := range known {
		if aimed[p] == (unplanted[p] != "") {
			t.Errorf("%q: is named by a bug: %v; why by none: %q", p, aimed[p], unplanted[p])
		}
		delete(aimed, p)
	}
	for p := range aimed {
		t.Errorf("%q is named by a bug, and nothing holds anybody to it", p)
	}
	for p := range unplanted {
		if !known[p] {
			t.Errorf("%q needs no reason: nothing holds anybody to it", p)
		}
	}
	for i, bug := range slices.Concat(bugs, nodeBugs) {
		if first := i == 0 || slices.Concat(bugs, nodeBugs)[i-1].name != bug.name; first != (len(bug.breaks) > 0) {
			t.Errorf("%s: its first piece, and that alone, says which promises it breaks", bug.name)
		}
	}
}

// promises are the names of all that the simulation calls violated.
func promises(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("../../../node/nodetest/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal("the simulation is not there:", err)
	}
	names := map[string]bool{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || filepath.Base(file) == "violation.go" {
			continue
		}
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		set := token.NewFileSet()
		tree, err := parser.ParseFile(set, file, src, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CompositeLit:
				if id, ok := n.Type.(*ast.Ident); ok && id.Name == "Violation" {
					t.Errorf("%s: make a violation with violated, and name the promise there", set.Position(n.Pos()))
				}
			case *ast.CallExpr:
				if id, ok := n.Fun.(*ast.Ident); !ok || id.Name != "violated" {
					return true
				}
				lit, ok := n.Args[0].(*ast.BasicLit)
				if !ok {
					t.Errorf("%s: the promise is not named where it is judged", set.Position(n.Pos()))
					return true
				}
				name, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Fatal(err)
				}
				names[name] = true
			}
			return true
		})
	}
	return names
}
