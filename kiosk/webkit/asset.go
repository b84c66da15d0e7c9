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
	"regexp"
	"strings"
	"time"
)

// assets are static files under names that carry their checksum, so that a
// browser may keep them for ever and never shows an old one. A module's
// imports of its neighbours ("./name.js") are led to such names too, so no
// page ever runs modules of two releases.
type assets struct {
	prefix string
	body   map[string][]byte // by plain name, as they are read
	url    map[string]string // by plain name
	file   map[string]asset  // by checksum name
}

type asset struct {
	body []byte
	kind string
}

func newAssets(prefix string, trees ...fs.FS) (*assets, error) {
	a := &assets{prefix: prefix, body: map[string][]byte{}, url: map[string]string{}, file: map[string]asset{}}
	for _, tree := range trees {
		if tree == nil {
			continue
		}
		err := fs.WalkDir(tree, ".", func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || path.Ext(p) == ".html" {
				return err
			}
			body, err := fs.ReadFile(tree, p)
			if err != nil {
				return err
			}
			name := path.Base(p)
			if a.body[name] != nil {
				return fmt.Errorf("asset %s comes twice", name)
			}
			a.body[name] = body
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read assets: %w", err)
		}
	}
	for name := range a.body {
		if _, err := a.settle(name, nil); err != nil {
			return nil, fmt.Errorf("read assets: %w", err)
		}
	}
	return a, nil
}

// neighbour is an import of another module in the same folder.
var neighbour = regexp.MustCompile(`((?:^|[\s;}])(?:import|from)\s*\(?\s*")\./([\w.-]+\.js)"`)

// settle gives an asset its checksum name, after those that it imports. waiting
// are those that wait for it.
func (a *assets) settle(name string, waiting []string) (hashed string, err error) {
	if url := a.url[name]; url != "" {
		return strings.TrimPrefix(url, a.prefix+"/assets/"), nil
	}
	body, there := a.body[name]
	if !there {
		return "", fmt.Errorf("no asset %s, which %s imports", name, waiting[len(waiting)-1])
	}
	for _, w := range waiting {
		if w == name {
			return "", fmt.Errorf("asset %s imports itself: %s", name, strings.Join(waiting, ", "))
		}
	}
	ext := path.Ext(name)
	if ext == ".js" {
		body = neighbour.ReplaceAllFunc(body, func(found []byte) []byte {
			m := neighbour.FindSubmatch(found)
			to, e := a.settle(string(m[2]), append(waiting, name))
			if e != nil {
				err = e
			}
			return []byte(string(m[1]) + "./" + to + `"`)
		})
		if err != nil {
			return "", err
		}
	}
	sum := sha256.Sum256(body)
	hashed = strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:8]) + ext
	a.url[name] = a.prefix + "/assets/" + hashed
	a.file[hashed] = asset{body: body, kind: mime.TypeByExtension(ext)}
	return hashed, nil
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
