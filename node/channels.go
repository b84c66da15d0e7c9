package node

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/upprop/upprop/node/atomicfile"
	"github.com/upprop/upprop/node/notify"
)

// ChangeNotices edits the channels of this node, on record.
func (n *Node) ChangeNotices(edit func(*notify.Settings) error) error {
	return n.ChangeNoticesBy("", "", func(s *notify.Settings, _ notify.Secret) error { return edit(s) })
}

// ChangeNoticesBy is ChangeNotices by somebody who does not sit at this node, and types
// a secret: it is kept in a file of its own in the data folder, which this user alone
// can read, and edit is told where. Files of secrets that no channel has any more are
// removed.
func (n *Node) ChangeNoticesBy(by, secret string, edit func(*notify.Settings, notify.Secret) error) error {
	kept, err := n.keepSecret(secret)
	if err != nil {
		return fmt.Errorf("keep a secret: %w", err)
	}
	if err := n.notices.Change(func(s *notify.Settings) error { return edit(s, kept) }); err != nil {
		if kept.File != "" {
			err = errors.Join(err, os.Remove(kept.File))
		}
		return err
	}
	if err := n.ActBy(by, "notices.set", nil, ""); err != nil {
		return err
	}
	return n.dropSecrets()
}

// A file with a secret that was typed is called so, with something random between.
const secretPrefix, secretSuffix = "notices-", ".secret"

func (n *Node) keepSecret(text string) (notify.Secret, error) {
	if text == "" {
		return notify.Secret{}, nil
	}
	path, err := filepath.Abs(n.folder.path(secretPrefix + strings.ToLower(rand.Text()) + secretSuffix))
	if err != nil {
		return notify.Secret{}, err
	}
	return notify.Secret{File: path}, atomicfile.Replace(path, []byte(text+"\n"))
}

// dropSecrets removes files of secrets that no channel has any more.
func (n *Node) dropSecrets() error {
	set, used := n.notices.Settings(), []string{}
	if set.SMTP != nil {
		used = append(used, set.SMTP.Password.File)
	}
	if set.SMS != nil {
		used = append(used, set.SMS.Password.File)
	}
	for _, h := range set.Hooks {
		used = append(used, h.Secret.File)
	}
	dir, err := filepath.Abs(string(n.folder))
	if err != nil {
		return err
	}
	files, err := os.ReadDir(dir)
	for _, f := range files {
		path := filepath.Join(dir, f.Name())
		if strings.HasPrefix(f.Name(), secretPrefix) && strings.HasSuffix(f.Name(), secretSuffix) && !slices.Contains(used, path) {
			err = errors.Join(err, os.Remove(path))
		}
	}
	return err
}
