package arch

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

type listed struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

func TestImportsPointOneWay(t *testing.T) {
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Imports,TestImports,XTestImports", Module+"/...")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	n := 0
	for d := json.NewDecoder(out); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		n++
		for _, to := range p.Imports {
			if why := Judge(p.ImportPath, to, false); why != "" {
				t.Errorf("%s imports %s: %s", p.ImportPath, to, why)
			}
		}
		for _, to := range append(p.TestImports, p.XTestImports...) {
			if why := Judge(p.ImportPath, to, true); why != "" {
				t.Errorf("the tests of %s import %s: %s", p.ImportPath, to, why)
			}
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if n < 15 {
		t.Fatalf("only %d packages were listed", n)
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
