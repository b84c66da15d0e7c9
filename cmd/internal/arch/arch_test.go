package arch

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// The tree is read here, file by file, and not by asking the go command: so
// the test's result is never a cached one of another tree.
func TestImportsPointOneWay(t *testing.T) {
	root := filepath.Join("..", "..", "..")
	files := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && path != root):
			return fs.SkipDir
		case d.IsDir() || filepath.Ext(path) != ".go":
			return nil
		}
		files++
		rel, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		from, test := Module+"/"+filepath.ToSlash(rel), strings.HasSuffix(path, "_test.go")
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, i := range f.Imports {
			to, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			if why := Judge(from, to, test); why != "" {
				t.Errorf("%s imports %s: %s", path, to, why)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 100 {
		t.Fatalf("only %d files were read", files)
	}
}

func TestEveryBanCanFail(t *testing.T) {
	for from, to := range map[string]string{
		"crdt":              Module + "/mesh",
		"mesh/join":         Module + "/crdt/record",
		"crdt/store":        Module + "/node",
		"node/visits":       Module + "/node/access",
		"node/access":       Module + "/node",
		"kiosk":             Module + "/evac",
		"crdt/record":       "github.com/fxamacker/cbor/v2",
		"node":              "github.com/cockroachdb/pebble/v2",
		"evac":              "github.com/libp2p/go-libp2p/core/peer",
		"kiosk/webkit":      "github.com/hashicorp/memberlist",
		"evac/reply":        "codeberg.org/go-pdf/fpdf",
		"crdt/shape":        "github.com/automerge/automerge-go",
		"tools":             Module + "/crdt",
		"crdt/record/extra": Module + "/crdt/store",
	} {
		if Judge(Module+"/"+from, to, false) == "" {
			t.Errorf("%s may import %s", from, strings.TrimPrefix(to, Module+"/"))
		}
	}
	for from, to := range map[string]string{
		"cmd/upprop": Module + "/evac", "evac": Module + "/kiosk/webkit", "node": Module + "/mesh",
		"crdt": "github.com/automerge/automerge-go", "kiosk": "net/http",
	} {
		if why := Judge(Module+"/"+from, to, false); why != "" {
			t.Errorf("%s may not import %s: %s", from, to, why)
		}
	}
}
