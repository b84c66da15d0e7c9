package office

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/lang/langtest"
)

func TestCatalog(t *testing.T) {
	langtest.Lint(t, Words(), langtest.Sources{
		Templates: []fs.FS{os.DirFS("pages"), os.DirFS("parts")},
		GoDirs: []string{
			".", "../../node/operators", "../../node/kinds", "../../node/documents", "../../node/invitations", "../../node/hosts", "../../node/watch",
			"../../node/terms", "../../node/kept", "../../node/rights", "../../node/privacy", "../../node/points", "../../node/deliveries", "../../node/look", "../../node/languages", "../../node/plans", "../../node/badges",
		},
	})
}

// Whatever a rule of the rights says that a person can mend has words here, but
// for what no screen asks for.
func TestProblemsHaveWords(t *testing.T) {
	words, err := lang.Load(Words())
	if err != nil {
		t.Fatal(err)
	}
	asked := regexp.MustCompile(`&Problem{"([a-z_.]+)"`)
	elsewhere := regexp.MustCompile(`^(purposes|disclosure|node)\.|^document\.(fact|unknown)$|^wheel\.unknown$|^erase\.(no_visits|too_many|unknown_erasure)$`)
	found := 0
	for _, dir := range []string{"../../node/rights", "../../node/privacy", "../../node/terms"} {
		files, err := filepath.Glob(dir + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range asked.FindAllSubmatch(b, -1) {
				found++
				if key := string(m[1]); !elsewhere.MatchString(key) && !words.Has(key) {
					t.Errorf("%s has no words", key)
				}
			}
		}
	}
	if found < 30 {
		t.Error(found, "problems: the sources were not read")
	}
}
