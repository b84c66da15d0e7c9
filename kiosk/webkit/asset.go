package webkit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

// assets are static files under names that carry their checksum, so that a
// browser may keep them for ever and never shows an old one.
type assets struct {
	prefix string
	url    map[string]string // by plain name
	file   map[string]asset  // by checksum name
}

type asset struct {
	body []byte
	kind string
}

func newAssets(prefix string, trees ...fs.FS) (*assets, error) {
	a := &assets{prefix: prefix, url: map[string]string{}, file: map[string]asset{}}
	for _, tree := range trees {
		if tree == nil {
			continue
		}
		err := fs.WalkDir(tree, ".", func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			body, err := fs.ReadFile(tree, p)
			if err != nil {
				return err
			}
			name := path.Base(p)
			if a.url[name] != "" {
				return fmt.Errorf("asset %s comes twice", name)
			}
			sum := sha256.Sum256(body)
			ext := path.Ext(name)
			hashed := strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:8]) + ext
			a.url[name] = prefix + "/assets/" + hashed
			a.file[hashed] = asset{body: body, kind: mime.TypeByExtension(ext)}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read assets: %w", err)
		}
	}
	return a, nil
}

// link is the URL of an asset by its plain name.
func (a *assets) link(name string) (string, error) {
	if u := a.url[name]; u != "" {
		return u, nil
	}
	return "", fmt.Errorf("no asset %s", name)
}

func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, ok := a.file[r.PathValue("file")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", f.kind)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.body))
}
