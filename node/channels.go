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
	n.changing.Lock() // a secret that is not named yet is nobody's to remove
	defer n.changing.Unlock()
	kept, err := n.keepSecret(secret)
	if err != nil {
		return fmt.Errorf("keep a secret: %w", err)
	}
	if err := n.notices.Change(func(s *notify.Settings) error { return edit(s, kept) }); err != nil {
		// After a fault of the disk the settings may name it all the same.
		if refused := new(notify.Problem); kept.File != "" && errors.As(err, &refused) {
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

// dropSecrets removes files of secrets that no channel has any more, and what a cut of
// the power left of one that was being kept. Files go by their names: the folder may
// have been moved since.
func (n *Node) dropSecrets() error {
	set, used := n.notices.Settings(), []string{}
	if set.SMTP != nil {
		used = append(used, filepath.Base(set.SMTP.Password.File))
	}
	if set.SMS != nil {
		used = append(used, filepath.Base(set.SMS.Password.File))
	}
	for _, h := range set.Hooks {
		used = append(used, filepath.Base(h.Secret.File))
	}
	files, err := os.ReadDir(string(n.folder))
	for _, f := range files {
		name := f.Name()
		typed := strings.HasPrefix(name, secretPrefix) && strings.HasSuffix(strings.TrimSuffix(name, ".new"), secretSuffix)
		if typed && !slices.Contains(used, name) {
			err = errors.Join(err, os.Remove(n.folder.path(name)))
		}
	}
	return err
}
