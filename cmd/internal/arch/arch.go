// Package arch keeps the shape of the tree: imports point one way, and each
// big library has one owner. It has no code of its own but the rules, so that
// a test can fail with the reason.
//
// Invariant: every ban has a reason that a newcomer can read.
package arch

import "strings"

// Module is the path of this module.
const Module = "github.com/upprop/upprop"

// rank orders the top-level folders: a package imports from folders of a
// lower rank, or from its own. crdt and mesh share a rank and know nothing of
// each other.
var rank = map[string]int{"crdt": 0, "mesh": 0, "node": 1, "kiosk": 2, "evac": 3, "cmd": 4}

// owners say which packages alone may import a library.
var owners = []struct {
	library string
	// owner may import it; tests only where testOwner says so.
	owner     []string
	testOwner []string
	reason    string
}{
	{"github.com/automerge/automerge-go", []string{"crdt"}, []string{"crdt", "crdt/shape"}, "a hostile change aborts the whole process in the Automerge core, so what reaches it is checked in one place"},
	{"github.com/cockroachdb/pebble/v2", []string{"crdt/store"}, []string{"crdt/store", "crdt/store/storetest"}, "what is durable, and when, is decided in one place"},
	{"github.com/libp2p/go-libp2p", []string{"mesh/link"}, []string{"mesh/link"}, "who gets a connection is decided in one place"},
	{"github.com/hashicorp/memberlist", []string{"mesh/gossip"}, []string{"mesh/gossip"}, "its broadcasts may be lost; what must arrive goes through the mesh"},
	{"github.com/fxamacker/cbor", []string{"crdt/codec", "crdt/seal", "crdt/seal/sealtest", "node/nodetest", "mesh/identity", "mesh/join", "mesh/beat", "mesh"}, nil, "decoders of foreign bytes are few, strict and fuzzed"},
	{"codeberg.org/go-pdf/fpdf", []string{"evac/paper"}, nil, "what a page looks like, and which letters it can print, is decided in one place"},
	{"github.com/go-text/typesetting", []string{"kiosk/letters"}, nil, "which font writes a letter, and which way a name runs, is decided in one place"},
	{"github.com/xuri/excelize", []string{"node/workbook"}, nil, "what is a text in a table, and no formula, is decided in one place"},
	{"github.com/eclipse/paho.golang", []string{"node/feed"}, nil, "what a broker says of people is judged in one place"},
	{"github.com/go-webauthn/webauthn", []string{"node/operators/passkey"}, nil, "which answer of a browser lets somebody in is judged in one place"},
	{"github.com/coreos/go-oidc", []string{"node/operators/idp"}, nil, "whom another says somebody is, is judged in one place"},
	{"golang.org/x/oauth2", []string{"node/operators/idp"}, nil, "whom another says somebody is, is judged in one place"},
	{"github.com/spf13/cobra", []string{"cmd"}, []string{"cmd"}, "flags are the business of commands"},
}

// services of the house never import one another: they meet in the replica.
var services = []string{"visits", "access", "privacy", "audit", "notify", "alarm", "pin", "rights", "points", "trigger", "feed", "cable", "printer", "pairing", "backup", "operators", "kinds", "documents", "invitations", "hosts", "statistics", "watch", "kept", "photos", "languages", "calls", "deliveries", "look", "plans", "badges"}

// Judge is the reason why from may not import to, both paths below the module
// or library paths; empty when it may. test says that only a test imports it.
func Judge(from, to string, test bool) string {
	from = strings.TrimPrefix(strings.TrimPrefix(from, Module), "/")
	if !strings.HasPrefix(to, Module) {
		return judgeLibrary(from, to, test)
	}
	to = strings.TrimPrefix(strings.TrimPrefix(to, Module), "/")
	a, b := top(from), top(to)
	ra, known := rank[a]
	rb, knownB := rank[b]
	switch {
	case !known || !knownB:
		return "there are no top-level folders but crdt, mesh, node, kiosk, evac and cmd"
	case within(from, "crdt/record") && !test:
		return "crdt/record holds the nouns and knows the standard library only"
	case a != b && ra == rb:
		return "crdt knows no network and mesh knows no visitor: they meet in node"
	case rb > ra:
		return "calls go down and changes come up: " + a + " is below " + b
	case a == "node" && isService(from) != "" && isService(to) != "" && isService(from) != isService(to):
		return "services never import one another: they meet in the replica"
	case isService(from) != "" && to == "node":
		return "the root of node is wiring: services do not know it"
	}
	return ""
}

func judgeLibrary(from, library string, test bool) string {
	first, _, _ := strings.Cut(library, "/")
	if within(from, "crdt/record") && strings.Contains(first, ".") && !test {
		return "crdt/record holds the nouns and knows the standard library only"
	}
	for _, o := range owners {
		if !within(library, o.library) {
			continue
		}
		allowed := o.owner
		if test && o.testOwner != nil {
			allowed = o.testOwner
		}
		for _, p := range allowed {
			if from == p || p == "cmd" && within(from, p) {
				return ""
			}
		}
		return o.reason + "; its owner is " + strings.Join(o.owner, ", ")
	}
	return ""
}

func top(p string) string {
	t, _, _ := strings.Cut(p, "/")
	return t
}

func within(p, dir string) bool { return p == dir || strings.HasPrefix(p, dir+"/") }

func isService(p string) string {
	for _, s := range services {
		if within(p, "node/"+s) {
			return s
		}
	}
	return ""
}
