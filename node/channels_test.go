package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/upprop/upprop/node/notify"
)

// A secret that is typed is in a file of this node that nobody else may read, as long
// as a channel has it: one that was refused, or replaced, leaves nothing behind.
func TestATypedSecret(t *testing.T) {
	desk := first(t)
	kept := func() (out []string) {
		files, err := os.ReadDir(string(desk.folder))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if !strings.HasSuffix(f.Name(), ".secret") {
				continue
			}
			info, err := f.Info()
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Error(f.Name(), info.Mode(), err)
			}
			b, err := os.ReadFile(filepath.Join(string(desk.folder), f.Name()))
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, strings.TrimSpace(string(b)))
		}
		return out
	}
	mail := func(host string) func(*notify.Settings, notify.Secret) error {
		return func(s *notify.Settings, secret notify.Secret) error {
			s.SMTP = &notify.SMTP{Host: host, From: "upprop@example.org", User: "upprop", Password: secret, TLS: "starttls"}
			return nil
		}
	}
	if err := desk.ChangeNoticesBy("op", "rowan lake 26", mail("smtp.example.org")); err != nil || strings.Join(kept(), " ") != "rowan lake 26" {
		t.Error(err, len(kept()))
	}
	var p *notify.Problem
	if err := desk.ChangeNoticesBy("op", "another", mail("no host/")); !errors.As(err, &p) || p.Word != "host" || p.Field != "host" || strings.Join(kept(), " ") != "rowan lake 26" {
		t.Error(err, len(kept()))
	}
	if err := desk.ChangeNoticesBy("op", "third", mail("smtp.example.org")); err != nil || strings.Join(kept(), " ") != "third" {
		t.Error(err, len(kept()))
	}
	if b, err := os.ReadFile(desk.folder.notices()); err != nil || strings.Contains(string(b), "third") {
		t.Error("the settings hold the secret itself", err)
	}
	// A cut of the power between the secret and the settings leaves it behind, whole or
	// in part; the next start removes both, and not the one that is in use.
	for _, left := range []string{"notices-aaaa.secret", "notices-bbbb.secret.new"} {
		if err := os.WriteFile(desk.folder.path(left), []byte("left behind"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := desk.dropSecrets(); err != nil || strings.Join(kept(), " ") != "third" {
		t.Error(err, kept())
	}
	if _, err := os.Stat(desk.folder.path("notices-bbbb.secret.new")); !os.IsNotExist(err) {
		t.Error("a part of a secret is kept:", err)
	}
	// Changes made at once lose each other's secrets not.
	var both sync.WaitGroup
	for i := range 8 {
		both.Go(func() {
			if err := desk.ChangeNoticesBy("op", fmt.Sprint("secret ", i), mail("smtp.example.org")); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	if got := kept(); len(got) != 1 || !strings.HasPrefix(got[0], "secret ") {
		t.Error(len(got), "secrets")
	}
	if err := desk.ChangeNotices(func(s *notify.Settings) error { s.SMTP = nil; return nil }); err != nil || len(kept()) != 0 {
		t.Error(err, len(kept()))
	}
}
